/* SPDX-License-Identifier: MIT */
/*
 * event_channel_op: copies each request in once, has it done on the copy, and
 * copies the copy back where the ABI says so. Send comes first: it is the one
 * that guests call all the time.
 */
#include "hv/services/event_op.h"

#include "engine/port.h"
#include "hv/domain/domain.h"
#include "hv/services/channel.h"
#include "hv/services/console.h"
#include "hv/services/xenstore.h"
#include "hv/vcpu/vcpu.h"

union event_op {
	evtchn_alloc_unbound_t alloc_unbound;
	evtchn_bind_interdomain_t bind_interdomain;
	evtchn_bind_virq_t bind_virq;
	evtchn_bind_pirq_t bind_pirq;
	evtchn_bind_ipi_t bind_ipi;
	evtchn_close_t close;
	evtchn_send_t send;
	evtchn_status_t status;
	evtchn_bind_vcpu_t bind_vcpu;
	evtchn_unmask_t unmask;
	evtchn_reset_t reset;
	evtchn_init_control_t init_control;
	evtchn_set_priority_t set_priority;
};

/* Of each request: how many bytes, and whether they go back. */
static const struct {
	uint8_t size;
	bool out;
} event_ops[] = {
	[EVTCHNOP_bind_interdomain] = {sizeof(evtchn_bind_interdomain_t), true},
	[EVTCHNOP_bind_virq] = {sizeof(evtchn_bind_virq_t), true},
	[EVTCHNOP_bind_pirq] = {sizeof(evtchn_bind_pirq_t), true},
	[EVTCHNOP_close] = {sizeof(evtchn_close_t), false},
	[EVTCHNOP_send] = {sizeof(evtchn_send_t), false},
	[EVTCHNOP_status] = {sizeof(evtchn_status_t), true},
	[EVTCHNOP_alloc_unbound] = {sizeof(evtchn_alloc_unbound_t), true},
	[EVTCHNOP_bind_ipi] = {sizeof(evtchn_bind_ipi_t), true},
	[EVTCHNOP_bind_vcpu] = {sizeof(evtchn_bind_vcpu_t), false},
	[EVTCHNOP_unmask] = {sizeof(evtchn_unmask_t), false},
	[EVTCHNOP_reset] = {sizeof(evtchn_reset_t), false},
	[EVTCHNOP_init_control] = {sizeof(evtchn_init_control_t), false},
	/* expand_array is FIFO's alone: size 0 is -ENOSYS. */
	[EVTCHNOP_set_priority] = {sizeof(evtchn_set_priority_t), false},
};

/*
 * The FIFO ABI is not there, and guests that hear so use the 2-level one. What
 * would be wrong there too is told first, as Xen does.
 */
static int init_control(const struct domain *d, const evtchn_init_control_t *op)
{
	if (domain_vcpu(d, op->vcpu) == NULL) {
		return -XEN_ENOENT;
	}
	if (op->offset % 8 != 0 || op->offset >= PAGE_SIZE ||
	    !mfn_valid(d->mmu.m, mfn(op->control_gfn))) {
		return -XEN_EINVAL;
	}
	return -XEN_ENOSYS;
}

static int event_op_do(struct vcpu *v, unsigned int cmd, union event_op *op)
{
	struct domain *d = v->domain;

	switch (cmd) {
	case EVTCHNOP_bind_interdomain:
		return channel_bind_interdomain(d, &op->bind_interdomain);
	case EVTCHNOP_bind_virq:
		return channel_bind_virq(d, &op->bind_virq);
	case EVTCHNOP_bind_pirq:
		return -XEN_EPERM; /* no domain here owns an interrupt */
	case EVTCHNOP_close:
		return channel_close(d, op->close.port);
	case EVTCHNOP_status:
		return channel_status(d, &op->status);
	case EVTCHNOP_alloc_unbound:
		return channel_alloc_unbound(d, &op->alloc_unbound);
	case EVTCHNOP_bind_ipi:
		return channel_bind_ipi(d, &op->bind_ipi);
	case EVTCHNOP_bind_vcpu:
		return channel_bind_vcpu(d, op->bind_vcpu.port,
					 op->bind_vcpu.vcpu);
	case EVTCHNOP_unmask:
		return channel_unmask(d, op->unmask.port);
	case EVTCHNOP_init_control:
		return init_control(d, &op->init_control);
	case EVTCHNOP_reset:
		return channel_reset(d, op->reset.dom);
	default:
		/* set_priority: the 2-level ABI has none. */
		return channel_valid(d, op->set_priority.port) ? -XEN_ENOSYS
							       : -XEN_EINVAL;
	}
}

static int64_t event_op(struct vcpu *v, unsigned int cmd, uint64_t from)
{
	union event_op op;
	int rc;

	if (port_copy_in(&v->mmu, &op, from, event_ops[cmd].size) != 0) {
		return -XEN_EFAULT;
	}
	rc = event_op_do(v, cmd, &op);
	if (rc == 0 && event_ops[cmd].out &&
	    port_copy_out(&v->mmu, from, &op, event_ops[cmd].size) != 0) {
		rc = -XEN_EFAULT;
	}
	return rc;
}

/* 0, or -XEN_ERESTART: there is more to do. */
static int send_to_sink(struct domain *d, enum event_sink sink)
{
	switch (sink) {
	case EVENT_SINK_CONSOLE:
		console_kick(d);
		return 0;
	case EVENT_SINK_STORE:
		return xenstore_kick(d) ? -XEN_ERESTART : 0;
	case EVENT_SINK_NONE:
		return 0;
	}
	return 0;
}

static int send(struct domain *d, evtchn_port_t port)
{
	enum event_sink sink;
	int rc = channel_send(d, port, &sink);

	return rc != 0 ? rc : send_to_sink(d, sink);
}

static int64_t send_op(struct vcpu *v, uint64_t from)
{
	evtchn_send_t op;

	if (port_copy_in(&v->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	return send(v->domain, op.port);
}

int64_t hc_event_channel_op(struct vcpu *v, uint64_t arg[6])
{
	unsigned int cmd = (unsigned int)arg[0];

	if (cmd == EVTCHNOP_send) {
		return send_op(v, arg[1]);
	}
	if (cmd >= sizeof(event_ops) / sizeof(event_ops[0]) ||
	    event_ops[cmd].size == 0) {
		return -XEN_ENOSYS;
	}
	return event_op(v, cmd, arg[1]);
}

/* The first form of the hypercall: the command stands in the structure. */
int64_t hc_event_channel_op_compat(struct vcpu *v, uint64_t arg[6])
{
	const uint64_t from = arg[0] + offsetof(struct evtchn_op, u);
	uint32_t cmd;

	if (port_copy_in(&v->mmu, &cmd, arg[0], sizeof(cmd)) != 0) {
		return -XEN_EFAULT;
	}
	/* None was added since; see struct evtchn_op. */
	if (cmd > EVTCHNOP_unmask) {
		return -XEN_ENOSYS;
	}
	return cmd == EVTCHNOP_send ? send_op(v, from) : event_op(v, cmd, from);
}
