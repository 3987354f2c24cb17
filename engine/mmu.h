/* SPDX-License-Identifier: MIT */
/*
 * The engine's state, and what the hypervisor may ask of it beside the guest's
 * hypercalls (request/hypercall.h).
 *
 * All state is in three structs that the caller owns: `struct mmu` (the
 * machine), `struct mmu_domain` and `struct mmu_vcpu`. The engine allocates
 * nothing and does no I/O.
 *
 * Frame contents are reached at ram + (mfn << 12). Functions that can fail
 * return 0 or a negative XEN_E* and then have changed nothing; a refusal is
 * recorded (report/refusal.h). -XEN_ERESTART means: stopped at a clean point,
 * ask the same again.
 *
 * Every function below that is no set-up enters by the door (request/door.h),
 * which takes the domain's lock; none may be called while it is held. Nothing
 * outside engine/ takes a reference.
 */
#ifndef PW_ENGINE_MMU_H
#define PW_ENGINE_MMU_H

#include "abi/pte.h"
#include "abi/xen.h"
#include "engine/table/frame.h"
#include "engine/report/refusal.h"
#include "engine/request/fair_lock.h"

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define MUST_CHECK __attribute__((warn_unused_result))

struct mmu_domain;
struct pt_width;

/* The largest run that the free pool keeps together: 2 MiB. */
#define POOL_MAX_ORDER 9

#define MMU_MAX_DOMAINS 32
/* Frames of others, or kinds of mapping of them, that a domain may map. */
#define MMU_MAX_FOREIGN 256

/* The machine: one per simulator or per host. */
struct mmu {
	uint8_t *ram;         /* where machine address 0 is seen */
	struct frame *frames; /* nr_frames records */
	uint64_t *m2p;        /* nr_frames entries, pfn or ~0 */
	uint32_t *m2p32; /* the same for 32-bit guests; NULL: there are none */
	uint64_t nr_frames;
	uint64_t pte_nx; /* PTE_NX where the CPU has it, else 0 */
	/* What every L4 holds in slots 256..271. */
	pte_t xen_slots[XEN_L4_SLOTS];
	/* And what a 32-bit domain's last L2 holds in slots 428..511. */
	pte_t xen_l2_slots[XEN_L2_SLOTS];
	mfn_t zero_frame; /* backs unused GDT slots; a zeroed frame */
	/* Free pool (pool.h): a run of 2^order frames, or 0 where is none. */
	uint32_t free_run[POOL_MAX_ORDER + 1];
	uint64_t nr_free;
	struct fair_lock pool_lock; /* of these two; see docs/locking.md */
	struct mmu_domain *domain[MMU_MAX_DOMAINS]; /* in no order, or NULL */
};

#define GDT_FRAMES 14 /* guest frames; 14 and 15 are the hypervisor's */
#define LDT_FRAMES 16
#define DESC_WINDOW_ENTRIES 32 /* 16 of the GDT, then 16 of the LDT */

struct mmu_vcpu {
	struct mmu_domain *dom;
	unsigned int id;
	mfn_t kernel_root; /* of kernel mode; holds a type reference */
	mfn_t user_root;   /* of user mode, or mfn 0: none */
	unsigned int gdt_entries;
	mfn_t gdt[GDT_FRAMES]; /* mfn 0: none */
	uint64_t ldt_base;     /* guest virtual address */
	uint64_t low_end;      /* of its addresses below the hole */
	unsigned int ldt_entries;
	mfn_t ldt[LDT_FRAMES]; /* mapped so far; mfn 0: not */
	/*
	 * 32 consecutive L1 entries of the hypervisor's, through which the
	 * CPU sees the vCPU's GDT and LDT. The engine writes them.
	 */
	pte_t *desc_window;
	/*
	 * 32-bit: the first entry of the L4 that the hypervisor made for the
	 * vCPU, by which the CPU finds kernel_root. The engine writes it.
	 */
	pte_t *top;
	/* Where its multicalls are, for reports. */
	struct {
		uint32_t at;     /* entry under way, from 1; 0: none */
		uint32_t before; /* entries done before it was interrupted */
		uint64_t resume; /* the list that goes on from there */
		uint64_t list;   /* the whole one, from its first entry */
	} multicall;
};

