/* SPDX-License-Identifier: MIT */
/*
 * What a kernel cannot survive: the hypervisor must end this domain, with a
 * reason, and nothing else. One a boot, chosen by end=NAME.
 */
#include "kernels/bad-hypercalls/hostile.h"

/* Traps with a stack pointer of any kind. */
static void trap_on(uint64_t rsp)
{
	__asm__ volatile("mov %0, %%rsp; ud2" : : "r"(rsp) : "memory");
}

static void iret_on(uint64_t rsp)
{
	__asm__ volatile("mov %0, %%rsp; mov $23, %%eax; syscall"
			 :
			 : "r"(rsp)
			 : "memory");
}

static void kernel_stack_at(const struct bad *b, uint64_t sp,
			    const void *user_code)
{
	struct iret_context f = hostile_user(user_code);

	hostile_begin(b);
	hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS, sp, 0, 0, 0);
	hostile_run(&f);
}

static void stack_in_hypervisor(const struct bad *b)
{
	(void)b;
	trap_on(HYPERVISOR_IMAGE + 256);
}

static void stack_not_canonical(const struct bad *b)
{
	(void)b;
	trap_on(NOT_CANONICAL);
}

/* The frame would be written into a page table. */
static void stack_in_table(const struct bad *b)
{
	trap_on((uintptr_t)b->l4 + 256);
}

static void kernel_stack_in_hypervisor(const struct bad *b)
{
	kernel_stack_at(b, HYPERVISOR_IMAGE + 256, hostile_nop);
}

static void syscall_in_table(const struct bad *b)
{
	kernel_stack_at(b, (uintptr_t)b->l4 + 256, hostile_syscall);
}

static void iret_frame_in_hypervisor(const struct bad *b)
{
	(void)b;
	iret_on(HYPERVISOR_IMAGE);
}

static void iret_frame_at_end(const struct bad *b)
{
	(void)b;
	iret_on(0x00007fffffffffe0);
}

static void iret_without_user(const struct bad *b)
{
	struct iret_context f = hostile_user(hostile_nop);

	(void)b;
	hostile_run(&f);
}

static void trap_without_handler(const struct bad *b)
{
	(void)b;
	hypercall(__HYPERVISOR_set_trap_table, 0, 0, 0, 0, 0);
	__asm__ volatile("ud2");
}

/* Each fault faults again, down to the end of the stack. */
static void handler_not_mapped(const struct bad *b)
{
	struct trap_info t[2] = {
		{.vector = 14, .cs = FLAT_KERNEL_CS, .address = NOT_MAPPED}};

	(void)b;
	hypercall(__HYPERVISOR_set_trap_table, (uintptr_t)t, 0, 0, 0, 0);
	probe_read(NOT_MAPPED, NULL, NULL);
}

static void event_without_callback(const struct bad *b)
{
	struct vcpu_register_vcpu_info op = {.mfn = mfn_at(b, page_a)};
	struct vcpu_info *info = (struct vcpu_info *)page_a;

	hypercall(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
		  (uintptr_t)&op, 0, 0);
	info->evtchn_upcall_pending = 1;
	info->evtchn_upcall_mask = 0;
	hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
}

/* As kernels halt that cannot say what is wrong: no shutdown is asked for. */
static void down(const struct bad *b)
{
	(void)b;
	probe_read(NOT_MAPPED, NULL, NULL);
	hypercall(__HYPERVISOR_vcpu_op, VCPUOP_down, 0, 0, 0, 0);
}

static void shutdown_crash(const struct bad *b)
{
	(void)b;
	probe_read(NOT_MAPPED, NULL, NULL);
	shut_down(SHUTDOWN_crash);
}

/* It never ends, and takes no events. */
static void spin(const struct bad *b)
{
	(void)b;
	say("spinning");
	for (;;) {
		__asm__ volatile("pause");
	}
}

/* The handler comes back to the instruction that faulted. */
static void fault_for_ever(const struct bad *b)
{
	extern const char fault_again[];
	struct trap_info t[2] = {{.vector = 14,
				  .cs = FLAT_KERNEL_CS,
				  .address = (uintptr_t)fault_again}};

	(void)b;
	hypercall(__HYPERVISOR_set_trap_table, (uintptr_t)t, 0, 0, 0, 0);
	say("faulting");
	__asm__ volatile("xor %%esi, %%esi\n\t"
			 "jmp 1f\n"
			 "fault_again:\n\t"
			 "add $64, %%rsp\n\t" /* frames are never left */
			 "and $-16, %%rsp\n"
			 "1:\tmov (%%rsi), %%rax"
			 :
			 :
			 : "rax", "rsi", "memory");
}

/* As a kernel does that has taken a table for free memory. */
static void write_to_table(const struct bad *b)
{
	hypercall(__HYPERVISOR_set_trap_table, 0, 0, 0, 0, 0);
	*(volatile uint64_t *)((uintptr_t)b->l4 + 256) = 0;
}

/*
 * As in 2011: a page is made read-only by an address that leads to no table,
 * what that returned is not looked at, and the page is to be a table.
 */
static void not_reachable(const struct bad *b)
{
	const uint64_t page = mfn_at(b, page_a);

	(void)hypercall(__HYPERVISOR_update_va_mapping, NOT_MAPPED,
			page << PAGE_SHIFT | MAP_RO, 0, 0, 0);
	(void)mmuext(MMUEXT_PIN_L1_TABLE, page, 0);
	shut_down(SHUTDOWN_poweroff);
}

static void lint(const struct bad *b)
{
	lint_all(b);
	shut_down(SHUTDOWN_poweroff);
}

static void lint_clean(const struct bad *b)
{
	lint_none(b);
	shut_down(SHUTDOWN_poweroff);
}

void end_by(const struct bad *b, const char *name)
{
	static const struct {
		const char *name;
		void (*fn)(const struct bad *b);
	} ends[] = {
		{"stack-in-hypervisor", stack_in_hypervisor},
		{"stack-not-canonical", stack_not_canonical},
		{"stack-in-table", stack_in_table},
		{"kernel-stack-in-hypervisor", kernel_stack_in_hypervisor},
		{"syscall-in-table", syscall_in_table},
		{"iret-frame-in-hypervisor", iret_frame_in_hypervisor},
		{"iret-frame-at-end", iret_frame_at_end},
		{"iret-without-user", iret_without_user},
		{"trap-without-handler", trap_without_handler},
		{"handler-not-mapped", handler_not_mapped},
		{"event-without-callback", event_without_callback},
		{"write-to-table", write_to_table},
		{"held", hold_frames},
		{"life", live_and_die},
		{"breakpoint", set_breakpoint},
		{"down", down},
		{"shutdown-crash", shutdown_crash},
		{"spin", spin},
		{"fault-for-ever", fault_for_ever},
		{"not-reachable", not_reachable},
		{"lint", lint},
		{"lint-clean", lint_clean},
	};

	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (word_is(name, ends[i].name)) {
			ends[i].fn(b);
			say("still here");
			shut_down(SHUTDOWN_poweroff);
		}
	}
	die("no such end");
}
