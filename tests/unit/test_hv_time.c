/* SPDX-License-Identifier: MIT */
/*
 * Deadlines, run states and the areas that a guest registers. The clock stands
 * still but where a test moves it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/guest_range.h"
#include "tests/unit/metal/metal.h"

#include "hv/cpu/lapic.h"
#include "hv/services/channel.h"
#include "hv/services/deliver.h"
#include "hv/services/guest_time.h"
#include "hv/services/timer.h"

#define MS UINT64_C(1000000)
#define SECOND UINT64_C(1000000000)
#define YEAR (SECOND * 60 * 60 * 24 * 365)
/* In the guest's memory, behind what requests lie in. */
#define AREA (GUEST_BUFFER + 4096)

#define OP(t, cmd, id, op) metal_vcpu_op((t), (cmd), (id), &(op), sizeof(op))

static int set_up(void **state)
{
	int rc = metal_set_up(state);
	struct metal *t = *state;

	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		evtchn_bind_virq_t op = {.virq = VIRQ_TIMER, .vcpu = i};

		time_vcpu_end(&t->v[i]);
		assert_int_equal(channel_bind_virq(&t->d, &op), 0);
		assert_int_equal(op.port, i + 1);
	}
	t->timer = TIME_NEVER;
	t->nr_timers = 0;
	t->woken = 0;
	return rc;
}

static bool rang(struct metal *t, unsigned int vcpu)
{
	bool was = metal_pending(t, vcpu + 1);

	event_clear_pending(&t->d, vcpu + 1);
	return was;
}

static int64_t singleshot(struct metal *t, uint64_t at, uint32_t flags)
{
	struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = at,
					       .flags = flags};

	return OP(t, VCPUOP_set_singleshot_timer, 0, op);
}

static int64_t periodic(struct metal *t, unsigned int vcpu, uint64_t period)
{
	struct vcpu_set_periodic_timer op = {.period_ns = period};

	return OP(t, VCPUOP_set_periodic_timer, vcpu, op);
}

static int64_t set_timer_op(struct metal *t, uint64_t when)
{
	uint64_t arg[6] = {when};

	return hc_set_timer_op(&t->v[0], arg);
}

/* The interrupt comes at that time, on the CPU that works. */
static bool interrupt_at(struct metal *t, uint64_t when)
{
	t->now = when;
	return (timer_interrupt() & TIMER_TURN_ENDED) != 0;
}

/* --- deadlines ------------------------------------------------------------ */

static void the_timer_is_set_for_the_earliest_deadline(void **state)
{
	struct metal *t = *state;
	uint64_t now = t->now;

	assert_int_equal(singleshot(t, now + 50 * MS, 0), 0);
	assert_int_equal(t->timer, now + 50 * MS);
	assert_int_equal(periodic(t, 0, 20 * MS), 0);
	assert_int_equal(t->timer, now + 20 * MS);
	/* A later one changes nothing, and the hardware is left alone. */
	t->nr_timers = 0;
	assert_int_equal(singleshot(t, now + 90 * MS, 0), 0);
	assert_int_equal(t->nr_timers, 0);
	/* The end of a turn counts, too. */
	cpu_at(0)->turn_ends = now + 5 * MS;
	timer_load();
	assert_int_equal(t->timer, now + 5 * MS);
}

static void nothing_is_announced_before_its_time(void **state)
{
	struct metal *t = *state;
	uint64_t at = t->now + 50 * MS;

	assert_int_equal(singleshot(t, at, 0), 0);
	assert_false(interrupt_at(t, at - 1));
	assert_false(rang(t, 0));
	assert_int_equal(t->timer, at);
	assert_false(interrupt_at(t, at));
	assert_true(rang(t, 0));
	assert_int_equal(t->timer, TIME_NEVER);
	assert_false(interrupt_at(t, at + SECOND));
	assert_false(rang(t, 0));
}

