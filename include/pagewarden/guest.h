/* SPDX-License-Identifier: MIT */
/*
 * The kernel's half of the paravirtual MMU: from the first instruction to a
 * running kernel. One context, struct guest, holds all state; the library
 * has no static data and allocates nothing but frames of the guest.
 *
 * The steps, in order; each returns 0, or a negative errno with a line in
 * g->message, and after an error the kernel stops:
 *
 *   guest_start          read and check start_info
 *   guest_memory_map     fetch, check and reserve
 *   guest_own_tables     leave the builder's L4 for one of our own
 *   guest_direct_map     map all RAM
 *   guest_p2m_build      our own P2M (p2m.h)
 *   guest_run_time       batches, ordinary set_pte
 *   guest_drop_p2m       the builder's P2M, its mapping and tables
 *   guest_drop_surplus   what else the initial mapping no longer needs
 *   guest_move_holes     frames where the memory map has no RAM
 *
 * kernels/example shows a kernel that boots with it.
 */
#ifndef PAGEWARDEN_GUEST_H
#define PAGEWARDEN_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"
#include "pagewarden/batch.h"
#include "pagewarden/declare.h"
#include "pagewarden/directmap.h"
#include "pagewarden/e820.h"
#include "pagewarden/geometry.h"
#include "pagewarden/memblock.h"
#include "pagewarden/p2m.h"
#include "pagewarden/pagetable.h"
#include "pagewarden/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GUEST_WINDOWS 4
#define GUEST_MESSAGE_SIZE 256
#define GUEST_CMDLINE_SIZE 1024

/* What the kernel says of itself. */
struct guest_config {
	const struct guest_geometry *geometry;
	struct guest_cpu cpu; /* ignored under a hypervisor, but for nx */
	/* pfn n is at virt_base + n * 4096, as far as the builder mapped. */
	vaddr_t virt_base;
	/* The kernel's image, and in it the part that must be executable. */
	pfn_t kernel_start;
	pfn_t kernel_end;
	pfn_t text_start;
	pfn_t text_end;
	/* Where all RAM shall be mapped; may be virt_base. */
	vaddr_t direct_base;
	/*
	 * GUEST_WINDOWS pages inside the image (page-aligned, unused
	 * otherwise): their addresses show frames that nothing maps yet.
	 */
	vaddr_t windows;
	/*
	 * Memory from this frame on is left alone, as Linux's mem= does: not
	 * mapped, not in our P2M. 0: use all. It must be above all that the
	 * builder has placed.
	 */
	pfn_t memory_limit;
	const struct guest_policy *policy; /* NULL: the library's own */
	void *policy_state;                /* the policy's, if it needs any */
};

/* What there is without a hypervisor, instead of a start_info. */
struct guest_native {
	pfn_t root;
	pfn_t mapped_end; /* the boot mapping covers [0, mapped_end) */
	uint64_t nr_pages;
	/* Frames of the boot tables, taken one after the other. */
	pfn_t tables_start;
	pfn_t tables_end;
	struct guest_e820_map e820;
};

/* start_info, checked, in the library's own units. */
struct guest_boot {
	uint64_t nr_pages;
	uint32_t flags; /* SIF_* */
	maddr_t shared_info;
	mfn_t store;
	uint32_t store_port;
	mfn_t console; /* domU; else MFN_INVALID */
	uint32_t console_port;
	pfn_t start_info;
	/* The builder's tables: [tables_start, tables_end), root first. */
	pfn_t root;
	pfn_t tables_start;
	pfn_t tables_end;
	/* Its P2M: at an address of its own, or in the initial mapping. */
	vaddr_t p2m_list;
	bool p2m_outside;
	pfn_t p2m_start; /* frames of the list, and if outside its tables */
	pfn_t p2m_end;
	/* The initrd; empty if there is none. */
	pfn_t module_start;
	pfn_t module_end;
	uint64_t module_bytes;
	/* The initial mapping: [mapped_start, mapped_end) at virt_base. */
	pfn_t mapped_start;
	pfn_t mapped_end;
	char cmdline[GUEST_CMDLINE_SIZE];
};

