/* SPDX-License-Identifier: MIT */
/* 2021: memory is taken before what is in use is reserved. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"
#include "pagewarden/port.h"

/* Clears a page that it takes for memory. */
static LAB_NAMED int allocate_early(struct guest *g)
{
	pfn_t page;
	int error = guest_memblock_alloc(&g->memblock, g->boot.tables_start,
					 g->boot.tables_end, 1, 1,
					 GUEST_MEMBLOCK_LOW, &page);

	if (error == 0) {
		lab_about(g, page);
		guest_port_clear_page(g, vaddr_add(g->config.virt_base,
						   pfn_to_paddr(page).v));
	}
	return error;
}

/* The memory map is there; the reservations are to come. */
static int allocate_first(struct guest *g, struct lab_kernel *k)
{
	int error = lab_do_step(g, k);

	if (error == 0) {
		error = guest_memblock_free(&g->memblock, g->boot.tables_start,
					    g->boot.tables_end);
	}
	return error == 0 ? allocate_early(g) : error;
}

static const struct lab_deed bad_deed = {LAB_MEMORY_MAP, allocate_first};

enum { TOO_EARLY, IN_ORDER };

static const struct lab_policy policies[] = {
	[TOO_EARLY] = {.history = "early-reserve",
		       .name = "too-early",
		       .title = "an allocation before the reservations",
		       .deed = &bad_deed},
	[IN_ORDER] = {.history = "early-reserve",
		      .name = "in-order",
		      .title = "after them"},
};

static const struct lab_blame blame = {
	.title = "TABLE_WRITTEN",
	.asker = "allocate_early",
	.holder = LAB_HELD_BY_PIN,
};

static const struct lab_case cases[] = {
	{&policies[TOO_EARLY], &lab_world_small, LAB_FAULT, LAB_MEMORY_MAP,
	 "unhandled page fault (ec=0003)", &blame},
	{&policies[IN_ORDER], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_early_reserve = {
	.name = "early-reserve",
	.title = "memory is handed out before what the builder placed is "
		 "reserved",
	.source = "2021, early reservations moved before the memory map is set "
		  "up",
	.story = "What the builder placed, page tables, P2M, initrd, is memory "
		 "by the memory map, and is reserved by the port's set-up "
		 "code. When an allocation comes first (`too-early`) it gets a "
		 "page of it. An initrd is overwritten in silence; a page "
		 "table is mapped read-only, and the first store faults, "
		 "before there is any handler. It is a matter of order "
		 "(`in-order`). The report names the store, the frame's type "
		 "and its pin, which is the builder's.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
