/* SPDX-License-Identifier: MIT */
/* The kinds of machine that a history is run on. */
#ifndef PW_LAB_WORLD_H
#define PW_LAB_WORLD_H

#include <stdbool.h>

enum lab_tables {
	LAB_4LEVEL,
	LAB_PAE,
	LAB_2LEVEL,
};

/* What memory a world has. */
enum lab_memory {
	LAB_MEMORY_ASKED,  /* --memory */
	LAB_MEMORY_TWO,    /* the same, but enough for two ranges */
	LAB_MEMORY_LOW,    /* the same, but what fits above the kernel's base */
	LAB_MEMORY_NATIVE, /* little: kernels without a hypervisor */
	LAB_MEMORY_SMALL,  /* a boot in a millisecond */
	LAB_MEMORY_BIG,    /* beyond what an initial mapping can hold */
};

struct lab_world {
	const char *name;
	bool hypervisor;
	bool large; /* the CPU has large pages, and the kernel uses them */
	bool nx;
	bool noted; /* the kernel has XEN_ELFNOTE_INIT_P2M */
	bool two_ranges;
	bool high_tables; /* in memory that the direct map does not reach */
	bool template;    /* the direct map is built over the initial mapping */
	bool on_metal;    /* its cases run on a real hypervisor too */
	bool tlb_forgets; /* each entry at once; else it keeps all */
	enum lab_tables tables;
	enum lab_memory memory;
};

/* What every world with a hypervisor has. */
#define LAB_UNDER_HYPERVISOR .hypervisor = true, .nx = true

/* The usual one, and one for what needs little. */
extern const struct lab_world lab_world_noted;
extern const struct lab_world lab_world_small;

#endif
