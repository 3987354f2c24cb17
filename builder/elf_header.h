/* SPDX-License-Identifier: MIT */
/*
 * The headers of an ELF file, of either class, in the form of the wide one:
 * whoever reads them does sums in 64 bits and knows of no other.
 */
#ifndef PW_BUILDER_ELF_HEADER_H
#define PW_BUILDER_ELF_HEADER_H

#include <stdint.h>

#include "builder/elf.h"
#include "builder/error.h"

struct elf_header {
	const struct elf_class *class;
	uint16_t type;
	uint16_t machine;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};

struct elf_phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};

struct elf_shdr {
	uint32_t name;
	uint32_t type;
	uint64_t offset;
	uint64_t size;
	uint32_t link;
	uint64_t addralign;
};

/* What a class says of its files. */
struct elf_class {
	const struct guest_width *width; /* of its kernels */
	uint16_t machine;
	const char *machine_name;
	uint16_t ehdr_size;
	uint16_t phdr_size;
	uint16_t shdr_size;
};

/* Reads the file's header, if it is an ELF of a class we know. */
int elf_read_header(const void *file, uint64_t size, struct elf_header *h,
		    struct build_error *e);
/* At a place that is inside the file, all of it. */
void elf_read_phdr(const struct elf_class *class, const uint8_t *at,
		   struct elf_phdr *ret);
void elf_read_shdr(const struct elf_class *class, const uint8_t *at,
		   struct elf_shdr *ret);

/*
 * In copies that were taken from a file: the file's header has but so many
 * section headers, and these are at an offset; a section is elsewhere, and its
 * link another.
 */
void elf_change_header(const struct elf_class *class, uint8_t *at,
		       uint64_t shoff, uint16_t shnum);
void elf_change_shdr(const struct elf_class *class, uint8_t *at,
		     uint64_t offset, uint32_t link);

#endif
