/* SPDX-License-Identifier: MIT */
/*
 * Event channels: what binding, sending and closing refuse, of one's own ports
 * and of another domain's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/events.h"

static evtchn_port_t bound_virq(struct metal *t, uint32_t virq, uint32_t vcpu)
{
	evtchn_bind_virq_t op = {.virq = virq, .vcpu = vcpu};

	assert_int_equal(OP(t, EVTCHNOP_bind_virq, op), 0);
	return op.port;
}

static uint32_t status(struct metal *t, evtchn_port_t port)
{
	evtchn_status_t op = {.dom = DOMID_SELF, .port = port};

	assert_int_equal(OP(t, EVTCHNOP_status, op), 0);
	return op.status;
}

static void selectors_clear(struct metal *t)
{
	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		t->v[i].event.info->evtchn_pending_sel = 0;
		t->v[i].event.info->evtchn_upcall_pending = 0;
	}
}

/* --- ports ---------------------------------------------------------------- */

static void a_port_that_does_not_exist_is_refused(void **state)
{
	struct metal *t = *state;
	const evtchn_port_t beyond[] = {64, EVENT_PORTS, UINT32_MAX};

	for (unsigned int i = 0; i < 3; i++) {
		evtchn_status_t s = {.dom = DOMID_SELF, .port = beyond[i]};
		evtchn_unmask_t u = {.port = beyond[i]};
		evtchn_bind_vcpu_t b = {.port = beyond[i]};
		evtchn_set_priority_t p = {.port = beyond[i]};

		assert_int_equal(send(t, beyond[i]), -XEN_EINVAL);
		assert_int_equal(close(t, beyond[i]), -XEN_EINVAL);
		assert_int_equal(OP(t, EVTCHNOP_status, s), -XEN_EINVAL);
		assert_int_equal(OP(t, EVTCHNOP_unmask, u), -XEN_EINVAL);
		assert_int_equal(OP(t, EVTCHNOP_bind_vcpu, b), -XEN_EINVAL);
		assert_int_equal(OP(t, EVTCHNOP_set_priority, p), -XEN_EINVAL);
	}
}

static void port_0_is_nobodys(void **state)
{
	struct metal *t = *state;
	evtchn_bind_vcpu_t b = {.port = 0};

	assert_int_equal(send(t, 0), -XEN_EINVAL);
	assert_int_equal(close(t, 0), -XEN_EINVAL);
	assert_int_equal(OP(t, EVTCHNOP_bind_vcpu, b), -XEN_EINVAL);
}

static void the_lowest_free_port_is_taken(void **state)
{
	struct metal *t = *state;

	assert_int_equal(unbound(t, DOMID_SELF), 1);
	assert_int_equal(unbound(t, DOMID_SELF), 2);
	assert_int_equal(close(t, 1), 0);
	assert_int_equal(unbound(t, DOMID_SELF), 1);
	assert_int_equal(unbound(t, DOMID_SELF), 3);
}

/* Each kind of binding, when no port is left; and nothing is written then. */
static void ports_end(void **state)
{
	struct metal *t = *state;
	evtchn_alloc_unbound_t a = {.dom = DOMID_SELF,
				    .remote_dom = DOMID_SELF};
	evtchn_bind_interdomain_t b = {.remote_dom = DOMID_SELF,
				       .remote_port = 1};
	evtchn_bind_virq_t v = {.virq = VIRQ_DEBUG};
	evtchn_bind_ipi_t p = {.vcpu = 0};

	for (unsigned int i = 1; i < EVENT_PORTS; i++) {
		assert_int_equal(unbound(t, DOMID_SELF), i);
	}
	assert_int_equal(OP(t, EVTCHNOP_alloc_unbound, a), -XEN_ENOSPC);
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), -XEN_ENOSPC);
	assert_int_equal(OP(t, EVTCHNOP_bind_virq, v), -XEN_ENOSPC);
	assert_int_equal(OP(t, EVTCHNOP_bind_ipi, p), -XEN_ENOSPC);
	assert_int_equal(event_bind_hypervisor(&t->d, &t->v[0],
					       EVENT_SINK_CONSOLE),
			 0);
	assert_int_equal(t->v[0].event.virq_port[VIRQ_DEBUG], 0);
	assert_int_equal(t->d.event.port[0].state, EVENT_RESERVED);
	assert_int_equal(t->d.event.port[0].sink, EVENT_SINK_NONE);
}