static void only_what_is_due_is_announced(void **state)
{
	struct metal *t = *state;
	uint64_t now = t->now;

	assert_int_equal(periodic(t, 0, 20 * MS), 0);
	assert_int_equal(time_watchdog(&t->d, 0, 1), 1);
	interrupt_at(t, now + 20 * MS);
	assert_int_equal(t->shutdown, METAL_NOTHING);
	assert_true(rang(t, 0));
	/* Ticks that were missed are not made up for. */
	interrupt_at(t, now + 500 * MS);
	assert_true(rang(t, 0));
	assert_int_equal(t->timer, now + 520 * MS);
}

static void the_end_of_a_turn_is_told_once(void **state)
{
	struct metal *t = *state;

	cpu_at(0)->turn_ends = t->now + MS;
	assert_false(interrupt_at(t, t->now + MS - 1));
	assert_true(interrupt_at(t, t->now + 1));
	assert_int_equal(cpu_at(0)->turn_ends, CLOCK_NEVER);
	assert_false(interrupt_at(t, t->now + 1));
}

static void another_cpus_timer_is_its_own_to_set(void **state)
{
	struct metal *t = *state;

	assert_int_equal(periodic(t, 1, 20 * MS), 0);
	assert_int_equal(t->nr_timers, 0);
	assert_int_equal(t->woken, 2);
	t->here = 1;
	timer_load();
	assert_int_equal(t->timer, t->now + 20 * MS);
	interrupt_at(t, t->timer);
	assert_true(rang(t, 1));
	assert_false(rang(t, 0));
}

static void a_poll_ends_at_its_timeout(void **state)
{
	struct metal *t = *state;

	t->v[0].poll_timed = true;
	t->v[0].blocked = true;
	timer_set(&t->v[0], DEADLINE_POLL, t->now + MS, t->now);
	interrupt_at(t, t->now + MS);
	assert_false(t->v[0].poll_timed);
	assert_false(t->v[0].blocked);
	assert_false(rang(t, 0));
}

/* --- what a guest asks for ------------------------------------------------ */

static void a_deadline_that_has_passed(void **state)
{
	struct metal *t = *state;

	assert_int_equal(singleshot(t, t->now + MS, 0), 0);
	assert_int_equal(singleshot(t, t->now - 1, VCPU_SSHOTTMR_future),
			 -XEN_ETIME);
	assert_false(rang(t, 0));
	assert_int_equal(t->timer, t->now + MS);
	assert_int_equal(singleshot(t, t->now - 1, 0), 0);
	assert_true(rang(t, 0));
	assert_int_equal(t->timer, TIME_NEVER);
	/* Now is not past. */
	assert_int_equal(singleshot(t, t->now, VCPU_SSHOTTMR_future), 0);
	assert_int_equal(t->timer, t->now);
}

static void a_period_has_limits(void **state)
{
	struct metal *t = *state;

	assert_int_equal(periodic(t, 0, MS - 1), -XEN_EINVAL);
	assert_int_equal(periodic(t, 0, YEAR + 1), -XEN_EINVAL);
	assert_int_equal(t->timer, TIME_NEVER);
	assert_int_equal(periodic(t, 0, MS), 0);
	assert_int_equal(periodic(t, 0, YEAR), 0);
}

static void timers_are_taken_back(void **state)
{
	struct metal *t = *state;
	uint64_t nothing = 0;

	assert_int_equal(singleshot(t, t->now + MS, 0), 0);
	assert_int_equal(periodic(t, 0, 2 * MS), 0);
	assert_int_equal(OP(t, VCPUOP_stop_singleshot_timer, 0, nothing), 0);
	assert_int_equal(t->timer, t->now + 2 * MS);
	assert_int_equal(OP(t, VCPUOP_stop_periodic_timer, 0, nothing), 0);
	assert_int_equal(t->timer, TIME_NEVER);
	/* Going down and coming up begins no tick that was ended. */
	time_vcpu_up(&t->v[0]);
	assert_int_equal(t->timer, TIME_NEVER);
}

static void a_singleshot_is_ones_own(void **state)
{
	struct metal *t = *state;
	struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = t->now + MS};

	assert_int_equal(OP(t, VCPUOP_set_singleshot_timer, 1, op),
			 -XEN_EINVAL);
	assert_int_equal(OP(t, VCPUOP_stop_singleshot_timer, 1, op),
			 -XEN_EINVAL);
	assert_int_equal(t->v[1].time.earliest, TIME_NEVER);
	assert_int_equal(OP(t, 99, 0, op), -XEN_ENOSYS);
}

