/* SPDX-License-Identifier: MIT */
/* VMCOREINFO: what a kernel tells those who read its memory. */
#ifndef PW_CLI_CORE_INFO_H
#define PW_CLI_CORE_INFO_H

#include "cli/core/frames.h"
#include "cli/why/kernel.h"

#define CORE_INFO_MAX 4096

struct core_info {
	char text[CORE_INFO_MAX];
	size_t size; /* 0: none is known */
	bool ours;   /* made here, from the kernel's names */
};

/* Linux's first address; frame 0 is there. */
#define CORE_KERNEL_BASE UINT64_C(0xffffffff80000000)

/* Of a name of the kernel's; 0: it has none such. */
uint64_t core_info_address(const struct symbols *s, const char *name);
/* Is this page where the kernel keeps its note? Then it is taken from there. */
void core_info_look(struct core_info *i, const uint8_t *page);
/* If the kernel has not made its own yet: what its names tell. */
void core_info_make(struct core_info *i, const struct symbols *s,
		    const struct core_frames *f);

#endif
