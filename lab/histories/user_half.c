/* SPDX-License-Identifier: MIT */
/* The second root of a 64-bit guest is forgotten. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* Both roots; the user's has nothing in it yet. */
static LAB_NAMED int switch_to_process(struct guest *g, pfn_t user)
{
	return guest_load_user_root(g, user);
}

enum halves { KERNEL_HALF, BOTH_HALVES };

static int process(struct guest *g, enum halves halves)
{
	pfn_t user;
	int error = halves == BOTH_HALVES ? lab_new_table(g, &user)
					  : guest_alloc_frames(g, 1, &user);

	if (error == 0) {
		lab_about(g, user);
		error = switch_to_process(g, user);
	}
	if (error == 0) {
		error = guest_load_user_root(g, PFN_INVALID);
	}
	return error == 0 ? lab_free_table(g, user) : error;
}

static int forget_half(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return process(g, KERNEL_HALF);
}

static int both_halves(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return process(g, BOTH_HALVES);
}

static const struct lab_deed bad_deed = {LAB_DEED, forget_half};
static const struct lab_deed good_deed = {LAB_DEED, both_halves};

enum { FORGET, BOTH };

static const struct lab_policy policies[] = {
	[FORGET] = {.history = "user-half",
		    .name = "forget",
		    .title = "the user's root stays writable",
		    .deed = &bad_deed},
	[BOTH] = {.history = "user-half",
		  .name = "both",
		  .title = "both are read-only",
		  .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "BAD_TYPE",
	.asker = "switch_to_process",
	.holder = LAB_HELD_WRITABLE,
	.maker = "map_level",
};

static const struct lab_case cases[] = {
	{&policies[FORGET], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "Bad type (saw 7400000000000001 != exp 4000000000000000)", &blame},
	{&policies[BOTH], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_user_half = {
	.name = "user-half",
	.title = "an address space's second root, the user's, is not treated "
		 "as one",
	.source = "without a date: the user half of a root forgotten",
	.story = "A 64-bit PV guest has two roots for an address space, one "
		 "for the kernel and one for user mode. What is done to the "
		 "first has to be done to the second. Here one step is left "
		 "out (`forget`): the user's root is not made read-only, and "
		 "is refused when it is to be loaded, as a page that is mapped "
		 "writable. The report names that mapping and who made it.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
