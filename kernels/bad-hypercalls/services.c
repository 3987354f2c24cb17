/* SPDX-License-Identifier: MIT */
/* Descriptors, and everything that is not memory. */
#include "kernels/bad-hypercalls/bad.h"

#define GATE UINT64_C(0x00008e0000080000) /* an interrupt gate */
#define CODE UINT64_C(0x00cf9b000000ffff) /* flat, ring 0: will be fixed */
#define TSS UINT64_C(0x0000890000000067)

void check_descriptors(const struct bad *b)
{
	uint64_t *desc = (uint64_t *)page_b;
	uint64_t frame = mfn_at(b, page_b);
	uint64_t at = frame << PAGE_SHIFT;

	expect("a GDT that reaches into the reserved part",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 14 * 512 + 1,
			 0, 0, 0),
	       -XEN_EINVAL);
	expect("a GDT in a page that is mapped writable",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 512, 0, 0, 0),
	       -XEN_EINVAL);
	expect("an interrupt gate as descriptor",
	       hypercall(__HYPERVISOR_update_descriptor, at, GATE, 0, 0, 0),
	       -XEN_EINVAL);
	expect("a task state segment as descriptor",
	       hypercall(__HYPERVISOR_update_descriptor, at, TSS, 0, 0, 0),
	       -XEN_EINVAL);
	expect("a descriptor at an odd address",
	       hypercall(__HYPERVISOR_update_descriptor, at + 4, CODE, 0, 0, 0),
	       -XEN_EINVAL);
	expect("a descriptor in a page table",
	       hypercall(__HYPERVISOR_update_descriptor,
			 mfn_at(b, b->l4) << PAGE_SHIFT, CODE, 0, 0, 0),
	       -XEN_EINVAL);
	expect("an LDT at an odd address",
	       mmuext(MMUEXT_SET_LDT, (uintptr_t)page_b + 8, 16), -XEN_EINVAL);
	expect("an LDT that is too long",
	       mmuext(MMUEXT_SET_LDT, (uintptr_t)page_b, 8193), -XEN_EINVAL);

	desc[3] = GATE;
	expect("a page with a gate in it, read-only", remap(b, page_b, MAP_RO),
	       0);
	expect("as GDT",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 512, 0, 0, 0),
	       -XEN_EINVAL);
	expect("writable again", remap(b, page_b, MAP_RW), 0);
	desc[3] = CODE;
	expect("with a code segment of ring 0, read-only",
	       remap(b, page_b, MAP_RO), 0);
	expect("as GDT",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 512, 0, 0, 0),
	       0);
	expect("which makes it one of ring 3", (int64_t)(desc[3] >> 45 & 3), 3);
	expect("writable while it is a GDT", remap(b, page_b, MAP_RW),
	       -XEN_EBUSY);
	expect("no GDT any more",
	       hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0, 0), 0);
	expect("an ordinary page again", remap(b, page_b, MAP_RW), 0);
	desc[3] = 0;
}

static void events(void)
{
	evtchn_send_t send = {.port = 5000};
	evtchn_bind_virq_t virq = {.virq = 99, .vcpu = 0, .port = 0};
	evtchn_bind_ipi_t ipi = {.vcpu = 7};
	evtchn_close_t closed = {.port = 3000};

	expect("send to a port beyond all",
	       hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
			 (uintptr_t)&send, 0, 0, 0),
	       -XEN_EINVAL);
	expect("bind a virtual interrupt that does not exist",
	       hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_virq,
			 (uintptr_t)&virq, 0, 0, 0),
	       -XEN_EINVAL);
	expect("bind an IPI for a vCPU that does not exist",
	       hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
			 (uintptr_t)&ipi, 0, 0, 0),
	       -XEN_ENOENT);
	expect("close a port that is not open",
	       hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_close,
			 (uintptr_t)&closed, 0, 0, 0),
	       -XEN_EINVAL);
	expect("no such operation on events",
	       hypercall(__HYPERVISOR_event_channel_op, 99, 0, 0, 0, 0),
	       -XEN_ENOSYS);
}

static void registers(void)
{
	struct callback_register type = {.type = 99};
	struct callback_register place = {.type = CALLBACKTYPE_event,
					  .address = NOT_CANONICAL};

	expect("a breakpoint in the hypervisor",
	       hypercall(__HYPERVISOR_set_debugreg, 0, HYPERVISOR_IMAGE, 0, 0,
			 0),
	       -XEN_EPERM);
	expect("general detect in DR7",
	       hypercall(__HYPERVISOR_set_debugreg, 7, 1 << 13, 0, 0, 0),
	       -XEN_EPERM);
	expect("no such debug register",
	       hypercall(__HYPERVISOR_set_debugreg, 9, 0, 0, 0, 0),
	       -XEN_ENODEV);
	expect("a segment base that is not canonical",
	       hypercall(__HYPERVISOR_set_segment_base, SEGBASE_FS,
			 NOT_CANONICAL, 0, 0, 0),
	       -XEN_EINVAL);
	expect("no such segment base",
	       hypercall(__HYPERVISOR_set_segment_base, 9, 0, 0, 0, 0),
	       -XEN_EINVAL);
	expect("no such callback",
	       hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
			 (uintptr_t)&type, 0, 0, 0),
	       -XEN_ENOSYS);
	expect("a callback that is not canonical",
	       hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
			 (uintptr_t)&place, 0, 0, 0),
	       -XEN_EINVAL);
	expect("no such assistance",
	       hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable, 31, 0, 0,
			 0),
	       -XEN_EINVAL);
}

static void others(void)
{
	static struct vcpu_guest_context context;
	xen_feature_info_t features = {.submap_idx = 9};

	expect("a vCPU that does not exist",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_is_up, 77, 0, 0, 0),
	       -XEN_ENOENT);
	/* In Xen a BUG() once, when it had to be tried again (XSA-296). */
	expect("initialising a vCPU that runs",
	       hypercall(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 0,
			 (uintptr_t)&context, 0, 0),
	       -XEN_EEXIST);
	expect("no such operation on vCPUs",
	       hypercall(__HYPERVISOR_vcpu_op, 99, 0, 0, 0, 0), -XEN_ENOSYS);
	expect("no such scheduling operation",
	       hypercall(__HYPERVISOR_sched_op, 99, 0, 0, 0, 0), -XEN_ENOSYS);
	expect("features that do not exist",
	       hypercall(__HYPERVISOR_xen_version, XENVER_get_features,
			 (uintptr_t)&features, 0, 0, 0),
	       -XEN_EINVAL);
	expect("no such version question",
	       hypercall(__HYPERVISOR_xen_version, 99, 0, 0, 0, 0),
	       -XEN_ENOSYS);
}

void check_services(const struct bad *b)
{
	(void)b;
	events();
	registers();
	others();
}
