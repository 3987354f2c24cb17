/* SPDX-License-Identifier: MIT */
/*
 * Who asked? The return addresses on the guest's stack say so. Kernels are
 * built without frame pointers, so all that looks like kernel code is told;
 * the command, which has the kernel's image, sorts out what is. Reading is
 * bounded, and what cannot be read ends it.
 */
#include "hv/report/stack.h"

#include "abi/guest_range.h"
#include "hv/cpu/regs.h"
#include "hv/mm/guest.h"
#include "hv/report/control.h"
#include "hv/vcpu/vcpu.h"

#define WORDS_READ 512 /* 4 KiB of stack */
#define WORDS_TOLD 48
#define KERNEL_CODE 0xffffffff80000000

void stack_tell(const char *key, const struct vcpu *v, const struct regs *r)
{
	uint64_t at = r->rsp & ~UINT64_C(7);
	unsigned int told = 0;

	control_open(key, '[');
	for (unsigned int i = 0;
	     v->kernel_mode && i < WORDS_READ && told < WORDS_TOLD; i++) {
		uint64_t word = 0;

		if (!guest_range_ok(at, sizeof(word))) {
			break;
		}
		GUEST_LOAD(word, at, fault);
		at += sizeof(word);
		if (word >= KERNEL_CODE) {
			control_hex(NULL, word);
			told++;
		}
	}
fault:
	control_close(']');
}
