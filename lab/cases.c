/* SPDX-License-Identifier: MIT */
/*
 * The histories, their policies, and the recorded outcome of each in each
 * world. What happened and when is told in docs/histories.md.
 */
#include <string.h>

#include "lab/lab.h"

const struct lab_history lab_histories[] = {
	{"template",
	 "build the direct map over page tables that are already there"},
	{"table-high",
	 "the direct map covers the buffer that its own tables come from"},
	{"tlb", "a recycled table becomes memory, and the TLB still says no"},
	{"big-p2m", "a P2M too large for the initial mapping"},
};
const unsigned int lab_nr_histories =
	sizeof(lab_histories) / sizeof(lab_histories[0]);

#define TEMPLATE(t)                                   \
	{                                             \
		t, BUFFER_PUBLISH_FREE, RECYCLE_FLUSH \
	}
#define BUFFER(b)                                 \
	{                                         \
		TEMPLATE_FILTER, b, RECYCLE_FLUSH \
	}
#define RECYCLE(r)                                      \
	{                                               \
		TEMPLATE_FILTER, BUFFER_PUBLISH_FREE, r \
	}

const struct lab_policy lab_policies[] = {
	{"template", "overwrite", "write every entry as ordinary memory",
	 TEMPLATE(TEMPLATE_OVERWRITE), LAYOUT_P2M_AS_NOTED, true, false},
	{"template", "ask", "a callback says each page's permission",
	 TEMPLATE(TEMPLATE_ASK), LAYOUT_P2M_AS_NOTED, true, false},
	{"template", "query", "a look-up by pfn says it",
	 TEMPLATE(TEMPLATE_QUERY), LAYOUT_P2M_AS_NOTED, true, false},
	{"template", "keep", "never touch an entry that is present",
	 TEMPLATE(TEMPLATE_KEEP), LAYOUT_P2M_AS_NOTED, true, false},
	{"template", "filter", "write, but never add RW to a read-only entry",
	 TEMPLATE(TEMPLATE_FILTER), LAYOUT_P2M_AS_NOTED, true, false},
	{"table-high", "used-only", "RO what is in use when its entry is set",
	 BUFFER(BUFFER_USED_ONLY), LAYOUT_P2M_AS_NOTED, true, false},
	{"table-high", "ro-forever", "RO all of the buffer, and leave it so",
	 BUFFER(BUFFER_RO_FOREVER), LAYOUT_P2M_AS_NOTED, true, false},
	{"table-high", "rw-past", "RO all; the tail to RW when seen reserved",
	 BUFFER(BUFFER_RW_PAST), LAYOUT_P2M_AS_NOTED, true, false},
	{"table-high", "publish-free", "RO all; the tail is given back",
	 BUFFER(BUFFER_PUBLISH_FREE), LAYOUT_P2M_AS_NOTED, true, false},
	{"table-high", "remember", "used-only, and note what came too late",
	 BUFFER(BUFFER_REMEMBER), LAYOUT_P2M_AS_NOTED, true, false},
	{"table-high", "raw-walk", "used-only, and read the table being hooked",
	 BUFFER(BUFFER_RAW_WALK), LAYOUT_P2M_AS_NOTED, true, false},
	{"tlb", "no-flush", "RO to RW, nothing else", RECYCLE(RECYCLE_NO_FLUSH),
	 LAYOUT_P2M_AS_NOTED, true, true},
	{"tlb", "flush", "RO to RW with INVLPG", RECYCLE(RECYCLE_FLUSH),
	 LAYOUT_P2M_AS_NOTED, true, false},
	{"big-p2m", "inside", "in the initial mapping, after the kernel",
	 BUFFER(BUFFER_PUBLISH_FREE), LAYOUT_P2M_INSIDE, false, false},
	{"big-p2m", "outside", "at an L4 slot of its own, by ELF note",
	 BUFFER(BUFFER_PUBLISH_FREE), LAYOUT_P2M_AS_NOTED, true, false},
};
const unsigned int lab_nr_policies =
	sizeof(lab_policies) / sizeof(lab_policies[0]);

