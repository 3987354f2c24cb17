/* SPDX-License-Identifier: MIT */
/*
 * The engine's state and its core operations.
 *
 * All state is in three structs that the caller owns: `struct mmu` (the
 * machine), `struct mmu_domain` and `struct mmu_vcpu`. The engine allocates
 * nothing, does no I/O and takes no locks: its caller holds the MMU lock.
 *
 * Frame contents are reached at ram + (mfn << 12). Functions that can fail
 * return 0 or a negative XEN_E* and then have changed nothing; a refusal is
 * recorded (refusal.h). -XEN_ERESTART means: stopped at a clean point, issue
 * the same request again.
 */
#ifndef PW_ENGINE_MMU_H
#define PW_ENGINE_MMU_H

#include "abi/pte.h"
#include "abi/xen.h"
#include "engine/table/frame.h"
#include "engine/report/refusal.h"

#define MUST_CHECK __attribute__((warn_unused_result))

struct mmu_domain;

/* The machine: one per simulator or per host. */
struct mmu {
	uint8_t *ram;         /* where machine address 0 is seen */
	struct frame *frames; /* nr_frames records */
	uint64_t *m2p;        /* nr_frames entries, pfn or ~0 */
	uint64_t nr_frames;
	uint64_t pte_nx; /* PTE_NX where the CPU has it, else 0 */
	/* What every L4 holds in slots 256..271. */
	pte_t xen_slots[XEN_L4_SLOTS];
	mfn_t zero_frame;   /* backs unused GDT slots; a zeroed frame */
	uint32_t free_head; /* free pool (pool.h): mfn, 0 when empty */
	uint64_t nr_free;
	uint64_t pool_next; /* where the next search for a run begins */
};

#define GDT_FRAMES 14 /* guest frames; 14 and 15 are the hypervisor's */
#define LDT_FRAMES 16
#define DESC_WINDOW_ENTRIES 32 /* 16 of the GDT, then 16 of the LDT */

struct mmu_vcpu {
	struct mmu_domain *dom;
	unsigned int id;
	mfn_t kernel_root; /* L4 of kernel mode; holds an L4 type reference */
	mfn_t user_root;   /* L4 of user mode, or mfn 0: none */
	unsigned int gdt_entries;
	mfn_t gdt[GDT_FRAMES]; /* mfn 0: none */
	uint64_t ldt_base;     /* guest virtual address */
	unsigned int ldt_entries;
	mfn_t ldt[LDT_FRAMES]; /* mapped so far; mfn 0: not */
	/*
	 * 32 consecutive L1 entries of the hypervisor's, through which the
	 * CPU sees the vCPU's GDT and LDT. The engine writes them.
	 */
	pte_t *desc_window;
};

struct mmu_stats {
	uint64_t pte_writes; /* entries written for the guest */
	uint64_t ptwr;       /* of them, by emulating a direct write */
	uint64_t flush_all;
	uint64_t flush_one;
	uint64_t validated; /* tables validated */
	uint64_t refused;
	uint64_t multicalled[64];    /* engine's hypercalls made by multicall */
	uint64_t typed[FRAME_TYPES]; /* frames of each type now */
	uint64_t peak[FRAME_TYPES];  /* and at most */
};

#define MMU_MAX_VCPUS 32
/* A vcpu_info for each vCPU, the console's ring and the store's. */
#define MMU_MAX_HELD (MMU_MAX_VCPUS + 2)

struct mmu_domain {
	struct mmu *m;
	uint16_t tag;       /* owner tag in frame records, 1..0xfffe */
	uint16_t domid;     /* what Xen's ABI calls it */
	uint64_t nr_pages;  /* frames that it owns; not what it was lent */
	uint64_t max_pages; /* may grow to this */
	uint64_t nr_pfns;   /* start-of-day size: pfns [0, nr_pfns) */
	struct mmu_vcpu *vcpu[MMU_MAX_VCPUS];
	unsigned int nr_vcpus;
	uint32_t dying_head; /* mfn of the first dying table, 0 when none */
	uint32_t epoch;      /* counts full flushes; wraps harmlessly */
	bool flush_pending;  /* an upper-level entry changed: pay before return
			      */
	uint64_t destroy_next; /* mmu_domain_destroy's progress: an mfn */
	unsigned int nr_held;
	mfn_t held[MMU_MAX_HELD]; /* mmu_hold: a writable reference each */
	struct mmu_op op;         /* what is being done, for refusals */
	struct refusal refusal;   /* the last refusal */
	struct mmu_stats stats;
};

/* --- set-up ------------------------------------------------------------ */

/* Zeroes *d and ties it to *m; tag must be unique among live domains. */
void mmu_domain_init(struct mmu_domain *d, struct mmu *m, uint16_t tag,
		     uint16_t domid);
/* Adds a vCPU; *v zeroed here. desc_window: 32 L1 entries (see above). */
void mmu_vcpu_init(struct mmu_vcpu *v, struct mmu_domain *d, unsigned int id,
		   pte_t *desc_window);

/*
 * Gives nr unowned frames from mfn on to the domain as pfns from pfn on: owner,
 * one reference each, M2P. The caller knows that they are RAM and unowned.
 */
void mmu_assign(struct mmu_domain *d, mfn_t first, pfn_t at, uint64_t nr);
/*
 * Lends a frame of the hypervisor's (shared info, grant table, ...) to the
 * domain: owned by it for mapping, writable or not, but not in its reservation
 * and never a table, because a type reference is held for ever.
 */
