/* SPDX-License-Identifier: MIT */
/*
 * The scenarios. One machine with everything in it would have too many states
 * to see them all, so each has a part of the requests, and each part is seen to
 * its end. What may go wrong between two parts has a scenario with both.
 */
#include "tests/explore/scope.h"

#include <string.h>

#define LAST 511
#define XENS 256

/* Of each table the first entry; one vCPU of one domain. */
#define ONE_SLOT .nr_slots = 1, .slot = {0}
#define TWO_SLOTS .nr_slots = 2, .slot = {0, LAST}
#define ALONE .nr_vcpus = 1, .nr_doms = 1

static const struct scope small[] = {
	{
		.name = "one frame, three slots",
		.start = START_BARE,
		.nr_free = 1,
		.nr_slots = 3,
		.slot = {0, XENS, LAST},
		ALONE,
		.groups = GROUP_TABLES | GROUP_ROOTS | GROUP_PAGES |
			  GROUP_FIXED | GROUP_BAD,
	},
	{
		.name = "two frames, one slot",
		.start = START_BARE,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_ROOTS | GROUP_PAGES |
			  GROUP_BATCH | GROUP_FIXED,
	},
	{
		.name = "a leaf, flags",
		.start = START_LEAF,
		.nr_free = 1,
		ONE_SLOT,
		ALONE,
		.groups =
			GROUP_TABLES | GROUP_FLAGS | GROUP_DIRECT | GROUP_FIXED,
	},
	{
		.name = "a table, flags",
		.start = START_BARE,
		.nr_free = 1,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_FLAGS | GROUP_FIXED,
	},
	{
		.name = "a leaf, descriptors",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_DESC | GROUP_VALUES |
			  GROUP_ROOTS | GROUP_FIXED | GROUP_ODD,
	},
	{
		.name = "a leaf, memory",
		.start = START_LEAF,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.of_pool = 1,
		.groups = GROUP_TABLES | GROUP_MEMORY | GROUP_FIXED | GROUP_ODD,
	},
	{
		.name = "a leaf, memory that grows",
		.start = START_LEAF,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.of_pool = 1,
		.may_grow = 1,
		.groups = GROUP_TABLES | GROUP_MEMORY | GROUP_FIXED,
	},
	{
		.name = "a leaf, grants",
		.start = START_MAPPED,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_GRANTS | GROUP_FIXED | GROUP_ODD,
	},
	{
		.name = "a leaf half done",
		.start = START_MAPPED,
		.nr_free = 1,
		.nr_slots = 2,
		.slot = {0, 64},
		ALONE,
		.groups = GROUP_TABLES | GROUP_DIRECT | GROUP_GRANTS |
			  GROUP_FIXED,
	},
	{
		.name = "a leaf, another domain's frame",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		.nr_vcpus = 1,
		.nr_doms = 2,
		.of_second = 1,
		.groups =
			GROUP_TABLES | GROUP_GRANTS | GROUP_FIXED | GROUP_DEATH,
	},
	{
		.name = "a leaf, holds",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_HOLD | GROUP_FIXED,
	},
	{
		.name = "a leaf, a page that is lent",
		.start = START_MAPPED,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_LEND | GROUP_FIXED,
	},
	{
		.name = "types near their limit",
		.start = START_LEAF,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_FIXED | GROUP_LIMIT,
		.may_add = {.count = 2, .type = 1, .linear = 1},
	},
	{
		.name = "references near their limit",
		.start = START_LEAF,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_FIXED | GROUP_LIMIT,
		.may_add = {.count = 1, .type = 100, .linear = 100},
	},
	{
		.name = "a table that is mapped as often as can be",
		.start = START_LEAF,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_FIXED | GROUP_LIMIT,
		.may_add = {.count = 100, .type = 100, .linear = 1},
	},
	{
		.name = "a table that maps as many as can be",
		.start = START_LEAF,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_FIXED | GROUP_LIMIT,
		.may_add = {.count = 100, .type = 100, .linear = -1},
	},
	{
		.name = "a leaf, two vCPUs",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		.nr_vcpus = 2,
		.nr_doms = 1,
		.groups =
			GROUP_TABLES | GROUP_ROOTS | GROUP_FIXED | GROUP_FLUSH,
	},
	{
		.name = "a vCPU that is started",
		.start = START_BARE,
		.nr_free = 2,
		ONE_SLOT,
		.nr_vcpus = 2,
		.nr_doms = 1,
		.groups = GROUP_TABLES | GROUP_START,
	},
	{
		.name = "a right over another domain",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		.nr_vcpus = 1,
		.nr_doms = 2,
		.of_second = 1,
		.groups =
			GROUP_TABLES | GROUP_RIGHT | GROUP_FIXED | GROUP_DEATH,
	},
	{
		.name = "a right, two mappings",
		.start = START_MAPPED,
		.nr_free = 1,
		TWO_SLOTS,
		.nr_vcpus = 1,
		.nr_doms = 2,
		.of_second = 1,
		.groups = GROUP_LEAF | GROUP_RIGHT | GROUP_DEATH,
	},
	{
		.name = "two domains' roots",
		.start = START_BARE,
		.nr_free = 1,
		ONE_SLOT,
		.nr_vcpus = 1,
		.nr_doms = 2,
		.groups =
			GROUP_TABLES | GROUP_ROOTS | GROUP_FIXED | GROUP_DEATH,
	},
	{
		.name = "lists of exchanges",
		.start = START_BARE,
		.nr_free = 3,
		ONE_SLOT,
		ALONE,
		.of_pool = 1,
		.groups = GROUP_MEMORY | GROUP_BATCH,
	},
	{
		.name = "a limit that was lowered",
		.start = START_BARE,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.of_pool = 1,
		.may_grow = -1,
		.groups = GROUP_MEMORY,
	},
	{
		.name = "a root, an LDT",
		.start = START_MAPPED,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_DESC | GROUP_ROOTS | GROUP_FIXED | GROUP_READ |
			  GROUP_GOOD | GROUP_LEAF,
	},
	{
		.name = "a full leaf",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_LEAF | GROUP_WIDE,
	},
	{
		.name = "as many holds as can be",
		.start = START_LEAF,
		.nr_free = 1,
		ONE_SLOT,
		ALONE,
		.held = MMU_MAX_HELD - 1,
		.groups = GROUP_HOLD | GROUP_LEAF,
	},
	{
		.name = "a page with as many references as can be",
		.start = START_MAPPED,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.held = 1,
		.groups = GROUP_LEAF | GROUP_LIMIT,
		.may_add = {.count = 1, .type = 100},
	},
	{
		.name = "a page with as many writers as can be",
		.start = START_MAPPED,
		.nr_free = 1,
		TWO_SLOTS,
		ALONE,
		.held = 1,
		.groups = GROUP_LEAF | GROUP_LIMIT,
		.may_add = {.count = 100, .type = 1},
	},
	{
		.name = "vCPUs with a gap",
		.start = START_MAPPED,
		.nr_free = 1,
		ONE_SLOT,
		.nr_vcpus = 2,
		.nr_doms = 1,
		.vcpu_gap = 1,
		.groups = GROUP_TABLES | GROUP_DESC | GROUP_FIXED | GROUP_READ |
			  GROUP_GOOD,
	},
};

