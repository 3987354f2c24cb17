/* SPDX-License-Identifier: MIT */
/* A domain's beginning. */
#ifndef PW_HV_LIFE_CREATE_H
#define PW_HV_LIFE_CREATE_H

#include "hv/boot/multiboot.h"

struct domain;

/* Builds domain `domid` from the loader's modules; pages 0: as many as there
 * are.
 */
struct domain *domain_create(const struct boot_info *boot, uint16_t domid,
			     uint64_t pages, unsigned int vcpus);

#endif