static void the_older_timer_call(void **state)
{
	struct metal *t = *state;
	uint64_t soon = t->now + 100 * MS;

	assert_int_equal(set_timer_op(t, t->now + SECOND), 0);
	assert_int_equal(t->timer, t->now + SECOND);
	assert_int_equal(set_timer_op(t, 0), 0);
	assert_int_equal(t->timer, TIME_NEVER);
	/* Times that nobody can mean: soon. */
	assert_int_equal(set_timer_op(t, UINT64_MAX), 0);
	assert_int_equal(t->timer, soon);
	assert_int_equal(set_timer_op(t, 0), 0);
	assert_int_equal(set_timer_op(t, t->now + (UINT64_C(1) << 50)), 0);
	assert_int_equal(t->timer, soon);
	/* The past is meant. */
	assert_int_equal(set_timer_op(t, 5), 0);
	assert_int_equal(t->timer, 5);
}

static void watchdogs(void **state)
{
	struct metal *t = *state;

	assert_int_equal(time_watchdog(&t->d, 0, 0), -XEN_EINVAL);
	assert_int_equal(time_watchdog(&t->d, TIME_WATCHDOGS + 1, 9),
			 -XEN_EINVAL);
	assert_int_equal(time_watchdog(&t->d, UINT32_MAX, 9), -XEN_EINVAL);
	assert_int_equal(time_watchdog(&t->d, 1, 9), -XEN_EINVAL);
	assert_int_equal(time_watchdog(&t->d, 0, 9), 1);
	assert_int_equal(time_watchdog(&t->d, 0, 9), 2);
	assert_int_equal(time_watchdog(&t->d, 0, 9), -XEN_ENOSPC);
	assert_int_equal(time_watchdog(&t->d, 1, 0), 0);
	assert_int_equal(time_watchdog(&t->d, 1, 9), -XEN_EINVAL);
	assert_int_equal(time_watchdog(&t->d, 2, 20), 0);
	interrupt_at(t, t->now + 10 * SECOND);
	assert_int_equal(t->shutdown, METAL_NOTHING);
	interrupt_at(t, t->now + 10 * SECOND);
	assert_int_equal(t->shutdown, SHUTDOWN_watchdog);
}

/* A vCPU starts with a tick of 100 Hz, and vCPU 0 alone is up. */
static void a_vcpu_starts_with_a_tick(void **state)
{
	struct metal *t = *state;

	time_vcpu_init(&t->v[0]);
	time_vcpu_init(&t->v[1]);
	assert_int_equal(t->timer, t->now + 10 * MS);
	assert_int_equal(t->v[1].time.earliest, TIME_NEVER);
	assert_int_equal(t->v[0].time.runstate.state, RUNSTATE_running);
	assert_int_equal(t->v[1].time.runstate.state, RUNSTATE_offline);
}

/* --- run states and areas ------------------------------------------------- */

static struct vcpu_runstate_info area(struct metal *t)
{
	struct vcpu_runstate_info r;

	memcpy(&r, t->m.guest + (AREA - GUEST_BUFFER), sizeof(r));
	return r;
}

static int64_t register_runstate(struct metal *t, unsigned int vcpu,
				 uint64_t address)
{
	return OP(t, VCPUOP_register_runstate_memory_area, vcpu, address);
}

static void time_is_accounted_to_the_state_it_was_spent_in(void **state)
{
	struct metal *t = *state;
	struct vcpu_runstate_info r;
	uint64_t start = t->now;

	t->v[0].time.runstate.state_entry_time = start;
	t->now += 3 * MS;
	time_runstate_change(&t->v[0], RUNSTATE_blocked);
	t->now += 4 * MS;
	assert_int_equal(OP(t, VCPUOP_get_runstate_info, 0, r), 0);
	memcpy(&r, t->m.guest, sizeof(r));
	assert_int_equal(r.time[RUNSTATE_running], 3 * MS);
	assert_int_equal(r.time[RUNSTATE_blocked], 4 * MS);
	assert_int_equal(r.state, RUNSTATE_blocked);
	/* A clock that is behind takes nothing away. */
	t->now = start;
	time_runstate_change(&t->v[0], RUNSTATE_running);
	assert_int_equal(t->v[0].time.runstate.time[RUNSTATE_blocked], 0);
	assert_int_equal(t->v[0].time.runstate.state_entry_time,
			 start + 3 * MS);
}

