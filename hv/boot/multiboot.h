/* SPDX-License-Identifier: MIT */
/*
 * What the loader left in memory (Multiboot Specification 0.6.96, 3.3). It is
 * copied at once: its place is ordinary RAM.
 */
#ifndef PW_HV_BOOT_MULTIBOOT_H
#define PW_HV_BOOT_MULTIBOOT_H

#include <stdbool.h>
#include <stdint.h>

#define BOOT_RANGES 64
#define BOOT_MODULES 32 /* kernel and initrd of each domain */
#define BOOT_TEXT 2048

struct boot_range {
	uint64_t start;
	uint64_t end;
};

struct boot_module {
	struct boot_range at;
	char text[BOOT_TEXT];
};

struct boot_info {
	struct boot_range ram[BOOT_RANGES]; /* as the firmware says */
	unsigned int nr_ram;
	struct boot_module module[BOOT_MODULES];
	unsigned int nr_modules;
	char cmdline[BOOT_TEXT];
};

extern struct boot_info boot_info;

/* NULL, or what is wrong. The first 4 GiB are in the direct map by now. */
const char *multiboot_read(uint32_t magic, uint32_t address);

#endif
