/* SPDX-License-Identifier: MIT */
/*
 * Where the guest kernel wants to be entered. Addresses are checked to be
 * canonical when they are given, so that entering them can never fault.
 */
#include "hv/vcpu/callbacks.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/domain/domain.h"
#include "hv/record/record.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define TRAP_MASKS_EVENTS 4 /* struct trap_info, flags */

#define ASSISTS                                  \
	(1u << VMASST_TYPE_4gb_segments |        \
	 1u << VMASST_TYPE_4gb_segments_notify | \
	 1u << VMASST_TYPE_writable_pagetables | \
	 1u << VMASST_TYPE_pae_extended_cr3 |    \
	 1u << VMASST_TYPE_architectural_iopl |  \
	 1u << VMASST_TYPE_runstate_update_flag)

static const struct form form_trap = {
	.wide = sizeof(struct trap_info),
	.narrow = 8,
	.words = 1 << 1, /* address */
};

/* A table of any length, ended by an entry without address. NULL: none. */
int64_t hc_set_trap_table(struct vcpu *v, uint64_t arg[6])
{
	uint64_t from = arg[0];
	struct trap_info t;

	if (from == 0) {
		for (unsigned int i = 0; i < 256; i++) {
			v->trap[i] = (struct trap_info){0};
		}
		return 0;
	}
	for (;;) {
		if (form_in(&v->mmu, &form_trap, &t, from) != 0) {
			return -XEN_EFAULT;
		}
		if (t.address == 0) {
			return 0;
		}
		if (!vaddr_canonical(vaddr(t.address))) {
			return -XEN_EINVAL;
		}
		v->trap[t.vector] = t;
		from += form_size(v->mmu.dom, &form_trap);
		if (port_preempt(&v->domain->mmu)) {
			arg[0] = from;
			return -XEN_ERESTART;
		}
	}
}

static struct callback *callback_of(struct vcpu *v, unsigned int type)
{
	switch (type) {
	case CALLBACKTYPE_event:
		return &v->on_event;
	case CALLBACKTYPE_failsafe:
		return &v->on_failsafe;
	case CALLBACKTYPE_syscall:
		return &v->on_syscall;
	case CALLBACKTYPE_syscall32:
		return &v->on_syscall32;
	case CALLBACKTYPE_sysenter:
		return &v->on_sysenter;
	default:
		return NULL;
	}
}

static int register_callback(struct vcpu *v, unsigned int type, uint32_t flags,
			     uint16_t cs, uint64_t address)
{
	struct callback *c = callback_of(v, type);

	if (!vaddr_canonical(vaddr(address))) {
		return -XEN_EINVAL;
	}
	if (type == CALLBACKTYPE_nmi) {
		v->trap[TRAP_NMI] = (struct trap_info){
			.vector = TRAP_NMI,
			.flags = TRAP_MASKS_EVENTS,
			.cs = v->narrow ? cs : FLAT_KERNEL_CS,
			.address = address,
		};
		return 0;
	}
	if (c == NULL) {
		return -XEN_ENOSYS;
	}
	*c = (struct callback){
		.address = address,
		.cs = cs,
		.flags = (flags & CALLBACKF_mask_events) |
			 (c->flags & SYSCALL_IOPL),
	};
	return 0;
}

int64_t hc_set_callbacks(struct vcpu *v, uint64_t arg[6])
{
	static const unsigned int types[] = {
		CALLBACKTYPE_event,
		CALLBACKTYPE_failsafe,
		CALLBACKTYPE_syscall,
	};

	for (unsigned int i = 0; i < 3; i++) {
		/* The old interface has no way to say which was refused. */
		(void)register_callback(v, types[i], 0, 0, arg[i]);
	}
	return 0;
}

/* Selector and address of each; there is no SYSCALL of 64-bit code. */
int64_t hc_set_callbacks_32(struct vcpu *v, uint64_t arg[6])
{
	(void)register_callback(v, CALLBACKTYPE_event, 0, (uint16_t)arg[0],
				arg[1]);
	(void)register_callback(v, CALLBACKTYPE_failsafe, 0, (uint16_t)arg[2],
				arg[3]);
	return 0;
}

/* As a 32-bit guest has it: a callback is a selector and an address. */
struct callback_register_32 {
	uint16_t type, flags;
	uint32_t cs, eip;
};

static int64_t register_32(struct vcpu *v, uint64_t from)
{
	struct callback_register_32 reg;

	if (port_copy_in(&v->mmu, &reg, from, sizeof(reg)) != 0) {
		return -XEN_EFAULT;
	}
	return reg.type == CALLBACKTYPE_syscall
		       ? -XEN_ENOSYS
		       : register_callback(v, reg.type, reg.flags,
					   (uint16_t)reg.cs, reg.eip);
}

int64_t hc_callback_op(struct vcpu *v, uint64_t arg[6])
{
	struct callback_register reg;
	struct callback_unregister unreg;

	switch ((int)arg[0]) {
	case CALLBACKOP_register:
		if (v->narrow) {
			return register_32(v, arg[1]);
		}
		if (port_copy_in(&v->mmu, &reg, arg[1], sizeof(reg)) != 0) {
			return -XEN_EFAULT;
		}
		return register_callback(v, reg.type, reg.flags, 0,
					 reg.address);
	case CALLBACKOP_unregister:
		if (port_copy_in(&v->mmu, &unreg, arg[1], sizeof(unreg)) != 0) {
			return -XEN_EFAULT;
		}
		if (unreg.type == CALLBACKTYPE_nmi) {
			v->trap[TRAP_NMI] = (struct trap_info){0};
			return 0;
		}
		return callback_of(v, unreg.type) == NULL ? -XEN_ENOSYS
							  : -XEN_EINVAL;
	default:
		return -XEN_ENOSYS;
	}
}

/* With an architectural IOPL, frames and iret go by way of C. */
static void choose_paths(struct domain *d)
{
	bool iopl = d->vm_assist >> VMASST_TYPE_architectural_iopl & 1;

	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		struct vcpu *v = d->vcpu[i];

		vcpu_work_take(v, VCPU_WORK_IOPL);
		v->on_syscall.flags &= ~(uint32_t)SYSCALL_IOPL;
		if (iopl) {
			vcpu_work_add(v, VCPU_WORK_IOPL);
			v->on_syscall.flags |= SYSCALL_IOPL;
		}
	}
}

int64_t hc_vm_assist(struct vcpu *v, uint64_t arg[6])
{
	struct domain *d = v->domain;
	unsigned int type = (unsigned int)arg[1];

	if (type >= 32 || (ASSISTS >> type & 1) == 0) {
		return -XEN_EINVAL;
	}
	switch ((unsigned int)arg[0]) {
	case VMASST_CMD_enable:
		d->vm_assist |= 1u << type;
		break;
	case VMASST_CMD_disable:
		d->vm_assist &= ~(1u << type);
		break;
	default:
		return -XEN_ENOSYS;
	}
	d->mmu.extended_cr3 =
		(d->vm_assist & 1u << VMASST_TYPE_pae_extended_cr3) != 0;
	record_extended_cr3(&d->mmu);
	choose_paths(d);
	return 0;
}
