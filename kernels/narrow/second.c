/* SPDX-License-Identifier: MIT */
/*
 * A second vCPU, if there is one: given a context of 32-bit layout, it begins
 * with its registers in the first one's address space, and goes down again.
 */
#include "kernels/narrow/narrow.h"

#define ENOENT 2
#define EEXIST 17
#define TURNS 100000

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");

static uint8_t stack[PAGE] __attribute__((aligned(16)));
static struct vcpu_guest_context context;
static volatile uint32_t given, ring, has_stack;

static int32_t vcpu_op(uint32_t cmd, uint32_t id, void *op)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, id, (uint32_t)op, 0, 0);
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
	vcpu_op(VCPUOP_down, 1, NULL);
	for (;;) {
	}
}

static void fill_context(void)
{
	const uint32_t root =
		start.p2m[(start.info->pt_base - (uint32_t)virt_base) / PAGE];

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
}

void test_second(void)
{
	int32_t rc;

	fill_context();
	context.ctrlreg[3] = xen_pfn_to_cr3(0xfffffu);
	rc = vcpu_op(VCPUOP_initialise, 1, &context);
	if (rc == -ENOENT) {
		return;
	}
	expect("a root that there is not", rc, -EINVAL);
	fill_context();
	expect("initialise", vcpu_op(VCPUOP_initialise, 1, &context), 0);
	expect("once", vcpu_op(VCPUOP_initialise, 1, &context), -EEXIST);
	expect("up", vcpu_op(VCPUOP_up, 1, NULL), 0);
	for (unsigned int i = 0; i < TURNS && given == 0; i++) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
	}
	expect("it has its registers", (int32_t)given, (int32_t)0x87654321u);
	expect("ring 1", (int32_t)ring, 1);
	expect("and its stack", (int32_t)has_stack, 1);
	for (unsigned int i = 0;
	     i < TURNS && vcpu_op(VCPUOP_is_up, 1, NULL) == 1; i++) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0, 0);
	}
	expect("it went down", vcpu_op(VCPUOP_is_up, 1, NULL), 0);
}
