/* SPDX-License-Identifier: MIT */
/* A domain's frames by pseudo-physical number. */
#ifndef PW_CLI_CORE_FRAMES_H
#define PW_CLI_CORE_FRAMES_H

#include "cli/why/machine.h"

struct core_frames {
	const struct why_machine *machine;
	uint32_t *mfn;     /* by pfn; 0: nothing is there */
	uint64_t nr_pfns;  /* the highest and 1 */
	uint64_t nr;       /* frames */
	uint64_t unplaced; /* the domain's, too, but without a pfn of its own */
};

/* False: memory is short. */
bool core_frames_find(struct core_frames *f, const struct why_machine *m);
/* Is it a frame of the domain's that has a place? */
bool core_frames_pfn(const struct core_frames *f, uint64_t mfn,
		     uint64_t *ret_pfn);
/*
 * The entry of a table as it would be if there were no machine frames: 0 for
 * one that leads out of the domain.
 */
pte_t core_frames_translate(const struct core_frames *f, pte_t e);
void core_frames_free(struct core_frames *f);

#endif