/* Work done, for comparison of the policies. */
struct guest_stats {
	uint64_t hypercalls; /* traps to the hypervisor */
	uint64_t requests;   /* in them: entries, pins, ... */
	uint64_t entry_writes;
	uint64_t flushes;      /* of one address or all */
	uint64_t pages_walked; /* tables read by raw-walk and pin */
	uint64_t windows;      /* window mappings */
	uint64_t tables;       /* table frames taken */
	uint64_t made_readonly;
	uint64_t made_readwrite;
};

/* What a window shows; frame PFN_INVALID: nothing. */
struct guest_window {
	pfn_t frame;
	bool writable;
	/* Its entry, without a hypervisor; level 0: it has none of its own. */
	struct guest_slot slot;
};

struct guest {
	struct guest_config config;
	const struct guest_ops *ops;
	struct guest_boot boot;
	struct guest_e820_map e820;
	/*
	 * RAM of the map from boot.nr_pages up to here is room for frames that
	 * come later; nr_pages if there is none.
	 */
	pfn_t room_end;
	struct guest_memblock memblock;
	/* Frames that are known to be tables; boot time only. */
	struct guest_region_list tables;
	struct guest_p2m p2m;
	struct guest_directmap directmap;
	struct guest_space kernel; /* the root in use */
	struct guest_window window[GUEST_WINDOWS];
	unsigned int next_window;
	struct guest_batch batch;
	struct guest_stats stats;
	/* The reason of the last failure, one line. */
	char message[GUEST_MESSAGE_SIZE];
	/*
	 * Two pages of words, for one step at a time: the entries of a table,
	 * or the machine frames of a leaf of the P2M.
	 */
	uint64_t scratch[GUEST_GEOMETRY_MAX_ENTRIES];
	uint64_t scratch_other[GUEST_GEOMETRY_MAX_ENTRIES];
};

/*
 * Under a hypervisor: start_info is the address that the entry has in rsi.
 * Returns 0, or -XEN_EINVAL for a configuration or a start_info that
 * contradicts itself.
 */
GUEST_MUST_CHECK int guest_start(struct guest *g,
				 const struct guest_config *config,
				 vaddr_t start_info);
/* Without one. -XEN_EINVAL as there. */
GUEST_MUST_CHECK int guest_start_native(struct guest *g,
					const struct guest_config *config,
					const struct guest_native *native);

/*
 * Fetches the E820 (all of [0, nr_pages) if the hypervisor has none to
 * give), sanitises it, and reserves what is in use. RAM beyond nr_pages is not
 * memory yet (guest_take_frame, guest_move_holes). Returns 0; -XEN_EINVAL for a
 * map that contradicts itself or start_info, and for one without RAM where the
 * builder has placed something; -XEN_ENOSPC for more regions than there is room
 * for.
 */
GUEST_MUST_CHECK int guest_memory_map(struct guest *g);

/*
 * Makes an L4 and an L3 of our own around the builder's lower tables, with
 * the P2M's slot if it has one; pins it, goes over to it, unpins the
 * builder's and recycles its frames. Returns 0; -XEN_ENOMEM if the initial
 * mapping has no free frame, -XEN_EINVAL if the builder's tables are not as
 * they should be, or the hypervisor's answer.
 */
GUEST_MUST_CHECK int guest_own_tables(struct guest *g);

/*
 * Maps all memory at the direct-map base: below 4 GiB, then above, with
 * the policy's permissions. Returns 0; -XEN_ENOMEM if there is no stretch of
 * frames for tables, -XEN_ENOSPC for too many ranges, or the hypervisor's
 * answer.
 */
GUEST_MUST_CHECK int guest_direct_map(struct guest *g);
/*
 * One range of it, frames [start, end), whose tables come from below frame
 * `limit`. Errors as there.
 */
GUEST_MUST_CHECK int guest_map_range(struct guest *g, pfn_t start, pfn_t end,
				     pfn_t limit);
/* The address of a frame in the direct map, whether or not it is mapped. */
vaddr_t guest_direct_va(const struct guest *g, pfn_t frame);

/*
 * The last pass of the policy; from here on requests are queued. Returns 0, or
 * the hypervisor's -XEN_E... to what the policy does.
 */
