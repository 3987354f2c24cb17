/* SPDX-License-Identifier: MIT */
/* One virtual CPU. */
#ifndef PW_HV_VCPU_VCPU_H
#define PW_HV_VCPU_VCPU_H

/* The fields that entry.S uses have fixed places. */
#define VCPU_KERNEL_ROOT 0x10
#define VCPU_USER_ROOT 0x18
#define VCPU_WORK 0x400
#define VCPU_KERNEL_MODE 0x404
#define VCPU_KERNEL_SP 0x408
#define VCPU_KERNEL_SS 0x410
#define VCPU_SYSCALL 0x418
#define VCPU_SYSCALL_FLAGS 0x420
#define VCPU_INFO 0x428

/* on_syscall.flags for which entry.S enters the callback itself. */
#define SYSCALL_FAST 1
#define SYSCALL_IOPL 2 /* frames hold the IOPL: in C */

#ifndef __ASSEMBLY__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/xen.h"
#include "engine/mmu.h"
#include "hv/cpu/cpu.h"
#include "hv/services/event.h"
#include "hv/cpu/regs.h"
#include "hv/cpu/x86.h"
#include "hv/services/time.h"

struct domain;

/* Reasons for not going straight back to the guest. */
enum vcpu_work {
	VCPU_WORK_STOP = 1 << 0,  /* the domain has crashed or shut down */
	VCPU_WORK_AUDIT = 1 << 1, /* stays set: periodic audits are on */
	VCPU_WORK_IRET = 1 << 2,  /* a multicall ends with iret */
	VCPU_WORK_IOPL = 1 << 3,  /* stays set: iret changes the IOPL */
};

/* An entry point of the guest kernel. */
struct callback {
	uint64_t address; /* 0: none */
	uint32_t flags;   /* CALLBACKF_mask_events; SYSCALL_IOPL */
};

struct vcpu {
	/* First, and with room to grow: see entry.S. */
	union {
		struct mmu_vcpu mmu;
		uint8_t room[VCPU_WORK];
	};
	uint32_t work; /* set of enum vcpu_work */
	/* In guest-kernel mode: hypercalls, kernel root, kernel's GS base. */
	bool kernel_mode;
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
	uint64_t ldt_loaded;    /* entries the CPU's LDTR knows of */
	uint64_t fault_address; /* of the guest's page fault, never ours */
	bool up;                /* runs, or may */
	bool blocked;           /* waits for an event */

	struct time_vcpu time;

	/* The guest's FPU while another vCPU has the CPU. */
	_Alignas(16) uint8_t fxsave[512];
};

_Static_assert(offsetof(struct mmu_vcpu, kernel_root) == VCPU_KERNEL_ROOT,
	       "entry.S");
_Static_assert(offsetof(struct mmu_vcpu, user_root) == VCPU_USER_ROOT,
	       "entry.S");
_Static_assert(sizeof(struct mmu_vcpu) <= VCPU_WORK, "entry.S");
_Static_assert(offsetof(struct vcpu, work) == VCPU_WORK, "entry.S");
_Static_assert(offsetof(struct vcpu, kernel_mode) == VCPU_KERNEL_MODE,
	       "entry.S");
_Static_assert(offsetof(struct vcpu, event.info) == VCPU_INFO, "entry.S");
_Static_assert(offsetof(struct vcpu, kernel_sp) == VCPU_KERNEL_SP, "entry.S");
_Static_assert(offsetof(struct vcpu, kernel_ss) == VCPU_KERNEL_SS, "entry.S");
_Static_assert(offsetof(struct vcpu, on_syscall) == VCPU_SYSCALL, "entry.S");
_Static_assert(CALLBACKF_mask_events == SYSCALL_FAST, "entry.S");

static inline struct vcpu *vcpu_of(struct mmu_vcpu *m)
{
	return (struct vcpu *)m;
}

/* There is an event for the vCPU: if it waits, it does so no longer. */
void vcpu_wake(struct vcpu *v);

/*
 * Changes between guest-kernel and guest-user mode: tables and GS base. Not to
 * user mode while there is no user root.
 */
static inline void vcpu_toggle_mode(struct vcpu *v)
{
	mfn_t root;

	x86_swapgs();
	v->kernel_mode = !v->kernel_mode;
	root = v->kernel_mode ? v->mmu.kernel_root : v->mmu.user_root;
	x86_write_cr3(root.v << PAGE_SHIFT);
}

#endif
#endif