enum flush_cause {
	FLUSH_NONE,
#define FLUSH(id, name) FLUSH_##id,
#include "engine/report/flushes.def"
#undef FLUSH
	FLUSH_CAUSES
};

struct mmu_stats {
	uint64_t pte_writes; /* entries written for the guest */
	uint64_t ptwr;       /* of them, by emulating a direct write */
	uint64_t flush_all;  /* and of them, by cause: */
	uint64_t flushed[FLUSH_CAUSES];
	uint64_t flush_one;
	uint64_t validated; /* tables validated */
	uint64_t refused;
	uint64_t scrubbed;           /* frames cleared before they were given */
	uint64_t multicalled[64];    /* engine's hypercalls made by multicall */
	uint64_t typed[FRAME_TYPES]; /* frames of each type now */
	uint64_t peak[FRAME_TYPES];  /* and at most */
};

#define MMU_MAX_VCPUS 32
/* A vcpu_info for each vCPU, the console's ring and the store's. */
#define MMU_MAX_HELD (MMU_MAX_VCPUS + 2)

/*
 * A frame of another domain's that this one maps (domain/foreign.c): the
 * references on it are this record's, not the entries'.
 */
struct mmu_foreign {
	mfn_t frame;
	struct mmu_domain *owner; /* NULL: an empty record */
	bool writable;
	uint32_t entries; /* live L1 entries that map it so */
	uint32_t audited; /* scratch of the audit */
};

/* A piece of a domain's memory map, as XENMEM_memory_map tells it. */
struct mmu_map_entry {
	uint64_t addr;
	uint64_t size;
	uint32_t type; /* as in E820: */
#define MMU_MAP_RAM 1
} __attribute__((packed));
_Static_assert(sizeof(struct mmu_map_entry) == 20, "as in E820");

struct mmu_domain {
	struct mmu *m;
	const struct pt_width *width; /* of its tables (table/level.h) */
	uint64_t forbidden[5];        /* flags, by level, on this machine */
	/* Its memory map; nr_map 0: RAM for [0, nr_pfns). */
	const struct mmu_map_entry *map;
	unsigned int nr_map;
	uint16_t tag;       /* owner tag in frame records, 1..0xfffe */
	uint16_t domid;     /* what Xen's ABI calls it */
	uint64_t nr_pages;  /* frames that it owns; not what it was lent */
	uint64_t max_pages; /* may grow to this */
	uint64_t nr_pfns;   /* start-of-day size: pfns [0, nr_pfns) */
	struct mmu_vcpu *vcpu[MMU_MAX_VCPUS];
	unsigned int nr_vcpus;
	bool narrow; /* its requests have 32-bit words (request/form.h) */
	/* It ends, and no CPU can use a translation of its any more. */
	bool left;
	/* 32-bit: it takes a CR3 beyond 4 GiB (VMASST_TYPE_...). */
	bool extended_cr3;
	struct fair_lock lock; /* of the operation under way (request/lock.h) */
	uint64_t serial;       /* operations so far, this one included */
	uint32_t dying_head;   /* mfn of the first dying table, 0 when none */
	uint32_t epoch;        /* counts full flushes; wraps harmlessly */
	/* What an operation has to do before it leaves; any: owed != 0. */
	union {
		struct {
			/* enum flush_cause: translations may be stale. */
			uint8_t flush_pending;
			bool refusal_untold; /* it is still being filled in */
			bool watched;        /* the event sink is on */
			bool foreign_owed;   /* a record has lost its entries */
			bool again;          /* it will be asked for again */
		};
		uint64_t owed;
	};
	uint32_t may_map;      /* whose frames, by place in m->domain */
	uint64_t destroy_next; /* mmu_domain_destroy's progress: an mfn */
	uint32_t freed_head;   /* frames that wait for a flush, 0: none */
	uint32_t nr_freed;
	struct mmu_foreign foreign[MMU_MAX_FOREIGN];
	unsigned int nr_held;
	mfn_t held[MMU_MAX_HELD]; /* mmu_hold: a writable reference each */
	struct mmu_op op;         /* what is being done, for refusals */
	struct refusal refusal;   /* the last refusal */
	struct mmu_stats stats;
};

/* --- set-up ------------------------------------------------------------ */

/*
 * Zeroes *d and ties it to *m; tag must be unique among domains that have not
 * been forgotten. At most MMU_MAX_DOMAINS of them. It is a 64-bit one.
 */