#define NATIVE(n, m, l, x)                                         \
	{                                                          \
		.name = (n), .mode = (m), .large = (l), .nx = (x), \
		.template = true, .memory = LAB_MEMORY_NATIVE,     \
		.tlb = {TLB_KEEP_ALL, 0},                          \
	}
#define ON_XEN .hypervisor = true, .mode = PAGING_4LEVEL, .nx = true
#define KEEPS .tlb = {TLB_KEEP_ALL, 0}

static const struct lab_world
	two_level = NATIVE("2-level", PAGING_2LEVEL, false, false),
	two_level_pse = NATIVE("2-level PSE", PAGING_2LEVEL, true, false),
	pae = NATIVE("PAE", PAGING_PAE, true, false),
	pae_nx = NATIVE("PAE NX", PAGING_PAE, true, true),
	four_level = NATIVE("4-level", PAGING_4LEVEL, true, false),
	four_level_nx = NATIVE("4-level NX", PAGING_4LEVEL, true, true),
	xen_template = {.name = "hypervisor",
			ON_XEN,
			.on_metal = true,
			KEEPS,
			.noted = true,
			.template = true,
			.memory = LAB_MEMORY_LOW},
	one_range = {.name = "one range",
		     ON_XEN,
		     .on_metal = true,
		     KEEPS,
		     .noted = true},
	two_ranges = {.name = "two ranges",
		      ON_XEN,
		      .on_metal = true,
		      KEEPS,
		      .noted = true,
		      .two_ranges = true,
		      .memory = LAB_MEMORY_TWO},
	tlb_keeps = {.name = "TLB keeps all",
		     ON_XEN,
		     .on_metal = true,
		     KEEPS,
		     .noted = true,
		     .memory = LAB_MEMORY_SMALL},
	tlb_forgets = {.name = "TLB keeps none",
		       ON_XEN,
		       .noted = true,
		       .memory = LAB_MEMORY_SMALL},
	noted = {.name = "noted",
		 ON_XEN,
		 .on_metal = true,
		 KEEPS,
		 .noted = true},
	not_noted = {.name = "no note", ON_XEN, KEEPS},
	big_noted = {.name = "big, noted",
		     ON_XEN,
		     .on_metal = true,
		     KEEPS,
		     .noted = true,
		     .memory = LAB_MEMORY_BIG},
	big_not_noted = {.name = "big, no note",
			 ON_XEN,
			 KEEPS,
			 .memory = LAB_MEMORY_BIG};

#define RIGHT LAB_RIGHT, LAB_DONE, NULL
#define WRONG(what) LAB_WRONG, LAB_DONE, what
#define BAD_TYPE "Bad type (saw 7400000000000001 != exp 1000000000000000)"
#define EC3 "unhandled page fault (ec=0003)"
#define TOO_LARGE "is above the limit of 1024 MiB"

