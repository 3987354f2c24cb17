/* SPDX-License-Identifier: MIT */
/* The clock, timers, waiting, and the account of running and waiting. */
#include "kernels/services/services.h"

#define MS UINT64_C(1000000)

static evtchn_port_t timer_port;

static void bind_timer(void)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 0};

	expect("the timer's interrupt", event_op(EVTCHNOP_bind_virq, &virq), 0);
	timer_port = virq.port;
	expect("without the tick that a vCPU starts with",
	       vcpu_op(VCPUOP_stop_periodic_timer, NULL), 0);
}

static void forget_timer(const struct pv *s)
{
	clear_pending(s, timer_port);
	s->shared->vcpu_info[0].evtchn_pending_sel = 0;
	s->shared->vcpu_info[0].evtchn_upcall_pending = 0;
}

static int64_t set_singleshot(uint64_t at, uint32_t flags)
{
	struct vcpu_set_singleshot_timer op = {.timeout_abs_ns = at,
					       .flags = flags};

	return vcpu_op(VCPUOP_set_singleshot_timer, &op);
}

static void clock(const struct pv *s)
{
	uint64_t a = now(s);
	uint64_t b;

	expect("the clock is not being written",
	       s->shared->vcpu_info[0].time.version & 1, 0);
	expect_true("the wall clock is set", s->shared->wc_sec != 0);
	for (unsigned int i = 0; i < 1000; i++) {
		b = now(s);
		if (b < a) {
			expect("the clock goes on", (int64_t)(b - a), 0);
			return;
		}
		a = b;
	}
	expect_true("the clock goes on", true);
}

static void singleshot(const struct pv *s)
{
	uint64_t events = event_count;
	uint64_t deadline;

	forget_timer(s);
	expect("a deadline that has passed", set_singleshot(1, 0), 0);
	expect_true("has come at once", is_pending(s, timer_port));
	forget_timer(s);
	expect("one that must be ahead but is not",
	       set_singleshot(1, VCPU_SSHOTTMR_future), -XEN_ETIME);
	expect_true("has not come", !is_pending(s, timer_port));

	/* Far enough for a machine that is busy with something else. */
	deadline = now(s) + 200 * MS;
	expect("a deadline ahead", set_singleshot(deadline, 0), 0);
	expect_true("has not come yet", !is_pending(s, timer_port));
	expect("waiting", sched_op(SCHEDOP_block, NULL), 0);
	expect_true("lasts until then", now(s) >= deadline);
	expect_true("when it has come", is_pending(s, timer_port));
	expect("by the callback", (int64_t)(event_count - events), 1);

	forget_timer(s);
	deadline = now(s) + 200 * MS;
	expect("a deadline ahead", set_singleshot(deadline, 0), 0);
	expect("taken back", vcpu_op(VCPUOP_stop_singleshot_timer, NULL), 0);
	while (now(s) < deadline + 2 * MS) {
	}
	expect_true("does not come", !is_pending(s, timer_port));

	deadline = now(s) + 2 * MS;
	expect("the older call for it",
	       hypercall(__HYPERVISOR_set_timer_op, deadline, 0, 0, 0, 0), 0);
	while (!is_pending(s, timer_port) && now(s) < deadline + 1000 * MS) {
	}
	expect_true("comes while the guest runs", is_pending(s, timer_port));
	expect_true("and not before its time", now(s) >= deadline);
}

static void periodic(const struct pv *s)
{
	struct vcpu_set_periodic_timer op = {.period_ns = MS / 2};
	uint64_t begin;

	expect("a period too short", vcpu_op(VCPUOP_set_periodic_timer, &op),
	       -XEN_EINVAL);
	op.period_ns = 2 * MS;
	begin = now(s);
	expect("one long enough", vcpu_op(VCPUOP_set_periodic_timer, &op), 0);
	for (unsigned int i = 0; i < 5; i++) {
		forget_timer(s);
		sched_op(SCHEDOP_block, NULL);
	}
	expect_true("ticks no faster than it says",
		    now(s) - begin >= 5 * op.period_ns);
	expect("and stops", vcpu_op(VCPUOP_stop_periodic_timer, NULL), 0);
	forget_timer(s);
}

