/* SPDX-License-Identifier: MIT */
/* A frame number of the wrong kind. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

static LAB_NAMED int pin_number(struct guest *g, uint64_t number)
{
	return lab_pin(g, 1, mfn(number));
}

enum numbers { OWN_NUMBER, MACHINES_NUMBER };

static int make_table(struct guest *g, enum numbers which)
{
	pfn_t table;
	int error = lab_new_table(g, &table);

	if (error == 0) {
		error = pin_number(g, which == MACHINES_NUMBER
					      ? guest_p2m_get(g, table).v
					      : table.v);
	}
	if (error == 0) {
		error = lab_unpin(g, guest_p2m_get(g, table));
	}
	return error == 0 ? lab_free_table(g, table) : error;
}

static int make_by_pfn(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return make_table(g, OWN_NUMBER);
}

static int make_by_mfn(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return make_table(g, MACHINES_NUMBER);
}

static const struct lab_deed bad_deed = {LAB_DEED, make_by_pfn};
static const struct lab_deed good_deed = {LAB_DEED, make_by_mfn};

enum { PFN, MFN };

static const struct lab_policy policies[] = {
	[PFN] = {.history = "pfn-as-mfn",
		 .name = "pfn",
		 .title = "pin by the own number",
		 .deed = &bad_deed},
	[MFN] = {.history = "pfn-as-mfn",
		 .name = "mfn",
		 .title = "by the machine's",
		 .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "BAD_TYPE",
	.asker = "pin_number",
	.holder = LAB_HELD_WRITABLE,
	.maker = "map_level",
};

static const struct lab_case cases[] = {
	{&policies[PFN], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "Error while pinning mfn", &blame},
	{&policies[MFN], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_pfn_as_mfn = {
	.name = "pfn-as-mfn",
	.title = "the kernel's own frame number is given where a machine's is "
		 "wanted",
	.source =
		"without a date: a kind of mistake that the record has many of",
	.story = "Requests name machine frames; the kernel counts its own. "
		 "Without the translation (`pfn`) the request is about another "
		 "frame altogether, and the refusal names it: a frame in use "
		 "for something that has nothing to do with the mistake, or "
		 "one that is not the domain's. In a test on a machine where "
		 "the two agree it even works. The report shows the number "
		 "that was asked for and who asked; the fix is the look into "
		 "the P2M (`mfn`).",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
