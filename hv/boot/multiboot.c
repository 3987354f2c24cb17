/* SPDX-License-Identifier: MIT */
/* Copies the loader's information, and trusts none of its sizes. */
#include "hv/boot/multiboot.h"

#include <stddef.h>

#include "hv/mm/layout.h"

#define BOOT_MAGIC 0x2badb002
#define HAS_CMDLINE (1u << 2)
#define HAS_MODULES (1u << 3)
#define HAS_MMAP (1u << 6)
#define MMAP_RAM 1

struct mb_info {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
	uint32_t mods_count, mods_addr, syms[4], mmap_length, mmap_addr;
};

struct mb_module {
	uint32_t start, end, text, reserved;
};

struct mb_mmap {
	uint32_t size; /* of what follows */
	uint64_t base, length;
	uint32_t type;
} __attribute__((packed));

struct boot_info boot_info;

static void copy_text(char to[BOOT_TEXT], uint32_t from)
{
	const char *p = direct_map(from);
	size_t i = 0;

	if (from != 0) {
		for (; i < BOOT_TEXT - 1 && p[i] != '\0'; i++) {
			to[i] = p[i];
		}
	}
	to[i] = '\0';
}

static void add_ram(uint64_t base, uint64_t length)
{
	struct boot_info *b = &boot_info;

	if (length != 0 && base + length > base && b->nr_ram < BOOT_RANGES) {
		b->ram[b->nr_ram++] = (struct boot_range){base, base + length};
	}
}

static void read_mmap(uint32_t address, uint32_t length)
{
	uint64_t at = address;
	const uint64_t end = at + length;

	while (at + sizeof(struct mb_mmap) <= end) {
		const struct mb_mmap *e = direct_map(at);

		if (e->type == MMAP_RAM) {
			add_ram(e->base, e->length);
		}
		at += (uint64_t)e->size + sizeof(e->size);
	}
}

const char *multiboot_read(uint32_t magic, uint32_t address)
{
	struct boot_info *b = &boot_info;
	const struct mb_info *mb = direct_map(address);

	if (magic != BOOT_MAGIC) {
		return "not started by a multiboot loader";
	}
	if ((mb->flags & HAS_MMAP) == 0) {
		return "the loader gives no memory map";
	}
	read_mmap(mb->mmap_addr, mb->mmap_length);
	if (mb->flags & HAS_CMDLINE) {
		copy_text(b->cmdline, mb->cmdline);
	}
	if ((mb->flags & HAS_MODULES) == 0 || mb->mods_count == 0) {
		return "no guest kernel: the first module is missing";
	}
	if (mb->mods_count > BOOT_MODULES) {
		return "more than 32 modules";
	}
	for (; b->nr_modules < mb->mods_count; b->nr_modules++) {
		const struct mb_module *from =
			(struct mb_module *)direct_map(mb->mods_addr) +
			b->nr_modules;
		struct boot_module *m = &b->module[b->nr_modules];

		if (from->end <= from->start) {
			return "an empty module";
		}
		m->at = (struct boot_range){from->start, from->end};
		copy_text(m->text, from->text);
	}
	return NULL;
}
