/* SPDX-License-Identifier: MIT */
/* What tests of event channels begin with: the guest's requests. */
#ifndef PW_TESTS_METAL_EVENTS_H
#define PW_TESTS_METAL_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/metal/metal.h"

#include "hv/services/channel.h"
#include "hv/services/deliver.h"
#include "hv/services/event_op.h"

#define ARRAY(a) (sizeof(a) / sizeof((a)[0]))
#define OP(t, cmd, op) \
	metal_op((t), hc_event_channel_op, (cmd), &(op), sizeof(op))

static inline evtchn_port_t unbound(struct metal *t, domid_t remote)
{
	evtchn_alloc_unbound_t op = {.dom = DOMID_SELF, .remote_dom = remote};

	assert_int_equal(OP(t, EVTCHNOP_alloc_unbound, op), 0);
	return op.port;
}

static inline evtchn_port_t bound_ipi(struct metal *t, uint32_t vcpu)
{
	evtchn_bind_ipi_t op = {.vcpu = vcpu};

	assert_int_equal(OP(t, EVTCHNOP_bind_ipi, op), 0);
	return op.port;
}

static inline int64_t send(struct metal *t, evtchn_port_t port)
{
	evtchn_send_t op = {.port = port};

	return OP(t, EVTCHNOP_send, op);
}

static inline int64_t close(struct metal *t, evtchn_port_t port)
{
	evtchn_close_t op = {.port = port};

	return OP(t, EVTCHNOP_close, op);
}

#endif
