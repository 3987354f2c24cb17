/* SPDX-License-Identifier: MIT */
/*
 * Both classes of ELF: where each keeps a field, and nothing else. Headers are
 * copied out with memcpy, because nothing says that they are aligned, and
 * fields only ever get wider on their way, so that none loses what it said.
 * Whether what they say is true is elf.c's to judge, once for both.
 */
#include "builder/elf_header.h"

#include <string.h>

#include "abi/xen.h"
#include "builder/width.h"

/* The ELF specification's structures. */
struct elf64_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t phoff;
	uint64_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};
_Static_assert(sizeof(struct elf64_header) == 64, "ELF64 header");

struct elf64_phdr {
	uint32_t type;
	uint32_t flags;
	uint64_t offset;
	uint64_t vaddr;
	uint64_t paddr;
	uint64_t filesz;
	uint64_t memsz;
	uint64_t align;
};
_Static_assert(sizeof(struct elf64_phdr) == 56, "ELF64 program header");

struct elf64_shdr {
	uint32_t name;
	uint32_t type;
	uint64_t flags;
	uint64_t addr;
	uint64_t offset;
	uint64_t size;
	uint32_t link;
	uint32_t info;
	uint64_t addralign;
	uint64_t entsize;
};
_Static_assert(sizeof(struct elf64_shdr) == 64, "ELF64 section header");

struct elf32_header {
	uint8_t ident[16];
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint32_t entry;
	uint32_t phoff;
	uint32_t shoff;
	uint32_t flags;
	uint16_t ehsize;
	uint16_t phentsize;
	uint16_t phnum;
	uint16_t shentsize;
	uint16_t shnum;
	uint16_t shstrndx;
};
_Static_assert(sizeof(struct elf32_header) == 52, "ELF32 header");

struct elf32_phdr {
	uint32_t type;
	uint32_t offset;
	uint32_t vaddr;
	uint32_t paddr;
	uint32_t filesz;
	uint32_t memsz;
	uint32_t flags;
	uint32_t align;
};
_Static_assert(sizeof(struct elf32_phdr) == 32, "ELF32 program header");

struct elf32_shdr {
	uint32_t name;
	uint32_t type;
	uint32_t flags;
	uint32_t addr;
	uint32_t offset;
	uint32_t size;
	uint32_t link;
	uint32_t info;
	uint32_t addralign;
	uint32_t entsize;
};
_Static_assert(sizeof(struct elf32_shdr) == 40, "ELF32 section header");

enum {
	IDENT_CLASS = 4,
	IDENT_DATA = 5,
	IDENT_VERSION = 6,
	CLASS_32 = 1,
	CLASS_64 = 2,
	DATA_LITTLE_ENDIAN = 1,
	VERSION_CURRENT = 1,
	MACHINE_386 = 3,
	MACHINE_X86_64 = 62,
};

static const struct elf_class class_64 = {
	.width = &guest_64,
	.machine = MACHINE_X86_64,
	.machine_name = "x86-64",
	.ehdr_size = sizeof(struct elf64_header),
	.phdr_size = sizeof(struct elf64_phdr),
	.shdr_size = sizeof(struct elf64_shdr),
};

static const struct elf_class class_32 = {
	.width = &guest_pae,
	.machine = MACHINE_386,
	.machine_name = "i386",
	.ehdr_size = sizeof(struct elf32_header),
	.phdr_size = sizeof(struct elf32_phdr),
	.shdr_size = sizeof(struct elf32_shdr),
};

static int check_ident(const uint8_t *ident, struct build_error *e)
{
	static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};

	if (memcmp(ident, magic, sizeof(magic)) != 0) {
		return error_set(e, XEN_ENOEXEC, "not an ELF file");
	}
	if (ident[IDENT_CLASS] != CLASS_32 && ident[IDENT_CLASS] != CLASS_64) {
		return error_set(e, XEN_ENOEXEC, "ELF class %lu is unknown",
				 (uint64_t)ident[IDENT_CLASS]);
	}
	if (ident[IDENT_DATA] != DATA_LITTLE_ENDIAN) {
		return error_set(e, XEN_ENOEXEC,
				 "ELF data encoding %lu is not little endian",
				 (uint64_t)ident[IDENT_DATA]);
	}
	if (ident[IDENT_VERSION] != VERSION_CURRENT) {
		return error_set(e, XEN_ENOEXEC, "ELF version %lu is unknown",
				 (uint64_t)ident[IDENT_VERSION]);
	}
	return 0;
}

#define WIDENED(from, of)                      \
	((struct elf_header){                  \
		.class = (of),                 \
		.type = (from).type,           \
		.machine = (from).machine,     \
		.entry = (from).entry,         \
		.phoff = (from).phoff,         \
		.shoff = (from).shoff,         \
		.phentsize = (from).phentsize, \
		.phnum = (from).phnum,         \
		.shentsize = (from).shentsize, \
		.shnum = (from).shnum,         \
		.shstrndx = (from).shstrndx,   \
	})

