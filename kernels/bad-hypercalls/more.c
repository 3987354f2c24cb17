/* SPDX-License-Identifier: MIT */
/*
 * Bad addresses for every command that takes one, and numbers that are too
 * large for all that count.
 */
#include "kernels/bad-hypercalls/bad.h"

static const uint64_t bad_addresses[] = {
	HYPERVISOR_IMAGE,     HYPERVISOR_MAP,     HYPERVISOR_GDT,
	MACH2PHYS_VIRT_START, NOT_CANONICAL,      NOT_MAPPED,
	0x00007ffffffffffc,   0xffff7ffffffffffc, UINT64_MAX - 3,
	UINT64_MAX,
};

#define NR_BAD (sizeof(bad_addresses) / sizeof(bad_addresses[0]))

/* Hypercall and command whose argument number `at` is an address. */
static const struct {
	const char *what;
	unsigned int nr;
	unsigned int cmd;
	unsigned int at;
} takes_address[] = {
	{"version: extraversion", __HYPERVISOR_xen_version, XENVER_extraversion,
	 1},
	{"version: compile_info", __HYPERVISOR_xen_version, XENVER_compile_info,
	 1},
	{"version: capabilities", __HYPERVISOR_xen_version, XENVER_capabilities,
	 1},
	{"version: changeset", __HYPERVISOR_xen_version, XENVER_changeset, 1},
	{"version: platform_parameters", __HYPERVISOR_xen_version,
	 XENVER_platform_parameters, 1},
	{"version: get_features", __HYPERVISOR_xen_version, XENVER_get_features,
	 1},
	{"version: guest_handle", __HYPERVISOR_xen_version, XENVER_guest_handle,
	 1},
	{"version: commandline", __HYPERVISOR_xen_version, XENVER_commandline,
	 1},
	{"event: alloc_unbound", __HYPERVISOR_event_channel_op,
	 EVTCHNOP_alloc_unbound, 1},
	{"event: bind_interdomain", __HYPERVISOR_event_channel_op,
	 EVTCHNOP_bind_interdomain, 1},
	{"event: bind_virq", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq,
	 1},
	{"event: bind_ipi", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
	 1},
	{"event: close", __HYPERVISOR_event_channel_op, EVTCHNOP_close, 1},
	{"event: status", __HYPERVISOR_event_channel_op, EVTCHNOP_status, 1},
	{"event: bind_vcpu", __HYPERVISOR_event_channel_op, EVTCHNOP_bind_vcpu,
	 1},
	{"event: unmask", __HYPERVISOR_event_channel_op, EVTCHNOP_unmask, 1},
	{"sched: shutdown", __HYPERVISOR_sched_op, SCHEDOP_shutdown, 1},
	{"sched: poll", __HYPERVISOR_sched_op, SCHEDOP_poll, 1},
	{"sched: watchdog", __HYPERVISOR_sched_op, SCHEDOP_watchdog, 1},
	{"vcpu: set_singleshot_timer", __HYPERVISOR_vcpu_op,
	 VCPUOP_set_singleshot_timer, 2},
	{"vcpu: set_periodic_timer", __HYPERVISOR_vcpu_op,
	 VCPUOP_set_periodic_timer, 2},
	{"vcpu: get_runstate_info", __HYPERVISOR_vcpu_op,
	 VCPUOP_get_runstate_info, 2},
	{"vcpu: register_runstate_memory_area", __HYPERVISOR_vcpu_op,
	 VCPUOP_register_runstate_memory_area, 2},
	{"vcpu: register_vcpu_info", __HYPERVISOR_vcpu_op,
	 VCPUOP_register_vcpu_info, 2},
	{"vcpu: initialise", __HYPERVISOR_vcpu_op, VCPUOP_initialise, 2},
	{"physdev: set_iopl", __HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, 1},
	{"physdev: set_iobitmap", __HYPERVISOR_physdev_op,
	 PHYSDEVOP_set_iobitmap, 1},
	{"memory: current_reservation", __HYPERVISOR_memory_op,
	 XENMEM_current_reservation, 1},
	{"memory: maximum_gpfn", __HYPERVISOR_memory_op, XENMEM_maximum_gpfn,
	 1},
	{"memory: exchange", __HYPERVISOR_memory_op, XENMEM_exchange, 1},
	{"memory: machphys_mapping", __HYPERVISOR_memory_op,
	 XENMEM_machphys_mapping, 1},
	{"memory: machphys_mfn_list", __HYPERVISOR_memory_op,
	 XENMEM_machphys_mfn_list, 1},
	{"memory: add_to_physmap", __HYPERVISOR_memory_op,
	 XENMEM_add_to_physmap, 1},
	{"callback: unregister", __HYPERVISOR_callback_op,
	 CALLBACKOP_unregister, 1},
};

