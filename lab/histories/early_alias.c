/* SPDX-License-Identifier: MIT */
/* 2008: the memory of the page tables, mapped once more. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* The L1 table that maps the first page of the direct map. */
static int map_tables(struct guest *g, enum lab_rights rights)
{
	struct guest_slot slot;
	int error = lab_slot_of(g, guest_direct_va(g, pfn(0)), 1, &slot);

	if (error != 0) {
		return error;
	}
	lab_about(g, slot.table);
	error = lab_map_alias(g, 0, slot.table, rights);
	return error == 0 ? lab_unmap_alias(g, 0) : error;
}

static LAB_NAMED int map_tables_writable(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return map_tables(g, LAB_WRITES);
}

static int map_tables_readonly(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return map_tables(g, LAB_READS);
}

static const struct lab_deed bad_deed = {LAB_DEED, map_tables_writable};
static const struct lab_deed good_deed = {LAB_DEED, map_tables_readonly};

enum { WRITABLE, READONLY };

static const struct lab_policy policies[] = {
	[WRITABLE] = {.history = "early-alias",
		      .name = "writable",
		      .title = "the frame of an L1 table, mapped with RW",
		      .deed = &bad_deed},
	[READONLY] = {.history = "early-alias",
		      .name = "readonly",
		      .title = "the same without RW",
		      .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "NOT_WRITABLE",
	.asker = "map_tables_writable",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "map_level",
};

static const struct lab_case cases[] = {
	{&policies[WRITABLE], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "!= exp 7000000000000000)", &blame},
	{&policies[READONLY], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_early_alias = {
	.name = "early-alias",
	.title = "memory that holds page tables is mapped a second time, "
		 "writable",
	.source = "June 2008, \"x86, 64-bit: adjust mapping of physical "
		  "pagetables to work with Xen\" (4f9c11dd49fb)",
	.story = "The 64-bit kernel maps physical memory by new entries "
		 "wherever it wants to look at it, and early on that is the "
		 "memory of its own page tables. An entry with RW for such a "
		 "frame (`writable`) is refused, whichever table it stands in. "
		 "What held is to map with 4 KiB entries and to leave "
		 "read-only what is a table (`readonly`). The report names the "
		 "frame's other holder, the upper table that refers to it, and "
		 "who hooked it there.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
