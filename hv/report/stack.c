/* SPDX-License-Identifier: MIT */
/*
 * Who asked? The return addresses on the guest's stack say so. Kernels are
 * built without frame pointers, so all that looks like kernel code is told;
 * the command, which has the kernel's image, sorts out what is. Reading is
 * bounded, and what cannot be read ends it.
 */
#include "hv/report/stack.h"

#include "abi/guest_range.h"
#include "abi/xen.h"
#include "hv/cpu/regs.h"
#include "hv/mm/guest.h"
#include "hv/report/control.h"
#include "hv/vcpu/vcpu.h"

#define WORDS_READ 512 /* 4 KiB of stack */
#define KERNEL_CODE 0xffffffff80000000
#define KERNEL_CODE_32 UINT64_C(0xc0000000)

/* What of eight bytes looks like kernel code: their words are the guest's. */
static unsigned int take(const struct vcpu *v, uint64_t value, uint64_t *word,
			 unsigned int room)
{
	unsigned int nr = 0;

	if (!v->narrow) {
		word[0] = value;
		return value >= KERNEL_CODE ? 1 : 0;
	}
	for (unsigned int i = 0; i < 2 && nr < room; i++) {
		const uint64_t half = (uint32_t)(value >> 32 * i);

		if (half >= KERNEL_CODE_32 && half < XEN_COMPAT_START) {
			word[nr++] = half;
		}
	}
	return nr;
}

unsigned int stack_read(const struct vcpu *v, const struct regs *r,
			uint64_t word[STACK_WORDS_TOLD])
{
	uint64_t at = (v->narrow ? (uint32_t)r->rsp : r->rsp) & ~UINT64_C(7);
	unsigned int nr = 0;

	for (unsigned int i = 0;
	     v->kernel_mode && i < WORDS_READ && nr < STACK_WORDS_TOLD; i++) {
		uint64_t value = 0;

		if (!guest_range_ok(at, sizeof(value))) {
			break;
		}
		GUEST_LOAD(value, at, fault);
		at += sizeof(value);
		/* The half below the stack is none of it. */
		if (i == 0 && v->narrow && (r->rsp & 4) != 0) {
			value &= ~(uint64_t)UINT32_MAX;
		}
		nr += take(v, value, word + nr, STACK_WORDS_TOLD - nr);
	}
fault:
	return nr;
}

void stack_tell_words(const char *key, const uint64_t *word, unsigned int nr)
{
	control_open(key, '[');
	for (unsigned int i = 0; i < nr; i++) {
		control_hex(NULL, word[i]);
	}
	control_close(']');
}

void stack_tell(const char *key, const struct vcpu *v, const struct regs *r)
{
	uint64_t word[STACK_WORDS_TOLD];
	unsigned int nr = v == NULL ? 0 : stack_read(v, r, word);

	stack_tell_words(key, word, nr);
}
