/* SPDX-License-Identifier: MIT */
/*
 * The doors of the engine, as a table: a row for each operation that it names,
 * with how it is asked about one frame, the victim.
 */
#ifndef PW_TESTS_DOORS_H
#define PW_TESTS_DOORS_H

#include "tests/unit/support/machine.h"

/* Frames of the domain: the table in the way, and those below it. */
#define VICTIM 40
#define BELOW(n) (VICTIM + (n))
#define BESIDE 45 /* the second child of an upper table */
#define READ 46   /* what a full L1 maps but for its first entry */
/* Mapped by the L1 at the bottom alone; the reservation has let it go. */
#define LOST 47

#define FREE_SLOT 100
#define SLOT_VA(slot) ((uint64_t)(slot) << PAGE_SHIFT)
#define LIST (GUEST_BUFFER + 512)

struct call {
	struct machine *m;
	uint64_t arg[6];
	struct granted granted;
	unsigned int number; /* of the row */
};

struct door {
	enum mmu_operation named; /* what a refusal says, if not the row's */
	unsigned int number;
	/* A hypercall; or a function, asked with the same again. */
	hypercall_fn *hypercall;
	int (*enter)(struct call *c);
	void (*prepare)(struct call *c);
	/* A half-way table is in use, and so refused. */
	bool needs_unused;
};

extern const struct door doors[MMU_OPERATIONS];

#endif
