/* SPDX-License-Identifier: MIT */
/*
 * A CPU's stack of its own: it runs until it has come to a step, and goes on
 * when it is chosen again. What it is in the midst of is on that stack and
 * nowhere else, so that a copy of the stack is a copy of it.
 */
#ifndef PW_TESTS_INTERLEAVE_THREAD_H
#define PW_TESTS_INTERLEAVE_THREAD_H

#include <stddef.h>
#include <stdint.h>

#define THREAD_STACK 32768

struct thread {
	_Alignas(64) uint8_t stack[THREAD_STACK];
	void *sp; /* all above it is in use */
};

/* From its beginning; `main` never returns. */
void thread_init(struct thread *t, void (*main)(void));
/* To the thread, until it leaves; and back. */
void thread_enter(struct thread *t);
void thread_leave(struct thread *t);

static inline size_t thread_used(const struct thread *t)
{
	return (size_t)(t->stack + THREAD_STACK - (const uint8_t *)t->sp);
}

#endif
