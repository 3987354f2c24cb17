/* SPDX-License-Identifier: MIT */
/* The kernel's virtual addresses, as runs of pseudo-physical frames. */
#ifndef PW_CLI_CORE_VIEW_H
#define PW_CLI_CORE_VIEW_H

#include "cli/core/frames.h"

#define CORE_NO_VA UINT64_MAX /* no address leads there */

struct core_run {
	uint64_t va; /* or CORE_NO_VA */
	uint64_t pfn;
	uint64_t nr;
};

struct core_view {
	const struct core_frames *frames;
	struct core_run *run;
	size_t nr;
	size_t room;
	size_t nr_mapped;  /* of them, those with an address */
	uint64_t leaves;   /* entries seen, */
	uint64_t last;     /* the pfn of the last */
	uint8_t *mapped;   /* a bit for each pfn */
	uint64_t root[32]; /* those walked */
	unsigned int nr_roots;
	bool low;    /* the kernel lives in the lower half */
	bool narrow; /* of 32 bits: as the roots say */
	bool short_of_memory;
	bool cut; /* there is more */
};

/* False: memory is short. */
bool core_view_init(struct core_view *v, const struct core_frames *f, bool low);
/* What this root maps, and none of those before it. */
void core_view_add(struct core_view *v, uint64_t root);
/* When all have been added: the frames that none of them maps. */
void core_view_finish(struct core_view *v);
void core_view_free(struct core_view *v);

#endif