static void a_domain_that_does_not_exist_is_refused(void **state)
{
	struct metal *t = *state;
	evtchn_alloc_unbound_t a = {.dom = 99, .remote_dom = DOMID_SELF};
	evtchn_bind_interdomain_t b = {.remote_dom = 99,
				       .remote_port = unbound(t, DOMID_SELF)};
	evtchn_status_t s = {.dom = 99, .port = 1};
	evtchn_reset_t r = {.dom = 99};

	assert_int_equal(OP(t, EVTCHNOP_alloc_unbound, a), -XEN_ESRCH);
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), -XEN_ESRCH);
	assert_int_equal(OP(t, EVTCHNOP_status, s), -XEN_ESRCH);
	assert_int_equal(OP(t, EVTCHNOP_reset, r), -XEN_ESRCH);
	assert_int_equal(status(t, 1), EVTCHNSTAT_unbound);
	s.dom = TEST_DOMID;
	assert_int_equal(OP(t, EVTCHNOP_status, s), 0);
}

/* One domain makes the port, the other binds to it, and each may end it. */
static void a_channel_joins_two_domains(void **state)
{
	struct metal *t = *state;
	struct domain *other = metal_second_domain(t);
	evtchn_port_t port = unbound(t, TEST_DOMID + 1);
	evtchn_bind_interdomain_t b = {.remote_dom = TEST_DOMID,
				       .remote_port = port};
	enum event_sink sink;
	evtchn_status_t s;

	/* Not for ourselves. */
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), -XEN_EINVAL);
	assert_int_equal(channel_bind_interdomain(other, &b), 0);
	assert_int_equal(status(t, port), EVTCHNSTAT_interdomain);
	s = (evtchn_status_t){.dom = DOMID_SELF, .port = b.local_port};
	assert_int_equal(channel_status(other, &s), 0);
	assert_int_equal(s.u.interdomain.dom, TEST_DOMID);
	assert_int_equal(s.u.interdomain.port, port);
	/* It is told at once: who made the port may have sent before. */
	assert_true(other->shared_info->evtchn_pending[0] >> b.local_port & 1);
	other->shared_info->evtchn_pending[0] = 0;
	assert_int_equal(send(t, port), 0);
	assert_false(metal_pending(t, port));
	assert_true(other->shared_info->evtchn_pending[0] >> b.local_port & 1);
	assert_int_equal(channel_send(other, b.local_port, &sink), 0);
	assert_true(metal_pending(t, port));
	assert_int_equal(channel_close(other, b.local_port), 0);
	assert_int_equal(status(t, port), EVTCHNSTAT_unbound);
	/* It waits for that domain again, and the domain ends. */
	assert_int_equal(channel_bind_interdomain(other, &b), 0);
	event_domain_end(other);
	assert_int_equal(status(t, port), EVTCHNSTAT_unbound);
	other->stopping = true;
	b.remote_dom = TEST_DOMID + 1;
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), -XEN_ESRCH);
}

static void anothers_ports_are_not_ours(void **state)
{
	struct metal *t = *state;
	struct domain *other = metal_second_domain(t);
	evtchn_alloc_unbound_t a = {.dom = TEST_DOMID + 1,
				    .remote_dom = DOMID_SELF};
	evtchn_status_t s = {.dom = TEST_DOMID + 1, .port = 1};
	evtchn_reset_t r = {.dom = TEST_DOMID + 1};

	assert_int_equal(OP(t, EVTCHNOP_alloc_unbound, a), -XEN_EPERM);
	assert_int_equal(other->event.port[1].state, EVENT_FREE);
	assert_int_equal(OP(t, EVTCHNOP_status, s), -XEN_EPERM);
	s.port = EVENT_PORTS;
	assert_int_equal(OP(t, EVTCHNOP_status, s), -XEN_EINVAL);
	assert_int_equal(OP(t, EVTCHNOP_reset, r), -XEN_EPERM);
}

