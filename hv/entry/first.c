/* SPDX-License-Identifier: MIT */
/* The CPU is given the state that the ABI promises, then to the guest. */
#include "hv/entry/first.h"

#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/lock.h"
#include "hv/cpu/slice.h"
#include "hv/schedule/schedule.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/entry/entry.h"
#include "hv/report/audit.h"
#include "hv/domain/stop.h"
#include "hv/report/phase.h"
#include "hv/report/summary.h"
#include "hv/services/guest_time.h"
#include "hv/services/timer.h"
#include "hv/vcpu/vcpu.h"

/* As the ABI says a vCPU starts: null selectors, bases zero, FPU clean. */
static void load_state(struct vcpu *v)
{
	__asm__ volatile("mov %0, %%ds; mov %0, %%es;"
			 "mov %0, %%fs; mov %0, %%gs"
			 :
			 : "r"(0));
	x86_wrmsr(MSR_FS_BASE, 0);
	x86_wrmsr(MSR_GS_BASE, 0);
	x86_wrmsr(MSR_SHADOW_GS_BASE, 0);
	desc_load(&v->mmu, v->window);
	x86_write_cr3(v->mmu.kernel_root.v << PAGE_SHIFT);
}

_Noreturn void vcpu_run_first(struct vcpu *v)
{
	struct cpu *c = cpu_here();

	c->vcpu = v;
	load_state(v);
	if (audit_periodic()) {
		v->work |= VCPU_WORK_AUDIT;
	}
	time_publish(v);
	timer_load();
	time_runstate_change(v, RUNSTATE_running);
	if (stop_watches()) {
		v->work |= VCPU_WORK_WATCH;
	}
	summary_start(v->domain);
	phase_start(v);
	/* What building it took is not what a guest can ask for. */
	slice_reset();
	enter_guest(cpu_guest_regs());
}

_Noreturn void cpu_run_first(void)
{
	machine_lock();
	schedule();
	timer_load();
	machine_unlock();
	enter_guest(cpu_guest_regs());
}