static void polling(const struct pv *s)
{
	evtchn_port_t ports[2] = {timer_port, timer_port};
	struct sched_poll poll = {.nr_ports = 1};
	uint64_t begin = now(s);

	set_xen_guest_handle(poll.ports, ports);
	poll.timeout = begin + 3 * MS;
	forget_timer(s);
	expect("polling", sched_op(SCHEDOP_poll, &poll), 0);
	expect_true("ends at the timeout", now(s) >= poll.timeout);
	expect_true("with nothing pending", !is_pending(s, timer_port));

	poll.timeout = now(s) + 1000 * MS;
	expect("a timer", set_singleshot(now(s) + 2 * MS, 0), 0);
	expect("polling for it", sched_op(SCHEDOP_poll, &poll), 0);
	expect_true("ends when it comes", now(s) < poll.timeout);
	expect_true("and it is pending", is_pending(s, timer_port));

	poll.timeout = 0;
	expect("polling for what is pending", sched_op(SCHEDOP_poll, &poll), 0);
	forget_timer(s);
	ports[1] = 100000;
	poll.nr_ports = 2;
	expect("polling for a port that is none", sched_op(SCHEDOP_poll, &poll),
	       -XEN_EINVAL);
	poll.nr_ports = 129;
	expect("polling for too many", sched_op(SCHEDOP_poll, &poll),
	       -XEN_EINVAL);
}

/* All that the account of this vCPU adds up to. */
static uint64_t accounted(void)
{
	struct vcpu_runstate_info r = {.state = -1};

	if (vcpu_op(VCPUOP_get_runstate_info, &r) != 0) {
		return 0;
	}
	return r.time[RUNSTATE_running] + r.time[RUNSTATE_runnable] +
	       r.time[RUNSTATE_blocked] + r.time[RUNSTATE_offline];
}

static void runstate(const struct pv *s)
{
	static volatile struct vcpu_runstate_info area;
	struct vcpu_register_runstate_memory_area op = {
		.addr.p = (uintptr_t)&area};
	uint64_t before = now(s);
	uint64_t first = accounted();
	uint64_t inside = now(s);
	uint64_t all;

	set_singleshot(now(s) + 2 * MS, 0);
	sched_op(SCHEDOP_block, NULL);
	forget_timer(s);
	inside = now(s) - inside;
	all = accounted() - first;
	expect_true("the account of a vCPU has all its time",
		    all >= inside && all <= now(s) - before);
	expect("an area for it",
	       vcpu_op(VCPUOP_register_runstate_memory_area, &op), 0);
	expect("is filled", area.state, RUNSTATE_running);
	before = area.time[RUNSTATE_blocked];
	/* On a crowded host much of the time is gone before the vCPU blocks. */
	set_singleshot(now(s) + 20 * MS, 0);
	sched_op(SCHEDOP_block, NULL);
	forget_timer(s);
	expect_true("and kept", area.time[RUNSTATE_blocked] >= before + MS);
	op.addr.v = (struct vcpu_runstate_info *)HYPERVISOR_VIRT_START;
	expect("an area in the hypervisor",
	       vcpu_op(VCPUOP_register_runstate_memory_area, &op), -XEN_EFAULT);
}

static int64_t watchdog(uint32_t id, uint32_t timeout)
{
	struct sched_watchdog op = {.id = id, .timeout = timeout};

	return sched_op(SCHEDOP_watchdog, &op);
}

static void watchdogs(void)
{
	expect("no watchdog", watchdog(0, 0), -XEN_EINVAL);
	expect("a watchdog", watchdog(0, 100), 1);
	expect("a second one", watchdog(0, 100), 2);
	expect("a third one", watchdog(0, 100), -XEN_ENOSPC);
	expect("the first one's end", watchdog(1, 0), 0);
	expect("which has ended", watchdog(1, 50), -XEN_EINVAL);
	expect("the second one's delay", watchdog(2, 200), 0);
	expect("the second one's end", watchdog(2, 0), 0);
	expect("one that there never was", watchdog(7, 1), -XEN_EINVAL);
}

_Noreturn void wait_for_watchdog(void)
{
	if (watchdog(0, 1) != 1) {
		die("no watchdog");
	}
	say("waiting for the watchdog");
	for (;;) {
		sched_op(SCHEDOP_block, NULL);
	}
}

void check_time(const struct pv *s)
{
	bind_timer();
	clock(s);
	singleshot(s);
	periodic(s);
	polling(s);
	runstate(s);
	watchdogs();
}
