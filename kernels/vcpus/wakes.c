/* SPDX-License-Identifier: MIT */
/* What ends the second vCPU's waiting: interrupts, NMI, timers. */
#include "kernels/vcpus/vcpus.h"

static volatile uint64_t nmis;
static evtchn_port_t second_port;

void block(void)
{
	sched_op(SCHEDOP_block, NULL);
}

static void poll_port(void)
{
	struct sched_poll poll = {.nr_ports = 1};
	evtchn_port_t port = second_port;

	set_xen_guest_handle(poll.ports, &port);
	sched_op(SCHEDOP_poll, &poll);
}

static bool count_nmi(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	if (f->vector == 2) {
		nmis++;
	}
	return f->vector == 2;
}

static void is_sent_to(void)
{
	evtchn_send_t send = {.port = second_port};

	second_begin(block);
	await_state(RUNSTATE_blocked);
	expect("a send to one that waits", event_op(EVTCHNOP_send, &send), 0);
	second_finish();
	expect("comes by its callback", (int64_t)second_events(), 1);
	forget(second_port, 1);
	second_begin(poll_port);
	await_state(RUNSTATE_blocked);
	expect("a send to one that polls", event_op(EVTCHNOP_send, &send), 0);
	second_finish();
	expect_true("ends the poll, and stays pending",
		    is_pending(&pv, second_port));
	expect("events masked: no callback", (int64_t)second_events(), 1);
	forget(second_port, 1);
}

void check_interrupts(void)
{
	evtchn_bind_ipi_t ipi = {.vcpu = 1};
	evtchn_bind_vcpu_t bind = {.vcpu = 0};

	expect("an IPI port of its", event_op(EVTCHNOP_bind_ipi, &ipi), 0);
	second_port = ipi.port;
	bind.port = ipi.port;
	expect("is its for good", event_op(EVTCHNOP_bind_vcpu, &bind),
	       -XEN_EINVAL);
	is_sent_to();
	traps_expect(count_nmi);
	expect("an NMI", vcpu_op_on(VCPUOP_send_nmi, 1, NULL), 0);
	while (nmis == 0) {
		yield();
	}
	expect("has come", (int64_t)nmis, 1);
	expect("an NMI to one that there is not",
	       vcpu_op_on(VCPUOP_send_nmi, 2, NULL), -XEN_ENOENT);
}

/* Going down and coming up begins no tick that was ended. */
static void stays_stopped(evtchn_port_t port)
{
	uint64_t end;

	put_down();
	expect("up without a tick", vcpu_op_on(VCPUOP_up, 1, NULL), 0);
	second_finish();
	end = now(&pv) + 30 * MS;
	while (now(&pv) < end) {
		yield();
	}
	expect("it has none", is_pending(&pv, port), 0);
}

/* Runs, since Xen's ticks come to none that waits. */
static void spin_for_it(void)
{
	while (!is_pending(&pv, second_port)) {
	}
}

void check_timers(void)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 1};
	struct vcpu_set_periodic_timer period = {.period_ns = 5 * MS};
	struct vcpu_set_singleshot_timer once = {.timeout_abs_ns = 1};
	evtchn_bind_vcpu_t bind = {.vcpu = 0};
	const uint64_t before = second_events();

	expect("its timer's interrupt", event_op(EVTCHNOP_bind_virq, &virq), 0);
	bind.port = virq.port;
	expect("is its for good, too", event_op(EVTCHNOP_bind_vcpu, &bind),
	       -XEN_EINVAL);
	expect("twice", event_op(EVTCHNOP_bind_virq, &virq), -XEN_EEXIST);
	virq.vcpu = 2;
	expect("of one that there is not", event_op(EVTCHNOP_bind_virq, &virq),
	       -XEN_ENOENT);
	virq.virq = VIRQ_CONSOLE;
	virq.vcpu = 1;
	expect("a global one is the first vCPU's",
	       event_op(EVTCHNOP_bind_virq, &virq), -XEN_EINVAL);
	expect("its single-shot timer is its own",
	       vcpu_op_on(VCPUOP_set_singleshot_timer, 1, &once), -XEN_EINVAL);
	expect("its tick is not",
	       vcpu_op_on(VCPUOP_set_periodic_timer, 1, &period), 0);
	second_port = bind.port;
	second_do(spin_for_it);
	second_do(block);
	expect("and comes by its callback", (int64_t)(second_events() - before),
	       1);
	expect("its end", vcpu_op_on(VCPUOP_stop_periodic_timer, 1, NULL), 0);
	forget(bind.port, 1);
	stays_stopped(bind.port);
}

/* Where it lives when it is told is not where it runs: they are owed. */
void check_areas(void)
{
	static volatile struct vcpu_time_info clock;
	static volatile struct vcpu_runstate_info states;
	struct vcpu_register_time_memory_area time = {
		.addr.p = (uintptr_t)&clock};
	struct vcpu_register_runstate_memory_area run = {
		.addr.p = (uintptr_t)&states};

	expect("an area for its clock",
	       vcpu_op_on(VCPUOP_register_vcpu_time_memory_area, 1, &time), 0);
	expect("and for its run state",
	       vcpu_op_on(VCPUOP_register_runstate_memory_area, 1, &run), 0);
	put_down();
	vcpu_op_on(VCPUOP_up, 1, NULL);
	second_finish();
	expect_true("its clock is there when it has run",
		    clock.version != 0 && clock.version % 2 == 0 &&
			    clock.tsc_to_system_mul != 0);
	expect("and its run state", states.state, RUNSTATE_running);
	expect_true("which knows how long it was down",
		    states.time[RUNSTATE_offline] != 0);
}
