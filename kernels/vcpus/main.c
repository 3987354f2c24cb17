/* SPDX-License-Identifier: MIT */
/*
 * A kernel of two vCPUs: the second is given its registers and tables, comes
 * up, goes down and comes again, is interrupted, and waits. With "info" on the
 * command line its state has a place of its own before it comes up, as stock
 * kernels have it; without, that place is given while it is down. With "shares"
 * both spin instead, and with "half", or "late", all that there are, beside
 * another domain; with "idle" both sleep; with "time" two compare their clocks;
 * with "churn" the second waits and is woken many thousand times; with "stuck"
 * neither gets on; with "talk" the first has much to print; with "failsafe" a
 * segment goes while its vCPU has no CPU: there is but one.
 *
 * Nothing here is of one hypervisor: stock Xen gives the same answers
 * (tests/qemu/vcpus-xen).
 */
#include "kernels/vcpus/vcpus.h"

void kernel_main(uint64_t start_info);

struct pv pv;
static struct vcpu_guest_context context;
static volatile uint64_t beats;

void yield(void)
{
	sched_op(SCHEDOP_yield, NULL);
}

void await_state(int state)
{
	struct vcpu_runstate_info r = {.state = -1};

	while (r.state != state) {
		vcpu_op_on(VCPUOP_get_runstate_info, 1, &r);
		yield();
	}
}

static void comes_up(bool has_info)
{
	const uint64_t table = mfn_at(&pv, pv.root) << PAGE_SHIFT;

	expect("a vCPU that there is, and is not up",
	       vcpu_op_on(VCPUOP_is_up, 1, NULL), 0);
	expect("one that there is not", vcpu_op_on(VCPUOP_is_up, 2, NULL),
	       -XEN_ENOENT);
	expect("up without registers", vcpu_op_on(VCPUOP_up, 1, NULL),
	       -XEN_EINVAL);
	if (has_info) {
		check_info_refused();
		check_info_moves();
	}
	expect("registers that are nowhere",
	       vcpu_op_on(VCPUOP_initialise, 1, NULL), -XEN_EFAULT);
	context.ctrlreg[3] = mfn_at(&pv, &context) << PAGE_SHIFT;
	expect_true("a root that is no table",
		    vcpu_op_on(VCPUOP_initialise, 1, &context) < 0);
	context.ctrlreg[1] = table | 1;
	expect_true("and with a root for user mode that is one",
		    vcpu_op_on(VCPUOP_initialise, 1, &context) < 0);
	context.ctrlreg[1] = 0;
	context.ctrlreg[3] = table;
	expect("registers and tables",
	       vcpu_op_on(VCPUOP_initialise, 1, &context), 0);
	expect("twice", vcpu_op_on(VCPUOP_initialise, 1, &context),
	       -XEN_EEXIST);
	expect("up", vcpu_op_on(VCPUOP_up, 1, NULL), 0);
	expect("it is", vcpu_op_on(VCPUOP_is_up, 1, NULL), 1);
	while (second_given() == 0) {
		yield();
	}
	expect("it has the register that it was given", (int64_t)second_given(),
	       SECOND_ARGUMENT);
}

static void beat(void)
{
	beats++;
}

void go_down(void)
{
	vcpu_op_on(VCPUOP_down, 1, NULL);
	beats++;
}

void put_down(void)
{
	second_begin(go_down);
	while (vcpu_op_on(VCPUOP_is_up, 1, NULL) != 0) {
		yield();
	}
	/* It is told to go, and then it goes. */
	await_state(RUNSTATE_offline);
}

static void goes_down(bool has_info)
{
	const uint64_t before = beats;
	struct vcpu_runstate_info r = {.state = -1};

	put_down();
	expect("its run state, down",
	       vcpu_op_on(VCPUOP_get_runstate_info, 1, &r), 0);
	expect("is offline", r.state, RUNSTATE_offline);
	expect("while it has not gone on", (int64_t)(beats - before), 0);
	if (!has_info) {
		check_info_refused();
	}
	expect("up again", vcpu_op_on(VCPUOP_up, 1, NULL), 0);
	second_finish();
	expect("it goes on where it was", (int64_t)(beats - before), 1);
	second_do(beat);
	expect("and works", (int64_t)(beats - before), 2);
}

/* The place for its state that it has not had so far. */
static void moves_late(void)
{
	struct vcpu_register_vcpu_info op = {
		.mfn = mfn_at(&pv, &context),
	};

	expect("the place of another's state while that is up",
	       vcpu_op_on(VCPUOP_register_vcpu_info, 1, &op), -XEN_EINVAL);
	put_down();
	check_info_moves();
	expect("up after that", vcpu_op_on(VCPUOP_up, 1, NULL), 0);
	second_finish();
}

/* For ever, until the run is ended: where each is, is told then. */
static __attribute__((noinline)) void second_stuck(void)
{
	for (;;) {
		__asm__ volatile("pause");
	}
}

static __attribute__((noinline)) _Noreturn void first_stuck(void)
{
	second_begin(second_stuck);
	for (;;) {
		yield();
	}
}

void kernel_main(uint64_t start_info)
{
	const char *line;
	bool has_info;
	bool is_late;

	pv_start(&pv, start_info);
	line = (const char *)pv.start->cmd_line;
	has_info = cmdline_has(line, "info");
	second_context(&pv, &context);
	is_late = cmdline_has(line, "late");
	if (is_late || cmdline_has(line, "half")) {
		check_half(&context, is_late);
		expect_end();
	}
	if (cmdline_has(line, "idle")) {
		check_idle(&context);
		expect_end();
	}
	if (cmdline_has(line, "talk")) {
		check_talk();
		expect_end();
	}
	comes_up(has_info);
	if (cmdline_has(line, "shares")) {
		check_shares();
		expect_end();
	}
	if (cmdline_has(line, "time")) {
		check_time();
		expect_end();
	}
	if (cmdline_has(line, "stuck")) {
		first_stuck();
	}
	if (cmdline_has(line, "churn")) {
		check_churn(1000);
		expect_end();
	}
	if (cmdline_has(line, "failsafe")) {
		check_failsafe(cmdline_has(line, "nowhere"));
		expect_end();
	}
	goes_down(has_info);
	check_interrupts();
	check_timers();
	check_areas();
	check_channels();
	if (!has_info) {
		moves_late();
		check_channels();
	}
	expect_end();
}
