/* SPDX-License-Identifier: MIT */
/* 2007: the direct map is built over page tables that are there already. */
#include <stddef.h>

#include "lab/histories/histories.h"

/* What is not there yet is a matter of the buffer, not of the template. */
static uint64_t flags_of_new(struct guest *g, pfn_t frame, uint64_t flags)
{
	return guest_policy_flags(g, frame, flags, pte(0));
}

static uint64_t overwrite_flags(struct guest *g, pfn_t frame, uint64_t flags,
				pte_t existing)
{
	return pte_present(existing) ? flags : flags_of_new(g, frame, flags);
}

/* The callback: the kernel answers from what it knows of its tables. */
static uint64_t ask(struct guest *g, pfn_t frame, uint64_t flags)
{
	return guest_may_be_table(g, frame) ? flags & ~PTE_RW : flags;
}

static uint64_t ask_flags(struct guest *g, pfn_t frame, uint64_t flags,
			  pte_t existing)
{
	return pte_present(existing) ? ask(g, frame, flags)
				     : flags_of_new(g, frame, flags);
}

/* A look-up by pfn, whatever is mapped. */
static uint64_t query_flags(struct guest *g, pfn_t frame, uint64_t flags,
			    pte_t existing)
{
	(void)existing;
	return flags_of_new(g, frame, flags);
}

static const struct guest_policy overwrite = {
	.recycle = GUEST_FLUSH,
	.flags = overwrite_flags,
	.range_done = guest_policy_range_done,
};
static const struct guest_policy asking = {
	.recycle = GUEST_FLUSH,
	.flags = ask_flags,
	.range_done = guest_policy_range_done,
};
static const struct guest_policy query = {
	.recycle = GUEST_FLUSH,
	.flags = query_flags,
	.range_done = guest_policy_range_done,
};
static const struct guest_policy keep = {
	.keeps = true,
	.recycle = GUEST_FLUSH,
	.flags = query_flags,
	.range_done = guest_policy_range_done,
};

enum { OVERWRITE, ASK, QUERY, KEEP, FILTER };

static const struct lab_policy policies[] = {
	[OVERWRITE] = {.history = "template",
		       .name = "overwrite",
		       .title = "write every entry as ordinary memory",
		       .map = &overwrite},
	[ASK] = {.history = "template",
		 .name = "ask",
		 .title = "a callback says each page's permission",
		 .map = &asking},
	[QUERY] = {.history = "template",
		   .name = "query",
		   .title = "a look-up by pfn says it",
		   .map = &query},
	[KEEP] = {.history = "template",
		  .name = "keep",
		  .title = "never touch an entry that is present",
		  .map = &keep},
	[FILTER] = {.history = "template",
		    .name = "filter",
		    .title = "write, but never add RW to a read-only entry",
		    .map = &guest_policy_default},
};

#define NATIVE .template = true, .memory = LAB_MEMORY_NATIVE

static const struct lab_world xen = {.name = "hypervisor",
				     LAB_UNDER_HYPERVISOR,
				     .on_metal = true,
				     .noted = true,
				     .template = true,
				     .memory = LAB_MEMORY_LOW};
static const struct lab_world xen_pae = {.name = "hypervisor PAE",
					 LAB_UNDER_HYPERVISOR,
					 .on_metal = true,
					 .template = true,
					 .tables = LAB_PAE,
					 .memory = LAB_MEMORY_LOW};
static const struct lab_world two_level = {.name = "2-level",
					   NATIVE,
					   .tables = LAB_2LEVEL};
static const struct lab_world two_level_pse = {.name = "2-level PSE",
					       NATIVE,
					       .tables = LAB_2LEVEL,
					       .large = true};
static const struct lab_world pae = {.name = "PAE",
				     NATIVE,
				     .tables = LAB_PAE,
				     .large = true};
static const struct lab_world pae_nx = {.name = "PAE NX",
					NATIVE,
					.tables = LAB_PAE,
					.large = true,
					.nx = true};
static const struct lab_world four_level = {.name = "4-level",
					    NATIVE,
					    .tables = LAB_4LEVEL,
					    .large = true};
static const struct lab_world four_level_nx = {.name = "4-level NX",
					       NATIVE,
					       .tables = LAB_4LEVEL,
					       .large = true,
					       .nx = true};

static const struct lab_blame writable_table = {
	.title = "NOT_WRITABLE",
	.asker = "map_level",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "guest_own_tables",
};
/* No request is refused: the library's own look finds it, when all is done. */
static const struct lab_blame kept = {
	.title = "MISTAKE",
	.holder = LAB_HELD_WRITABLE,
};
/* And no hypervisor is there to hold a frame for anybody. */
static const struct lab_blame kept_native = {.title = "MISTAKE"};

#define SMALL "where a large page fits", &kept_native
#define EXECUTABLE "executable"

