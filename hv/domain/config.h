/* SPDX-License-Identifier: MIT */
/* What a domain is made of, as the boot options say: it outlives the domain. */
#ifndef PW_HV_DOMAIN_CONFIG_H
#define PW_HV_DOMAIN_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/mmu.h"

struct boot_module;

#define DOMAIN_MAP_ENTRIES 32
#define DOMAIN_NAME 32 /* with its NUL */
#define DOMAIN_NAME_DEFAULT "guest"

struct domain_config {
	char name[DOMAIN_NAME];
	uint64_t pages;     /* 0: all that is left */
	uint64_t max_pages; /* it may grow to that; 0: not */
	struct mmu_map_entry map[DOMAIN_MAP_ENTRIES]; /* its E820, if nr_map */
	unsigned int nr_map;
	unsigned int vcpus;
	unsigned int online; /* of those, when it begins; the first ones */
	uint32_t restarts;   /* how often it may begin again */
	bool wants_initrd;   /* the module after its kernel's */
	bool root_first;     /* its tables, of 32 bits (builder/layout.h) */
	uint32_t may_map; /* other domains' frames: bit n, the n-th described */
	const struct boot_module *kernel;
	const struct boot_module *initrd; /* NULL: none */
};

#endif