GUEST_MUST_CHECK int guest_run_time(struct guest *g);

/*
 * Unmap, walk, unpin, make writable and free: the builder's P2M with the
 * tables that map it, if it has a slot of its own; its frames only, if it
 * lies in the initial mapping. Returns 0; -XEN_EBUSY while it is in use,
 * -XEN_EINVAL if its tables have frames of others, or the hypervisor's answer.
 */
GUEST_MUST_CHECK int guest_drop_p2m(struct guest *g);
/*
 * Unmaps the initial mapping around the kernel's image, and frees what the
 * builder put there: start_info, the stack, its P2M, the tables that map only
 * what is unmapped. The kernel must have left all of it, the stack first.
 * Returns 0; -XEN_EBUSY while a P2M in it is in use, or the hypervisor's
 * answer.
 */
GUEST_MUST_CHECK int guest_drop_surplus(struct guest *g);
/*
 * The builder puts machine frames behind all own ones below nr_pages; where the
 * memory map has a hole there, they are of no use. Here they go behind RAM of
 * the map from nr_pages on, and are free memory; for which there is no RAM,
 * those are given to the hypervisor. *ret_moved (or NULL) is how many were
 * moved. Returns 0; -XEN_ENOMEM without frames for tables or the P2M, or the
 * hypervisor's answer; -XEN_EBUSY while the builder's P2M is in use.
 */
GUEST_MUST_CHECK int guest_move_holes(struct guest *g, uint64_t *ret_moved);

/*
 * nr contiguous frames from the allocator, cleared and mapped in the direct
 * map. Returns 0 with the first, -XEN_ENOMEM, or -XEN_EINVAL for nr 0.
 */
GUEST_MUST_CHECK int guest_alloc_frames(struct guest *g, uint64_t nr,
					pfn_t *ret);
/*
 * Gives nr frames back, which no window shows any more. Returns 0, -XEN_EINVAL
 * for nr 0, -XEN_ENOSPC as guest_memblock_free.
 */
GUEST_MUST_CHECK int guest_free_frames(struct guest *g, pfn_t first,
				       uint64_t nr);

/*
 * Exchanges what is behind two frames, in direct map, M2P and P2M, one batch:
 * on error each of the three is as the hypervisor accepted it. Here and in the
 * next two: not for frames that are tables or otherwise read-only in the direct
 * map, or that the initial mapping has (-XEN_EINVAL); -XEN_ENOENT without a
 * place in the direct map; else the hypervisor's answer. When they fail over
 * something queued before, nothing has changed.
 */
GUEST_MUST_CHECK int guest_swap_frames(struct guest *g, pfn_t a, pfn_t b);
/*
 * Gives the machine frame behind a frame back to the hypervisor: the own frame
 * stays, with nothing behind it. Errors as guest_swap_frames (-XEN_E...).
 */
GUEST_MUST_CHECK int guest_give_frame(struct guest *g, pfn_t frame);
/*
 * Asks the hypervisor for a machine frame to put behind a frame: one that was
 * given, or one of RAM from nr_pages on, which the caller owns then (and may
 * hand to guest_free_frames). -XEN_ENOMEM if the hypervisor has none, or there
 * is none for the P2M and tables; -XEN_EINVAL for a frame that the memory map
 * has no RAM for; else as guest_swap_frames.
 */
GUEST_MUST_CHECK int guest_take_frame(struct guest *g, pfn_t frame);

/*
 * An address through which a frame can be read, or written if it is
 * ordinary memory: good until the next call of the library. Returns 0, or
 * -XEN_EINVAL for a frame that is not there, or for writing to a table.
 */
GUEST_MUST_CHECK int guest_frame_va(struct guest *g, pfn_t frame, bool write,
				    vaddr_t *ret);

/*
 * Fills in the guest's message and returns -xen_errno (XEN_E..., positive). As
 * printf, with the conversions that abi/text.h understands. What does not fit
 * is cut.
 */
GUEST_MUST_CHECK __attribute__((format(printf, 3, 4))) int guest_fail(
	struct guest *g, int xen_errno, const char *format, ...);

#ifdef __cplusplus
}
#endif

#endif