void mmu_domain_init(struct mmu_domain *d, struct mmu *m, uint16_t tag,
		     uint16_t domid);
/* A 32-bit one, before it has anything; each of its vCPUs gets its `top`. */
void mmu_domain_pae(struct mmu_domain *d);
/* And one whose code is 32-bit: its requests have that form, too. */
void mmu_domain_32(struct mmu_domain *d);
/* Adds a vCPU; *v zeroed here. desc_window: 32 L1 entries (see above). */
void mmu_vcpu_init(struct mmu_vcpu *v, struct mmu_domain *d, unsigned int id,
		   pte_t *desc_window);

/*
 * Gives nr unowned frames from mfn on to the domain as pfns from pfn on: owner,
 * one reference each, M2P. The caller knows that they are RAM and unowned.
 */
void mmu_assign(struct mmu_domain *d, mfn_t first, pfn_t at, uint64_t nr);

/*
 * The tables that the builder made: validated, pinned, and the vCPU's root.
 * -XEN_ERESTART: again.
 */
MUST_CHECK int mmu_start(struct mmu_vcpu *v, mfn_t root);

/*
 * Another vCPU's first roots (user: mfn 0, none) and GDT, at the request of
 * one that runs. It must never have run.
 */
MUST_CHECK int mmu_start_vcpu(struct mmu_vcpu *caller, struct mmu_vcpu *v,
			      mfn_t kernel, mfn_t user, const uint64_t *gdt,
			      unsigned int gdt_entries);

/*
 * 2^order free frames become the hypervisor's own, to make a domain of; what
 * they hold is not known. False: there are none in a row. d is any domain of
 * the machine: it waits for the pool's lock in its name.
 */
MUST_CHECK bool mmu_pool_take(struct mmu_domain *d, unsigned int order,
			      mfn_t *ret_first);
/* nr frames of the hypervisor's own are free again. */
void mmu_pool_give(struct mmu_domain *d, mfn_t first, uint64_t nr);

/* --- pages that the hypervisor has to do with (domain/shared.c) ------------
 */

/*
 * Lends a frame of the hypervisor's (shared info, grant table, ...) to the
 * domain: owned by it for mapping, writable or not, but not in its reservation
 * and never a table, because a type reference is held for ever.
 */
void mmu_share(struct mmu_domain *d, mfn_t frame, bool writable);
/*
 * Takes nr such frames back, all or none: -XEN_EBUSY while one is mapped. No
 * CPU holds a translation of them afterwards.
 */
MUST_CHECK int mmu_unshare(struct mmu_domain *d, mfn_t first, uint64_t nr);

/*
 * Keeps a frame of the domain's own writable until the domain dies, for the
 * hypervisor writes it too: never a table, never another owner's meanwhile.
 */
MUST_CHECK int mmu_hold(struct mmu_domain *d, mfn_t f);

/* Writes a whole page of the guest's, as it asked by MSR: page is 4096 bytes.
 */
MUST_CHECK int mmu_write_hypercall_page(struct mmu_vcpu *v, mfn_t f,
					const void *page);

/* --- frames -------------------------------------------------------------- */

static inline bool mfn_valid(const struct mmu *m, mfn_t f)
{
	return f.v < m->nr_frames;
}
static inline struct frame *frame_of(const struct mmu *m, mfn_t f)
{
	return &m->frames[f.v];
}
/* The pfn that the M2P says of a frame. */
static inline void m2p_set(struct mmu *m, mfn_t f, uint64_t at)
{
	m->m2p[f.v] = at;
	if (unlikely(m->m2p32 != NULL)) {
		m->m2p32[f.v] = (uint32_t)at;
	}
}
static inline void *frame_data(const struct mmu *m, mfn_t f)
{
	return m->ram + (f.v << PAGE_SHIFT);
}
static inline pte_t *frame_ptes(const struct mmu *m, mfn_t f)
{
	return (pte_t *)frame_data(m, f);
}
/* Is the frame the domain's, its own or lent to it? */
static inline bool mmu_owns(const struct mmu_domain *d, mfn_t f)
{
	return mfn_valid(d->m, f) && frame_of(d->m, f)->owner == d->tag;
}

/* --- what a guest's instructions ask for ---------------------------------- */

