/* SPDX-License-Identifier: MIT */
/*
 * A channel's end belongs to a vCPU, which is told of its events, and to which
 * other vCPU it is given, that one is told. A loop of the domain's own is a
 * channel like one to another domain.
 */
#include "kernels/vcpus/vcpus.h"

#define NO_PORT 4095

static evtchn_port_t far;  /* what is sent to */
static evtchn_port_t near; /* where it arrives */

static int64_t give(evtchn_port_t port, unsigned int id)
{
	evtchn_bind_vcpu_t op = {.port = port, .vcpu = id};

	return event_op(EVTCHNOP_bind_vcpu, &op);
}

static int64_t send(void)
{
	evtchn_send_t op = {.port = far};

	return event_op(EVTCHNOP_send, &op);
}

static void close_port(evtchn_port_t port)
{
	evtchn_close_t op = {.port = port};

	event_op(EVTCHNOP_close, &op);
}

/* Whether its own state says so; the other's must not. */
static bool is_told(unsigned int id)
{
	return info_of(id)->evtchn_upcall_pending != 0 &&
	       (info_of(id)->evtchn_pending_sel >> (near / 64) & 1) != 0;
}

static void forget_all(void)
{
	forget(near, 0);
	forget(near, 1);
}

static unsigned int holder(void)
{
	evtchn_status_t op = {.dom = DOMID_SELF, .port = near};

	event_op(EVTCHNOP_status, &op);
	return op.vcpu;
}

static void open_loop(void)
{
	evtchn_alloc_unbound_t one = {.dom = DOMID_SELF,
				      .remote_dom = DOMID_SELF};
	evtchn_bind_interdomain_t other = {.remote_dom = DOMID_SELF};

	event_op(EVTCHNOP_alloc_unbound, &one);
	other.remote_port = one.port;
	expect("an end that waits goes to the other vCPU", give(one.port, 1),
	       0);
	give(one.port, 0);
	expect("a channel", event_op(EVTCHNOP_bind_interdomain, &other), 0);
	far = one.port;
	near = other.local_port;
	expect("its new end is the first vCPU's", holder(), 0);
}

static void refused(void)
{
	expect("giving it to one that there is not", give(near, 2),
	       -XEN_ENOENT);
	expect("or what is no port", give(NO_PORT, 1), -XEN_EINVAL);
	expect("or beyond all ports", give(UINT32_MAX, 1), -XEN_EINVAL);
	expect("leaves it where it was", holder(), 0);
}

static void goes_over(void)
{
	const uint64_t before = second_events();

	forget_all();
	expect("to the second vCPU", give(near, 1), 0);
	expect("it goes", holder(), 1);
	second_begin(block);
	await_state(RUNSTATE_blocked);
	expect("what is sent", send(), 0);
	second_finish();
	expect("wakes that one", (int64_t)(second_events() - before), 1);
	expect_true("and not the first", !is_told(0));
	forget_all();
	expect("back to the first", give(near, 0), 0);
	send();
	expect_true("what is sent is for that one", is_told(0));
	expect_true("and not for the second", !is_told(1));
}

/* What waits behind a mask is told to whose port it is by then. */
static void goes_masked(void)
{
	evtchn_unmask_t unmask = {.port = near};

	forget_all();
	__atomic_fetch_or(&pv.shared->evtchn_mask[near / 64],
			  1ul << (near % 64), __ATOMIC_SEQ_CST);
	send();
	expect_true("behind a mask nobody is told", !is_told(0) && !is_told(1));
	expect("it goes with what is pending", give(near, 1), 0);
	event_op(EVTCHNOP_unmask, &unmask);
	expect_true("which the new one is told", is_told(1));
	expect_true("and the old one is not", !is_told(0));
	forget_all();
}

void check_channels(void)
{
	open_loop();
	refused();
	goes_over();
	goes_masked();
	close_port(near);
	close_port(far);
}
