/* SPDX-License-Identifier: MIT */
/*
 * Delivery of events: one reaches the vCPU that is to have it, once, and
 * nobody else; and where its vcpu_info may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/metal/events.h"

static void selectors_clear(struct metal *t)
{
	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		t->v[i].event.info->evtchn_pending_sel = 0;
		t->v[i].event.info->evtchn_upcall_pending = 0;
	}
}

/* --- delivery ------------------------------------------------------------- */

static void an_event_is_announced_once(void **state)
{
	struct metal *t = *state;
	evtchn_port_t port = bound_ipi(t, 1);
	struct vcpu_info *info = t->v[1].event.info;

	selectors_clear(t);
	assert_int_equal(send(t, port), 0);
	assert_int_equal(info->evtchn_pending_sel, 1);
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_int_equal(t->woken, 2);
	/* Pending already: not said again. */
	info->evtchn_pending_sel = 0;
	info->evtchn_upcall_pending = 0;
	assert_int_equal(send(t, port), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	/* A word that is selected already: not either. */
	t->d.shared_info->evtchn_pending[0] = 0;
	info->evtchn_pending_sel = 1;
	assert_int_equal(send(t, port), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	/* A vCPU that has been told is not woken again. */
	t->d.shared_info->evtchn_pending[0] = 0;
	info->evtchn_pending_sel = 0;
	info->evtchn_upcall_pending = 1;
	t->woken = 0;
	assert_int_equal(send(t, port), 0);
	assert_int_equal(t->woken, 0);
}

static void a_masked_event_waits(void **state)
{
	struct metal *t = *state;
	evtchn_port_t port = bound_ipi(t, 0);
	evtchn_unmask_t u = {.port = port};
	struct vcpu_info *info = t->v[0].event.info;

	selectors_clear(t);
	t->d.shared_info->evtchn_mask[0] = 1ul << port;
	assert_int_equal(send(t, port), 0);
	assert_true(metal_pending(t, port));
	assert_int_equal(info->evtchn_upcall_pending, 0);
	assert_int_equal(OP(t, EVTCHNOP_unmask, u), 0);
	assert_int_equal(info->evtchn_upcall_pending, 1);
	/* Not masked: unmasking it says nothing. */
	selectors_clear(t);
	assert_int_equal(OP(t, EVTCHNOP_unmask, u), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	/* Not pending: nor does this. */
	t->d.shared_info->evtchn_pending[0] = 0;
	t->d.shared_info->evtchn_mask[0] = 1ul << port;
	assert_int_equal(OP(t, EVTCHNOP_unmask, u), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	/* The word is selected: nor this. */
	t->d.shared_info->evtchn_pending[0] = 1ul << port;
	t->d.shared_info->evtchn_mask[0] = 1ul << port;
	info->evtchn_pending_sel = 1;
	assert_int_equal(OP(t, EVTCHNOP_unmask, u), 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
}

static void who_polls_is_woken_by_his_ports_alone(void **state)
{
	struct metal *t = *state;
	evtchn_port_t one = bound_ipi(t, 0);
	evtchn_port_t two = bound_ipi(t, 0);
	struct vcpu *v = &t->v[1];

	t->d.shared_info->evtchn_mask[0] = ~0ul;
	v->event.polling = true;
	v->event.poll_port = two;
	t->d.event.nr_pollers = 1;
	v->blocked = true;
	assert_int_equal(send(t, one), 0);
	assert_true(v->blocked);
	assert_int_equal(send(t, two), 0);
	assert_false(v->blocked);
	assert_int_equal(t->d.event.nr_pollers, 0);
	/* Who does not poll is not counted, though somebody else does. */
	t->d.event.nr_pollers = 1;
	t->d.shared_info->evtchn_pending[0] = 0;
	v->blocked = true;
	assert_int_equal(send(t, two), 0);
	assert_true(v->blocked);
	assert_int_equal(t->d.event.nr_pollers, 1);
	/* For any port. */
	v->event.polling = true;
	v->event.poll_port = 0;
	assert_int_equal(send(t, two), 0);
	assert_true(v->blocked); /* it is pending already */
	assert_int_equal(send(t, one), 0);
	assert_false(v->blocked);
}

static void who_asks_is_told_what_is_pending(void **state)
{
	struct metal *t = *state;
	const evtchn_port_t ports[] = {bound_ipi(t, 0), bound_ipi(t, 1)};

	assert_false(event_any_pending(&t->d, ports, 2));
	assert_int_equal(send(t, ports[1]), 0);
	assert_true(event_any_pending(&t->d, ports, 2));
	assert_false(event_any_pending(&t->d, ports, 1));
}

static void the_hypervisor_speaks_where_it_is_heard(void **state)
{
	struct metal *t = *state;
	evtchn_port_t port =
		event_bind_hypervisor(&t->d, &t->v[0], EVENT_SINK_CONSOLE);
	evtchn_bind_interdomain_t b = {.remote_dom = DOMID_SELF};

	event_notify(&t->d, port);
	assert_true(metal_pending(t, port));
	event_notify(&t->d, 0);
	assert_false(metal_pending(t, 0));
	/* The guest closes it, and makes the port something else. */
	assert_int_equal(close(t, port), 0);
	assert_int_equal(unbound(t, DOMID_SELF), port);
	event_notify(&t->d, port);
	assert_false(metal_pending(t, port));
	b.remote_port = port;
	assert_int_equal(OP(t, EVTCHNOP_bind_interdomain, b), 0);
	t->d.shared_info->evtchn_pending[0] = 0;
	event_notify(&t->d, port);
	assert_false(metal_pending(t, port));
	/* And an interrupt that is not bound raises nothing. */
	event_virq(&t->v[0], VIRQ_TIMER);
	assert_false(metal_pending(t, 0));
}

static void an_upcall_needs_both_bytes(void **state)
{
	struct metal *t = *state;
	struct vcpu_info *info = t->v[0].event.info;

	info->evtchn_upcall_pending = 1;
	info->evtchn_upcall_mask = 1;
	assert_false(event_deliverable(&t->v[0]));
	info->evtchn_upcall_mask = 0;
	assert_true(event_deliverable(&t->v[0]));
	info->evtchn_upcall_pending = 0;
	assert_false(event_deliverable(&t->v[0]));
}

/* --- vcpu_info ------------------------------------------------------------ */

#define INFO_FRAME 20

static int64_t register_info(struct metal *t, unsigned int vcpu, uint64_t frame,
			     uint32_t offset)
{
	struct vcpu_register_vcpu_info op = {.mfn = frame, .offset = offset};

	return metal_vcpu_op(t, VCPUOP_register_vcpu_info, vcpu, &op,
			     sizeof(op));
}

static void a_vcpu_info_lies_within_its_page(void **state)
{
	struct metal *t = *state;
	uint64_t frame = metal_frame(INFO_FRAME).v;
	uint32_t last = PAGE_SIZE - sizeof(struct vcpu_info);

	assert_int_equal(register_info(t, 0, frame, last + 8), -XEN_ENXIO);
	assert_int_equal(register_info(t, 0, frame, UINT32_MAX - 7),
			 -XEN_ENXIO);
	assert_int_equal(register_info(t, 0, frame, 4), -XEN_ENXIO);
	assert_int_equal(register_info(t, 0, frame, last), 0);
	assert_int_equal(register_info(t, 1, frame, 0), 0);
}

static void a_vcpu_info_moves_once(void **state)
{
	struct metal *t = *state;
	uint64_t frame = metal_frame(INFO_FRAME).v;

	assert_int_equal(register_info(t, 0, frame, 0), 0);
	assert_int_equal(register_info(t, 0, frame + 1, 0), -XEN_EINVAL);
	assert_int_equal(t->v[0].event.registered.v, frame);
}

static void a_vcpu_info_is_in_an_ordinary_frame_of_ones_own(void **state)
{
	struct metal *t = *state;
	const uint64_t wrong[] = {MACHINE_FRAMES, UINT64_MAX, 1,
				  metal_frame(L1_FRAME).v};

	for (unsigned int i = 0; i < ARRAY(wrong); i++) {
		assert_int_equal(register_info(t, 0, wrong[i], 0), -XEN_EINVAL);
	}
	assert_ptr_equal(t->v[0].event.info, t->d.shared_info->vcpu_info);
}

static void nothing_is_lost_when_it_moves(void **state)
{
	struct metal *t = *state;
	struct vcpu_info *info;

	t->v[0].event.info->arch.cr2 = 0x1234;
	assert_int_equal(register_info(t, 0, metal_frame(INFO_FRAME).v, 64), 0);
	info = t->v[0].event.info;
	assert_int_equal(info->arch.cr2, 0x1234);
	assert_int_equal(info->evtchn_pending_sel, ~0ul);
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_true(info->time.system_time != 0);
}

static void a_vcpu_info_that_must_wait_moves_later(void **state)
{
	struct metal *t = *state;

	metal_leave_work(t);
	assert_int_equal(register_info(t, 0, metal_frame(INFO_FRAME).v, 0),
			 -XEN_ERESTART);
	assert_ptr_equal(t->v[0].event.info, t->d.shared_info->vcpu_info);
	t->m.preempt_after = 0;
	assert_int_equal(register_info(t, 0, metal_frame(INFO_FRAME).v, 0), 0);
}

static void only_a_vcpu_that_is_down_is_anothers_to_move(void **state)
{
	struct metal *t = *state;

	t->v[1].up = true;
	assert_int_equal(register_info(t, 1, metal_frame(INFO_FRAME).v, 0),
			 -XEN_EINVAL);
	t->v[1].up = false;
	assert_int_equal(register_info(t, 1, metal_frame(INFO_FRAME).v, 0), 0);
	assert_int_equal(register_info(t, METAL_VCPUS, 0, 0), -XEN_ENOENT);
}

int main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, metal_set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_event_is_announced_once),
		TEST(a_masked_event_waits),
		TEST(who_polls_is_woken_by_his_ports_alone),
		TEST(who_asks_is_told_what_is_pending),
		TEST(the_hypervisor_speaks_where_it_is_heard),
		TEST(an_upcall_needs_both_bytes),
		TEST(a_vcpu_info_lies_within_its_page),
		TEST(a_vcpu_info_moves_once),
		TEST(a_vcpu_info_is_in_an_ordinary_frame_of_ones_own),
		TEST(nothing_is_lost_when_it_moves),
		TEST(a_vcpu_info_that_must_wait_moves_later),
		TEST(only_a_vcpu_that_is_down_is_anothers_to_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
