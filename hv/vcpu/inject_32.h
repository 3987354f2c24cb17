/* SPDX-License-Identifier: MIT */
/* Entering a 32-bit guest kernel (inject.c). */
#ifndef PW_HV_VCPU_INJECT_32_H
#define PW_HV_VCPU_INJECT_32_H

#include <stdbool.h>
#include <stdint.h>

struct regs;
struct vcpu;

#define ENTRY_32_BELOW 4

/* Where to, and with what. */
struct entry_32 {
	uint16_t cs;
	uint32_t eip;
	bool masks_events;
	/* Below eip: an error code, or the four data segments. */
	unsigned int nr_below;
	uint32_t below[ENTRY_32_BELOW];
};
/* False: the domain has crashed. */
bool inject_32(struct vcpu *v, struct regs *r, const struct entry_32 *e);

#endif