const struct lab_case lab_cases[] = {
	{"template/overwrite", &xen_template, LAB_REFUSED, LAB_DIRECT_MAP,
	 "!= exp 7000000000000000)"},
	{"template/overwrite", &two_level, RIGHT},
	{"template/overwrite", &two_level_pse, RIGHT},
	{"template/overwrite", &pae, RIGHT},
	{"template/overwrite", &pae_nx, RIGHT},
	{"template/overwrite", &four_level, RIGHT},
	{"template/overwrite", &four_level_nx, RIGHT},
	{"template/ask", &xen_template, RIGHT},
	{"template/ask", &two_level, RIGHT},
	{"template/ask", &two_level_pse, RIGHT},
	{"template/ask", &pae, RIGHT},
	{"template/ask", &pae_nx, RIGHT},
	{"template/ask", &four_level, RIGHT},
	{"template/ask", &four_level_nx, RIGHT},
	{"template/query", &xen_template, RIGHT},
	{"template/query", &two_level, RIGHT},
	{"template/query", &two_level_pse, RIGHT},
	{"template/query", &pae, RIGHT},
	{"template/query", &pae_nx, RIGHT},
	{"template/query", &four_level, RIGHT},
	{"template/query", &four_level_nx, RIGHT},
	{"template/keep", &xen_template, WRONG("executable")},
	{"template/keep", &two_level, RIGHT},
	{"template/keep", &two_level_pse, WRONG("where a large page fits")},
	{"template/keep", &pae, WRONG("where a large page fits")},
	{"template/keep", &pae_nx, WRONG("executable")},
	{"template/keep", &four_level, WRONG("where a large page fits")},
	{"template/keep", &four_level_nx, WRONG("executable")},
	{"template/filter", &xen_template, RIGHT},
	{"template/filter", &two_level, RIGHT},
	{"template/filter", &two_level_pse, RIGHT},
	{"template/filter", &pae, RIGHT},
	{"template/filter", &pae_nx, RIGHT},
	{"template/filter", &four_level, RIGHT},
	{"template/filter", &four_level_nx, RIGHT},
	{"table-high/used-only", &one_range, LAB_REFUSED, LAB_DIRECT_MAP,
	 BAD_TYPE},
	{"table-high/used-only", &two_ranges, LAB_REFUSED, LAB_DIRECT_MAP,
	 BAD_TYPE},
	{"table-high/ro-forever", &one_range, LAB_FAULT, LAB_P2M, EC3},
	{"table-high/ro-forever", &two_ranges, LAB_FAULT, LAB_P2M, EC3},
	{"table-high/rw-past", &one_range, RIGHT},
	{"table-high/rw-past", &two_ranges, RIGHT},
	{"table-high/publish-free", &one_range, RIGHT},
	{"table-high/publish-free", &two_ranges, RIGHT},
	{"table-high/remember", &one_range, LAB_REFUSED, LAB_DIRECT_MAP,
	 BAD_TYPE},
	{"table-high/remember", &two_ranges, LAB_REFUSED, LAB_DIRECT_MAP,
	 BAD_TYPE},
	{"table-high/raw-walk", &one_range, LAB_REFUSED, LAB_DIRECT_MAP,
	 BAD_TYPE},
	{"table-high/raw-walk", &two_ranges, LAB_REFUSED, LAB_DIRECT_MAP,
	 BAD_TYPE},
	{"tlb/no-flush", &tlb_keeps, LAB_FAULT, LAB_OWN_TABLES, EC3},
	{"tlb/no-flush", &tlb_forgets, RIGHT},
	{"tlb/flush", &tlb_keeps, RIGHT},
	{"tlb/flush", &tlb_forgets, RIGHT},
	{"big-p2m/inside", &noted, RIGHT},
	{"big-p2m/inside", &not_noted, RIGHT},
	{"big-p2m/inside", &big_noted, LAB_NOT_STARTED, LAB_START, TOO_LARGE},
	{"big-p2m/inside", &big_not_noted, LAB_NOT_STARTED, LAB_START,
	 "the kernel has no note INIT_P2M"},
	{"big-p2m/outside", &noted, RIGHT},
	{"big-p2m/outside", &big_not_noted, LAB_NOT_STARTED, LAB_START,
	 "the kernel has no note INIT_P2M"},
	{"big-p2m/outside", &big_noted, RIGHT},
};
const unsigned int lab_nr_cases = sizeof(lab_cases) / sizeof(lab_cases[0]);

bool lab_policy_is_of(const struct lab_policy *p, const char *history)
{
	return strcmp(p->history, history) == 0;
}

const struct lab_policy *lab_find_policy(const char *name)
{
	for (unsigned int i = 0; i < lab_nr_policies; i++) {
		const struct lab_policy *p = &lab_policies[i];
		size_t n = strlen(p->history);

		if (strncmp(name, p->history, n) == 0 && name[n] == '/' &&
		    strcmp(name + n + 1, p->name) == 0) {
			return p;
		}
	}
	return NULL;
}
