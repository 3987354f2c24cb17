/* SPDX-License-Identifier: MIT */
/* A guest kernel as reports need it: its names, and its code. */
#ifndef PW_CLI_WHY_KERNEL_H
#define PW_CLI_WHY_KERNEL_H

#include "builder/elf.h"
#include "cli/why/lines.h"
#include "cli/why/symbols.h"

struct why_kernel {
	const uint8_t *image; /* the ELF's bytes, not owned */
	size_t size;
	struct elf_image elf;
	struct symbols symbols;
	struct lines *lines; /* NULL: there are none */
	/* Stacks were unwound, not scanned: each word in code is a return. */
	bool unwound;
};

/*
 * The image stays the caller's and must outlive *k. Symbols come from it, or
 * from a file of symbols, ELF or System.map (map may be NULL), which must
 * outlive *k, too: an ELF with DWARF has lines beside names. Never fails: what
 * cannot be had is left out.
 */
void why_kernel_init(struct why_kernel *k, const uint8_t *image, size_t size,
		     const char *map, size_t map_size);
void why_kernel_fini(struct why_kernel *k);

/*
 * Is this a return address: kernel code, right behind a call instruction? The
 * file's bytes are asked, in which calls may be patched later to another form.
 */
bool why_is_return(const struct why_kernel *k, uint64_t address);

#endif
