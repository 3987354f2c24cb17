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
#define KERNEL_CODE_32 0xc0000000u

bool stack_word(const struct vcpu *v, uint64_t at, uint64_t *ret)
{
	uint64_t value = 0;
	uint32_t half = 0;

	if (!guest_range_ok(at, stack_word_bytes(v))) {
		return false;
	}
	if (v->narrow) {
		GUEST_LOAD_32(half, at, fault);
		value = half;
	} else {
		GUEST_LOAD(value, at, fault);
	}
	*ret = value;
	return true;
fault:
	return false;
}

/* Where kernels are linked, as a rule. */
static bool may_be_code(const struct vcpu *v, uint64_t value)
{
	return value >= (v->narrow ? KERNEL_CODE_32 : KERNEL_CODE) &&
	       (!v->narrow || value < XEN_COMPAT_START);
}

unsigned int stack_read(const struct vcpu *v, const struct regs *r,
			uint64_t word[STACK_WORDS_TOLD])
{
	const unsigned int bytes = stack_word_bytes(v);
	uint64_t at = (v->narrow ? (uint32_t)r->rsp : r->rsp) &
		      ~(uint64_t)(bytes - 1);
	uint64_t value;
	unsigned int nr = 0;

	for (unsigned int i = 0;
	     v->kernel_mode && i < WORDS_READ && nr < STACK_WORDS_TOLD &&
	     stack_word(v, at, &value);
	     i++) {
		at += bytes;
		if (may_be_code(v, value)) {
			word[nr++] = value;
		}
	}
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
