/* SPDX-License-Identifier: MIT */
/*
 * A core file of a guest is written by the command, which shares the machine's
 * memory: frames with their owners, M2P and tables tell it all but what only
 * the CPU and we know, the registers. So these are told, and the machine stands
 * until the memory has been read.
 */
#include "hv/report/dump.h"

#include "abi/control.h"
#include "hv/cpu/regs.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/reader.h"
#include "hv/vcpu/vcpu.h"

bool dump_wanted;

/* General registers, in the order of Linux's struct user_regs_struct. */
static void tell_general(const struct regs *r)
{
	const uint64_t value[] = {
		r->r15, r->r14, r->r13, r->r12, r->rbp,    r->rbx, r->r11,
		r->r10, r->r9,  r->r8,  r->rax, r->rcx,    r->rdx, r->rsi,
		r->rdi, r->rax, r->rip, r->cs,  r->rflags, r->rsp, r->ss,
	};

	for (unsigned int i = 0; i < sizeof(value) / sizeof(*value); i++) {
		control_hex(NULL, value[i]);
	}
}

static void tell_segments(const struct vcpu *v, bool here)
{
	const uint64_t value[] = {
		here ? x86_rdmsr(MSR_FS_BASE) : v->saved.fs_base,
		here ? x86_rdmsr(MSR_GS_BASE) : v->saved.gs_base,
		v->saved.ds,
		v->saved.es,
		v->saved.fs,
		v->saved.gs,
	};

	for (unsigned int i = 0; i < sizeof(value) / sizeof(*value); i++) {
		control_hex(NULL, value[i]);
	}
}

static void tell_vcpu(const struct vcpu *v, const struct vcpu *here,
		      const struct regs *r)
{
	control_begin(EVENT_REGISTERS);
	control_number(REGISTERS_DOMAIN, v->domain->mmu.domid);
	control_number(REGISTERS_VCPU, v->id);
	control_open(REGISTERS_VALUES, '[');
	tell_general(v == here ? r : &v->saved.regs);
	tell_segments(v, v == here);
	control_close(']');
	control_hex(REGISTERS_ROOT, v->mmu.kernel_root.v);
	control_end();
}

void dump_end(const struct vcpu *here, const struct regs *r)
{
	const struct domain *d = here->domain;

	if (!dump_wanted) {
		return;
	}
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpu[i]->mmu.kernel_root.v != 0) {
			tell_vcpu(d->vcpu[i], here, r);
		}
	}
	reader_begin();
	control_begin(EVENT_DUMP);
	control_number(DUMP_DOMAIN, d->mmu.domid);
	control_end();
	reader_end();
}