/* mov to CR3 in kernel mode: a new kernel root. */
MUST_CHECK int mmu_load_cr3(struct mmu_vcpu *v, mfn_t f);

/*
 * The CPU faulted on page `index` of the LDT window: maps the guest's page
 * there. 0: mapped, or (-XEN_ERESTART) the access is to be tried again; any
 * other: the guest has none there, the fault is the guest's.
 */
MUST_CHECK int mmu_ldt_fault(struct mmu_vcpu *v, unsigned int index);

/*
 * While the hypervisor walks the domain's tables, to tell of them, they stay as
 * they are: the lock without an operation. No door in between.
 */
void mmu_look(struct mmu_domain *d);
void mmu_look_end(struct mmu_domain *d);

/*
 * A guest's own write of an entry of a live L1 table, through the read-only
 * mapping it has of it (request/direct.c): first the entry is found, once,
 * then the write is judged as an mmu_update and carried out.
 */
struct direct_write {
	vaddr_t va;    /* of the entry: 8 bytes, aligned */
	maddr_t where; /* the entry */
	uint64_t seen; /* what stood there */
};
/*
 * -XEN_ENOENT: va is no such mapping, an ordinary page fault. -XEN_EINVAL: it
 * is none either, but a mistake, most likely: the frame is a table that is not
 * a live L1, or the entry is not present or allows the write.
 */
MUST_CHECK int mmu_direct_find(struct mmu_vcpu *v, vaddr_t va,
			       struct direct_write *ret);

/* The same for another address on the page of w->va. */
void mmu_direct_move(const struct mmu_domain *d, struct direct_write *w,
		     vaddr_t va);

enum direct_kind { DIRECT_WRITE, DIRECT_CMPXCHG };
/*
 * For DIRECT_CMPXCHG the entry is written only while it equals *old; *old gets
 * what was read. -XEN_ENOENT: the table is none any more.
 */
MUST_CHECK int mmu_direct_write(struct mmu_vcpu *v,
				const struct direct_write *w,
				enum direct_kind kind, uint64_t *old,
				uint64_t val);

/* --- grants (request/granted.c) ------------------------------------------- */

/* A mapping of a granted frame: an L1 entry that the guest named. */
struct granted {
	struct mmu_domain *owner; /* of the frame; may be the caller's own */
	uint64_t address;         /* virtual, or of the entry itself: by_pte */
	bool by_pte;
	bool writable;
	mfn_t frame;
	uint64_t flags; /* of the entry, beside those that every mapping has */
};
/*
 * Each replaces the entry named, whose translations are gone afterwards.
 * -XEN_ENOENT: there is no such entry in a live L1, or (unmap, replace) it is
 * not the mapping's (XSA-234). Others: refused.
 */
MUST_CHECK int mmu_grant_map(struct mmu_vcpu *v, const struct granted *g);
MUST_CHECK int mmu_grant_unmap(struct mmu_vcpu *v, const struct granted *g);
/* The entry that maps new_address moves to where the mapping was. */
MUST_CHECK int mmu_grant_replace(struct mmu_vcpu *v, const struct granted *g,
				 uint64_t new_address);

/*
 * From now on d may map frames of owner's by number, whatever they hold, as if
 * each were granted to it. The right ends with either of the two.
 */
void mmu_may_map(struct mmu_domain *d, const struct mmu_domain *owner);

/*
 * For a copy that the hypervisor makes: the frame stays the owner's, and
 * (writable) no table, until it is given back. -XEN_ERESTART: ask again.
 */
MUST_CHECK int mmu_borrow(struct mmu_domain *owner, mfn_t f, bool writable);
void mmu_give_back(struct mmu_domain *owner, mfn_t f, bool writable);

/* --- death (domain/life.c) ------------------------------------------------ */

/*
 * Returns every reference that a dead domain holds and frees its frames.
 * -XEN_ERESTART until done. The vCPUs must have left its tables (CR3), never to
 * come back; what is cached of them is dropped once, at the first call.
 */
MUST_CHECK int mmu_domain_destroy(struct mmu_domain *d);
/*
 * A destroyed domain may be forgotten, and its struct and tag be used again,
 * when nobody else maps a frame of it any more. False: somebody does.
 */
bool mmu_domain_forget(struct mmu_domain *d);

#endif
