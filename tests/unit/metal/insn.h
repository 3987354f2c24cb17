/* SPDX-License-Identifier: MIT */
/* Instructions of a guest's, by their bytes, for those who emulate them. */
#ifndef PW_TESTS_METAL_INSN_H
#define PW_TESTS_METAL_INSN_H

#include <string.h>

#include "tests/unit/metal/metal.h"

#include "hv/emul/privileged.h"

#define CODE UINT64_C(0x10800) /* in the machine's buffer */
#define BUFFER_END (GUEST_BUFFER + GUEST_BUFFER_SIZE)
#define CODE64 0x33 /* this process's own code segments: */
#define CODE32 0x23

static inline struct regs start(void)
{
	return (struct regs){.rip = CODE, .cs = CODE64, .rflags = 2};
}

static inline uint8_t *guest(struct metal *t, uint64_t address)
{
	return t->m.guest + (address - GUEST_BUFFER);
}

static inline bool run_at(struct metal *t, struct regs *r, const char *code,
			  size_t nr)
{
	memcpy(guest(t, r->rip), code, nr);
	return emulate_privileged(&t->v[0], r);
}

/* Was it carried out, and is rip behind it? */
#define DOES(t, r, code)                               \
	(run_at((t), (r), (code), sizeof(code) - 1) && \
	 (r)->rip == CODE + sizeof(code) - 1 && ((r)->rip = CODE, true))
/* Was the trap left to the guest, and all registers as they were? */
#define REFUSES(t, r, code) refuses((t), (r), (code), sizeof(code) - 1)

static inline bool refuses(struct metal *t, struct regs *r, const char *code,
			   size_t nr)
{
	struct regs before = *r;

	return !run_at(t, r, code, nr) &&
	       memcmp(&before, r, sizeof(before)) == 0;
}

#endif