/* Two frames of everything. */
static const struct scope medium[] = {
	{
		.name = "two leaves",
		.start = START_LEAF,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_DIRECT | GROUP_FIXED,
	},
	{
		.name = "two leaves, descriptors",
		.start = START_MAPPED,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_DESC | GROUP_FIXED,
	},
	{
		.name = "two leaves, memory",
		.start = START_MAPPED,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.of_pool = 1,
		.may_grow = 1,
		.groups = GROUP_TABLES | GROUP_MEMORY | GROUP_FIXED,
	},
	{
		.name = "two leaves, grants",
		.start = START_MAPPED,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_GRANTS | GROUP_FIXED,
	},
	{
		.name = "two leaves, two domains",
		.start = START_MAPPED,
		.nr_free = 2,
		ONE_SLOT,
		.nr_vcpus = 1,
		.nr_doms = 2,
		.of_second = 1,
		.groups =
			GROUP_TABLES | GROUP_GRANTS | GROUP_FIXED | GROUP_DEATH,
	},
	{
		.name = "two frames, counts near their limits",
		.start = START_LEAF,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_FIXED | GROUP_LIMIT,
		.may_add = {.count = 2, .type = 1, .linear = 1},
	},
	{
		.name = "two leaves, holds",
		.start = START_LEAF,
		.nr_free = 2,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_HOLD | GROUP_FIXED,
	},
	{
		.name = "two frames, two vCPUs",
		.start = START_BARE,
		.nr_free = 2,
		ONE_SLOT,
		.nr_vcpus = 2,
		.nr_doms = 1,
		.groups = GROUP_TABLES | GROUP_ROOTS | GROUP_FLUSH,
	},
	{
		.name = "two frames, two slots",
		.start = START_BARE,
		.nr_free = 2,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_ROOTS | GROUP_PAGES | GROUP_GOOD,
	},
	{
		.name = "two frames, two slots, bad contents",
		.start = START_BARE,
		.nr_free = 2,
		TWO_SLOTS,
		ALONE,
		.groups = GROUP_TABLES | GROUP_ROOTS,
	},
	{
		.name = "three frames",
		.start = START_BARE,
		.nr_free = 3,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_GOOD,
	},
	{
		.name = "three tables",
		.start = START_BARE,
		.nr_free = 3,
		ONE_SLOT,
		ALONE,
		.groups = GROUP_TABLES | GROUP_ROOTS | GROUP_FIXED |
			  GROUP_READ | GROUP_GOOD,
	},
};

/* As far as there is time. */
static const struct scope large[] = {
	{
		.name = "four frames, three slots, two domains",
		.start = START_LEAF,
		.nr_free = 4,
		.nr_slots = 3,
		.slot = {0, 1, LAST},
		.nr_vcpus = 1,
		.nr_doms = 2,
		.of_second = 1,
		.groups =
			GROUP_TABLES | GROUP_ROOTS | GROUP_GRANTS | GROUP_DEATH,
	},
};

const struct scope *scope_find(const char *name, unsigned int *ret_nr)
{
	static const struct {
		const char *name;
		const struct scope *scopes;
		unsigned int nr;
	} rows[] = {
		{"small", small, sizeof(small) / sizeof(*small)},
		{"medium", medium, sizeof(medium) / sizeof(*medium)},
		{"large", large, sizeof(large) / sizeof(*large)},
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (strcmp(rows[i].name, name) == 0) {
			*ret_nr = rows[i].nr;
			return rows[i].scopes;
		}
	}
	return NULL;
}
