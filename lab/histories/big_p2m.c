/* SPDX-License-Identifier: MIT */
/* 2015: a P2M too large for the initial mapping. */
#include <stddef.h>

#include "lab/histories/histories.h"

enum { INSIDE, OUTSIDE };

static const struct lab_policy policies[] = {
	[INSIDE] = {.history = "big-p2m",
		    .name = "inside",
		    .title = "in the initial mapping, after the kernel",
		    .p2m_inside = true,
		    .sim_only = true},
	[OUTSIDE] = {.history = "big-p2m",
		     .name = "outside",
		     .title = "at an L4 slot of its own, by ELF note"},
};

static const struct lab_world not_noted = {.name = "no note",
					   LAB_UNDER_HYPERVISOR};
static const struct lab_world big_noted = {.name = "big, noted",
					   LAB_UNDER_HYPERVISOR,
					   .on_metal = true,
					   .noted = true,
					   .memory = LAB_MEMORY_BIG};
static const struct lab_world big_not_noted = {.name = "big, no note",
					       LAB_UNDER_HYPERVISOR,
					       .memory = LAB_MEMORY_BIG};

/* The builder refuses: nothing has run that could have asked or mapped. */
static const struct lab_blame not_started = {.title = "NOT_STARTED"};

#define NO_NOTE                                                        \
	LAB_NOT_STARTED, LAB_START, "the kernel has no note INIT_P2M", \
		&not_started

static const struct lab_case cases[] = {
	{&policies[INSIDE], &lab_world_noted, LAB_CASE_RIGHT},
	{&policies[INSIDE], &not_noted, LAB_CASE_RIGHT},
	{&policies[INSIDE], &big_noted, LAB_NOT_STARTED, LAB_START,
	 "is above the limit of 1024 MiB", &not_started},
	{&policies[INSIDE], &big_not_noted, NO_NOTE},
	{&policies[OUTSIDE], &lab_world_noted, LAB_CASE_RIGHT},
	{&policies[OUTSIDE], &big_not_noted, NO_NOTE},
	{&policies[OUTSIDE], &big_noted, LAB_CASE_RIGHT},
};

const struct lab_history history_big_p2m = {
	.name = "big-p2m",
	.title = "a P2M too large for the initial mapping",
	.source = "May 2015, \"xen: eliminate scalability issues from initial "
		  "mapping setup\"",
	.story = "The builder puts the P2M list, 8 bytes a page, into the "
		 "initial mapping, which holds 1 GiB as implemented and 2 "
		 "GiB by its place in the address space. A domain of more "
		 "than 512 GiB could therefore not start, although the "
		 "kernel copies the list early and never looks at it again. "
		 "`inside` shows the refusal with its arithmetic. With the "
		 "ELF note `INIT_P2M` (`outside`) the list is mapped at an "
		 "address of its own, one slot of the root; the kernel "
		 "carries that slot over to its own root, maps the frames of "
		 "the list and of its tables read-only, copies what it "
		 "needs, clears the slot, and gives back every frame, tables "
		 "included. The lab does it with a domain of 1 TiB (`--big` "
		 "sets the size), whose kernel uses as much of its memory as "
		 "it needs for that, as `mem=` makes Linux do; afterwards "
		 "each frame of the old list is looked at: none may be "
		 "read-only, typed, pinned or reserved.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
