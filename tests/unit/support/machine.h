/* SPDX-License-Identifier: MIT */
/*
 * A small machine in the test's own memory: the engine's port, a domain with
 * one vCPU, and where a test wants them a second vCPU and a second domain. Each
 * vCPU has the worst CPU that the architecture allows (cpu.h).
 *
 * Every operation goes through machine_call() or is followed by
 * machine_check(), which audits all counts (I6) and holds what the CPUs have
 * cached against the types and the owners (I2, I9).
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
#include "tests/unit/support/cpu.h"
#include "tests/unit/support/guest_buffer.h"

/* Frames: 0..15 the hypervisor's, then the domain's, the last 32 free. */
#define MACHINE_FRAMES 192
#define FIRST_FRAME 16
#define POOL_FRAMES 32
#define DOM_FRAMES (MACHINE_FRAMES - FIRST_FRAME - POOL_FRAMES)
#define SHARED_FRAME 8 /* of the hypervisor's, lent writable */
#define TEST_TAG 1
#define TEST_DOMID 7

/* What port_copy_in and _out see as guest memory. */
#define GUEST_BUFFER_SIZE 8192

/* Which vCPU a CPU runs. */
enum machine_cpu { CPU_FIRST, CPU_SECOND, CPU_OTHER, MACHINE_CPUS };

struct machine {
	struct mmu mmu;
	struct mmu_domain dom;
	struct mmu_vcpu vcpu;    /* its first, on CPU_FIRST */
	struct mmu_vcpu second;  /* machine_second_vcpu(): on CPU_SECOND */
	struct mmu_domain other; /* machine_second_domain() */
	struct mmu_vcpu other_vcpu;
	unsigned int locks;      /* held by the CPU that works */
	struct mmu_vcpu *caller; /* who issues the hypercalls: vcpu at first */
	struct worst_cpu cpu[MACHINE_CPUS];
	struct frame frames[MACHINE_FRAMES];
	uint64_t m2p[MACHINE_FRAMES];
	struct audit_tally tally[MACHINE_FRAMES];
	uint8_t guest[GUEST_BUFFER_SIZE];
	/* Hypercalls are issued once; the last that wants more is kept. */
	bool once;
	struct {
		hypercall_fn *fn; /* NULL: none */
		uint64_t arg[6];
	} left;
	/* Faults to inject; 0: none. */
	unsigned int preempt_after; /* every so many questions, once */
	unsigned int preempt_at;    /* the answer to this question alone */
	unsigned int copy_fail_after;
	bool copy_fails_once; /* that one alone */
	unsigned int preempt_asked;
	unsigned int copies;
	/* At every question `other` takes a frame, as on a CPU of its own. */
	bool other_takes;
	/* What happened. */
	unsigned int restarts; /* of the last machine_call */
	unsigned int flushes;  /* of CPU_FIRST, whole */
	unsigned int refusals;
	char refusal[REFUSAL_TEXT_SIZE]; /* the last, as text */
	bool faulted;                    /* in the midst of an operation: */
	char fault[160];
};

/* Does the CPU run a vCPU of the domain's that is in the set? */
bool machine_cpu_runs(const struct worst_cpu *c, const struct mmu_domain *d,
		      vcpuset_t vcpus);
/* No CPU of one domain reaches what another has got: else m->fault says. */
bool machine_is_sound(struct machine *m);

struct machine *machine_new(void);
/* The same with a 32-bit domain. */
struct machine *machine_new_pae(void);
void machine_free(struct machine *m);

/* Fails the test if a count, a type or the CPU's cache is wrong. */
void machine_check(struct machine *m);
/* The same, as a question: 0, or the line that says what is wrong. */
const char *machine_fault(struct machine *m);

/* Issues a hypercall until it is done, checking at every stop. */
int64_t machine_call(struct machine *m, hypercall_fn *fn, uint64_t a0,
		     uint64_t a1, uint64_t a2, uint64_t a3);
/* With `once`: what was left goes on, if anything was. */
int64_t machine_resume(struct machine *m);
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
 * entries 16 to 19). Pinned and loaded as kernel root. A 32-bit domain has no
 * L4: the first of them is then the L2 of its last gigabyte, and empty.
 */
enum { L4_FRAME, L3_FRAME, L2_FRAME, L1_FRAME, DATA_FRAME };
#define LAST_L2_FRAME L4_FRAME
#define DATA_FRAMES 6
#define RO_ENTRY 16
void standard_space(struct machine *m);

/*
 * Beside that, with the same tables as the first vCPU: a second one; and a
 * second domain of ten frames from the pool, with tables like these of its own.
 */
void machine_second_vcpu(struct machine *m);
void machine_second_domain(struct machine *m);
/* The first domain's vCPUs never run again, as before its death. */
void machine_stop(struct machine *m);

/* Fixtures of cmocka: *state is a machine, bare or with the standard space. */
int machine_set_up(void **state);
int space_set_up(void **state);
int machine_set_up_pae(void **state);
int pae_set_up(void **state);
int machine_tear_down(void **state);
/* The same tables from frame `base` on, raw: neither pinned nor loaded. */
void raw_space(struct machine *m, unsigned int base, unsigned int data);

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define RW_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define RO_FLAGS (PTE_P | PTE_US | PTE_A)

#endif