static void a_vcpu_that_does_not_exist_is_refused(void **state)
{
	struct metal *t = *state;
	evtchn_bind_virq_t v = {.virq = VIRQ_TIMER, .vcpu = METAL_VCPUS};
	evtchn_bind_ipi_t p = {.vcpu = METAL_VCPUS};
	evtchn_bind_vcpu_t b = {.port = unbound(t, DOMID_SELF),
				.vcpu = METAL_VCPUS};
	evtchn_init_control_t c = {.vcpu = METAL_VCPUS, .control_gfn = 1};

	assert_int_equal(OP(t, EVTCHNOP_bind_virq, v), -XEN_ENOENT);
	assert_int_equal(OP(t, EVTCHNOP_bind_ipi, p), -XEN_ENOENT);
	p.vcpu = UINT32_MAX / 2; /* far beyond the table of them */
	assert_int_equal(OP(t, EVTCHNOP_bind_ipi, p), -XEN_ENOENT);
	assert_int_equal(OP(t, EVTCHNOP_bind_vcpu, b), -XEN_ENOENT);
	assert_int_equal(OP(t, EVTCHNOP_init_control, c), -XEN_ENOENT);
	assert_int_equal(t->d.event.port[b.port].vcpu, 0);
}

static void only_an_unbound_port_for_us_can_be_bound_to(void **state)
{
	struct metal *t = *state;
	evtchn_port_t ours = unbound(t, DOMID_SELF);
	evtchn_port_t theirs = unbound(t, 99);
	evtchn_port_t ipi = bound_ipi(t, 0);
	evtchn_port_t free = ipi + 1; /* which binding takes */
	const evtchn_port_t wrong[] = {0, 200, theirs, ipi, free};
	evtchn_bind_interdomain_t b = {.remote_dom = DOMID_SELF};

	for (unsigned int i = 0; i < ARRAY(wrong); i++) {
		b.remote_port = wrong[i];
		assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b),
				 -XEN_EINVAL);
		assert_int_equal(t->d.event.port[free].state, EVENT_FREE);
	}
	assert_int_equal(status(t, theirs), EVTCHNSTAT_unbound);
	b.remote_port = ours;
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), 0);
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), -XEN_EINVAL);
}

static void closing_one_end_unbinds_the_other(void **state)
{
	struct metal *t = *state;
	evtchn_bind_interdomain_t b = {.remote_dom = DOMID_SELF,
				       .remote_port = unbound(t, DOMID_SELF)};

	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), 0);
	assert_int_equal(send(t, b.local_port), 0);
	assert_true(metal_pending(t, b.remote_port));
	assert_int_equal(close(t, b.local_port), 0);
	assert_int_equal(status(t, b.local_port), EVTCHNSTAT_closed);
	assert_int_equal(status(t, b.remote_port), EVTCHNSTAT_unbound);
	assert_int_equal(close(t, b.remote_port), 0);
}

/* Its other end is no port, though its number could be taken for one. */
static void closing_the_hypervisors_touches_no_port(void **state)
{
	struct metal *t = *state;
	evtchn_port_t console =
		event_bind_hypervisor(&t->d, &t->v[0], EVENT_SINK_CONSOLE);

	/* Nor does a send. */
	assert_int_equal(send(t, console), 0);
	assert_false(metal_pending(t, 0));
	assert_int_equal(close(t, console), 0);
	assert_int_equal(t->d.event.port[0].state, EVENT_RESERVED);
}

static void a_closed_port_is_silent(void **state)
{
	struct metal *t = *state;
	evtchn_port_t port = bound_ipi(t, 0);
	evtchn_unmask_t u = {.port = port};

	assert_int_equal(send(t, port), 0);
	assert_int_equal(close(t, port), 0);
	assert_false(metal_pending(t, port));
	assert_int_equal(send(t, port), -XEN_EINVAL);
	assert_int_equal(close(t, port), -XEN_EINVAL);
	/* Unmasking is allowed, and does nothing. */
	selectors_clear(t);
	t->d.shared_info->evtchn_mask[0] |= 1ul << port;
	t->d.shared_info->evtchn_pending[0] |= 1ul << port;
	assert_int_equal(OP(t, EVTCHNOP_unmask, u), 0);
	assert_int_equal(t->v[0].event.info->evtchn_upcall_pending, 0);
}

static void a_reset_closes_all(void **state)
{
	struct metal *t = *state;
	evtchn_reset_t r = {.dom = DOMID_SELF};
	evtchn_port_t a = bound_ipi(t, 0);
	evtchn_port_t b = unbound(t, 99);

	assert_int_equal(close(t, bound_ipi(t, 1)), 0);
	assert_int_equal(OP(t, EVTCHNOP_reset, r), 0);
	assert_int_equal(status(t, a), EVTCHNSTAT_closed);
	assert_int_equal(status(t, b), EVTCHNSTAT_closed);
	assert_int_equal(t->d.event.port[0].state, EVENT_RESERVED);
}

