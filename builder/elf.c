/* SPDX-License-Identifier: MIT */
/*
 * Reads the headers of a kernel's ELF file. The file is untrusted: nothing in
 * it is used as an offset, size or count before it has been compared with the
 * file's own size, in a form that cannot wrap (offset <= size, then length
 * <= size - offset). Both classes come here in the form of the wide one
 * (elf_header.c), so that there is one set of checks. What elf_image holds
 * afterwards needs no further checks, so the loader of segments cannot read
 * outside the file.
 */
#include "builder/elf.h"

#include <stddef.h>
#include <string.h>

#include "abi/xen.h"
#include "builder/elf_header.h"
#include "builder/width.h"

enum {
	TYPE_EXECUTABLE = 2,
	TYPE_SHARED = 3,
	SEGMENT_LOAD = 1,
	SEGMENT_NOTE = 4,
	SECTION_SYMBOLS = 2,
	SECTION_STRINGS = 3,
	SECTION_NOTE = 7,
	SECTION_NO_BITS = 8,
};

static bool inside(const struct elf_image *image, uint64_t offset,
		   uint64_t size)
{
	return offset <= image->size && size <= image->size - offset;
}

static int check_header(const struct elf_header *h, struct build_error *e)
{
	if (h->type != TYPE_EXECUTABLE && h->type != TYPE_SHARED) {
		return error_set(e, XEN_ENOEXEC,
				 "e_type %lu is not an executable",
				 (uint64_t)h->type);
	}
	if (h->machine != h->class->machine) {
		return error_set(e, XEN_ENOEXEC, "e_machine %lu is not %s",
				 (uint64_t)h->machine, h->class->machine_name);
	}
	if (h->phnum == 0) {
		return error_set(e, XEN_ENOEXEC,
				 "e_phnum is 0: nothing to load");
	}
	if (h->phentsize != h->class->phdr_size) {
		return error_set(e, XEN_ENOEXEC, "e_phentsize %lu is not %lu",
				 (uint64_t)h->phentsize,
				 (uint64_t)h->class->phdr_size);
	}
	if (h->shnum != 0 && h->shentsize != h->class->shdr_size) {
		return error_set(e, XEN_ENOEXEC, "e_shentsize %lu is not %lu",
				 (uint64_t)h->shentsize,
				 (uint64_t)h->class->shdr_size);
	}
	return 0;
}

static void read_phdr(const struct elf_image *image, unsigned int n,
		      struct elf_phdr *p)
{
	elf_read_phdr(image->class,
		      image->file + image->phoff +
			      (uint64_t)n * image->class->phdr_size,
		      p);
}

static int check_segment(const struct elf_image *image, unsigned int n,
			 const struct elf_phdr *p, struct build_error *e)
{
	if (!inside(image, p->offset, p->filesz)) {
		return error_set(
			e, XEN_ENOEXEC,
			"program header %lu: p_offset %#lx + p_filesz %#lx "
			"is beyond the file's %#lx bytes",
			(uint64_t)n, p->offset, p->filesz, image->size);
	}
	if (p->type != SEGMENT_LOAD) {
		return 0;
	}
	if (p->filesz > p->memsz) {
		return error_set(e, XEN_ENOEXEC,
				 "program header %lu: p_filesz %#lx is above "
				 "p_memsz %#lx",
				 (uint64_t)n, p->filesz, p->memsz);
	}
	if (p->memsz > image->width->last_address - p->paddr) {
		return error_set(
			e, XEN_ENOEXEC,
			"program header %lu: p_paddr %#lx + p_memsz %#lx "
			"wraps around",
			(uint64_t)n, p->paddr, p->memsz);
	}
	return 0;
}

