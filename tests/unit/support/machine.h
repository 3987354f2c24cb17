/* SPDX-License-Identifier: MIT */
/*
 * A small machine in the test's own memory: the engine's port, a domain with
 * one vCPU, and the worst CPU that the architecture allows, which caches every
 * translation it could have made and forgets none before it is told to.
 *
 * Every operation goes through machine_call() or is followed by
 * machine_check(), which audits all counts (I6) and holds what the CPU has
 * cached against the types (I2, I9).
 */
#ifndef PW_TESTS_MACHINE_H
#define PW_TESTS_MACHINE_H

#include "engine/report/audit.h"
#include "engine/request/hypercall.h"
#include "engine/domain/pool.h"
#include "engine/domain/descriptor.h"
#include "engine/domain/pin.h"
#include "engine/domain/root.h"
#include "engine/port.h"
#include "engine/request/door.h"
#include "engine/table/dying.h"
#include "engine/table/flush.h"
#include "engine/table/update.h"
#include "engine/table/walk.h"

/* Frames: 0..15 the hypervisor's, then the domain's, the last 32 free. */
#define MACHINE_FRAMES 192
#define FIRST_FRAME 16
#define POOL_FRAMES 32
#define DOM_FRAMES (MACHINE_FRAMES - FIRST_FRAME - POOL_FRAMES)
#define SHARED_FRAME 8 /* of the hypervisor's, lent writable */
#define TEST_TAG 1
#define TEST_DOMID 7

/* What port_copy_in and _out see as guest memory. */
#define GUEST_BUFFER UINT64_C(0x10000)
#define GUEST_BUFFER_SIZE 8192

struct cached {
	uint64_t va;
	uint64_t frame;
	bool writable;
	unsigned int level; /* 1: a mapping; above: a table used on the way */
};

#define CACHE_MAX 65536

struct machine {
	struct mmu mmu;
	struct mmu_domain dom;
	struct mmu_vcpu vcpu;
	pte_t window[DESC_WINDOW_ENTRIES];
	struct frame frames[MACHINE_FRAMES];
	uint64_t m2p[MACHINE_FRAMES];
	struct audit_tally tally[MACHINE_FRAMES];
	uint8_t guest[GUEST_BUFFER_SIZE];
	struct cached cache[CACHE_MAX];
	unsigned int nr_cached;
	/* Faults to inject; 0: none. */
	unsigned int preempt_after; /* every so many questions, once */
	unsigned int copy_fail_after;
	unsigned int preempt_asked;
	unsigned int copies;
	/* What happened. */
	unsigned int restarts; /* of the last machine_call */
	unsigned int flushes;
	unsigned int refusals;
	char refusal[256]; /* the last, as text */
};

struct machine *machine_new(void);
void machine_free(struct machine *m);

/* Fails the test if a count, a type or the CPU's cache is wrong. */
void machine_check(struct machine *m);
/* The same, as a question: 0, or the line that says what is wrong. */
const char *machine_fault(struct machine *m);

/* Issues a hypercall until it is done, checking at every stop. */
int64_t machine_call(struct machine *m, hypercall_fn *fn, uint64_t a0,
		     uint64_t a1, uint64_t a2, uint64_t a3);
int64_t call_mmu_update(struct machine *m, uint64_t ptr, uint64_t val);
int64_t call_mmuext(struct machine *m, unsigned int cmd, uint64_t arg1,
		    uint64_t arg2);
int64_t call_va_mapping(struct machine *m, uint64_t va, uint64_t val,
			uint64_t flags);

/* The guest writes the entry at va itself: found, then judged. */
int call_direct(struct machine *m, vaddr_t va, enum direct_kind kind,
		uint64_t *old, uint64_t val);

/* The n-th frame of the domain. */
mfn_t dom_frame(unsigned int n);
/* Direct writes, for frames that are no tables yet. */
void raw_entry(struct machine *m, mfn_t table, unsigned int index, pte_t e);
pte_t entry_of(struct machine *m, mfn_t table, unsigned int index);
/* Machine address of an entry, for mmu_update. */
uint64_t entry_at(mfn_t table, unsigned int index);

/*
 * The usual address space: frames 0 to 3 of the domain are L4, L3, L2 and L1;
 * the L1 maps, from va 0 on, frame 4 to 9 writable and 0 to 3 read-only (at
 * entries 16 to 19). Pinned and loaded as kernel root.
 */
enum { L4_FRAME, L3_FRAME, L2_FRAME, L1_FRAME, DATA_FRAME };
#define DATA_FRAMES 6
#define RO_ENTRY 16
void standard_space(struct machine *m);

/* Fixtures of cmocka: *state is a machine, bare or with the standard space. */
int machine_set_up(void **state);
int space_set_up(void **state);
int machine_tear_down(void **state);
/* The same tables from frame `base` on, raw: neither pinned nor loaded. */
void raw_space(struct machine *m, unsigned int base, unsigned int data);

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define RW_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define RO_FLAGS (PTE_P | PTE_US | PTE_A)

#endif
