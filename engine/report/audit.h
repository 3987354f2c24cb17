/* SPDX-License-Identifier: MIT */
/*
 * The audit: every count, recomputed from nothing and compared (I6). It reads
 * pins, roots, descriptor slots, the dying queue and the contents of all
 * tables, never the counts, and derives what each frame's record should say.
 */
#ifndef PW_ENGINE_AUDIT_H
#define PW_ENGINE_AUDIT_H

#include "engine/mmu.h"

/*
 * Scratch memory of the audit: one for each frame of the machine, all zeros
 * between audits.
 */
struct audit_tally {
	uint32_t count;
	uint32_t type_count;
	uint8_t others; /* types that it is asked for as, and has not: bits */
	uint8_t spare;
	int16_t linear;
};

enum audit_kind {
	AUDIT_COUNT,      /* general references differ */
	AUDIT_TYPE_COUNT, /* type references differ */
	AUDIT_TYPE,       /* a reference asks for another type */
	AUDIT_LINEAR,     /* linear counts differ */
	AUDIT_ENTRY,      /* an entry that should not be there (I3, I5) */
	AUDIT_STATE,      /* flags that contradict each other */
	AUDIT_PAGES,      /* the reservation's size differs */
	AUDIT_POOL,       /* the free pool is not what its count says */
};

struct audit_difference {
	enum audit_kind kind;
	mfn_t frame;
	uint64_t seen;     /* what the record says */
	uint64_t expected; /* what the recount gives */
};

/* The first differences found; `total` counts all. */
#define AUDIT_KEPT 16
struct audit_report {
	uint64_t total;
	struct audit_difference first[AUDIT_KEPT];
};

/*
 * Audits the machine with its domains. `tally` is nr_frames records, zeros
 * before and after. Returns the number of differences, 0 for none.
 */
uint64_t mmu_audit(const struct mmu *m, struct mmu_domain *const *doms,
		   unsigned int nr_doms, struct audit_tally *tally,
		   struct audit_report *report);

const char *audit_kind_name(enum audit_kind kind);

#endif
