/* SPDX-License-Identifier: MIT */
/* Inside the check: what it has in mind from one page to the next. */
#ifndef PW_LAB_CHECKER_H
#define PW_LAB_CHECKER_H

#include <string.h>

#include "lab/check.h"
#include "sim/lazy.h"
#include "sim/walk.h"

enum mistake {
	MISSING,
	WRONG,
	BEYOND,
	SMALL,
	EXECUTABLE,
	NOT_EXECUTABLE,
	TABLE_WRITABLE,
	TABLE_FREE,
	LEFT_READONLY,
	OLD_P2M,
	LOST,
	MISTAKES,
};

struct checker {
	struct sim *s;
	const struct lab_kernel *k;
	struct lab_findings *f;
	/* The stretch of each mistake that may still grow. */
	pfn_t first[MISTAKES];
	uint64_t nr[MISTAKES];
	/* The walk that the next page of the same table goes on from. */
	struct walk w;
	bool walked;
	uint64_t upper_rights;
	unsigned int entry_bytes;
	uint64_t last_entry;  /* of a table; entries are a power of two */
	uint64_t large_pages; /* 4 KiB pages of a large one; 1: none */
	/* Blocks of large pages: has the present one only RAM, one right? */
	bool block_fits;
	uint64_t end;    /* of the memory that the kernel uses */
	pfn_t top_taken; /* from here on it is taken */
	bool *in_p2m;    /* for each frame below end */
};

/* By two sizes that the compiler knows: this is done for each page. */
static inline uint64_t load_entry(const uint8_t *at, unsigned int bytes)
{
	uint64_t entry;
	uint32_t half;

	if (bytes == sizeof(half)) {
		memcpy(&half, at, sizeof(half));
		return half;
	}
	memcpy(&entry, at, sizeof(entry));
	return entry;
}

static inline bool is_table_frame(const struct sim *s, mfn_t f)
{
	const struct frame *fr = frame_of(&s->mmu, f);

	return frame_is_table(fr->type) && frame_type_refs(fr) != 0;
}

static inline bool is_behind(struct sim *s, pfn_t at, mfn_t f)
{
	if (!s->config.hypervisor) {
		return f.v == at.v;
	}
	return mfn_valid(&s->mmu, f) && sim_m2p(s, f) == at.v &&
	       frame_of(&s->mmu, f)->owner == s->dom.tag;
}

/*
 * How many pages from `at` on are as nearly all are: ordinary memory, mapped by
 * the next entries of the table that the walk is in, with the rights that
 * nothing is wrong with. They need not be looked at otherwise.
 */
uint64_t lab_ordinary_pages(struct checker *c, pfn_t at);

#endif
