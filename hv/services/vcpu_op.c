/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op and nmi_op. A domain has the vCPUs that it was built with; another
 * number is -ENOENT, whatever is asked of it.
 */
#include "hv/services/vcpu_op.h"

#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/services/deliver.h"
#include "hv/services/guest_time.h"
#include "hv/vcpu/vcpu.h"

static int64_t register_vcpu_info(struct vcpu *caller, struct vcpu *v,
				  uint64_t from)
{
	struct vcpu_register_vcpu_info op;
	int rc;

	if (port_copy_in(&caller->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (v != caller && v->up) {
		return -XEN_EINVAL;
	}
	rc = event_register_vcpu_info(v, op.mfn, op.offset);
	if (rc == 0) {
		time_publish(v);
	}
	return rc;
}

/* The domain builder has initialised every vCPU. */
static int64_t initialise(struct vcpu *caller, uint64_t from)
{
	uint64_t flags;

	if (port_copy_in(&caller->mmu, &flags,
			 from + offsetof(struct vcpu_guest_context, flags),
			 sizeof(flags)) != 0) {
		return -XEN_EFAULT;
	}
	return -XEN_EEXIST;
}

/*
 * The domain's last vCPU going down is the domain's end, but no power-off:
 * that is how kernels halt that died before they could say a word.
 */
static int64_t down(struct domain *d, struct vcpu *v)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpu[i] != v && d->vcpu[i]->up) {
			v->up = false;
			return 0;
		}
	}
	v->up = false;
	if (d->event.shutdown_code != 0) {
		domain_shutdown(d, SHUTDOWN_poweroff); /* the code's reason */
	} else {
		domain_halted(d);
	}
	return 0;
}

int64_t hc_vcpu_op(struct vcpu *v, uint64_t arg[6])
{
	unsigned int cmd = (unsigned int)arg[0];
	struct vcpu *target = domain_vcpu(v->domain, (uint32_t)arg[1]);

	if (target == NULL) {
		return -XEN_ENOENT;
	}
	switch (cmd) {
	case VCPUOP_initialise:
		return initialise(v, arg[2]);
	case VCPUOP_up:
		target->up = true;
		return 0;
	case VCPUOP_down:
		return down(v->domain, target);
	case VCPUOP_is_up:
		return target->up;
	case VCPUOP_register_vcpu_info:
		return register_vcpu_info(v, target, arg[2]);
	case VCPUOP_get_physid:
		return -XEN_EINVAL; /* only pinned vCPUs have one */
	default:
		return time_vcpu_op(v, target, cmd, arg[2]);
	}
}

#define NMI_REGISTER 0   /* XENNMI_register_callback */
#define NMI_UNREGISTER 1 /* XENNMI_unregister_callback */

/* An NMI handler is the trap handler of its vector. */
int64_t hc_nmi_op(struct vcpu *v, uint64_t arg[6])
{
	struct {
		uint64_t handler;
		uint64_t pad;
	} op = {0};

	switch ((uint32_t)arg[0]) {
	case NMI_REGISTER:
		if (port_copy_in(&v->mmu, &op, arg[1], sizeof(op)) != 0) {
			return -XEN_EFAULT;
		}
		if (!vaddr_canonical(vaddr(op.handler))) {
			return -XEN_EINVAL;
		}
		v->trap[2] = (struct trap_info){
			.vector = 2,
			.flags = 1 << 2, /* events masked */
			.cs = FLAT_KERNEL_CS,
			.address = op.handler,
		};
		return 0;
	case NMI_UNREGISTER:
		v->trap[2] = (struct trap_info){.vector = 0};
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