/* It asks every 64 ports that it has closed. */
static void a_reset_can_be_stopped(void **state)
{
	struct metal *t = *state;
	evtchn_reset_t r = {.dom = DOMID_SELF};

	for (unsigned int i = 0; i < 100; i++) {
		unbound(t, DOMID_SELF);
	}
	t->m.preempt_after = 1;
	assert_int_equal(OP(t, EVTCHNOP_reset, r), -XEN_ERESTART);
	assert_int_equal(t->m.preempt_asked, 1);
	assert_int_equal(status(t, 64), EVTCHNSTAT_closed);
	assert_int_equal(status(t, 65), EVTCHNSTAT_unbound);
	assert_int_equal(OP(t, EVTCHNOP_reset, r), 0);
	assert_int_equal(status(t, 100), EVTCHNSTAT_closed);
}

/* --- virtual interrupts --------------------------------------------------- */

static void an_interrupt_that_there_is_not_is_refused(void **state)
{
	struct metal *t = *state;
	evtchn_bind_virq_t op = {.virq = NR_VIRQS};

	assert_int_equal(OP(t, EVTCHNOP_bind_virq, op), -XEN_EINVAL);
	op.virq = UINT32_MAX;
	assert_int_equal(OP(t, EVTCHNOP_bind_virq, op), -XEN_EINVAL);
}

static void a_global_interrupt_is_vcpu_0s(void **state)
{
	struct metal *t = *state;
	evtchn_bind_virq_t op = {.virq = VIRQ_CONSOLE, .vcpu = 1};
	const uint32_t own[] = {VIRQ_TIMER, VIRQ_DEBUG, VIRQ_XENOPROF,
				VIRQ_XENPMU};

	assert_int_equal(OP(t, EVTCHNOP_bind_virq, op), -XEN_EINVAL);
	for (unsigned int i = 0; i < 4; i++) {
		bound_virq(t, own[i], 1);
	}
}

static void an_interrupt_is_bound_once(void **state)
{
	struct metal *t = *state;
	evtchn_bind_virq_t op = {.virq = VIRQ_TIMER, .vcpu = 1};
	evtchn_port_t port = bound_virq(t, VIRQ_TIMER, 1);

	assert_int_equal(OP(t, EVTCHNOP_bind_virq, op), -XEN_EEXIST);
	bound_virq(t, VIRQ_TIMER, 0);
	assert_int_equal(close(t, port), 0);
	assert_int_equal(bound_virq(t, VIRQ_TIMER, 1), port);
}

static void only_a_global_interrupt_moves(void **state)
{
	struct metal *t = *state;
	evtchn_port_t global = bound_virq(t, VIRQ_CONSOLE, 0);
	evtchn_port_t stays[] = {bound_virq(t, VIRQ_TIMER, 0), bound_ipi(t, 0)};
	evtchn_bind_vcpu_t b = {.port = global, .vcpu = 1};

	assert_int_equal(OP(t, EVTCHNOP_bind_vcpu, b), 0);
	event_virq(&t->v[0], VIRQ_CONSOLE);
	assert_int_equal(t->v[1].event.info->evtchn_upcall_pending, 1);
	assert_int_equal(t->v[0].event.info->evtchn_upcall_pending, 0);
	for (unsigned int i = 0; i < 2; i++) {
		b.port = stays[i];
		assert_int_equal(OP(t, EVTCHNOP_bind_vcpu, b), -XEN_EINVAL);
		assert_int_equal(t->d.event.port[b.port].vcpu, 0);
	}
	/* It is bound again after being closed where it went. */
	assert_int_equal(close(t, global), 0);
	bound_virq(t, VIRQ_CONSOLE, 0);
}

static void an_interrupt_is_not_sent_to(void **state)
{
	struct metal *t = *state;

	assert_int_equal(send(t, bound_virq(t, VIRQ_DEBUG, 0)), -XEN_EINVAL);
}

/* --- requests ------------------------------------------------------------- */