static int check_overlap(const struct elf_image *image,
			 const struct elf_phdr *p, unsigned int n,
			 struct build_error *e)
{
	for (unsigned int i = 0; i < image->nr_segments; i++) {
		const struct elf_segment *s = &image->segment[i];

		if (p->paddr < s->paddr + s->memsz &&
		    s->paddr < p->paddr + p->memsz) {
			return error_set(
				e, XEN_ENOEXEC,
				"program header %lu: p_paddr %#lx + "
				"p_memsz %#lx overlaps another segment "
				"at p_paddr %#lx",
				(uint64_t)n, p->paddr, p->memsz, s->paddr);
		}
	}
	return 0;
}

static int add_segment(struct elf_image *image, const struct elf_phdr *p,
		       unsigned int n, struct build_error *e)
{
	int rc = check_overlap(image, p, n, e);

	if (rc != 0) {
		return rc;
	}
	if (image->nr_segments == ELF_MAX_SEGMENTS) {
		return error_set(e, XEN_ENOEXEC,
				 "more than %lu loadable segments",
				 (uint64_t)ELF_MAX_SEGMENTS);
	}
	image->segment[image->nr_segments++] = (struct elf_segment){
		.paddr = p->paddr,
		.vaddr = p->vaddr,
		.offset = p->offset,
		.filesz = p->filesz,
		.memsz = p->memsz,
		.flags = p->flags,
	};
	if (p->paddr < image->pstart) {
		image->pstart = p->paddr;
	}
	if (p->paddr + p->memsz > image->pend) {
		image->pend = p->paddr + p->memsz;
	}
	return 0;
}

static int read_segments(struct elf_image *image, struct build_error *e)
{
	image->pstart = UINT64_MAX;
	for (unsigned int n = 0; n < image->nr_phdrs; n++) {
		struct elf_phdr p;
		int rc;

		read_phdr(image, n, &p);
		rc = check_segment(image, n, &p, e);
		if (rc == 0 && p.type == SEGMENT_LOAD && p.memsz != 0) {
			rc = add_segment(image, &p, n, e);
		}
		if (rc != 0) {
			return rc;
		}
	}
	if (image->nr_segments == 0) {
		return error_set(e, XEN_ENOEXEC,
				 "no loadable segment (PT_LOAD)");
	}
	return 0;
}

int elf_parse(struct elf_image *image, const void *file, uint64_t size,
	      struct build_error *e)
{
	struct elf_header h;
	int rc;

	memset(image, 0, sizeof(*image));
	image->file = file;
	image->size = size;
	rc = elf_read_header(file, size, &h, e);
	if (rc == 0) {
		rc = check_header(&h, e);
	}
	if (rc != 0) {
		return rc;
	}
	image->class = h.class;
	image->width = h.class->width;
	image->entry = h.entry;
	image->phoff = h.phoff;
	image->nr_phdrs = h.phnum;
	image->shoff = h.shoff;
	image->nr_shdrs = h.shnum;
	image->shstrndx = h.shstrndx;
	if (!inside(image, h.phoff, (uint64_t)h.phnum * h.class->phdr_size)) {
		return error_set(
			e, XEN_ENOEXEC,
			"e_phoff %#lx with %lu program headers is beyond "
			"the file's %#lx bytes",
			h.phoff, (uint64_t)h.phnum, size);
	}
	if (!inside(image, h.shoff, (uint64_t)h.shnum * h.class->shdr_size)) {
		return error_set(
			e, XEN_ENOEXEC,
			"e_shoff %#lx with %lu section headers is beyond "
			"the file's %#lx bytes",
			h.shoff, (uint64_t)h.shnum, size);
	}
	return read_segments(image, e);
}

static void read_shdr(const struct elf_image *image, unsigned int n,
		      struct elf_shdr *s)
{
	elf_read_shdr(image->class,
		      image->file + image->shoff +
			      (uint64_t)n * image->class->shdr_size,
		      s);
	if (s->type == SECTION_NO_BITS) {
		s->offset = 0;
		s->size = 0;
	}
}

