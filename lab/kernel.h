/* SPDX-License-Identifier: MIT */
/*
 * The kernel of the lab: boots with the guest library and nothing else, with
 * the policies it is told, and then uses what it has: it writes to the frames
 * that the boot has given back. Freestanding: the same code runs in the
 * simulator and as a kernel of its own on a hypervisor.
 */
#ifndef PW_LAB_KERNEL_H
#define PW_LAB_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "pagewarden/guest.h"

enum lab_step {
	LAB_START,
	LAB_MEMORY_MAP,
	LAB_OWN_TABLES,
	LAB_DIRECT_MAP,
	LAB_RUN_TIME,
	LAB_P2M,
	LAB_DROP_P2M,
	LAB_DROP_SURPLUS,
	LAB_DEED,
	LAB_PROTECT,
	LAB_REUSE,
	LAB_DONE,
	LAB_STEPS,
};

extern const char *const lab_step_name[LAB_STEPS];

#define LAB_MAX_REMEMBERED 64

/* What the policies of lab/histories/ keep in mind, one set for each kernel. */
struct lab_notes {
	/* The frame that the history is about: see lab_about(). */
	bool about_frame;
	pfn_t about;
	/* rw-past: the range that is watched until it is seen reserved. */
	bool watching;
	struct guest_table_buffer watched;
	/* remember: pages that could not be made RO when they were taken. */
	unsigned int nr_remembered;
	pfn_t remembered[LAB_MAX_REMEMBERED];
	pfn_t lowest; /* of them */
	pfn_t highest;
};

/* The notes of the kernel that lab_boot() boots. */
static inline struct lab_notes *lab_notes(struct guest *g)
{
	return (struct lab_notes *)g->config.policy_state;
}

struct lab_kernel;

/*
 * What a policy does itself, in place of a step of the boot; it can have the
 * step done by lab_do_step(). At LAB_DEED nothing is done otherwise.
 */
struct lab_deed {
	enum lab_step step;
	int (*run)(struct guest *g, struct lab_kernel *k);
};

struct lab_kernel {
	struct guest_config config;
	vaddr_t start_info;                /* under a hypervisor */
	const struct guest_native *native; /* or NULL */
	/*
	 * Map memory in two ranges, the second from this frame on; 0: as the
	 * library divides it, at 4 GiB.
	 */
	pfn_t split;
	/*
	 * The direct map ends at this frame, and its tables come from the high
	 * memory behind it, of which the kernel has no other use; 0: it ends
	 * with memory or its addresses.
	 */
	pfn_t low_end;
	/* Frames at the top of memory that are taken, as by an initrd. */
	uint64_t top_taken;
	const struct lab_deed *deed; /* or NULL */
	/* The library's work: where the builder's P2M was. */
	pfn_t old_p2m;
	pfn_t old_p2m_end;
	struct lab_notes notes;
	enum lab_step step; /* the one begun last; LAB_DONE: all are done */
};

/*
 * Boots. 0, or the errno of the step that failed, with the reason in the
 * guest's message; the caller then ends the kernel as BUG() does.
 */
int lab_boot(struct guest *g, struct lab_kernel *k);

/* The step that was begun last, as it is without a deed. */
int lab_do_step(struct guest *g, struct lab_kernel *k);

/* Notes, and says, which frame things will go wrong with. */
void lab_about(struct guest *g, pfn_t frame);

/* One line to the log, "lab: " before it. */
void lab_say(struct guest *g, const char *what);

#endif
