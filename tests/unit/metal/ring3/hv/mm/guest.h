/* SPDX-License-Identifier: MIT */
/* In the place of the hypervisor's: guest memory is the machine's buffer. */
#ifndef PW_HV_MM_GUEST_H
#define PW_HV_MM_GUEST_H

#include <stdbool.h>
#include <stdint.h>

/* Nothing faults but what goes through the two below. */
#define EX_TABLE_ENTRY(at, fixup) ""

bool metal_load(uint64_t address, uint64_t *ret_value);

#define GUEST_LOAD(value, address, fault)               \
	do {                                            \
		if (!metal_load((address), &(value))) { \
			goto fault;                     \
		}                                       \
	} while (0)

#endif