static void what_cannot_be_read_or_written_is_a_fault(void **state)
{
	struct metal *t = *state;
	evtchn_alloc_unbound_t a = {.dom = DOMID_SELF,
				    .remote_dom = DOMID_SELF};
	uint64_t arg[6] = {EVTCHNOP_send, METAL_UNMAPPED};
	uint64_t compat[6] = {METAL_UNMAPPED};

	assert_int_equal(hc_event_channel_op(&t->v[0], arg), -XEN_EFAULT);
	arg[0] = EVTCHNOP_alloc_unbound;
	assert_int_equal(hc_event_channel_op(&t->v[0], arg), -XEN_EFAULT);
	assert_int_equal(hc_event_channel_op_compat(&t->v[0], compat),
			 -XEN_EFAULT);
	t->m.copy_fail_after = 2; /* in, but not out again */
	assert_int_equal(OP(t, EVTCHNOP_alloc_unbound, a), -XEN_EFAULT);
	/* What is refused has nothing to write. */
	t->m.copies = 0;
	a.dom = 99;
	assert_int_equal(OP(t, EVTCHNOP_alloc_unbound, a), -XEN_ESRCH);
}

static void a_request_that_there_is_not_is_refused(void **state)
{
	struct metal *t = *state;
	evtchn_init_control_t c = {.control_gfn = 1};
	evtchn_set_priority_t none = {.port = UINT32_MAX};
	uint32_t compat[8] = {EVTCHNOP_reset};
	uint64_t arg[6] = {GUEST_BUFFER};
	uint64_t nothing[4] = {0};

	assert_int_equal(OP(t, EVTCHNOP_set_priority + 1, nothing),
			 -XEN_ENOSYS);
	/* Nor one that has no argument, whatever the last one's was. */
	assert_int_equal(OP(t, EVTCHNOP_set_priority, none), -XEN_EINVAL);
	assert_int_equal(OP(t, EVTCHNOP_expand_array, nothing), -XEN_ENOSYS);
	assert_int_equal(OP(t, EVTCHNOP_bind_pirq, nothing), -XEN_EPERM);
	memcpy(t->m.guest, compat, sizeof(compat));
	assert_int_equal(hc_event_channel_op_compat(&t->v[0], arg),
			 -XEN_ENOSYS);
	/* FIFO: what would be wrong with it comes first. */
	assert_int_equal(OP(t, EVTCHNOP_init_control, c), -XEN_ENOSYS);
	c.offset = 4;
	assert_int_equal(OP(t, EVTCHNOP_init_control, c), -XEN_EINVAL);
	c.offset = PAGE_SIZE;
	assert_int_equal(OP(t, EVTCHNOP_init_control, c), -XEN_EINVAL);
	c.offset = 0;
	c.control_gfn = MACHINE_FRAMES;
	assert_int_equal(OP(t, EVTCHNOP_init_control, c), -XEN_EINVAL);
}

/* Its first form, the command before it, is done as the second is. */
static void both_forms_send(void **state)
{
	struct metal *t = *state;
	const evtchn_port_t port = bound_ipi(t, 1);
	uint32_t compat[2] = {EVTCHNOP_send, port};
	uint64_t arg[6] = {GUEST_BUFFER};

	memcpy(t->m.guest, compat, sizeof(compat));
	assert_int_equal(hc_event_channel_op_compat(&t->v[0], arg), 0);
	assert_true(event_any_pending(&t->d, &port, 1));
	compat[1] = UINT32_MAX;
	memcpy(t->m.guest, compat, sizeof(compat));
	assert_int_equal(hc_event_channel_op_compat(&t->v[0], arg),
			 -XEN_EINVAL);
}

int main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, metal_set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_port_that_does_not_exist_is_refused),
		TEST(port_0_is_nobodys),
		TEST(the_lowest_free_port_is_taken),
		TEST(ports_end),
		TEST(a_domain_that_does_not_exist_is_refused),
		TEST(a_channel_joins_two_domains),
		TEST(anothers_ports_are_not_ours),
		TEST(a_vcpu_that_does_not_exist_is_refused),
		TEST(only_an_unbound_port_for_us_can_be_bound_to),
		TEST(closing_one_end_unbinds_the_other),
		TEST(closing_the_hypervisors_touches_no_port),
		TEST(a_closed_port_is_silent),
		TEST(a_reset_closes_all),
		TEST(a_reset_can_be_stopped),
		TEST(an_interrupt_that_there_is_not_is_refused),
		TEST(a_global_interrupt_is_vcpu_0s),
		TEST(an_interrupt_is_bound_once),
		TEST(only_a_global_interrupt_moves),
		TEST(an_interrupt_is_not_sent_to),
		TEST(what_cannot_be_read_or_written_is_a_fault),
		TEST(a_request_that_there_is_not_is_refused),
		TEST(both_forms_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
