/* SPDX-License-Identifier: MIT */
/*
 * A kernel of two vCPUs: the second is given its registers and tables, comes
 * up, goes down and comes again, is interrupted, and waits. With "shares" on
 * the command line both spin instead, and each counts how far it got.
 */
#include "kernels/common/pv.h"

#define MS UINT64_C(1000000)
#define SHARE_TIME (1500 * MS)
#define STACK_SIZE 16384

typedef void job_fn(void);

void kernel_main(uint64_t start_info);
/* Where the second vCPU begins, and where its events come in. */
void second_main(uint64_t first_argument);
extern const char second_event[];

/* Counts, and returns with events masked, as the callback was entered. */
__asm__(".text\n"
	"second_event:\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	orb $3, 8(%rsp)\n"
	"	incq second_events(%rip)\n"
	"	iretq\n");

volatile uint64_t second_events;

static struct pv pv;
static uint8_t second_stack[STACK_SIZE] __attribute__((aligned(4096)));
static struct vcpu_guest_context context;
static job_fn *job; /* of the second vCPU; NULL: it has none */
static volatile uint64_t given;
static volatile uint64_t nmis;
static volatile uint64_t beats;
static evtchn_port_t second_port;

static int64_t on(unsigned int cmd, unsigned int id, void *op)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, id, (uintptr_t)op, 0, 0);
}

static void yield(void)
{
	sched_op(SCHEDOP_yield, NULL);
}

static bool is_idle(void)
{
	return __atomic_load_n(&job, __ATOMIC_ACQUIRE) == NULL;
}

static void begin(job_fn *fn)
{
	__atomic_store_n(&job, fn, __ATOMIC_RELEASE);
}

static void finish(void)
{
	while (!is_idle()) {
		yield();
	}
}

void second_main(uint64_t first_argument)
{
	given = first_argument;
	for (;;) {
		job_fn *fn = __atomic_load_n(&job, __ATOMIC_ACQUIRE);

		if (fn != NULL) {
			fn();
			__atomic_store_n(&job, NULL, __ATOMIC_RELEASE);
		} else {
			yield();
		}
	}
}

static bool count_nmi(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	if (f->vector == 2) {
		nmis++;
	}
	return f->vector == 2;
}

static void prepare(void)
{
	context.flags = VGCF_in_kernel;
	context.user_regs.rip = (uintptr_t)second_main;
	/* As after a call. */
	context.user_regs.rsp = (uintptr_t)(second_stack + STACK_SIZE - 8);
	context.user_regs.rdi = 0x1234;
	context.user_regs.rflags = 0x202;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = (uintptr_t)(second_stack + STACK_SIZE);
	context.ctrlreg[3] = mfn_at(&pv, pv.l4) << PAGE_SHIFT;
	context.event_callback_eip = (uintptr_t)second_event;
	traps_context(context.trap_ctxt);
}

static void comes_up(void)
{
	const uint64_t table = context.ctrlreg[3];

	expect("a vCPU that there is, and is not up", on(VCPUOP_is_up, 1, NULL),
	       0);
	expect("one that there is not", on(VCPUOP_is_up, 2, NULL), -XEN_ENOENT);
	expect("up without registers", on(VCPUOP_up, 1, NULL), -XEN_EINVAL);
	expect("registers that are nowhere", on(VCPUOP_initialise, 1, NULL),
	       -XEN_EFAULT);
	context.ctrlreg[3] = mfn_at(&pv, second_stack) << PAGE_SHIFT;
	expect("a root that is no table",
	       on(VCPUOP_initialise, 1, &context) != 0, 1);
	context.ctrlreg[3] = table;
	expect("registers and tables", on(VCPUOP_initialise, 1, &context), 0);
	expect("twice", on(VCPUOP_initialise, 1, &context), -XEN_EEXIST);
	expect("up", on(VCPUOP_up, 1, NULL), 0);
	expect("it is", on(VCPUOP_is_up, 1, NULL), 1);
	while (given == 0) {
		yield();
	}
	expect("it has the register that it was given", (int64_t)given, 0x1234);
}

static void beat(void)
{
	beats++;
}

static void go_down(void)
{
	on(VCPUOP_down, 1, NULL);
	beats++;
}

static void goes_down(void)
{
	const uint64_t before = beats;
	struct vcpu_runstate_info r = {.state = -1};

	begin(go_down);
	while (on(VCPUOP_is_up, 1, NULL) != 0) {
		yield();
	}
	expect("its run state, down", on(VCPUOP_get_runstate_info, 1, &r), 0);
	expect("is offline", r.state, RUNSTATE_offline);
	expect("while it has not gone on", (int64_t)(beats - before), 0);
	expect("up again", on(VCPUOP_up, 1, NULL), 0);
	finish();
	expect("it goes on where it was", (int64_t)(beats - before), 1);
	begin(beat);
	finish();
	expect("and works", (int64_t)(beats - before), 2);
}

static void block(void)
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

static void forget(unsigned int vcpu)
{
	clear_pending(&pv, second_port);
	pv.shared->vcpu_info[vcpu].evtchn_pending_sel = 0;
	pv.shared->vcpu_info[vcpu].evtchn_upcall_pending = 0;
}

