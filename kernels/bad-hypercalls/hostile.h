/* SPDX-License-Identifier: MIT */
/* Going to user mode, and coming back from wherever that leads. */
#ifndef PW_KERNELS_BAD_HOSTILE_H
#define PW_KERNELS_BAD_HOSTILE_H

#include "kernels/bad-hypercalls/bad.h"

/* What hostile_run() returns beside the vectors. */
#define HOSTILE_SYSCALL 256
#define HOSTILE_SYSENTER 257

/* hostile.S */
int hostile_run(const struct iret_context *frame);
extern const char hostile_entries[], hostile_ints[];
extern const char hostile_nop[], hostile_syscall[], hostile_sysenter[];
extern const char hostile_privileged[], hostile_privileged_end[];
/* The words that the hypervisor pushed, lowest address first. */
extern uint64_t hostile_words[10];
/* The flags that the entry found. */
extern uint64_t hostile_flags;

/* A frame for user mode. */
struct iret_context hostile_user(const void *rip);
/* Handlers, callbacks, a user root and a stack to come back to. */
void hostile_begin(const struct bad *b);
/* The handler of one vector, with the privilege that INT n needs. */
void hostile_trap(unsigned int vector, unsigned int dpl);

#endif
