/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls. Those of the MMU go to the engine; of the others there is what
 * a kernel without devices needs. Pointers are taken as pagewarden/port.h says:
 * to C objects of this process, or, in the upper half of the address space,
 * through the guest's tables.
 *
 * XENMEM_memory_map is answered here when the machine has been given an E820
 * of its own, as a toolstack may set one for a domain.
 */
#include "sim/hypercall.h"

#include <string.h>

#include "engine/request/form.h"
#include "engine/request/hypercall.h"
#include "engine/port.h"
#include "sim/check.h"

#define XEN_VERSION_NUMBER (UINT64_C(4) << 16 | 17)
/* mmu_pt_update_preserve_ad and the ABI of grant tables, as Xen says. */
#define FEATURES (1u << XENFEAT_mmu_pt_update_preserve_ad)
#define CONSOLE_CHUNK 256

static int64_t console_io(struct sim *s, const uint64_t arg[6])
{
	uint64_t left = arg[1];
	uint64_t at = arg[2];

	if (arg[0] != CONSOLEIO_write) {
		return -XEN_ENOSYS;
	}
	while (left > 0) {
		char chunk[CONSOLE_CHUNK];
		uint64_t n = left < sizeof(chunk) ? left : sizeof(chunk);

		if (port_copy_in(&s->vcpu, chunk, at, n) != 0) {
			return -XEN_EFAULT;
		}
		sim_log_bytes(&s->log, chunk, n);
		at += n;
		left -= n;
	}
	return 0;
}

static int64_t xen_version(struct sim *s, const uint64_t arg[6])
{
	xen_feature_info_t info;

	switch (arg[0]) {
	case XENVER_version:
		return (int64_t)XEN_VERSION_NUMBER;
	case XENVER_get_features:
		if (port_copy_in(&s->vcpu, &info, arg[1], sizeof(info)) != 0) {
			return -XEN_EFAULT;
		}
		if (info.submap_idx != 0) {
			return -XEN_EINVAL;
		}
		info.submap = FEATURES;
		return port_copy_out(&s->vcpu, arg[1], &info, sizeof(info));
	default:
		return -XEN_ENOSYS;
	}
}

static int64_t sched_op(struct sim *s, const uint64_t arg[6])
{
	struct sched_shutdown shutdown;

	switch (arg[0]) {
	case SCHEDOP_yield:
		return 0;
	case SCHEDOP_shutdown:
		if (port_copy_in(&s->vcpu, &shutdown, arg[1],
				 sizeof(shutdown)) != 0) {
			return -XEN_EFAULT;
		}
		sim_say(s, "domain shuts down, reason %u", shutdown.reason);
		sim_stop(s, shutdown.reason == SHUTDOWN_crash ? SIM_CRASHED
							      : SIM_POWEROFF);
	default:
		return -XEN_ENOSYS;
	}
}

static int64_t vm_assist(struct sim *s, const uint64_t arg[6])
{
	if (arg[1] > VMASST_TYPE_runstate_update_flag) {
		return -XEN_EINVAL;
	}
	switch (arg[0]) {
	case VMASST_CMD_enable:
		s->vm_assist |= UINT64_C(1) << arg[1];
		return 0;
	case VMASST_CMD_disable:
		s->vm_assist &= ~(UINT64_C(1) << arg[1]);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static int64_t memory_map(struct sim *s, uint64_t at)
{
	/* Of a 32-bit guest the buffer's address stands next to the number. */
	static const struct form form_map = {.wide = sizeof(
						     struct xen_memory_map),
					     .narrow = 8,
					     .words = 1 << 0 | 1 << 1};
	struct xen_memory_map map;
	uint64_t room;

	if (form_in(&s->vcpu, &form_map, &map, at) != 0) {
		return -XEN_EFAULT;
	}
	room = map.nr_entries;
	map.nr_entries = room < s->e820.nr ? (unsigned int)room : s->e820.nr;
	if (port_copy_out(&s->vcpu, (uint64_t)(uintptr_t)map.buffer.p,
			  s->e820.entry,
			  map.nr_entries * sizeof(s->e820.entry[0])) != 0) {
		return -XEN_EFAULT;
	}
	return form_out(&s->vcpu, &form_map, at, &map);
}

static bool answered_here(const struct sim *s, unsigned int nr,
			  const uint64_t arg[6])
{
	return nr == __HYPERVISOR_memory_op && arg[0] == XENMEM_memory_map &&
	       s->has_e820;
}

int64_t port_hypercall(struct mmu_vcpu *v, unsigned int nr, uint64_t arg[6])
{
	struct sim *s = sim_of_mmu(v->dom->m);

	switch (nr) {
	case __HYPERVISOR_memory_op:
		return memory_map(s, arg[1]);
	case __HYPERVISOR_console_io:
		return console_io(s, arg);
	case __HYPERVISOR_xen_version:
		return xen_version(s, arg);
	case __HYPERVISOR_sched_op:
		return sched_op(s, arg);
	case __HYPERVISOR_vm_assist:
		return vm_assist(s, arg);
	case __HYPERVISOR_stack_switch:
	case __HYPERVISOR_set_callbacks:
	case __HYPERVISOR_fpu_taskswitch:
		/* Nothing to do: the guest's stack is this process's. */
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

int64_t sim_hypercall(struct sim *s, unsigned int nr, uint64_t arg[6])
{
	hypercall_fn *fn =
		s->dom.narrow ? engine_hypercall_32(nr) : engine_hypercall(nr);
	int64_t rc;

	s->stats.hypercalls++;
	if (fn == NULL || answered_here(s, nr, arg)) {
		return port_hypercall(&s->vcpu, nr, arg);
	}
	/* What would be re-issued by the guest's SYSCALL instruction. */
	do {
		rc = fn(&s->vcpu, arg);
		if (s->config.check_always) {
			check_machine(s);
		}
	} while (rc == -XEN_ERESTART);
	return rc;
}
