/* SPDX-License-Identifier: MIT */
/* 2013: a recycled table becomes memory, and the TLB still says no. */
#include <stddef.h>

#include "lab/histories/histories.h"

static const struct guest_policy no_flush = {
	.recycle = GUEST_NO_FLUSH,
	.flags = guest_policy_flags,
	.range_done = guest_policy_range_done,
};

enum { NO_FLUSH, FLUSH };

static const struct lab_policy policies[] = {
	[NO_FLUSH] = {.history = "tlb",
		      .name = "no-flush",
		      .title = "RO to RW, nothing else",
		      .map = &no_flush,
		      .metal_forgives = true},
	[FLUSH] = {.history = "tlb",
		   .name = "flush",
		   .title = "RO to RW with INVLPG",
		   .map = &guest_policy_default},
};

static const struct lab_world keeps = {.name = "TLB keeps all",
				       LAB_UNDER_HYPERVISOR,
				       .on_metal = true,
				       .noted = true,
				       .memory = LAB_MEMORY_SMALL};
static const struct lab_world forgets = {.name = "TLB keeps none",
					 LAB_UNDER_HYPERVISOR,
					 .noted = true,
					 .tlb_forgets = true,
					 .memory = LAB_MEMORY_SMALL};

static const struct lab_world keeps_pae = {.name = "PAE keeps all",
					   LAB_UNDER_HYPERVISOR,
					   .on_metal = true,
					   .tables = LAB_PAE,
					   .memory = LAB_MEMORY_SMALL};
static const struct lab_world forgets_pae = {.name = "PAE keeps none",
					     LAB_UNDER_HYPERVISOR,
					     .tlb_forgets = true,
					     .tables = LAB_PAE,
					     .memory = LAB_MEMORY_SMALL};

static const struct lab_blame stale = {
	.title = "STALE_TRANSLATION",
	.asker = "guest_clear_frame",
	.holder = LAB_HELD_WRITABLE,
	.maker = "guest_make_readwrite",
};

static const struct lab_case cases[] = {
	{&policies[NO_FLUSH], &keeps, LAB_FAULT, LAB_OWN_TABLES,
	 "unhandled page fault (ec=0003)", &stale},
	{&policies[NO_FLUSH], &forgets, LAB_CASE_RIGHT},
	{&policies[NO_FLUSH], &keeps_pae, LAB_FAULT, LAB_OWN_TABLES,
	 "unhandled page fault (ec=0003)", &stale},
	{&policies[NO_FLUSH], &forgets_pae, LAB_CASE_RIGHT},
	{&policies[FLUSH], &keeps, LAB_CASE_RIGHT},
	{&policies[FLUSH], &forgets, LAB_CASE_RIGHT},
	{&policies[FLUSH], &keeps_pae, LAB_CASE_RIGHT},
	{&policies[FLUSH], &forgets_pae, LAB_CASE_RIGHT},
};

const struct lab_history history_tlb = {
	.name = "tlb",
	.title = "a recycled table becomes memory, and the TLB still says no",
	.source = "March 2013, \"On early bootup, flush the TLB when changing "
		  "RO->RW bits Xen provided pagetables\"",
	.story = "When the kernel runs on its own tables it makes the "
		 "builder's memory again: the frame's mapping goes from "
		 "read-only to writable by hypercall, and the page is "
		 "cleared. The update succeeds, the tables say writable, and "
		 "on one machine model the first store sometimes faulted, "
		 "with error code 0003 and a page-table walk that shows "
		 "nothing wrong: the CPU had kept the read-only translation. "
		 "The fix (`flush`) is the flag that has the address's TLB "
		 "entry dropped with the update. It depends on what the TLB "
		 "keeps, so `lab run tlb` boots with TLBs of different size "
		 "and prints the share of boots that crash. A flush that the "
		 "hypervisor itself owes for the change of type hides the "
		 "mistake for the first frame that is recycled; it is the "
		 "second that dies. In QEMU neither hypervisor can show it: "
		 "its CPU looks at the tables again before it faults.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
