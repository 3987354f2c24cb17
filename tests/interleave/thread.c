/* SPDX-License-Identifier: MIT */
/*
 * A switch of stacks, x86-64: what a function must preserve is pushed, so that
 * it is a part of the stack. (ucontext would keep it elsewhere, and ask the
 * kernel for the signal mask at every switch.)
 */
#include "tests/interleave/thread.h"

#include <string.h>

void thread_switch(void **save, void *load);

__asm__(".text\n"
	".type thread_switch, @function\n"
	"thread_switch:\n"
	"	push %rbp\n"
	"	push %rbx\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbx\n"
	"	pop %rbp\n"
	"	ret\n"
	".size thread_switch, . - thread_switch\n");

static void *scheduler;

void thread_init(struct thread *t, void (*main)(void))
{
	/* main is returned to, after six registers; aligned as by a call. */
	void **top = (void **)(t->stack + THREAD_STACK) - 1;

	memset(t->stack, 0, sizeof(t->stack));
	top[-1] = (void *)main;
	t->sp = top - 7;
}

void thread_enter(struct thread *t)
{
	thread_switch(&scheduler, t->sp);
}

void thread_leave(struct thread *t)
{
	thread_switch(&t->sp, scheduler);
}
