/* SPDX-License-Identifier: MIT */
/*
 * The ELF file of a kernel: of 64 bits for x86-64, or of 32 bits for i386,
 * little endian. The file stays where it is; every offset and size is checked
 * before it is used, and what is kept here are copies that have been checked.
 */
#ifndef PW_BUILDER_ELF_H
#define PW_BUILDER_ELF_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "builder/error.h"

/* A kernel has a handful; Linux has 4. */
#define ELF_MAX_SEGMENTS 32

struct elf_segment {
	uint64_t paddr;  /* p_paddr as the file has it */
	uint64_t vaddr;  /* p_vaddr; says nothing about placement */
	uint64_t offset; /* in the file; offset + filesz is inside it */
	uint64_t filesz;
	uint64_t memsz; /* >= filesz */
	uint32_t flags; /* PF_* */
};

/* A piece of the file that has been checked to be inside it. */
struct elf_range {
	uint64_t offset;
	uint64_t size;
	uint64_t align; /* as the file says; any value */
};

struct elf_class;
struct guest_width;

/* Does it say so? Whether it is an ELF file is elf_parse()'s to see. */
bool elf_says_32(const void *file, uint64_t size);

struct elf_image {
	const uint8_t *file;
	uint64_t size;
	const struct elf_class *class;
	const struct guest_width *width; /* of the kernel */
	uint64_t entry;                  /* e_entry */
	/* Loadable segments with memsz > 0, in the file's order. */
	struct elf_segment segment[ELF_MAX_SEGMENTS];
	unsigned int nr_segments;
	/* [pstart, pend): what the segments cover, by p_paddr. */
	uint64_t pstart;
	uint64_t pend;
	/* The headers' places, checked to be inside the file. */
	uint64_t phoff;
	unsigned int nr_phdrs;
	uint64_t shoff;
	unsigned int nr_shdrs;
	unsigned int shstrndx;
};

/*
 * Checks the file's headers and fills *image, which keeps pointing into the
 * file. Returns 0, or a negative errno with the reason in *e.
 */
int elf_parse(struct elf_image *image, const void *file, uint64_t size,
	      struct build_error *e);

/*
 * Note segments that have a place in the file: call with *position 0 at
 * first; true while there is one, in *ret.
 */
bool elf_next_note_segment(const struct elf_image *image,
			   unsigned int *position, struct elf_range *ret);

/* Note sections, likewise: 1 if there is one, 0 at the end, or -errno. */
int elf_next_note_section(const struct elf_image *image, unsigned int *position,
			  struct elf_range *ret, struct build_error *e);

/* The file's symbol table and the names of its symbols, and their headers. */
struct elf_symtab {
	struct elf_range table;
	struct elf_range names;
	uint64_t table_header;
	uint64_t names_header;
};
/* 1 if there is one with its names, 0 if not, or -errno. */
int elf_find_symtab(const struct elf_image *image, struct elf_symtab *ret,
		    struct build_error *e);

/* The section of a name: 1 if there is one, 0 if not, or -errno. */
int elf_find_section(const struct elf_image *image, const char *name,
		     struct elf_range *ret, struct build_error *e);

#endif