static int check_section(const struct elf_image *image, unsigned int n,
			 const struct elf_shdr *s, struct build_error *e)
{
	if (!inside(image, s->offset, s->size)) {
		return error_set(
			e, XEN_ENOEXEC,
			"section header %lu: sh_offset %#lx + sh_size %#lx "
			"is beyond the file's %#lx bytes",
			(uint64_t)n, s->offset, s->size, image->size);
	}
	return 0;
}

bool elf_next_note_segment(const struct elf_image *image,
			   unsigned int *position, struct elf_range *ret)
{
	while (*position < image->nr_phdrs) {
		struct elf_phdr p;

		read_phdr(image, *position, &p);
		++*position;
		/* Some linkers leave 0 where the notes have no place. */
		if (p.type == SEGMENT_NOTE && p.offset != 0) {
			*ret = (struct elf_range){p.offset, p.filesz, p.align};
			return true;
		}
	}
	return false;
}

int elf_next_note_section(const struct elf_image *image, unsigned int *position,
			  struct elf_range *ret, struct build_error *e)
{
	while (*position < image->nr_shdrs) {
		struct elf_shdr s;
		int rc;

		read_shdr(image, *position, &s);
		++*position;
		if (s.type != SECTION_NOTE) {
			continue;
		}
		rc = check_section(image, *position - 1, &s, e);
		if (rc != 0) {
			return rc;
		}
		*ret = (struct elf_range){s.offset, s.size, s.addralign};
		return 1;
	}
	return 0;
}

static uint64_t shdr_at(const struct elf_image *image, unsigned int n)
{
	return image->shoff + (uint64_t)n * image->class->shdr_size;
}

int elf_find_symtab(const struct elf_image *image, struct elf_symtab *ret,
		    struct build_error *e)
{
	struct elf_shdr table, names;
	unsigned int n = 0;
	int rc;

	do {
		if (n == image->nr_shdrs) {
			return 0;
		}
		read_shdr(image, n++, &table);
	} while (table.type != SECTION_SYMBOLS);
	if (table.link >= image->nr_shdrs) {
		return 0;
	}
	read_shdr(image, table.link, &names);
	if (names.type != SECTION_STRINGS) {
		return 0;
	}
	rc = check_section(image, n - 1, &table, e);
	if (rc == 0) {
		rc = check_section(image, table.link, &names, e);
	}
	if (rc != 0) {
		return rc;
	}
	*ret = (struct elf_symtab){
		.table = {table.offset, table.size, table.addralign},
		.names = {names.offset, names.size, names.addralign},
		.table_header = shdr_at(image, n - 1),
		.names_header = shdr_at(image, table.link),
	};
	return 1;
}

/* Are there, at an offset of the section names, exactly these bytes? */
static bool name_is(const struct elf_image *image, const struct elf_shdr *names,
		    uint32_t offset, const char *name, size_t length)
{
	return offset <= names->size && length <= names->size - offset &&
	       memcmp(image->file + names->offset + offset, name, length) == 0;
}

int elf_find_section(const struct elf_image *image, const char *name,
		     struct elf_range *ret, struct build_error *e)
{
	struct elf_shdr names;
	size_t length = 1; /* the NUL is compared too */
	int rc;

	if (image->shstrndx >= image->nr_shdrs) {
		return 0;
	}
	read_shdr(image, image->shstrndx, &names);
	rc = check_section(image, image->shstrndx, &names, e);
	if (rc != 0) {
		return rc;
	}
	while (name[length - 1] != '\0') {
		length++;
	}
	for (unsigned int n = 0; n < image->nr_shdrs; n++) {
		struct elf_shdr s;

		read_shdr(image, n, &s);
		if (!name_is(image, &names, s.name, name, length)) {
			continue;
		}
		rc = check_section(image, n, &s, e);
		if (rc != 0) {
			return rc;
		}
		*ret = (struct elf_range){s.offset, s.size, s.addralign};
		return 1;
	}
	return 0;
}