static const struct lab_case cases[] = {
	{&policies[OVERWRITE], &xen, LAB_REFUSED, LAB_DIRECT_MAP,
	 "!= exp 7000000000000000)", &writable_table},
	{&policies[OVERWRITE], &xen_pae, LAB_REFUSED, LAB_DIRECT_MAP,
	 "!= exp 7000000000000000)", &writable_table},
	{&policies[OVERWRITE], &two_level, LAB_CASE_RIGHT},
	{&policies[OVERWRITE], &two_level_pse, LAB_CASE_RIGHT},
	{&policies[OVERWRITE], &pae, LAB_CASE_RIGHT},
	{&policies[OVERWRITE], &pae_nx, LAB_CASE_RIGHT},
	{&policies[OVERWRITE], &four_level, LAB_CASE_RIGHT},
	{&policies[OVERWRITE], &four_level_nx, LAB_CASE_RIGHT},
	{&policies[ASK], &xen, LAB_CASE_RIGHT},
	{&policies[ASK], &xen_pae, LAB_CASE_RIGHT},
	{&policies[ASK], &two_level, LAB_CASE_RIGHT},
	{&policies[ASK], &two_level_pse, LAB_CASE_RIGHT},
	{&policies[ASK], &pae, LAB_CASE_RIGHT},
	{&policies[ASK], &pae_nx, LAB_CASE_RIGHT},
	{&policies[ASK], &four_level, LAB_CASE_RIGHT},
	{&policies[ASK], &four_level_nx, LAB_CASE_RIGHT},
	{&policies[QUERY], &xen, LAB_CASE_RIGHT},
	{&policies[QUERY], &xen_pae, LAB_CASE_RIGHT},
	{&policies[QUERY], &two_level, LAB_CASE_RIGHT},
	{&policies[QUERY], &two_level_pse, LAB_CASE_RIGHT},
	{&policies[QUERY], &pae, LAB_CASE_RIGHT},
	{&policies[QUERY], &pae_nx, LAB_CASE_RIGHT},
	{&policies[QUERY], &four_level, LAB_CASE_RIGHT},
	{&policies[QUERY], &four_level_nx, LAB_CASE_RIGHT},
	{&policies[KEEP], &xen, LAB_WRONG, LAB_DONE, EXECUTABLE, &kept},
	{&policies[KEEP], &xen_pae, LAB_WRONG, LAB_DONE, EXECUTABLE, &kept},
	{&policies[KEEP], &two_level, LAB_CASE_RIGHT},
	{&policies[KEEP], &two_level_pse, LAB_WRONG, LAB_DONE, SMALL},
	{&policies[KEEP], &pae, LAB_WRONG, LAB_DONE, SMALL},
	{&policies[KEEP], &pae_nx, LAB_WRONG, LAB_DONE, EXECUTABLE,
	 &kept_native},
	{&policies[KEEP], &four_level, LAB_WRONG, LAB_DONE, SMALL},
	{&policies[KEEP], &four_level_nx, LAB_WRONG, LAB_DONE, EXECUTABLE,
	 &kept_native},
	{&policies[FILTER], &xen, LAB_CASE_RIGHT},
	{&policies[FILTER], &xen_pae, LAB_CASE_RIGHT},
	{&policies[FILTER], &two_level, LAB_CASE_RIGHT},
	{&policies[FILTER], &two_level_pse, LAB_CASE_RIGHT},
	{&policies[FILTER], &pae, LAB_CASE_RIGHT},
	{&policies[FILTER], &pae_nx, LAB_CASE_RIGHT},
	{&policies[FILTER], &four_level, LAB_CASE_RIGHT},
	{&policies[FILTER], &four_level_nx, LAB_CASE_RIGHT},
};

const struct lab_history history_template = {
	.name = "template",
	.title = "build the direct map over page tables that are already there",
	.source = "April 2007, \"x86: fix PSE pagetable construction\"",
	.story = "The 32-bit kernel built its direct map over page tables "
		 "that were there already: its own entry code's natively, "
		 "the domain builder's under Xen, where the frames that hold "
		 "tables are mapped read-only. Writing every entry "
		 "(`overwrite`) is right natively and refused by Xen, "
		 "because it maps a table writable. A callback that is asked "
		 "for each page's permission (`ask`), or a look-up by frame "
		 "number (`query`), are right but cost everybody a hook. "
		 "Leaving present entries alone (`keep`) was merged first "
		 "and is wrong on bare hardware: the 4 KiB entries of the "
		 "boot mapping stay where a large page fits, and pages that "
		 "should not be executable never get NX, under Xen too. What "
		 "held is to write every entry through an init-time "
		 "`set_pte` that never adds RW to a present entry without it "
		 "(`filter`): the knowledge stays on the Xen side. `lab show "
		 "template keep \"4-level NX\"` lists the pages that `keep` "
		 "gets wrong.\n\n"
		 "In the world `hypervisor` the direct map lies at the "
		 "kernel's own base, so it has at most 1 GiB. Ours, stock "
		 "Xen and the simulator agree: `overwrite` is refused with "
		 "EBUSY at the first of the builder's tables in use, `keep` "
		 "leaves executable what the builder mapped (pfn 0 to ff, "
		 "and all after the text to the end of the initial mapping), "
		 "the others are right, with 2103 hypercalls each (2102 on "
		 "Xen).",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
