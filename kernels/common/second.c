/* SPDX-License-Identifier: MIT */
/*
 * A kernel's second vCPU. It shares the first one's tables and handlers, has a
 * stack of its own, and waits by yielding: so two of them get on with one CPU,
 * too. Its events come with events masked, as the callback was entered, and
 * are counted.
 */
#include "kernels/common/second.h"

#define STACK_SIZE 16384

/* Where it begins, and where its events come in. */
void second_main(uint64_t first_argument);
extern const char second_event[];

__asm__(".text\n"
	"second_event:\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	orb $3, 8(%rsp)\n"
	"	incq second_event_count(%rip)\n"
	"	iretq\n");

volatile uint64_t second_event_count;

static uint8_t stack[STACK_SIZE] __attribute__((aligned(4096)));
static second_fn *job; /* NULL: it has none */
static volatile uint64_t given;

int64_t vcpu_op_on(unsigned int cmd, unsigned int id, void *op)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, id, (uintptr_t)op, 0, 0);
}

void second_main(uint64_t first_argument)
{
	given = first_argument;
	for (;;) {
		second_fn *fn = __atomic_load_n(&job, __ATOMIC_ACQUIRE);

		if (fn != NULL) {
			fn();
			__atomic_store_n(&job, NULL, __ATOMIC_RELEASE);
		} else {
			sched_op(SCHEDOP_yield, NULL);
		}
	}
}

void second_context(const struct pv *pv, struct vcpu_guest_context *c)
{
	c->flags = VGCF_in_kernel;
	c->user_regs.rip = (uintptr_t)second_main;
	/* As after a call. */
	c->user_regs.rsp = (uintptr_t)(stack + STACK_SIZE - 8);
	c->user_regs.rdi = SECOND_ARGUMENT;
	c->user_regs.rflags = 0x202;
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = (uintptr_t)(stack + STACK_SIZE);
	c->ctrlreg[3] = mfn_at(pv, pv->root) << PAGE_SHIFT;
	c->event_callback_eip = (uintptr_t)second_event;
	traps_context(c->trap_ctxt);
}

uint64_t second_given(void)
{
	return given;
}

uint64_t second_events(void)
{
	return second_event_count;
}

void second_begin(second_fn *fn)
{
	__atomic_store_n(&job, fn, __ATOMIC_RELEASE);
}

void second_finish(void)
{
	while (__atomic_load_n(&job, __ATOMIC_ACQUIRE) != NULL) {
		sched_op(SCHEDOP_yield, NULL);
	}
}

void second_do(second_fn *fn)
{
	second_begin(fn);
	second_finish();
}
