/* SPDX-License-Identifier: MIT */
/* A table is freed that is still pinned. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

static LAB_NAMED int start_process(struct guest *g, pfn_t *ret)
{
	int error = lab_new_table(g, ret);

	if (error == 0) {
		lab_about(g, *ret);
		error = lab_pin(g, 1, guest_p2m_get(g, *ret));
	}
	return error;
}

static LAB_NAMED int end_process(struct guest *g, pfn_t table)
{
	return lab_free_table(g, table);
}

enum unpinning { STAYS_PINNED, IS_UNPINNED };

static int process(struct guest *g, enum unpinning how)
{
	pfn_t table;
	int error = start_process(g, &table);

	if (error == 0 && how == IS_UNPINNED) {
		error = lab_unpin(g, guest_p2m_get(g, table));
	}
	return error == 0 ? end_process(g, table) : error;
}

static int forget(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return process(g, STAYS_PINNED);
}

static int unpin_first(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return process(g, IS_UNPINNED);
}

static const struct lab_deed bad_deed = {LAB_DEED, forget};
static const struct lab_deed good_deed = {LAB_DEED, unpin_first};

enum { FORGET, UNPIN };

static const struct lab_policy policies[] = {
	[FORGET] = {.history = "forgotten-unpin",
		    .name = "forget",
		    .title = "free it as it is",
		    .deed = &bad_deed},
	[UNPIN] = {.history = "forgotten-unpin",
		   .name = "unpin",
		   .title = "unpin it first",
		   .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "NOT_WRITABLE",
	.asker = "end_process",
	.holder = LAB_HELD_BY_PIN,
	.maker = "start_process",
};

static const struct lab_case cases[] = {
	{&policies[FORGET], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "!= exp 7000000000000000)", &blame},
	{&policies[UNPIN], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_forgotten_unpin = {
	.name = "forgotten-unpin",
	.title = "the tables of an address space are freed and one is still "
		 "pinned",
	.source = "without a date: an exit path that knows one kind of table "
		  "less than the entry path",
	.story = "At its end an address space's tables become memory again: "
		 "unpinned, made writable, freed. Without the first (`forget`) "
		 "the second is refused, or, where nobody makes pages writable "
		 "on that path, the frame is handed out read-only and the "
		 "first store to it faults, far from here. The report names "
		 "the pin and who made it.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
