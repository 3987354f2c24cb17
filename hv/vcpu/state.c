/* SPDX-License-Identifier: MIT */
/*
 * What a vCPU has in the CPU while it runs, and in memory while another does:
 * registers, FPU, segments and their bases, debug registers, descriptor
 * tables, CR0.TS, CR3. A selector is loaded through the guest's own tables and
 * may be worth nothing by now: it is null then, as it would be for the guest,
 * whose kernel is told (failsafe.c).
 */
#include "hv/vcpu/state.h"

#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/flush.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/mm/guest.h"
#include "hv/vcpu/registers.h"
#include "hv/vcpu/vcpu.h"

#define SAVE_SEGMENT(name, to) \
	__asm__ volatile("mov %%" #name ", %0" : "=r"(to))

/* A null selector, where the guest's is refused: false. */
#define LOAD_SEGMENT(name)                                                   \
	static bool load_##name(uint32_t selector)                           \
	{                                                                    \
		__asm__ volatile goto("1: mov %0, %%" #name                  \
				      "\n" EX_TABLE_ENTRY("1b", "%l[fault]") \
				      :                                      \
				      : "r"(selector)                        \
				      : "memory"                             \
				      : fault);                              \
		return true;                                                 \
	fault:                                                               \
		__asm__ volatile("mov %0, %%" #name : : "r"(0));             \
		return false;                                                \
	}
LOAD_SEGMENT(ds)
LOAD_SEGMENT(es)
LOAD_SEGMENT(fs)
LOAD_SEGMENT(gs)

/* Its tables are gone: what is left of it runs on our own. */
static bool has_no_state(const struct vcpu *v)
{
	return v->domain->ending != DOMAIN_STOPS;
}

void state_save(struct vcpu *v)
{
	if (has_no_state(v)) {
		return;
	}
	v->saved.regs = *cpu_guest_regs();
	SAVE_SEGMENT(ds, v->saved.ds);
	SAVE_SEGMENT(es, v->saved.es);
	SAVE_SEGMENT(fs, v->saved.fs);
	SAVE_SEGMENT(gs, v->saved.gs);
	v->saved.fs_base = x86_rdmsr(MSR_FS_BASE);
	v->saved.gs_base = x86_rdmsr(MSR_GS_BASE);
	v->saved.shadow_gs = x86_rdmsr(MSR_SHADOW_GS_BASE);
	x86_clts();
	__asm__ volatile("fxsaveq %0" : "=m"(v->fxsave));
}

static void load_segments(struct vcpu *v)
{
	bool sound = load_ds(v->saved.ds);

	sound = load_es(v->saved.es) && sound;
	sound = load_fs(v->saved.fs) && sound;
	sound = load_gs(v->saved.gs) && sound;
	if (!sound && v->on_failsafe.address != 0) {
		vcpu_work_add(v, VCPU_WORK_FAILSAFE);
	}
	x86_wrmsr(MSR_FS_BASE, v->saved.fs_base);
	x86_wrmsr(MSR_GS_BASE, v->saved.gs_base);
	x86_wrmsr(MSR_SHADOW_GS_BASE, v->saved.shadow_gs);
}

/*
 * The CPU has the vCPU from here on, and nothing of the one before. Whoever
 * flushes on another CPU goes by that name (hv/mm/port.c): it changes while
 * neither's tables are in CR3, and CR3 is written in that order.
 */
static void name(struct cpu *c, struct vcpu *v)
{
	flush_switch(TAG_NONE, c->own_root);
	__atomic_store_n(&c->vcpu, v, __ATOMIC_SEQ_CST);
}

void state_load(struct vcpu *v)
{
	const mfn_t root = vcpu_root(v);

	name(cpu_here(), v);
	if (has_no_state(v)) {
		return;
	}
	/* Both tags owe their flush since: that is paid here. */
	x86_write_cr3(
		tags_cr3(&cpu_here()->tags, vcpu_tag(v), root.v << PAGE_SHIFT));
	desc_load(&v->mmu, v->window);
	cpu_protect(!v->narrow);
	*cpu_guest_regs() = v->saved.regs;
	load_segments(v);
	debugreg_load(v);
	x86_clts();
	__asm__ volatile("fxrstorq %0" : : "m"(v->fxsave));
	if (v->ts) {
		x86_write_cr0(x86_read_cr0() | X86_CR0_TS);
	}
}
