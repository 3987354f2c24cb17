/* SPDX-License-Identifier: MIT */
/*
 * A machine in which a test changes what the builder left, before the guest
 * library sees it: guest_start and guest_memory_map run, and what they must
 * not have done is checked. For a test that includes sim/.
 */
#ifndef PW_TESTS_START_H
#define PW_TESTS_START_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/xen.h"
#include "pagewarden/guest.h"
#include "sim/sim.h"

#define START_BASE UINT64_C(0xffffffff80000000)
#define START_VA(n) (START_BASE + ((uint64_t)(n) << PAGE_SHIFT))
#define START_P2M_BASE (UINT64_C(1) << 39)
#define START_PAGES UINT64_C(4096)
/* A module of 4 frames below the image, with START_MODULE. */
#define START_MODULE_FRAME 4
#define START_MODULE_BYTES 0x3001
#define START_KERNEL 16
#define START_KERNEL_END 80
/* From here on, as the builder does it; start_make holds it to that. */
#define START_P2M_INSIDE 80
#define START_P2M_PAGES 8
/* Outside, with the three tables that map it. */
#define START_P2M_OUTSIDE 1024
#define START_P2M_FRAMES (START_P2M_PAGES + 3)

enum {
	START_INFO, /* frames from start_info on */
	START_STORE,
	START_CONSOLE,
	START_TABLES,
	START_NR_TABLES = 5,
	START_STACK = START_TABLES + START_NR_TABLES,
	START_FREE,
};

struct start {
	struct sim *s;
	struct guest *g;
	struct guest_config config;
	vaddr_t start_info;    /* what the guest is given in rsi */
	struct start_info *si; /* in the machine's memory */
	uint64_t p2m;          /* the first frame of the list */
	uint64_t first;        /* the frame of start_info */
	uint64_t *kept;        /* memory, before the guest ran */
	enum sim_end end;
};

struct start start_make(bool inside);
void start_destroy(struct start *t);
/* The page of a frame, in the machine's memory. */
void *start_page(const struct start *t, uint64_t frame);
/* The entry of a frame in the builder's list. */
uint64_t *start_entry(const struct start *t, uint64_t frame);
mfn_t start_behind(const struct start *t, uint64_t frame);

/* guest_start, and if that is well guest_memory_map. */
void start_run(struct start *t);

/*
 * After a run: refused with -XEN_EINVAL and just this line, no table made,
 * no entry written but those of windows, so many hypercalls beside them, and
 * each word of memory as it was. A line that ends with a star may go on.
 * `what` is for the message of a failure.
 */
void start_check_refused(const struct start *t, const char *what,
			 const char *says, uint64_t hypercalls);
/* After a run that went well: likewise. */
void start_check_taken(const struct start *t, const char *what);

#endif
