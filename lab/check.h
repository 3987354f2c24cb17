/* SPDX-License-Identifier: MIT */
/*
 * What a good boot leaves behind, read from the simulated machine's tables and
 * never from the library's own records.
 */
#ifndef PW_LAB_CHECK_H
#define PW_LAB_CHECK_H

#include "lab/kernel.h"
#include "sim/log.h"
#include "sim/sim.h"

/* Pages of each kind of mistake; 0 everywhere is a right result. */
struct lab_findings {
	uint64_t missing;        /* RAM that the direct map does not map */
	uint64_t wrong;          /* RAM mapped to another frame */
	uint64_t beyond;         /* mapped, but not RAM */
	uint64_t small;          /* 4 KiB entries where a large page fits */
	uint64_t executable;     /* no text, and not NX though the CPU has it */
	uint64_t not_executable; /* text, and NX */
	uint64_t table_writable;
	uint64_t table_free;    /* a table, and not reserved */
	uint64_t left_readonly; /* ordinary memory, read-only */
	uint64_t old_p2m; /* of the builder's P2M: RO, typed or not free */
	uint64_t lost;    /* reserved, and nothing uses it */
	uint64_t audit;   /* differences */
	pfn_t first;      /* the page that was found first, if any was */
	/* One line for each stretch of pages. */
	struct sim_log lines;
};

/*
 * A machine whose guest has booted. direct_only: the tables of the initial
 * mapping are the direct map's own (direct_base == virt_base).
 */
void lab_check(struct sim *s, const struct lab_kernel *k,
	       struct lab_findings *f);
uint64_t lab_findings_total(const struct lab_findings *f);
void lab_findings_fini(struct lab_findings *f);

#endif
