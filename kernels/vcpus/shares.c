/* SPDX-License-Identifier: MIT */
/*
 * Shares of a CPU. Between the vCPUs of a domain each has as much; between two
 * domains that both want all of it each has half, whichever has more vCPUs, and
 * whichever has slept before: having waited is no claim to what went by. A CPU
 * that nobody wants is halted.
 */
#include "kernels/vcpus/vcpus.h"

#define SHARE_TIME (1500 * MS)
/* Of a domain's time: the late one sleeps, then all spin, and it is measured.
 */
#define SLEEP (1500 * MS)
#define FROM (2000 * MS)
#define TO (3000 * MS)
#define END (3500 * MS)

static volatile uint64_t share[2];
static volatile uint64_t spin_end;

static void spin(unsigned int id)
{
	while (now(&pv) < spin_end) {
		share[id]++;
	}
}

static void spin_second(void)
{
	spin(1);
}

/* On one CPU neither gets more than three fifths of it. */
void check_shares(void)
{
	uint64_t percent;

	spin_end = now(&pv) + SHARE_TIME;
	second_begin(spin_second);
	spin(0);
	second_finish();
	percent = share[0] * 100 / (share[0] + share[1] + 1);
	say("shares: %lu and %lu turns, %lu percent", share[0], share[1],
	    percent);
	expect_true("the first has 40 to 60 percent",
		    percent >= 40 && percent <= 60);
}

/* How long the vCPUs ran, all of them together. */
static uint64_t ran(void)
{
	uint64_t sum = 0;

	for (unsigned int id = 0; id < 2; id++) {
		struct vcpu_runstate_info r = {.state = -1};

		if (vcpu_op_on(VCPUOP_get_runstate_info, id, &r) == 0) {
			sum += r.time[RUNSTATE_running];
		}
	}
	return sum;
}

static void sleep_until(uint64_t when)
{
	struct sched_poll poll = {.timeout = when};

	while (now(&pv) < when) {
		sched_op(SCHEDOP_poll, &poll);
	}
}

static void spin_until(uint64_t when)
{
	while (now(&pv) < when) {
	}
}

static void begin_second(struct vcpu_guest_context *second)
{
	expect("a second vCPU", vcpu_op_on(VCPUOP_initialise, 1, second), 0);
	expect("that spins, too", vcpu_op_on(VCPUOP_up, 1, NULL), 0);
	second_begin(spin_second);
}

void check_half(struct vcpu_guest_context *second, bool late)
{
	const uint64_t start = now(&pv);
	uint64_t before;
	uint64_t percent;

	spin_end = start + END;
	if (late) {
		sleep_until(start + SLEEP);
	}
	if (vcpu_op_on(VCPUOP_is_up, 1, NULL) == 0) {
		begin_second(second);
	}
	spin_until(start + FROM);
	before = ran();
	spin_until(start + TO);
	percent = (ran() - before) * 100 / (TO - FROM);
	spin_until(start + END);
	say("half: %lu percent", percent);
	expect_true("the domain has 40 to 60 percent",
		    percent >= 40 && percent <= 60);
}

#define LONG (1000 * UINT64_C(1000000000))

static void sleep_second(void)
{
	vcpu_op_on(VCPUOP_stop_periodic_timer, 1, NULL);
	sleep_until(spin_end);
}

/*
 * Both sleep for long. Where instructions are counted the clock jumps as soon
 * as all CPUs are halted, and without that this would take hours.
 */
void check_idle(struct vcpu_guest_context *second)
{
	struct vcpu_runstate_info r = {.state = -1};

	vcpu_op_on(VCPUOP_stop_periodic_timer, 0, NULL);
	spin_end = now(&pv) + LONG;
	vcpu_op_on(VCPUOP_initialise, 1, second);
	vcpu_op_on(VCPUOP_up, 1, NULL);
	second_begin(sleep_second);
	sleep_until(spin_end);
	second_finish();
	for (unsigned int id = 0; id < 2; id++) {
		vcpu_op_on(VCPUOP_get_runstate_info, id, &r);
		expect_true("it waited for most of the time",
			    r.time[RUNSTATE_blocked] > LONG / 1000 * 999);
	}
}
