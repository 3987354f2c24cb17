/* SPDX-License-Identifier: MIT */
/* Ties the services to a new domain, and starts its first vCPU. */
#include "hv/life/start.h"

#include "hv/report/audit.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/domain/domain.h"
#include "hv/report/summary.h"
#include "hv/entry/entry.h"
#include "hv/services/channel.h"
#include "hv/services/grant_table.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

void services_init(struct domain *d, struct vcpu *v)
{
	event_domain_init(d);
	time_domain_init(d);
	event_vcpu_init(v);
	time_vcpu_init(v);
}

void services_ports(struct domain *d, struct vcpu *v, uint32_t *ret_console,
		    uint32_t *ret_store)
{
	*ret_store = event_bind_hypervisor(d, v, EVENT_SINK_STORE);
	*ret_console = event_bind_hypervisor(d, v, EVENT_SINK_CONSOLE);
}

int services_rings(struct domain *d, const struct build_result *built,
		   const struct build_params *params, mfn_t grants)
{
	const struct mmu *m = d->mmu.m;
	int rc;

	rc = console_domain_init(d, frame_data(m, built->console_frame),
				 params->console_port);
	if (rc == 0) {
		rc = xenstore_domain_init(d, frame_data(m, built->store_frame),
					  params->store_port);
	}
	if (rc == 0) {
		grant_domain_init(d, grants, built->console_frame,
				  built->store_frame);
	}
	return rc;
}

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
	desc_load(v);
	x86_write_cr3(v->mmu.kernel_root.v << PAGE_SHIFT);
}

_Noreturn void vcpu_run_first(struct vcpu *v)
{
	struct cpu *c = cpu_here();

	c->vcpu = v;
	load_state(v);
	if (audit_every != 0) {
		v->work |= VCPU_WORK_AUDIT;
	}
	time_publish(v);
	time_vcpu_load(v);
	time_runstate_change(v, RUNSTATE_running);
	summary_start();
	enter_guest(cpu_guest_regs());
}
