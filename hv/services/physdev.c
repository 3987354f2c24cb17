/* SPDX-License-Identifier: MIT */
/*
 * physdev_op: the I/O privilege level and bitmap that the emulator of I/O
 * instructions asks (emul/). A domain here owns no device, so the rest is
 * refused as Xen refuses it to one that owns none.
 */
#include "hv/services/physdev.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/domain/domain.h"
#include "hv/vcpu/vcpu.h"

#define IO_PORTS 65536

static int64_t set_iopl(struct vcpu *v, uint64_t from)
{
	struct physdev_set_iopl op;

	if (port_copy_in(&v->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (op.iopl > 3) {
		return -XEN_EINVAL;
	}
	v->iopl = (uint8_t)op.iopl;
	return 0;
}

/* The number of ports, of 32 bits, stands as in a word. */
static const struct form form_bitmap = {
	.wide = sizeof(struct physdev_set_iobitmap),
	.narrow = 8,
	.words = 1 << 0 | 1 << 1,
};

static int64_t set_iobitmap(struct vcpu *v, uint64_t from)
{
	struct physdev_set_iobitmap op;

	if (form_in(&v->mmu, &form_bitmap, &op, from) != 0) {
		return -XEN_EFAULT;
	}
	if (op.nr_ports > IO_PORTS) {
		return -XEN_EINVAL;
	}
	v->iobmp = (uint64_t)(uintptr_t)op.bitmap.p;
	v->iobmp_ports = op.nr_ports;
	return 0;
}

int64_t hc_physdev_op(struct vcpu *v, uint64_t arg[6])
{
	switch ((uint32_t)arg[0]) {
	case PHYSDEVOP_set_iopl:
		return set_iopl(v, arg[1]);
	case PHYSDEVOP_set_iobitmap:
		return set_iobitmap(v, arg[1]);
	case PHYSDEVOP_eoi:
	case PHYSDEVOP_irq_status_query:
		return -XEN_EINVAL; /* no such interrupt */
	case PHYSDEVOP_apic_read:
	case PHYSDEVOP_apic_write:
	case PHYSDEVOP_alloc_irq_vector:
	case PHYSDEVOP_map_pirq:
	case PHYSDEVOP_unmap_pirq:
	case PHYSDEVOP_manage_pci_add:
	case PHYSDEVOP_manage_pci_remove:
	case PHYSDEVOP_manage_pci_add_ext:
	case PHYSDEVOP_restore_msi:
	case PHYSDEVOP_restore_msi_ext:
	case PHYSDEVOP_pci_mmcfg_reserved:
	case PHYSDEVOP_pci_device_add:
	case PHYSDEVOP_pci_device_remove:
	case PHYSDEVOP_setup_gsi:
	case PHYSDEVOP_dbgp_op:
		return -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}

/* The first form: the command stands in the structure. */
int64_t hc_physdev_op_compat(struct vcpu *v, uint64_t arg[6])
{
	uint64_t op[6] = {0};
	uint32_t cmd;

	if (port_copy_in(&v->mmu, &cmd, arg[0], sizeof(cmd)) != 0) {
		return -XEN_EFAULT;
	}
	op[0] = cmd;
	op[1] = arg[0] +
		(v->narrow ? sizeof(cmd) : offsetof(struct physdev_op, u));
	switch (cmd) {
	case PHYSDEVOP_set_iopl:
	case PHYSDEVOP_set_iobitmap:
	case PHYSDEVOP_irq_status_query:
	case PHYSDEVOP_apic_read:
	case PHYSDEVOP_apic_write:
		return hc_physdev_op(v, op);
	default:
		return -XEN_ENOSYS;
	}
}
