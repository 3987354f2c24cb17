/* SPDX-License-Identifier: MIT */
/*
 * A second vCPU, if there is one: given a context of 32-bit layout, it begins
 * with its registers in the first one's address space, and goes down again.
 */
#include "abi/xen_32.h"
#include "kernels/narrow/narrow.h"

#define TURNS 100000

extern char trap_event[], trap_failsafe[];

static uint8_t stack[PAGE] __attribute__((aligned(16)));
static struct vcpu_guest_context context;
static volatile uint32_t given, ring, has_stack;

static int64_t vcpu_1(uint32_t cmd, void *op)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, 1, (uint32_t)op, 0, 0);
}

static void second(void)
{
	uint32_t esi;
	uint16_t cs;

	__asm__ volatile("mov %%esi, %0; mov %%cs, %1" : "=&r"(esi), "=r"(cs));
	has_stack =
		(uint32_t)__builtin_frame_address(0) - (uint32_t)stack < PAGE;
	ring = cs & 3;
	given = esi;
	vcpu_1(VCPUOP_down, NULL);
	for (;;) {
	}
}

static void fill_context(void)
{
	const uint32_t root = (uint32_t)mfn_of(pv.root);
	struct vcpu_guest_context_32 *callbacks = (void *)&context;

	context.flags = VGCF_in_kernel;
	context.user_regs.cs = FLAT_KERNEL_CS;
	context.user_regs.ss = FLAT_KERNEL_SS;
	context.user_regs.ds = FLAT_KERNEL_DS;
	context.user_regs.es = FLAT_KERNEL_DS;
	context.user_regs.eip = (uint32_t)second;
	context.user_regs.esp = (uint32_t)(stack + PAGE);
	context.user_regs.esi = 0x87654321u;
	context.kernel_ss = FLAT_KERNEL_SS;
	context.kernel_sp = (uint32_t)(stack + PAGE);
	context.ctrlreg[3] = xen_pfn_to_cr3(root);
	/* Selectors beside addresses: those of the flat segments are high. */
	callbacks->event_callback_cs = FLAT_KERNEL_CS;
	callbacks->event_callback_eip = (uint32_t)trap_event;
	callbacks->failsafe_callback_cs = FLAT_KERNEL_CS;
	callbacks->failsafe_callback_eip = (uint32_t)trap_failsafe;
}

/*
 * On one CPU the second took the place of the first, whose GS could not be
 * loaded when it came back.
 */
static void check_failsafe(uint16_t selector)
{
	uint16_t gs;

	__asm__ volatile("mov %%gs, %0" : "=r"(gs));
	if (!cmdline_has((const char *)pv.start->cmd_line, "one-cpu")) {
		__asm__ volatile("mov %0, %%gs" : : "r"(0));
		return;
	}
	expect("the failsafe callback was called once", (int32_t)failsafes_seen,
	       1);
	expect("with what GS was to be", (int32_t)failsafe_segments[3],
	       selector);
	expect("and DS, as it was", (int32_t)failsafe_segments[0] & 0xffff,
	       FLAT_KERNEL_DS);
	expect("in ring 1", (int32_t)trapped.cs & 0xffff, FLAT_KERNEL_CS);
	expect("which has no GS now", gs, 0);
}

void test_second(void)
{
	int64_t rc;
	uint16_t gs;

	fill_context();
	context.ctrlreg[3] = xen_pfn_to_cr3(0xfffffu);
	rc = vcpu_1(VCPUOP_initialise, &context);
	if (rc == -XEN_ENOENT) {
		return;
	}
	expect("a root that there is not", rc, -XEN_EINVAL);
	fill_context();
	expect("initialise", vcpu_1(VCPUOP_initialise, &context), 0);
	expect("once", vcpu_1(VCPUOP_initialise, &context), -XEN_EEXIST);
	gs = spoil_gs();
	expect("up", vcpu_1(VCPUOP_up, NULL), 0);
	for (unsigned int i = 0; i < TURNS && given == 0; i++) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
	}
	expect("it has its registers", (int32_t)given, (int32_t)0x87654321u);
	expect("ring 1", (int32_t)ring, 1);
	expect("and its stack", (int32_t)has_stack, 1);
	for (unsigned int i = 0; i < TURNS && vcpu_1(VCPUOP_is_up, NULL) == 1;
	     i++) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
	}
	expect("it went down", vcpu_1(VCPUOP_is_up, NULL), 0);
	check_failsafe(gs);
}
