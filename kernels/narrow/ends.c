/* SPDX-License-Identifier: MIT */
/*
 * What a 32-bit kernel cannot survive, and the hypervisor must: one of them is
 * named on the command line (end=NAME). Stacks and segments that are none, and
 * returns to where there is no way back from.
 */
#include "kernels/narrow/narrow.h"

extern void user_after(void);
extern void run_user(void (*eip)(void), void *esp);
extern char user_stack_start[];

/* eip, cs, eflags of an iret frame; eax on top. */
static _Noreturn void iret_to(uint32_t cs, uint32_t eflags)
{
	__asm__ volatile("push %1; push %0; push $0; push $0\n"
			 "mov $23, %%eax; int $0x82"
			 :
			 : "r"(cs), "r"(eflags)
			 : "memory");
	__builtin_unreachable();
}

static void stack_at_zero(void)
{
	__asm__ volatile("xor %esp, %esp; int3");
}

static void stack_in_the_window(void)
{
	__asm__ volatile("mov $0xf5801000, %esp; int3");
}

static void iret_frame_in_the_window(void)
{
	__asm__ volatile("mov $0xf5800000, %esp; mov $23, %eax; int $0x82");
}

static void iret_frame_at_the_end(void)
{
	__asm__ volatile("mov $0xfffffffc, %esp; mov $23, %eax; int $0x82");
}

static void iret_to_ring_0(void)
{
	iret_to(0xe008, 0x200);
}

static void iret_to_vm86(void)
{
	iret_to(FLAT_USER_CS, 0x20200);
}

/* The selector of no descriptor: the way back to the kernel faults. */
static void iret_to_no_segment(void)
{
	iret_to(0x7ff9, 0x200);
}

static void handler(uint16_t cs)
{
	const struct trap_info table[] = {
		{3, 3, cs, 0xc0100000u},
		{0, 0, 0, 0},
	};

	hypercall(__HYPERVISOR_set_trap_table, (uint32_t)table, 0, 0, 0, 0);
	__asm__ volatile("int3");
}

static void handler_without_segment(void)
{
	handler(3);
}

static void handler_of_no_segment(void)
{
	handler(0x7ff9);
}

/* A handler in the segment of users would be entered again and again. */
static void handler_of_users(void)
{
	handler(FLAT_USER_CS);
}

static void from_user_to(uint32_t ss)
{
	const uint32_t page = (uint32_t)user_after & ~(PAGE - 1);

	map_page((const void *)page,
		 mfn_of((const void *)page) << 12 | RW | USER);
	hypercall(__HYPERVISOR_stack_switch, ss,
		  (uint32_t)(user_stack_start + PAGE), 0, 0, 0);
	run_user(user_after, user_stack_start);
}

static void stack_of_the_hypervisor(void)
{
	from_user_to(0xe010);
}

static void stack_of_users(void)
{
	from_user_to(FLAT_USER_SS);
}

static const struct {
	const char *name;
	void (*end)(void);
} ends[] = {
	{"stack-at-zero", stack_at_zero},
	{"stack-in-the-window", stack_in_the_window},
	{"iret-frame-in-the-window", iret_frame_in_the_window},
	{"iret-frame-at-the-end", iret_frame_at_the_end},
	{"iret-to-ring-0", iret_to_ring_0},
	{"iret-to-vm86", iret_to_vm86},
	{"iret-to-no-segment", iret_to_no_segment},
	{"handler-without-segment", handler_without_segment},
	{"handler-of-no-segment", handler_of_no_segment},
	{"handler-of-users", handler_of_users},
	{"stack-of-the-hypervisor", stack_of_the_hypervisor},
	{"stack-of-users", stack_of_users},
};

void end_as_named(const char *cmdline)
{
	for (unsigned int i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (word_is(cmdline_text(cmdline, "end"), ends[i].name)) {
			ends[i].end();
			say("survived");
		}
	}
}
