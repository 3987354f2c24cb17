/* SPDX-License-Identifier: MIT */
/* A domain's beginning. */
#ifndef PW_HV_LIFE_CREATE_H
#define PW_HV_LIFE_CREATE_H

#include "hv/boot/multiboot.h"

/* Builds the domain from the loader's modules; pages 0: as many as there are.
 */
void domain_create(const struct boot_info *boot, uint64_t pages);
/* Enters it. */
_Noreturn void domain_start(void);

#endif