#define NR_TAKES (sizeof(takes_address) / sizeof(takes_address[0]))

static void addresses(void)
{
	for (unsigned int i = 0; i < NR_TAKES; i++) {
		unsigned int wrong = 0;

		for (unsigned int j = 0; j < NR_BAD; j++) {
			uint64_t arg[3] = {takes_address[i].cmd, 0, 0};

			arg[takes_address[i].at] = bad_addresses[j];
			wrong += hypercall(takes_address[i].nr, arg[0], arg[1],
					   arg[2], 0, 0) != -XEN_EFAULT;
		}
		say("# %s", takes_address[i].what);
		expect("with each bad address is -EFAULT", wrong, 0);
	}
}

/* All ones where a count, an order or a list is asked for. */
static void extents(void)
{
	static const unsigned int ops[] = {
		XENMEM_increase_reservation,
		XENMEM_decrease_reservation,
		XENMEM_populate_physmap,
	};
	uint64_t before =
		(uint64_t)hypercall(__HYPERVISOR_memory_op,
				    XENMEM_current_reservation,
				    (uintptr_t) & (domid_t){DOMID_SELF}, 0, 0,
				    0);

	for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		struct xen_memory_reservation r = {.domid = DOMID_SELF};

		r.nr_extents = UINT64_MAX;
		expect("reservation of all extents",
		       hypercall(__HYPERVISOR_memory_op, ops[i], (uintptr_t)&r,
				 0, 0, 0),
		       0);
		r.nr_extents = 1;
		r.extent_order = UINT32_MAX;
		expect("of an extent of all orders",
		       hypercall(__HYPERVISOR_memory_op, ops[i], (uintptr_t)&r,
				 0, 0, 0),
		       0);
		r.extent_order = 0;
		r.extent_start.p = (void *)HYPERVISOR_IMAGE;
		expect("with its list in the hypervisor",
		       hypercall(__HYPERVISOR_memory_op, ops[i], (uintptr_t)&r,
				 0, 0, 0),
		       0);
	}
	expect("pages gained or lost by that",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			 (uintptr_t) & (domid_t){DOMID_SELF}, 0, 0, 0) -
		       (int64_t)before,
	       0);
}

static void exchange(const struct bad *b)
{
	uint64_t in[2] = {mfn_at(b, page_a), mfn_at(b, page_a)};
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};

	x.in.extent_start.p = in;
	x.out.extent_start.p = in;
	expect("exchange of a page that is mapped",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&x,
			 0, 0, 0),
	       -XEN_EINVAL);
	x.out.nr_extents = 2;
	expect("exchange of one for two",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&x,
			 0, 0, 0),
	       -XEN_EINVAL);
	x.out.nr_extents = 1;
	x.nr_exchanged = 2;
	expect("exchange that has done more than there is",
	       hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&x,
			 0, 0, 0),
	       -XEN_EINVAL);
}

static void counts(void)
{
	expect("console output of all sizes",
	       hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, UINT32_MAX,
			 HYPERVISOR_IMAGE, 0, 0) < 0,
	       1);
	expect("grant_table_op of all entries",
	       hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
			 (uintptr_t)page_a, UINT32_MAX, 0, 0),
	       -XEN_EINVAL);
	expect("grant_table_op of more entries than there is memory",
	       hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
			 UINT64_MAX - 7, 2, 0, 0),
	       -XEN_EFAULT);
	expect("setup_table of two at once",
	       hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
			 (uintptr_t)page_a, 2, 0, 0),
	       -XEN_EINVAL);
	expect("set_gdt of all entries",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)page_a, UINT32_MAX, 0,
			 0, 0),
	       -XEN_EINVAL);
}

static void vcpu_info(const struct bad *b)
{
	struct vcpu_register_vcpu_info op = {.mfn = mfn_at(b, page_a),
					     .offset = PAGE_SIZE - 8};

	expect("vcpu_info across the end of its page",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			 (uintptr_t)&op, 0, 0),
	       -XEN_ENXIO);
	op.offset = UINT32_MAX;
	expect("vcpu_info far behind it",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			 (uintptr_t)&op, 0, 0),
	       -XEN_ENXIO);
	op.offset = 0;
	op.mfn = mfn_at(b, b->l4);
	expect("vcpu_info in the L4",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			 (uintptr_t)&op, 0, 0),
	       -XEN_EINVAL);
	op.mfn = UINT64_MAX;
	expect("vcpu_info in no frame",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			 (uintptr_t)&op, 0, 0),
	       -XEN_EINVAL);
}

void check_more(const struct bad *b)
{
	addresses();
	extents();
	exchange(b);
	counts();
	vcpu_info(b);
}
