/* SPDX-License-Identifier: MIT */
/*
 * Delivery of events: from a port to the bits that the guest looks at.
 *
 * The order is the ABI's: pending bit, then (unless masked) the selector bit
 * of the port's word, then evtchn_upcall_pending. Each step goes on only when
 * it changed something, so the guest can take an event and clear the bits in
 * the opposite order without losing one.
 *
 * The guest may write nonsense into all of these words. The worst that comes
 * of it is an event callback too many or too few for that guest.
 */
#include "engine/mmu.h"
#include "hv/domain/domain.h"
#include "hv/services/event_bits.h"
#include "hv/services/deliver.h"
#include "hv/vcpu/vcpu.h"

/* There is something for the vCPU to look at. */
static void vcpu_mark_pending(struct vcpu *v)
{
	uint8_t *pending = &v->event.info->evtchn_upcall_pending;

	if (__atomic_exchange_n(pending, 1, __ATOMIC_SEQ_CST) == 0) {
		vcpu_wake(v);
	}
}

/* A poller waits for pending bits alone, masked or not. */
static void wake_poller(struct vcpu *v, evtchn_port_t port)
{
	if (v->event.polling &&
	    (v->event.poll_port == 0 || v->event.poll_port == port)) {
		v->event.polling = false;
		v->domain->event.nr_pollers--;
		vcpu_wake(v);
	}
}

/* The selector's bit of the port's word; was it set already? */
static bool select_word(struct vcpu *v, evtchn_port_t port)
{
	struct vcpu_info_32 *info = (void *)v->event.info;

	return unlikely(v->narrow)
		       ? bit_test_and_set_32(&info->evtchn_pending_sel,
					     port / 32)
		       : bit_test_and_set(&v->event.info->evtchn_pending_sel,
					  port / 64);
}

void event_set_pending(struct domain *d, evtchn_port_t port)
{
	struct vcpu *v = d->vcpu[d->event.port[port].vcpu];

	if (bit_test_and_set(d->event.pending, port)) {
		return;
	}
	if (!bit_test(d->event.mask, port) && !select_word(v, port)) {
		vcpu_mark_pending(v);
	}
	if (d->event.nr_pollers != 0) {
		for (unsigned int i = 0; i < d->nr_vcpus; i++) {
			wake_poller(d->vcpu[i], port);
		}
	}
}

void event_unmask(struct domain *d, evtchn_port_t port)
{
	struct vcpu *v = d->vcpu[d->event.port[port].vcpu];

	if (bit_test_and_clear(d->event.mask, port) &&
	    bit_test(d->event.pending, port) && !select_word(v, port)) {
		vcpu_mark_pending(v);
	}
}

void event_clear_pending(struct domain *d, evtchn_port_t port)
{
	bit_test_and_clear(d->event.pending, port);
}

void event_notify(struct domain *d, evtchn_port_t port)
{
	/* The guest may have closed the port since. */
	if (port != 0 && d->event.port[port].state == EVENT_INTERDOMAIN &&
	    d->event.port[port].sink != EVENT_SINK_NONE) {
		event_set_pending(d, port);
	}
}

void event_virq(struct vcpu *v, unsigned int virq)
{
	evtchn_port_t port = v->event.virq_port[virq];

	if (port != 0) {
		event_set_pending(v->domain, port);
	}
}

bool event_deliverable(const struct vcpu *v)
{
	const struct vcpu_info *info = v->event.info;

	return __atomic_load_n(&info->evtchn_upcall_pending,
			       __ATOMIC_RELAXED) != 0 &&
	       __atomic_load_n(&info->evtchn_upcall_mask, __ATOMIC_RELAXED) ==
		       0;
}

bool event_any_pending(const struct domain *d, const evtchn_port_t *ports,
		       unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (bit_test(d->event.pending, ports[i])) {
			return true;
		}
	}
	return false;
}

static void select_all(struct vcpu *v)
{
	struct vcpu_info_32 *info = (void *)v->event.info;

	if (v->narrow) {
		__atomic_store_n(&info->evtchn_pending_sel, UINT32_MAX,
				 __ATOMIC_SEQ_CST);
	} else {
		__atomic_store_n(&v->event.info->evtchn_pending_sel, ~0ul,
				 __ATOMIC_SEQ_CST);
	}
}

/*
 * Moves the vCPU's vcpu_info to a page of the guest's, which is held writable
 * because the hypervisor writes it from here on.
 */
int event_register_vcpu_info(struct vcpu *v, uint64_t frame, uint32_t offset)
{
	struct mmu_domain *m = &v->domain->mmu;
	struct vcpu_info *to;
	int rc;

	if (offset > PAGE_SIZE - sizeof(*to) ||
	    offset % _Alignof(struct vcpu_info) != 0) {
		return -XEN_ENXIO;
	}
	if (!mfn_eq(v->event.registered, MFN_INVALID)) {
		return -XEN_EINVAL;
	}
	if (!mfn_valid(m->m, mfn(frame))) {
		return -XEN_EINVAL;
	}
	rc = mmu_hold(m, mfn(frame));
	if (rc != 0) {
		return rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
	}
	to = (struct vcpu_info *)((uint8_t *)frame_data(m->m, mfn(frame)) +
				  offset);
	*to = *v->event.info;
	v->event.info = to;
	v->event.registered = mfn(frame);
	/* Nothing that was set on the old one meanwhile may be lost. */
	select_all(v);
	vcpu_mark_pending(v);
	return 0;
}