static void an_area_is_in_the_guests_memory(void **state)
{
	struct metal *t = *state;

	assert_int_equal(register_runstate(t, 0, GUEST_HIGH_START - 8),
			 -XEN_EFAULT);
	assert_int_equal(t->v[0].time.runstate_area, 0);
	assert_int_equal(OP(t, VCPUOP_register_vcpu_time_memory_area, 0,
			    (uint64_t){GUEST_HIGH_START - 8}),
			 -XEN_EFAULT);
	assert_int_equal(t->v[0].time.time_area, 0);
}

static void an_area_is_filled_for_who_asks(void **state)
{
	struct metal *t = *state;

	assert_int_equal(register_runstate(t, 1, AREA), 0);
	assert_int_equal(area(t).state_entry_time, 0);
	assert_int_equal(t->v[1].time.runstate_area, AREA);
	assert_int_equal(register_runstate(t, 0, AREA), 0);
	assert_true(area(t).state_entry_time != 0);
	/* None again: nothing is written. */
	memset(t->m.guest, 0, sizeof(t->m.guest));
	assert_int_equal(register_runstate(t, 0, 0), 0);
	t->m.copy_fail_after = 100; /* they are counted */
	time_runstate_publish(&t->v[0]);
	assert_int_equal(t->m.copies, 0);
	assert_int_equal(area(t).state_entry_time, 0);
}

/* The mark says that the copy is being written: it is there in between. */
static void a_copy_that_is_being_written_is_marked(void **state)
{
	struct metal *t = *state;

	assert_int_equal(register_runstate(t, 0, AREA), 0);
	t->m.copies = 0;
	t->m.copy_fail_after = 2;
	time_runstate_publish(&t->v[0]);
	assert_false(area(t).state_entry_time & XEN_RUNSTATE_UPDATE);
	t->d.vm_assist = 1u << VMASST_TYPE_runstate_update_flag;
	for (unsigned int fail = 2; fail <= 4; fail++) {
		t->m.copies = 0;
		t->m.copy_fail_after = fail;
		time_runstate_publish(&t->v[0]);
		assert_int_equal(t->m.copies, 3);
		assert_int_equal(area(t).state_entry_time & XEN_RUNSTATE_UPDATE,
				 fail == 4 ? 0 : XEN_RUNSTATE_UPDATE);
	}
	/* What cannot be written in between leaves no mark. */
	t->m.copy_fails_once = true;
	t->m.copies = 0;
	t->m.copy_fail_after = 2;
	time_runstate_publish(&t->v[0]);
	assert_int_equal(t->m.copies, 3);
	assert_false(area(t).state_entry_time & XEN_RUNSTATE_UPDATE);
	t->m.copy_fails_once = false;
	t->m.copies = 0;
	t->m.copy_fail_after = 1; /* the mark itself */
	time_runstate_publish(&t->v[0]);
	assert_int_equal(t->m.copies, 1);
	/* A vCPU that is alone is seen by nobody. */
	t->d.nr_vcpus = 1;
	t->m.copies = 0;
	t->m.copy_fail_after = 2;
	time_runstate_publish(&t->v[0]);
	assert_int_equal(t->m.copies, 1);
}

