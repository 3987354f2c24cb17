/* SPDX-License-Identifier: MIT */
/* What this CPU has cached of translations. See flush.c. */
#ifndef PW_HV_CPU_FLUSH_H
#define PW_HV_CPU_FLUSH_H

#include <stdint.h>

#include "engine/table/tags.h"

/* Of this CPU, before it has a guest: the bits of CR4 that tags need. */
uint64_t flush_init(void);
/*
 * Loads another root, or the same for another vCPU: nothing is left of what was
 * found from those before. TAG_NONE: the hypervisor's own.
 */
void flush_switch(enum tag tag, uint64_t root);
/* Everything, or one page, of the vCPU that this CPU has: both its roots. */
void flush_all(void);
void flush_page(uint64_t va);
/* What was found from the user's root; `mode`: the vCPU's. */
void flush_leave_user(enum tag mode);

#endif
