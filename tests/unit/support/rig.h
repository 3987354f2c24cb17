/* SPDX-License-Identifier: MIT */
/*
 * A simulated machine with the guest library booted in it, and the engine's
 * view of what the library does: frame records, M2P, roots and raw entries,
 * read past TLB and library. For a test that includes sim/.
 */
#ifndef PW_TESTS_RIG_H
#define PW_TESTS_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "pagewarden/guest.h"
#include "sim/sim.h"

#define RIG_PAGES (16 * UINT64_C(256))
#define RIG_KERNEL_START 16
#define RIG_TEXT_END 32
#define RIG_KERNEL_END 80
/* The last of them are the windows. */
#define RIG_WINDOWS (RIG_KERNEL_END - GUEST_WINDOWS)

#define RIG_RW (PTE_P | PTE_RW | PTE_A | PTE_D)
#define RIG_RO (PTE_P | PTE_A | PTE_D)

enum rig_world {
	RIG_XEN,
	RIG_XEN_PAE, /* a 32-bit guest */
	RIG_2LEVEL,  /* these natively */
	RIG_PAE,
	RIG_4LEVEL,
	RIG_WORLDS,
};

enum rig_stage {
	RIG_STARTED,    /* guest_start and the memory map */
	RIG_OWN_TABLES, /* the direct map is not there yet */
	RIG_MAPPED,     /* the direct map is, and requests go out at once */
	RIG_RUN_TIME,
};

struct rig {
	enum rig_world world;
	struct sim *s;
	struct guest *g;
	struct guest_config config;
	struct guest_native native;
	const void *argument;        /* the test's own */
	struct guest_memblock saved; /* before rig_leave_free */
	uint64_t left_free;
	/* A free, unaligned stretch of addresses that no table serves. */
	vaddr_t free_va;
};

typedef void rig_body(struct rig *r);

struct rig_options {
	enum rig_world world;
	enum tlb_keep keep;
	enum rig_stage stage;
	uint64_t pages; /* 0: RIG_PAGES */
	uint64_t ram;   /* the E820 says that no more is there; 0: all is */
	/* Or all of the E820. */
	const struct guest_e820_map *map;
	uint64_t seed;    /* 0: 7 */
	bool no_check;    /* no audit after each hypercall */
	uint64_t preempt; /* every so many chances; 0: never */
	const void *argument;
};

/*
 * Makes a machine, boots to the stage, runs the body, holds the machine
 * against the audit and its TLB, and destroys it. The run must end well.
 */
void rig_run(const struct rig_options *o, rig_body *body);
/* The same with every default but these; at run time. */
void rig_run_in(enum rig_world world, enum tlb_keep keep, rig_body *body);
/* In all of the worlds. */
void rig_run_all(enum tlb_keep keep, rig_body *body);

/* --- inside the run ------------------------------------------------------ */

static inline bool rig_xen(const struct rig *r)
{
	return r->world == RIG_XEN || r->world == RIG_XEN_PAE;
}

/* A cleared frame of the allocator. */
pfn_t rig_frame(struct rig *r);
uint64_t rig_nr_free(const struct rig *r);
/* No more than nr frames are free, until the others are again. */
void rig_leave_free(struct rig *r, uint64_t nr);
void rig_all_free(struct rig *r);

/* What is behind a frame by the engine's M2P alone; native: itself. */
mfn_t rig_behind(const struct rig *r, pfn_t frame);
uint64_t rig_m2p(const struct rig *r, mfn_t frame);
/* The engine's record of the frame behind one. */
const struct frame *rig_record(const struct rig *r, pfn_t frame);
/* It is in use with the type, with so many type references. */
bool rig_typed(const struct rig *r, pfn_t frame, enum frame_type type,
	       uint32_t nr);
bool rig_pinned(const struct rig *r, pfn_t frame);
/* In use as a table: all that a store of the guest must not reach. */
bool rig_is_table(const struct rig *r, pfn_t frame);

/* One entry, from memory. */
uint64_t rig_entry(const struct rig *r, struct guest_slot slot);
/* The leaf entry of an address in the current tables, or 0. */
uint64_t rig_leaf(const struct rig *r, vaddr_t va);
/* The same of a frame's page of the direct map. */
uint64_t rig_direct(const struct rig *r, pfn_t frame);
/* An entry's frame and the flags that the library chooses (not A, D, G). */
uint64_t rig_essence(uint64_t entry);

/* P2M and M2P say the same of every frame of the domain; prints if not. */
bool rig_p2m_true(struct rig *r);

/*
 * What is known about all frames: counts, types in use, pins, owners, M2P; and
 * P2M. Two of them can be compared with rig_same, which prints what differs.
 */
struct rig_frame_state {
	uint64_t m2p;
	uint32_t count;
	uint32_t type_count;
	uint16_t owner;
	uint8_t type; /* 0 if not in use */
	uint8_t pinned;
};
struct rig_snapshot {
	uint64_t nr;
	struct rig_frame_state *frame;
	uint64_t kernel_root;
	uint64_t nr_free;
};
struct rig_snapshot rig_snapshot(const struct rig *r);
bool rig_same(const struct rig *r, const struct rig_snapshot *before);
void rig_forget(struct rig_snapshot *snapshot);

#endif