static void a_clock_that_cannot_be_written_is_none(void **state)
{
	struct metal *t = *state;
	struct vcpu_time_info i;

	assert_int_equal(OP(t, VCPUOP_register_vcpu_time_memory_area, 0,
			    (uint64_t){METAL_UNMAPPED}),
			 0);
	assert_int_equal(t->v[0].time.time_area, 0);
	assert_int_equal(OP(t, VCPUOP_register_vcpu_time_memory_area, 0,
			    (uint64_t){AREA}),
			 0);
	memcpy(&i, t->m.guest + (AREA - GUEST_BUFFER), sizeof(i));
	assert_int_equal(i.version, 2);
	/* Another vCPU's may lie where the caller has nothing mapped. */
	assert_int_equal(OP(t, VCPUOP_register_vcpu_time_memory_area, 1,
			    (uint64_t){METAL_UNMAPPED}),
			 0);
	assert_int_equal(t->v[1].time.time_area, METAL_UNMAPPED);
	/* No area: nothing is written at 0. */
	t->m.copies = 0;
	t->m.copy_fail_after = 2;
	assert_int_equal(OP(t, VCPUOP_register_vcpu_time_memory_area, 0,
			    (uint64_t){0}),
			 0);
	assert_int_equal(t->m.copies, 1);
}

static void what_cannot_be_read_or_written_is_a_fault(void **state)
{
	struct metal *t = *state;
	const unsigned int all[] = {
		VCPUOP_set_singleshot_timer,
		VCPUOP_set_periodic_timer,
		VCPUOP_get_runstate_info,
		VCPUOP_register_runstate_memory_area,
		VCPUOP_register_vcpu_time_memory_area,
	};

	for (unsigned int i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_int_equal(time_vcpu_op(&t->v[0], &t->v[0], all[i],
					      METAL_UNMAPPED),
				 -XEN_EFAULT);
	}
}

/* --- the clock ------------------------------------------------------------ */

static void the_clock_is_where_the_guest_looks(void **state)
{
	struct metal *t = *state;
	struct vcpu_info *shared = t->d.shared_info->vcpu_info;
	struct vcpu_info *own = (struct vcpu_info *)(void *)(t->m.guest + 4096);
	uint32_t version = shared[0].time.version;

	time_publish(&t->v[0]);
	assert_int_equal(shared[0].time.version, version + 2);
	assert_int_equal(shared[0].time.system_time, 12345);
	/* Where it has moved to, and still where it was. */
	t->v[0].event.info = own;
	shared[0].time.system_time = 0;
	time_publish(&t->v[0]);
	assert_int_equal(own->time.system_time, 12345);
	assert_int_equal(own->time.version & 1, 0);
	assert_int_equal(shared[0].time.system_time, 12345);
	/* Shared info has no place for the 33rd. */
	t->v[0].id = XEN_LEGACY_MAX_VCPUS;
	memset(&shared[XEN_LEGACY_MAX_VCPUS], 0, sizeof(shared[0]));
	time_publish(&t->v[0]);
	assert_int_equal(shared[XEN_LEGACY_MAX_VCPUS].time.version, 0);
	t->v[0].event.info = &shared[0];
	t->v[0].id = 0;
}

static void the_wall_clock_has_64_bits(void **state)
{
	struct metal *t = *state;

	time_domain_init(&t->d);
	assert_int_equal(t->d.shared_info->wc_sec, 77);
	assert_int_equal(t->d.shared_info->wc_sec_hi, 1);
	assert_int_equal(t->d.shared_info->wc_version, 2);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, metal_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_timer_is_set_for_the_earliest_deadline),
		TEST(nothing_is_announced_before_its_time),
		TEST(only_what_is_due_is_announced),
		TEST(the_end_of_a_turn_is_told_once),
		TEST(another_cpus_timer_is_its_own_to_set),
		TEST(a_poll_ends_at_its_timeout),
		TEST(a_deadline_that_has_passed),
		TEST(a_period_has_limits),
		TEST(timers_are_taken_back),
		TEST(a_singleshot_is_ones_own),
		TEST(the_older_timer_call),
		TEST(watchdogs),
		TEST(a_vcpu_starts_with_a_tick),
		TEST(time_is_accounted_to_the_state_it_was_spent_in),
		TEST(an_area_is_in_the_guests_memory),
		TEST(an_area_is_filled_for_who_asks),
		TEST(a_copy_that_is_being_written_is_marked),
		TEST(a_clock_that_cannot_be_written_is_none),
		TEST(what_cannot_be_read_or_written_is_a_fault),
		TEST(the_clock_is_where_the_guest_looks),
		TEST(the_wall_clock_has_64_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
