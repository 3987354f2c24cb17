/* SPDX-License-Identifier: MIT */
/* 2026: struct pages are asked before there are any. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"
#include "pagewarden/port.h"

#define STRUCT_PAGES UINT64_C(0xffffea0000000000)
#define STRUCT_PAGE_SIZE 64

static LAB_NAMED bool is_pinned(struct guest *g, pfn_t table)
{
	return guest_port_load64(g, vaddr(STRUCT_PAGES +
					  table.v * STRUCT_PAGE_SIZE)) != 0;
}

/* Struct pages come with the direct map: not yet. */
static int ask_root(struct guest *g, struct lab_kernel *k)
{
	if (is_pinned(g, g->kernel.root)) {
		lab_say(g, "the root is pinned");
	}
	return lab_do_step(g, k);
}

static int ask_root_if_able(struct guest *g, struct lab_kernel *k)
{
	return g->directmap.nr_mapped == 0 ? lab_do_step(g, k) : ask_root(g, k);
}

static const struct lab_deed bad_deed = {LAB_OWN_TABLES, ask_root};
static const struct lab_deed good_deed = {LAB_OWN_TABLES, ask_root_if_able};

enum { ASK, GUARD };

static const struct lab_policy policies[] = {
	[ASK] = {.history = "struct-page",
		 .name = "ask",
		 .title = "at once",
		 .deed = &bad_deed},
	[GUARD] = {.history = "struct-page",
		   .name = "guard",
		   .title = "not before they exist",
		   .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "PAGE_FAULT",
	.asker = "is_pinned",
	.holder = LAB_HELD_BY_NOTHING,
};

static const struct lab_case cases[] = {
	{&policies[ASK], &lab_world_small, LAB_FAULT, LAB_OWN_TABLES,
	 "unhandled page fault (ec=0000)", &blame},
	{&policies[GUARD], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_struct_page = {
	.name = "struct-page",
	.title = "a root's struct page is looked at before struct pages exist",
	.source = "February 2026, \"x86/xen: Fix Xen PV guest boot\" "
		  "(5043d7ed39df)",
	.story = "Whether a table is pinned is noted in its struct page. The "
		 "array of struct pages is at an address of its own and is "
		 "mapped late in the boot; code that sets an entry of the root "
		 "asked it before (`ask`). Nothing is mapped there: a page "
		 "fault before any handler, and a domain that dies without a "
		 "word. The cure is a guard (`guard`). There is no refusal; "
		 "the report names the access and the table in which the walk "
		 "ends.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
