/* SPDX-License-Identifier: MIT */
/* The CPU begins to run vCPUs. */
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

_Noreturn void cpu_run_first(void)
{
	machine_lock();
	schedule();
	timer_load();
	machine_unlock();
	/* What building the domains took is not what a guest can ask for. */
	slice_reset();
	enter_guest(cpu_guest_regs());
}
