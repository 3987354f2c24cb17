/* SPDX-License-Identifier: MIT */
/*
 * Stack, segment bases, FPU switch and debug registers. Segment bases and
 * selectors live in the CPU alone: the hypervisor uses none of them.
 */
#include "hv/vcpu/registers.h"

#include "hv/cpu/debugreg.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/report/log.h"
#include "hv/report/queued.h"
#include "hv/vcpu/vcpu.h"

#define FRAME_SPACE 64
/* Not canonical, and so far from it that no frame reaches memory. */
#define NO_STACK UINT64_C(0x4000000000000000)

#define DR6_ZERO (~UINT64_C(0xffffefff))
#define DR6_ONE UINT64_C(0xffff0ff0)
#define DR7_ZERO (~UINT64_C(0xffff27ff))
#define DR7_ONE UINT64_C(0x400)
#define DR7_GD (UINT64_C(1) << 13)
#define DR7_IO 2 /* "R/W" field: I/O breakpoint */
#define X86_DR4 4
#define X86_DR5 5

void vcpu_set_kernel_stack(struct vcpu *v, uint64_t ss, uint64_t sp)
{
	if (v->narrow) {
		/* A descriptor says where that is; it is looked at when used.
		 */
		v->kernel_ss = (ss & 0xfffc) | 1;
		v->kernel_sp = (uint32_t)sp;
		return;
	}
	sp &= ~UINT64_C(15);
	if (!guest_range_ok(sp - FRAME_SPACE, FRAME_SPACE)) {
		sp = NO_STACK;
	}
	v->kernel_ss = ss;
	v->kernel_sp = sp;
}

int64_t hc_stack_switch(struct vcpu *v, uint64_t arg[6])
{
	vcpu_set_kernel_stack(v, arg[0], arg[1]);
	return 0;
}

void vcpu_set_ts(struct vcpu *v, bool set)
{
	if (set == v->ts) {
		return;
	}
	v->ts = set;
	if (set) {
		x86_write_cr0(x86_read_cr0() | X86_CR0_TS);
	} else {
		x86_clts();
	}
}

int64_t hc_fpu_taskswitch(struct vcpu *v, uint64_t arg[6])
{
	vcpu_set_ts(v, (uint32_t)arg[0] != 0);
	return 0;
}

/* Loads GS, or a null selector where the CPU faults on what was asked for. */
static void load_gs(uint32_t selector)
{
	/* Some CPUs keep the old base when a null selector is loaded. */
	__asm__ volatile("mov %0, %%gs" : : "r"(SEL_USER_SS));
	__asm__ volatile goto(
		"1: mov %0, %%gs\n" EX_TABLE_ENTRY("1b", "%l[fault]")
		:
		: "r"(selector)
		: "memory"
		: fault);
	return;
fault:
	__asm__ volatile("mov %0, %%gs" : : "r"(0));
}

int64_t hc_set_segment_base(struct vcpu *v, uint64_t arg[6])
{
	static const uint32_t msr[] = {
		[SEGBASE_FS] = MSR_FS_BASE,
		[SEGBASE_GS_USER] = MSR_SHADOW_GS_BASE,
		[SEGBASE_GS_KERNEL] = MSR_GS_BASE,
	};
	uint32_t which = (uint32_t)arg[0];

	(void)v;
	if (which <= SEGBASE_GS_KERNEL) {
		if (!vaddr_canonical(vaddr(arg[1]))) {
			return -XEN_EINVAL;
		}
		x86_wrmsr(msr[which], arg[1]);
		return 0;
	}
	if (which == SEGBASE_GS_USER_SEL) {
		uint32_t selector = arg[1] & 0xffff;

		x86_swapgs();
		load_gs(selector > 3 ? selector | 3 : selector);
		x86_swapgs();
		return 0;
	}
	return -XEN_EINVAL;
}

void debugreg_load(const struct vcpu *v)
{
	if (cpu_here()->watching) {
		return;
	}
	for (unsigned int i = 0; i < DEBUGREGS; i++) {
		debugreg_write(i, v->debugreg[i]);
	}
	debugreg_write(6, X86_DR6_QUIET);
	debugreg_write(7, v->debugreg[7]);
}

/*
 * Breakpoints on the hypervisor's own addresses would let a guest trace it,
 * GD would let it trap our uses of the registers, and I/O breakpoints would
 * fire on our own ports.
 */
static int check_control(uint64_t value)
{
	if (value & DR7_GD) {
		return -XEN_EPERM;
	}
	for (unsigned int i = 16; i < 32 && (value & DR7_ENABLES) != 0;
	     i += 4) {
		if ((value >> i & 3) == DR7_IO) {
			return -XEN_EPERM;
		}
	}
	return 0;
}

static bool breakpoint_ok(uint64_t address)
{
	return guest_range_ok(address, 1);
}

/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE is set. */
static int real_number(const struct vcpu *v, unsigned int *number)
{
	if (*number == X86_DR4 || *number == X86_DR5) {
		if (v->cr4 & X86_CR4_DE) {
			return -XEN_ENODEV;
		}
		*number += 2;
	}
	return *number < 8 ? 0 : -XEN_ENODEV;
}

/* Once: a kernel may load them at each turn of its tasks. */
static void tell_taken(const struct vcpu *v)
{
	static bool told;

	/* The log of such a run is not shown: the command tells of it. */
	queued_took_breakpoints();
	if (!told) {
		told = true;
		log_warn("d%uv%u its breakpoints do not work in this run: the "
			 "debug registers watch what it queues",
			 (unsigned int)v->domain->mmu.domid, v->id);
	}
}

int debugreg_set(struct vcpu *v, unsigned int number, uint64_t value)
{
	int rc = real_number(v, &number);

	if (rc != 0) {
		return rc;
	}
	if (number < 4) {
		if (!breakpoint_ok(value)) {
			return -XEN_EPERM;
		}
	} else if (value > UINT32_MAX) {
		return -XEN_EINVAL;
	} else if (number == 6) {
		value = (value & ~DR6_ZERO) | DR6_ONE;
	} else {
		value = (value & ~DR7_ZERO) | DR7_ONE;
		rc = check_control(value);
		if (rc != 0) {
			return rc;
		}
	}
	v->debugreg[number] = value;
	if (!cpu_here()->watching) {
		debugreg_write(number, value);
	} else if (number == 7 && (value & DR7_ENABLES) != 0) {
		tell_taken(v);
	}
	return 0;
}

int debugreg_get(const struct vcpu *v, unsigned int number, uint64_t *ret)
{
	int rc = real_number(v, &number);

	if (rc == 0) {
		*ret = v->debugreg[number];
	}
	return rc;
}

int64_t hc_set_debugreg(struct vcpu *v, uint64_t arg[6])
{
	return debugreg_set(v, (unsigned int)arg[0], arg[1]);
}

int64_t hc_get_debugreg(struct vcpu *v, uint64_t arg[6])
{
	uint64_t value;
	int rc = debugreg_get(v, (unsigned int)arg[0], &value);

	return rc == 0 ? (int64_t)value : rc;
}
