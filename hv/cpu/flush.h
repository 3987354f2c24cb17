/* SPDX-License-Identifier: MIT */
/* What this CPU has cached of translations. See flush.c. */
#ifndef PW_HV_CPU_FLUSH_H
#define PW_HV_CPU_FLUSH_H

#include <stdint.h>

#include "engine/table/tags.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/x86.h"

/* Of this CPU, before it has a guest: the bits of CR4 that tags need. */
uint64_t flush_init(void);
/*
 * Loads another root, or the same for another vCPU: nothing is left of what was
 * found from those before. TAG_NONE: the hypervisor's own.
 */
void flush_switch(enum tag tag, uint64_t root);
void flush_all_tagged(void);
void flush_page_tagged(uint64_t va);

/*
 * Everything, or one page, of the vCPU that this CPU has: both its roots. On a
 * CPU without identifiers there is nothing to be decided.
 */
static inline void flush_all(void)
{
	if (__builtin_expect(cpu_here()->tags.features != 0, 0)) {
		flush_all_tagged();
	} else {
		x86_write_cr3(x86_read_cr3());
	}
}

static inline void flush_page(uint64_t va)
{
	if (__builtin_expect(cpu_here()->tags.features != 0, 0)) {
		flush_page_tagged(va);
	} else {
		x86_invlpg(va);
	}
}

/* What was found from the user's root; `mode`: the vCPU's. */
void flush_leave_user(enum tag mode);

#endif
