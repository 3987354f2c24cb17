/* SPDX-License-Identifier: MIT */
/*
 * The list of the histories, and finding one by name. The kernel of the lab
 * finds its policy on its command line by the same names as the command.
 */
#include "lab/history.h"

#include <stddef.h>

#include "lab/histories/histories.h"

const struct lab_history *const lab_histories[] = {
	&history_template,        &history_early_alias,  &history_highmem_entry,
	&history_unmapped_table,  &history_table_high,   &history_mfn_list,
	&history_pt_quirk,        &history_tlb,          &history_big_p2m,
	&history_large_p2m,       &history_image_tables, &history_early_reserve,
	&history_accessed_bit,    &history_huge_page,    &history_wide_root,
	&history_struct_page,     &history_pfn_as_mfn,   &history_double_pin,
	&history_forgotten_unpin, &history_user_half,    &history_beyond_ram,
};
const unsigned int lab_nr_histories = LAB_NR(lab_histories);

const struct lab_world lab_world_noted = {
	.name = "noted",
	LAB_UNDER_HYPERVISOR,
	.on_metal = true,
	.noted = true,
};

const struct lab_world lab_world_small = {
	.name = "small",
	LAB_UNDER_HYPERVISOR,
	.on_metal = true,
	.noted = true,
	.memory = LAB_MEMORY_SMALL,
};

const struct lab_policy *lab_policy_at(unsigned int n)
{
	for (unsigned int h = 0; h < lab_nr_histories; h++) {
		if (n < lab_histories[h]->nr_policies) {
			return &lab_histories[h]->policies[n];
		}
		n -= lab_histories[h]->nr_policies;
	}
	return NULL;
}

const struct lab_case *lab_case_at(unsigned int n)
{
	for (unsigned int h = 0; h < lab_nr_histories; h++) {
		if (n < lab_histories[h]->nr_cases) {
			return &lab_histories[h]->cases[n];
		}
		n -= lab_histories[h]->nr_cases;
	}
	return NULL;
}

/* The text after the word, if it begins with it; else NULL. */
__attribute__((nonnull)) static const char *after(const char *text,
						  const char *word)
{
	while (*word != '\0') {
		if (*text++ != *word++) {
			return NULL;
		}
	}
	return text;
}

const struct lab_policy *lab_find_policy(const char *name)
{
	const struct lab_policy *p;

	for (unsigned int i = 0; (p = lab_policy_at(i)) != NULL; i++) {
		const char *rest = after(name, p->history);

		if (rest == NULL || *rest != '/') {
			continue;
		}
		rest = after(rest + 1, p->name);
		if (rest != NULL && (*rest == '\0' || *rest == ' ')) {
			return p;
		}
	}
	return NULL;
}

const struct lab_history *lab_find_history(const char *name)
{
	for (unsigned int h = 0; h < lab_nr_histories; h++) {
		const char *rest = after(name, lab_histories[h]->name);

		if (rest != NULL && *rest == '\0') {
			return lab_histories[h];
		}
	}
	return NULL;
}
