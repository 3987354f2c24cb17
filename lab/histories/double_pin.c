/* SPDX-License-Identifier: MIT */
/* A table is pinned twice. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

static LAB_NAMED int pin_new_table(struct guest *g, pfn_t table)
{
	return lab_pin(g, 1, guest_p2m_get(g, table));
}

/* Another path, which takes the table for new. */
static LAB_NAMED int pin_for_use(struct guest *g, pfn_t table)
{
	lab_say(g, "a table comes into use");
	return lab_pin(g, 1, guest_p2m_get(g, table));
}

enum pins { PIN_ONCE, PIN_AGAIN };

static int use_table(struct guest *g, enum pins pins)
{
	pfn_t table;
	int error = lab_new_table(g, &table);

	if (error == 0) {
		lab_about(g, table);
		error = pin_new_table(g, table);
	}
	if (error == 0 && pins == PIN_AGAIN) {
		error = pin_for_use(g, table);
	}
	if (error == 0) {
		error = lab_unpin(g, guest_p2m_get(g, table));
	}
	return error == 0 ? lab_free_table(g, table) : error;
}

static int pin_twice(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return use_table(g, PIN_AGAIN);
}

static int pin_once(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return use_table(g, PIN_ONCE);
}

static const struct lab_deed bad_deed = {LAB_DEED, pin_twice};
static const struct lab_deed good_deed = {LAB_DEED, pin_once};

enum { TWICE, ONCE };

static const struct lab_policy policies[] = {
	[TWICE] = {.history = "double-pin",
		   .name = "twice",
		   .title = "when it is made, and when it is used",
		   .deed = &bad_deed},
	[ONCE] = {.history = "double-pin",
		  .name = "once",
		  .title = "when it is made",
		  .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "ALREADY_PINNED",
	.asker = "pin_for_use",
	.holder = LAB_HELD_BY_PIN,
	.maker = "pin_new_table",
};

static const struct lab_case cases[] = {
	{&policies[TWICE], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "refused by ALREADY_PINNED", &blame},
	{&policies[ONCE], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_double_pin = {
	.name = "double-pin",
	.title = "a table that is pinned is pinned again",
	.source = "without a date: two paths of a kernel that each take the "
		  "table for new",
	.story = "A pin is one for each table. A second one (`twice`) is "
		 "refused with nothing wrong in any entry, and the stack is "
		 "that of the second path, where the code is right; the first "
		 "is to be found. The report names who pinned it, and with "
		 "which request.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
