/* SPDX-License-Identifier: MIT */
/* How much is explored: the scenarios of each scope, as data. */
#ifndef PW_TESTS_EXPLORE_SCOPE_H
#define PW_TESTS_EXPLORE_SCOPE_H

#include "tests/explore/world.h"

/* Groups of requests. */
enum group {
	GROUP_TABLES = 1 << 0,  /* updates, stores, pins */
	GROUP_ROOTS = 1 << 1,   /* both roots */
	GROUP_DESC = 1 << 2,    /* GDT, LDT, descriptors */
	GROUP_PAGES = 1 << 3,   /* clear_page, copy_page */
	GROUP_MEMORY = 1 << 4,  /* decrease, populate, increase, exchange */
	GROUP_GRANTS = 1 << 5,  /* map, unmap, replace */
	GROUP_DIRECT = 1 << 6,  /* direct writes, update_va_mapping */
	GROUP_HOLD = 1 << 7,    /* pages held, lent, filled for the guest */
	GROUP_FLUSH = 1 << 8,   /* flushes that the guest asks for */
	GROUP_DEATH = 1 << 9,   /* the second domain dies */
	GROUP_FLAGS = 1 << 10,  /* entries with every class of flags */
	GROUP_XEN = 1 << 11,    /* the hypervisor's slots as operands */
	GROUP_FIXED = 1 << 12,  /* the fixed tables' entries, too */
	GROUP_READ = 1 << 13,   /* no writable entries: tables alone */
	GROUP_BATCH = 1 << 14,  /* lists of two requests */
	GROUP_BAD = 1 << 15,    /* frames that hold entries to be refused */
	GROUP_START = 1 << 16,  /* the last vCPU is started by the first */
	GROUP_LEND = 1 << 17,   /* the last free frame is the hypervisor's */
	GROUP_ODD = 1 << 18,    /* malformed requests */
	GROUP_LIMIT = 1 << 19,  /* a table whose counts are near their limits */
	GROUP_GOOD = 1 << 20,   /* no operand that is refused in every state */
	GROUP_VALUES = 1 << 21, /* descriptors of each kind */
	GROUP_LEAF = 1 << 22,   /* updates of the last fixed table alone */
	GROUP_WIDE = 1 << 23,   /* which has more entries, and comes and goes */
	GROUP_RIGHT =
		1 << 24, /* the first domain may map the second's frames */
};

/* Beside the slots that are explored, with GROUP_WIDE: up to here. */
#define WIDE_LAST 64

struct scope {
	const char *name;
	enum start start;
	unsigned int nr_free; /* frames that are explored */
	unsigned int nr_slots;
	unsigned int slot[MAX_SLOTS];
	unsigned int nr_vcpus; /* of the first domain */
	unsigned int nr_doms;
	unsigned int of_second; /* of the free frames, the second domain's */
	unsigned int of_pool;   /* and those that nobody has yet */
	int may_grow;           /* each domain, by frames; or has too many */
	unsigned int vcpu_gap;  /* numbers that no vCPU has, after each */
	unsigned int held;      /* holds of the first frame, from the start */
	/*
	 * GROUP_LIMIT: how many more the last fixed table can have of each;
	 * below zero: how many more tables it can map.
	 */
	struct {
		uint32_t count, type;
		int linear;
	} may_add;
	unsigned int groups;
};

/* The scenarios of "small", "medium" or "large"; NULL for another name. */
const struct scope *scope_find(const char *name, unsigned int *ret_nr);

#endif