static void await_state(int state)
{
	struct vcpu_runstate_info r = {.state = -1};

	while (r.state != state) {
		on(VCPUOP_get_runstate_info, 1, &r);
		yield();
	}
}

static void is_interrupted(void)
{
	evtchn_bind_ipi_t ipi = {.vcpu = 1};
	evtchn_send_t send;
	evtchn_bind_vcpu_t bind;

	expect("an IPI port of its", event_op(EVTCHNOP_bind_ipi, &ipi), 0);
	second_port = ipi.port;
	send.port = ipi.port;
	bind.port = ipi.port;
	bind.vcpu = 0;
	expect("is its for good", event_op(EVTCHNOP_bind_vcpu, &bind),
	       -XEN_EINVAL);
	begin(block);
	await_state(RUNSTATE_blocked);
	expect("a send to one that waits", event_op(EVTCHNOP_send, &send), 0);
	finish();
	expect("comes by its callback", (int64_t)second_events, 1);
	forget(1);
	begin(poll_port);
	await_state(RUNSTATE_blocked);
	expect("a send to one that polls", event_op(EVTCHNOP_send, &send), 0);
	finish();
	expect_true("ends the poll, and stays pending",
		    is_pending(&pv, second_port));
	expect("events masked: no callback", (int64_t)second_events, 1);
	forget(1);
	traps_expect(count_nmi);
	expect("an NMI", on(VCPUOP_send_nmi, 1, NULL), 0);
	while (nmis == 0) {
		yield();
	}
	expect("has come", (int64_t)nmis, 1);
	expect("an NMI to one that there is not", on(VCPUOP_send_nmi, 2, NULL),
	       -XEN_ENOENT);
}

static void has_timers(void)
{
	struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = 1};
	struct vcpu_set_periodic_timer period = {.period_ns = 5 * MS};
	struct vcpu_set_singleshot_timer once = {.timeout_abs_ns = 1};
	const uint64_t before = second_events;

	expect("its timer's interrupt", event_op(EVTCHNOP_bind_virq, &virq), 0);
	expect("twice", event_op(EVTCHNOP_bind_virq, &virq), -XEN_EEXIST);
	virq.vcpu = 2;
	expect("of one that there is not", event_op(EVTCHNOP_bind_virq, &virq),
	       -XEN_ENOENT);
	virq.virq = VIRQ_CONSOLE;
	virq.vcpu = 1;
	expect("a global one is the first vCPU's",
	       event_op(EVTCHNOP_bind_virq, &virq), -XEN_EINVAL);
	expect("its single-shot timer is its own",
	       on(VCPUOP_set_singleshot_timer, 1, &once), -XEN_EINVAL);
	expect("its tick is not", on(VCPUOP_set_periodic_timer, 1, &period), 0);
	begin(block);
	finish();
	expect("and wakes it", (int64_t)(second_events - before), 1);
	expect("its end", on(VCPUOP_stop_periodic_timer, 1, NULL), 0);
}

/* Where it lives when it is told is not where it runs: they are owed. */
static void has_areas(void)
{
	static volatile struct vcpu_time_info clock;
	static volatile struct vcpu_runstate_info states;
	struct vcpu_register_time_memory_area time = {
		.addr.p = (uintptr_t)&clock};
	struct vcpu_register_runstate_memory_area run = {
		.addr.p = (uintptr_t)&states};

	expect("an area for its clock",
	       on(VCPUOP_register_vcpu_time_memory_area, 1, &time), 0);
	expect("and for its run state",
	       on(VCPUOP_register_runstate_memory_area, 1, &run), 0);
	begin(go_down);
	while (on(VCPUOP_is_up, 1, NULL) != 0) {
		yield();
	}
	on(VCPUOP_up, 1, NULL);
	finish();
	expect_true("its clock is there when it has run",
		    clock.version != 0 && clock.version % 2 == 0 &&
			    clock.tsc_to_system_mul != 0);
	expect("and its run state", states.state, RUNSTATE_running);
	expect_true("which knows how long it was down",
		    states.time[RUNSTATE_offline] != 0);
}

static volatile uint64_t share[2];
static volatile uint64_t share_end;

static void spin(unsigned int id)
{
	while (now(&pv) < share_end) {
		share[id]++;
	}
}

static void spin_second(void)
{
	spin(1);
}

/* On one CPU neither gets more than three fifths of it. */
static void share_a_cpu(void)
{
	uint64_t percent;

	share_end = now(&pv) + SHARE_TIME;
	begin(spin_second);
	spin(0);
	finish();
	percent = share[0] * 100 / (share[0] + share[1] + 1);
	say("shares: %lu and %lu turns, %lu percent", share[0], share[1],
	    percent);
	expect_true("the first has 40 to 60 percent",
		    percent >= 40 && percent <= 60);
}

void kernel_main(uint64_t start_info)
{
	pv_start(&pv, start_info);
	prepare();
	comes_up();
	if (cmdline_has((const char *)pv.start->cmd_line, "shares")) {
		share_a_cpu();
		expect_end();
	}
	goes_down();
	is_interrupted();
	has_timers();
	has_areas();
	expect_end();
}
