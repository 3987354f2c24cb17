/* SPDX-License-Identifier: MIT */
/* One virtual CPU. */
#ifndef PW_HV_VCPU_VCPU_H
#define PW_HV_VCPU_VCPU_H

/* on_syscall.flags for which entry.S enters the callback itself. */
#define SYSCALL_FAST CALLBACKF_mask_events
#define SYSCALL_IOPL 2 /* frames hold the IOPL: in C */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/xen.h"
#include "engine/mmu.h"
#include "hv/cpu/cpu.h"
#include "abi/xen_32.h"
#include "hv/services/event.h"
#include "hv/cpu/regs.h"
#include "hv/cpu/x86.h"
#include "hv/report/counters.h"
#include "hv/report/recent.h"
#include "hv/services/time.h"

struct domain;

/* Reasons for not going straight back to the guest. */
enum vcpu_work {
	VCPU_WORK_STOP = 1 << 0,    /* the domain has crashed or shut down */
	VCPU_WORK_AUDIT = 1 << 1,   /* stays set: periodic audits are on */
	VCPU_WORK_IRET = 1 << 2,    /* a multicall ends with iret */
	VCPU_WORK_IOPL = 1 << 3,    /* stays set: iret changes the IOPL */
	VCPU_WORK_MEASURE = 1 << 4, /* stays set: stretches are measured */
	VCPU_WORK_WATCH = 1 << 5,   /* stays set: stops at a request */
	VCPU_WORK_SCHED = 1 << 6,   /* another may have the CPU, or must */
	VCPU_WORK_NMI = 1 << 7,     /* an NMI is pending */
	VCPU_WORK_FAILSAFE = 1 << 8 /* a data segment could not be loaded */
};

/* An entry point of the guest kernel. */
struct callback {
	uint64_t address; /* 0: none */
	uint32_t flags;   /* CALLBACKF_mask_events; SYSCALL_IOPL */
	uint16_t cs;      /* 32-bit */
};

struct vcpu {
	struct mmu_vcpu mmu; /* first: see vcpu_of() */
	uint32_t work;       /* set of enum vcpu_work */
	/* In guest-kernel mode: hypercalls, kernel root, kernel's GS base. */
	bool kernel_mode;
	/*
	 * 32-bit: its kernel is in ring 1 and its users in ring 3 of the same
	 * address space, and goes from one to the other by itself. So
	 * kernel_mode is what the ring says, since the last entry.
	 */
	bool narrow;
	mfn_t top_frame;    /* its L4, of which mmu.top is one entry */
	uint64_t kernel_sp; /* stack for entries from user mode */
	uint64_t kernel_ss;
	struct callback on_syscall;
	struct event_vcpu event; /* begins with the vcpu_info pointer */
	struct callback on_syscall32;
	struct callback on_sysenter;
	struct callback on_event;
	struct callback on_failsafe;

	struct domain *domain;
	unsigned int id;
	struct trap_info trap[256]; /* indexed by vector; address 0: none */

	bool ts;                /* the guest's CR0.TS */
	uint8_t iopl;           /* PHYSDEVOP_set_iopl */
	uint32_t iobmp_ports;   /* PHYSDEVOP_set_iobitmap: ports it covers, */
	uint64_t iobmp;         /* and its address in guest-kernel memory */
	uint64_t cr4;           /* what the guest last wrote */
	uint64_t debugreg[8];   /* as the guest sees them */
	unsigned int window;    /* of descriptors: see desc.h */
	uint64_t fault_address; /* of the guest's page fault, never ours */
	unsigned int cpu;       /* where it lives */
	bool initialised;       /* has registers and a root */
	bool poll_timed;        /* SCHEDOP_poll with a timeout */
	bool up;                /* runs, or may */
	bool blocked;           /* waits for an event */
	bool waited;            /* and had the CPU only for its end */

	struct time_vcpu time;
	struct vcpu_counters counters;
	struct recent recent;

	/* The rest of it, while another has the CPU (schedule.c). */
	struct {
		struct regs regs;
		uint64_t fs_base, gs_base, shadow_gs;
		uint16_t ds, es, fs, gs;
	} saved;
	/* The guest's FPU while another vCPU has the CPU. */
	_Alignas(16) uint8_t fxsave[512];
#define FX_MXCSR 24 /* where it stands in there */
};

_Static_assert(offsetof(struct vcpu, mmu) == 0, "vcpu_of, table.S");

static inline struct vcpu *vcpu_of(struct mmu_vcpu *m)
{
	return (struct vcpu *)m;
}

/* Its work is noted by any CPU, and by some without a lock. */
static inline void vcpu_work_add(struct vcpu *v, uint32_t set)
{
	__atomic_fetch_or(&v->work, set, __ATOMIC_SEQ_CST);
}
static inline void vcpu_work_take(struct vcpu *v, uint32_t set)
{
	__atomic_fetch_and(&v->work, ~set, __ATOMIC_SEQ_CST);
}

/* There is an event for the vCPU: if it waits, it does so no longer. */
void vcpu_wake(struct vcpu *v);

/* The tag of what CR3 has: a 32-bit one's user has the kernel's root. */
static inline enum tag vcpu_tag(const struct vcpu *v)
{
	return v->kernel_mode || v->narrow ? TAG_KERNEL : TAG_USER;
}

/*
 * Changes between guest-kernel and guest-user mode: tables and GS base. Not to
 * user mode while there is no user root.
 */
static inline void vcpu_toggle_mode(struct vcpu *v)
{
	mfn_t root;

	v->kernel_mode = !v->kernel_mode;
	if (unlikely(v->narrow)) {
		return;
	}
	x86_swapgs();
	root = v->kernel_mode ? v->mmu.kernel_root : v->mmu.user_root;
	x86_write_cr3(
		tags_cr3(&cpu_here()->tags, vcpu_tag(v), root.v << PAGE_SHIFT));
}

/* What CR3 has while it runs. */
static inline mfn_t vcpu_root(const struct vcpu *v)
{
	if (v->narrow) {
		return v->top_frame;
	}
	return v->kernel_mode ? v->mmu.kernel_root : v->mmu.user_root;
}

/* The guest's CR2 stands in its vcpu_info. */
static inline void vcpu_set_cr2(struct vcpu *v, uint64_t cr2)
{
	if (unlikely(v->narrow)) {
		((struct vcpu_info_32 *)(void *)v->event.info)->cr2 =
			(uint32_t)cr2;
	} else {
		v->event.info->arch.cr2 = cr2;
	}
}

static inline uint64_t vcpu_cr2(const struct vcpu *v)
{
	const void *info = v->event.info;

	return v->narrow ? ((const struct vcpu_info_32 *)info)->cr2
			 : v->event.info->arch.cr2;
}

/* A 32-bit one came in: in which mode it was. */
static inline void vcpu_note_ring(struct vcpu *v, const struct regs *r)
{
	if (unlikely(v->narrow)) {
		v->kernel_mode = (r->cs & 3) == 1;
	}
}

#endif