void mmu_share(struct mmu_domain *d, mfn_t frame, bool writable);
/*
 * Takes such a frame back. Only while nobody maps it: its count is 1. No CPU
 * holds a translation of it afterwards.
 */
void mmu_unshare(struct mmu_domain *d, mfn_t frame);

/*
 * Keeps a frame of the domain's own writable until the domain dies, for the
 * hypervisor writes it too: never a table, never another owner's meanwhile.
 */
MUST_CHECK int mmu_hold(struct mmu_domain *d, mfn_t f);

/* --- frames (frame.c) ---------------------------------------------------- */

static inline bool mfn_valid(const struct mmu *m, mfn_t f)
{
	return f.v < m->nr_frames;
}
static inline struct frame *frame_of(const struct mmu *m, mfn_t f)
{
	return &m->frames[f.v];
}
static inline void *frame_data(const struct mmu *m, mfn_t f)
{
	return m->ram + (f.v << PAGE_SHIFT);
}
static inline pte_t *frame_ptes(const struct mmu *m, mfn_t f)
{
	return (pte_t *)frame_data(m, f);
}

/* A general reference on a frame of this domain. */
MUST_CHECK int frame_get(struct mmu_domain *d, mfn_t f);
void frame_put(struct mmu_domain *d, mfn_t f);
/* A type reference; the caller holds a general one. May validate: ERESTART. */
MUST_CHECK int frame_get_type(struct mmu_domain *d, mfn_t f,
			      enum frame_type type);
void frame_put_type(struct mmu_domain *d, mfn_t f);
/* Both at once. */
MUST_CHECK int frame_get_both(struct mmu_domain *d, mfn_t f,
			      enum frame_type type);
void frame_put_both(struct mmu_domain *d, mfn_t f);

/* --- pins and roots (pin.c, root.c) -------------------------------------- */

MUST_CHECK int mmu_pin(struct mmu_domain *d, mfn_t f, enum frame_type type);
MUST_CHECK int mmu_unpin(struct mmu_domain *d, mfn_t f);
/* Loads a kernel L4 into the vCPU: takes and drops references, loads CR3. */
MUST_CHECK int mmu_new_kernel_root(struct mmu_vcpu *v, mfn_t f);
/* mfn 0 takes the user root away. */
MUST_CHECK int mmu_new_user_root(struct mmu_vcpu *v, mfn_t f);

/* --- entries (update.c) --------------------------------------------------- */

/* Writes one entry of the table frame: validated against the frame's type. */
MUST_CHECK int mmu_update_entry(struct mmu_vcpu *v, maddr_t where, pte_t val,
				bool preserve_ad);

/* --- work owed (dying.c, flush.c) ----------------------------------------- */

/*
 * Takes down queued tables. Every request calls it first, so that work one
 * request left is done before the next begins. 0, or -XEN_ERESTART.
 */
MUST_CHECK int mmu_settle(struct mmu_domain *d);
void mmu_flush_all(struct mmu_domain *d);
void mmu_flush_one(struct mmu_domain *d, vaddr_t va);
/* Pays the flush that upper-level changes left; before a request returns. */
void mmu_pay_flushes(struct mmu_domain *d);

/* --- writable page tables (ptwr.c) ---------------------------------------- */

enum ptwr_kind { PTWR_WRITE, PTWR_CMPXCHG };
/*
 * A guest's own write of 8 bytes at va, which the L1 maps read-only, onto a
 * live L1 table: judged as an mmu_update and carried out. For PTWR_CMPXCHG the
 * entry is written only while it equals *old; *old gets what was read.
 * -XEN_ENOENT: va is no such mapping (an ordinary page fault). Others: refused.
 */
MUST_CHECK int mmu_ptwr(struct mmu_vcpu *v, vaddr_t va, enum ptwr_kind kind,
			uint64_t *old, uint64_t val);
/* Reads the 8 bytes of the entry that a guest would write so; same errors. */
MUST_CHECK int mmu_ptwr_read(struct mmu_vcpu *v, vaddr_t va, uint64_t *ret_val);

/* --- descriptor tables (desc.c) ------------------------------------------- */

MUST_CHECK int mmu_set_gdt(struct mmu_vcpu *v, const uint64_t *frames,
			   unsigned int entries);
MUST_CHECK int mmu_set_ldt(struct mmu_vcpu *v, uint64_t base,
			   unsigned int entries);
/*
 * The CPU faulted on page `index` of the LDT window: maps the guest's page
 * there. False: the guest has none there; the fault is the guest's.
 */
bool mmu_ldt_fault(struct mmu_vcpu *v, unsigned int index);
MUST_CHECK int mmu_update_descriptor(struct mmu_vcpu *v, maddr_t where,
				     uint64_t desc);

/* --- life and death (domain.c) ---------------------------------------------
 */

/*
 * Returns every reference that a dead domain holds and frees its frames.
 * -XEN_ERESTART until done. The vCPUs must have left its tables (CR3).
 */
MUST_CHECK int mmu_domain_destroy(struct mmu_domain *d);

/* --- audit (audit.c) ---------------------------------------------------- */

struct audit_report;
/* See audit.h: recomputes every count; returns the number of differences. */

#endif