bool elf_says_32(const void *file, uint64_t size)
{
	const uint8_t *ident = file;

	return size > IDENT_CLASS && ident[IDENT_CLASS] == CLASS_32;
}

int elf_read_header(const void *file, uint64_t size, struct elf_header *h,
		    struct build_error *e)
{
	const struct elf_class *class = &class_64;
	struct elf64_header wide;
	struct elf32_header narrow;
	int rc = 0;

	if (size >= sizeof(wide.ident)) {
		rc = check_ident(file, e);
		if (elf_says_32(file, size)) {
			class = &class_32;
		}
	}
	if (rc == 0 && size < class->ehdr_size) {
		rc = error_set(e, XEN_ENOEXEC,
			       "file of %lu bytes is too short for an ELF "
			       "header",
			       size);
	}
	if (rc != 0) {
		return rc;
	}
	if (class == &class_32) {
		memcpy(&narrow, file, sizeof(narrow));
		*h = WIDENED(narrow, class);
	} else {
		memcpy(&wide, file, sizeof(wide));
		*h = WIDENED(wide, class);
	}
	return 0;
}

void elf_read_phdr(const struct elf_class *class, const uint8_t *at,
		   struct elf_phdr *ret)
{
	struct elf64_phdr wide;
	struct elf32_phdr narrow;

	if (class == &class_32) {
		memcpy(&narrow, at, sizeof(narrow));
		*ret = (struct elf_phdr){
			.type = narrow.type,
			.flags = narrow.flags,
			.offset = narrow.offset,
			.vaddr = narrow.vaddr,
			.paddr = narrow.paddr,
			.filesz = narrow.filesz,
			.memsz = narrow.memsz,
			.align = narrow.align,
		};
		return;
	}
	memcpy(&wide, at, sizeof(wide));
	*ret = (struct elf_phdr){
		.type = wide.type,
		.flags = wide.flags,
		.offset = wide.offset,
		.vaddr = wide.vaddr,
		.paddr = wide.paddr,
		.filesz = wide.filesz,
		.memsz = wide.memsz,
		.align = wide.align,
	};
}

void elf_read_shdr(const struct elf_class *class, const uint8_t *at,
		   struct elf_shdr *ret)
{
	struct elf64_shdr wide;
	struct elf32_shdr narrow;

	if (class == &class_32) {
		memcpy(&narrow, at, sizeof(narrow));
		*ret = (struct elf_shdr){
			.name = narrow.name,
			.type = narrow.type,
			.offset = narrow.offset,
			.size = narrow.size,
			.link = narrow.link,
			.addralign = narrow.addralign,
		};
		return;
	}
	memcpy(&wide, at, sizeof(wide));
	*ret = (struct elf_shdr){
		.name = wide.name,
		.type = wide.type,
		.offset = wide.offset,
		.size = wide.size,
		.link = wide.link,
		.addralign = wide.addralign,
	};
}

#define CHANGE_HEADER(h, shoff_, shnum_)       \
	do {                                   \
		(h).version = VERSION_CURRENT; \
		(h).phoff = 0;                 \
		(h).shoff = (shoff_);          \
		(h).ehsize = sizeof(h);        \
		(h).phentsize = (h).phnum = 0; \
		(h).shnum = (shnum_);          \
		(h).shstrndx = 0;              \
	} while (0)

void elf_change_header(const struct elf_class *class, uint8_t *at,
		       uint64_t shoff, uint16_t shnum)
{
	struct elf64_header wide;
	struct elf32_header narrow;

	if (class == &class_32) {
		memcpy(&narrow, at, sizeof(narrow));
		CHANGE_HEADER(narrow, (uint32_t)shoff, shnum);
		narrow.shentsize = class->shdr_size;
		memcpy(at, &narrow, sizeof(narrow));
		return;
	}
	memcpy(&wide, at, sizeof(wide));
	CHANGE_HEADER(wide, shoff, shnum);
	wide.shentsize = class->shdr_size;
	memcpy(at, &wide, sizeof(wide));
}

void elf_change_shdr(const struct elf_class *class, uint8_t *at,
		     uint64_t offset, uint32_t link)
{
	struct elf64_shdr wide;
	struct elf32_shdr narrow;

	if (class == &class_32) {
		memcpy(&narrow, at, sizeof(narrow));
		narrow.offset = (uint32_t)offset;
		narrow.link = link;
		memcpy(at, &narrow, sizeof(narrow));
		return;
	}
	memcpy(&wide, at, sizeof(wide));
	wide.offset = offset;
	wide.link = link;
	memcpy(at, &wide, sizeof(wide));
}
