/* SPDX-License-Identifier: MIT */
/*
 * Waiting. A vCPU that blocks or polls gives up its CPU on the way out
 * (schedule/schedule.c), to another or to sleep. `blocked` is cleared by
 * whoever raises the event, under the machine's lock, as it was set and looked
 * at: no event falls between the last look and the sleep.
 */
#include "hv/services/sched.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/cpu/slice.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/services/channel.h"
#include "hv/services/deliver.h"
#include "hv/services/guest_time.h"
#include "hv/services/timer.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

/* Takes effect on the way back to the guest, where nothing is on the stack. */
static void wait(struct vcpu *v)
{
	v->blocked = true;
	vcpu_work_add(v, VCPU_WORK_SCHED);
}

void sched_block(struct vcpu *v)
{
	struct vcpu_info *info = v->event.info;

	__atomic_store_n(&info->evtchn_upcall_mask, 0, __ATOMIC_RELAXED);
	if (__atomic_load_n(&info->evtchn_upcall_pending, __ATOMIC_RELAXED) ==
	    0) {
		wait(v);
	}
}

#define POLL_PORTS 128 /* Xen's limit */

/* Waits for one of the ports, an event of any kind, or the timeout. */
static void poll_wait(struct vcpu *v, const evtchn_port_t *ports,
		      unsigned int nr, uint64_t timeout)
{
	uint64_t now = clock_now();

	if (timeout != 0 && timeout <= now) {
		return;
	}
	/* Once for all that a multicall asks; schedule(), or a wake, ends it.
	 */
	v->domain->event.nr_pollers += !v->event.polling;
	v->event.polling = true;
	v->event.poll_port = nr == 1 ? ports[0] : 0;
	if (timeout != 0) {
		timer_set(v, DEADLINE_POLL, timeout, now);
	}
	v->poll_timed = timeout != 0;
	wait(v);
}

/* The number of ports, of 32 bits, stands as in a word. */
static const struct form form_poll = {
	.wide = sizeof(struct sched_poll),
	.narrow = 16,
	.words = 1 << 0 | 1 << 1,
};

static int64_t sched_poll(struct vcpu *v, uint64_t from)
{
	evtchn_port_t ports[POLL_PORTS];
	struct sched_poll poll;

	if (form_in(&v->mmu, &form_poll, &poll, from) != 0) {
		return -XEN_EFAULT;
	}
	if (poll.nr_ports > POLL_PORTS) {
		return -XEN_EINVAL;
	}
	if (event_deliverable(v)) {
		return 0;
	}
	if (poll.nr_ports != 0 &&
	    port_copy_in(&v->mmu, ports, (uint64_t)(uintptr_t)poll.ports.p,
			 poll.nr_ports * sizeof(ports[0])) != 0) {
		return -XEN_EFAULT;
	}
	for (unsigned int i = 0; i < poll.nr_ports; i++) {
		if (!channel_valid(v->domain, ports[i])) {
			return -XEN_EINVAL;
		}
	}
	if (!event_any_pending(v->domain, ports, poll.nr_ports)) {
		poll_wait(v, ports, poll.nr_ports, poll.timeout);
	}
	return 0;
}

static int64_t sched_shutdown(struct vcpu *v, uint64_t from, bool now)
{
	struct sched_shutdown op;
	struct domain *d = v->domain;

	if (port_copy_in(&v->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (now) {
		domain_shutdown(d, (uint8_t)op.reason);
	} else if (d->event.shutdown_code == 0) {
		/* The first code counts, and before the reason given later. */
		d->event.shutdown_code = (uint16_t)((uint8_t)op.reason + 1);
	}
	return 0;
}

static int64_t sched_watchdog(struct vcpu *v, uint64_t from)
{
	struct sched_watchdog op;

	if (port_copy_in(&v->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	return time_watchdog(v->domain, op.id, op.timeout);
}

/* A right that no domain has, over itself or another. */
static int64_t sched_remote_shutdown(struct vcpu *v, uint64_t from)
{
	sched_remote_shutdown_t op;

	if (port_copy_in(&v->mmu, &op, from, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	return op.domain_id != DOMID_SELF &&
			       domain_of_id(v->domain, op.domain_id) != NULL
		       ? -XEN_EPERM
		       : -XEN_ESRCH;
}

int64_t hc_sched_op(struct vcpu *v, uint64_t arg[6])
{
	switch ((uint32_t)arg[0]) {
	case SCHEDOP_yield:
		vcpu_work_add(v, VCPU_WORK_SCHED);
		return 0;
	case SCHEDOP_block:
		sched_block(v);
		return 0;
	case SCHEDOP_shutdown:
		return sched_shutdown(v, arg[1], true);
	case SCHEDOP_shutdown_code:
		return sched_shutdown(v, arg[1], false);
	case SCHEDOP_poll:
		return sched_poll(v, arg[1]);
	case SCHEDOP_watchdog:
		return sched_watchdog(v, arg[1]);
	case SCHEDOP_remote_shutdown:
		return sched_remote_shutdown(v, arg[1]);
	case SCHEDOP_pin_override:
		return -XEN_EPERM;
	default:
		return -XEN_ENOSYS;
	}
}

/* The first form: shutdown's reason is the argument itself. */
int64_t hc_sched_op_compat(struct vcpu *v, uint64_t arg[6])
{
	switch ((uint32_t)arg[0]) {
	case SCHEDOP_yield:
	case SCHEDOP_block:
		return hc_sched_op(v, arg);
	case SCHEDOP_shutdown:
		domain_shutdown(v->domain, (uint8_t)arg[1]);
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}
