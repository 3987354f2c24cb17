/* SPDX-License-Identifier: MIT */
/* What every kernel here has: console, memory functions, traps, CPUID, TSC. */
#ifndef PW_KERNELS_KERNEL_H
#define PW_KERNELS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/xen.h"
#include "kernels/common/width.h"

/* print.c: as printf, with what abi/text.h understands. */
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);
void kernel_log(const char *line);

/* SCHEDOP_shutdown; reason SHUTDOWN_*. */
_Noreturn void shut_down(unsigned int reason);
/* Says why, and crashes the domain. */
_Noreturn void die(const char *why);

void *memcpy(void *to, const void *from, size_t nr);
void *memmove(void *to, const void *from, size_t nr);
void *memset(void *to, int byte, size_t nr);
int memcmp(const void *a, const void *b, size_t nr);

/*
 * cmdline.c: is there the word; the value of NAME=value, as text (ends at a
 * space) or number; def if there is none.
 */
bool cmdline_has(const char *cmdline, const char *word);
const char *cmdline_text(const char *cmdline, const char *name);
uint64_t cmdline_number(const char *cmdline, const char *name, uint64_t def);
bool word_is(const char *text, const char *word);

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};
/* As the hypervisor wants it seen: the forced form of the instruction. */
struct cpuid cpuid(uint32_t leaf);

static inline uint64_t rdtsc(void)
{
	uint32_t low;
	uint32_t high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (uint64_t)high << 32 | low;
}

/*
 * trap.c: registers the handlers. A trap that nobody expects says what it
 * was and crashes the domain.
 */
void traps_init(struct shared_info *shared);

/* Another vCPU's handlers, as it is given them before it runs. */
void traps_context(struct trap_info context[256]);

/* The handler that a test installs: true if it dealt with the trap. */
typedef bool (*trap_fn)(struct trap_frame *f, uint64_t cr2);
void traps_expect(trap_fn fn);

/*
 * Does what may fault, and returns the vector if it did (the error code in
 * *ret_error, the address in *ret_cr2, if not NULL), or -1.
 */
int probe_read(uint64_t address, uint64_t *ret_error, uint64_t *ret_cr2);
int probe_write(uint64_t address, uint64_t value, uint64_t *ret_error,
		uint64_t *ret_cr2);
/* Error code and address of the last fault that a probe or a fix-up ended. */
void probe_last(uint64_t *ret_error, uint64_t *ret_cr2);

#endif
