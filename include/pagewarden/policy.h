/* SPDX-License-Identifier: MIT */
/*
 * Which permission the direct map gives a frame, while the map's own tables
 * are being made. The library has one answer, which is right everywhere; this
 * is the place where another one can be tried (lab/histories/ has those that
 * were, over the years).
 *
 * Under a hypervisor a frame that is a table, or is about to become one, must
 * not be writable anywhere. Without one there is nothing to protect, and only
 * `keeps` is asked.
 */
#ifndef PAGEWARDEN_POLICY_H
#define PAGEWARDEN_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "pagewarden/declare.h"
#include "pagewarden/pagetable.h"

#ifdef __cplusplus
extern "C" {
#endif

struct guest;

/* A const table. All but `flags` may be NULL: nothing is to be done then. */
struct guest_policy {
	/* An entry that is present stays as it is, and is not replaced. */
	bool keeps;
	/* How a frame of the builder's tables becomes writable again. */
	enum guest_flush recycle;
	/* The flags of the entry for a frame that is about to be written. */
	uint64_t (*flags)(struct guest *g, pfn_t frame, uint64_t flags,
			  pte_t existing);
	/*
	 * The flags of a window that is to show a frame, of those that were
	 * asked for. NULL: just these.
	 */
	uint64_t (*window)(struct guest *g, pfn_t frame, uint64_t flags);
	/* A window goes on showing a frame that becomes a table. */
	bool strays;
	/* A frame becomes a table, and no mapping of it can be reached. */
	void (*unreachable)(struct guest *g, pfn_t frame);
	/* A table of a level is about to be hooked. 0 or -errno. */
	GUEST_MUST_CHECK int (*hooking)(struct guest *g, unsigned int level,
					pfn_t table);
	/* A range is mapped; its buffer is g->directmap.now. 0 or -errno. */
	GUEST_MUST_CHECK int (*range_done)(struct guest *g);
	/* The allocator is up. 0 or -errno. */
	GUEST_MUST_CHECK int (*last_pass)(struct guest *g);
};

/*
 * The library's: an entry that is there never gains RW; the buffer of the
 * range is mapped read-only, and what was not used of it becomes writable
 * when the range is done.
 */
extern const struct guest_policy guest_policy_default;
/* Its parts, for policies that are made of it: flags of an entry (PTE_*). */
uint64_t guest_policy_flags(struct guest *g, pfn_t frame, uint64_t flags,
			    pte_t existing);
/* What was not used of the buffer is writable: 0 or the hypervisor's -XEN_E */
GUEST_MUST_CHECK int guest_policy_range_done(struct guest *g);

/* Is the frame a table by what the library knows? Boot time only. */
bool guest_is_table(const struct guest *g, pfn_t frame);
/* A table, or of the buffer from which tables are being taken. */
bool guest_may_be_table(const struct guest *g, pfn_t frame);
/*
 * Frames [start, end), page by page; what is not mapped yet is left out.
 * Returns 0, or the hypervisor's -XEN_E....
 */
GUEST_MUST_CHECK int guest_make_range_readwrite(struct guest *g, pfn_t start,
						pfn_t end);

#ifdef __cplusplus
}
#endif

#endif
