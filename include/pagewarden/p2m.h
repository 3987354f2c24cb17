/* SPDX-License-Identifier: MIT */
/*
 * The P2M: which machine frame is behind each of the guest's own frames. At
 * boot it is the builder's list; later one of the library's own, in memory
 * from the allocator, so that the builder's can be given back.
 *
 *   list    8 bytes a frame, contiguous, where start_info says; 4 bytes if
 *           the guest is a 32-bit one
 *   tree    three levels of pages: top (as long as needed), mid, leaf. Frames
 *           that are not there share one leaf, absent stretches one mid.
 *   linear  8 bytes a frame at a virtual address of its own, with page tables
 *           that map the shared leaf wherever nothing is there
 *
 * Without a hypervisor there is none: machine and own frames are the same.
 */
#ifndef PAGEWARDEN_P2M_H
#define PAGEWARDEN_P2M_H

#include <stdint.h>

#include "abi/addr.h"
#include "pagewarden/declare.h"

#ifdef __cplusplus
extern "C" {
#endif

struct guest;

#define GUEST_P2M_PER_PAGE 512

enum guest_p2m_kind {
	GUEST_P2M_IDENTITY, /* no hypervisor */
	GUEST_P2M_LIST,
	GUEST_P2M_TREE,
	GUEST_P2M_LINEAR,
};

struct guest_p2m {
	enum guest_p2m_kind kind;
	uint64_t nr;  /* frames that it covers */
	vaddr_t list; /* list and linear: where it begins */
	pfn_t top;    /* tree: first of nr_top contiguous frames */
	uint64_t nr_top;
	pfn_t missing_leaf; /* tree and linear: all entries invalid */
	pfn_t missing_mid;  /* tree: all entries the missing leaf */
	uint64_t nr_mapped; /* linear: leaves that are mapped, from list on */
	uint64_t nr_frames; /* that this P2M occupies, shared ones included */
};

/*
 * The machine frame behind an own frame: MFN_INVALID if the frame is outside,
 * or nothing is behind it.
 */
mfn_t guest_p2m_get(struct guest *g, pfn_t frame);
/* The same for nr frames, from one on, as frame numbers. */
void guest_p2m_get_many(struct guest *g, pfn_t frame, uint64_t *ret_mfns,
			unsigned int nr);
/*
 * Makes a place for the entry of a frame that is missing: a leaf of its own in
 * place of the shared one. Returns 0, also where there is one already;
 * -XEN_EINVAL outside, -XEN_ENOMEM if there is no frame for it; for a linear
 * P2M also what the hypervisor answers to the mapping of the leaf.
 */
GUEST_MUST_CHECK int guest_p2m_reserve(struct guest *g, pfn_t frame);
/*
 * Sets the machine frame behind an own one; MFN_INVALID: nothing. Returns 0,
 * -XEN_EINVAL outside, -XEN_ENOENT if it has no place yet (guest_p2m_reserve).
 * Changes the guest's own view only: guest_swap_frames, guest_give_frame and
 * guest_take_frame change the hypervisor's with it.
 */
GUEST_MUST_CHECK int guest_p2m_set(struct guest *g, pfn_t frame, mfn_t to);

/*
 * The own frame behind a machine frame: the M2P's answer, believed only if
 * the P2M agrees. PFN_INVALID for a frame that is not the guest's.
 */
pfn_t guest_p2m_find(struct guest *g, mfn_t frame);

/*
 * Builds the library's own, of kind GUEST_P2M_TREE or GUEST_P2M_LINEAR (at a
 * free, page-aligned address), with what the present one holds, and goes over
 * to it. The direct map must exist. Returns 0; -XEN_EINVAL for another kind or
 * address, -XEN_ENOMEM, -XEN_EEXIST if something is mapped at the address, or
 * what the hypervisor answers. On error the old one stays in use and no frame
 * is lost. An old one of the library's own is given back; the builder's list
 * is left alone.
 */
GUEST_MUST_CHECK int guest_p2m_build(struct guest *g, enum guest_p2m_kind kind,
				     vaddr_t linear);

/*
 * Gives back the frames of the library's own P2M; nothing of it is left, and
 * the builder's list is in use again, brought up to what the own one said.
 * Returns 0; -XEN_EINVAL if there is no own one, -XEN_EBUSY once the builder's
 * has been dropped; what the hypervisor answers to unmapping a linear one.
 */
GUEST_MUST_CHECK int guest_p2m_teardown(struct guest *g);

#ifdef __cplusplus
}
#endif

#endif
