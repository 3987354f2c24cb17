/* SPDX-License-Identifier: MIT */
/*
 * A kernel with the note BSD_SYMTAB finds its own symbols behind its image, at
 * the next word, in the form that Xen gives them:
 *
 *   size        4 bytes: of all that follows
 *   ELF header  the file's, but that it has these three sections and no segment
 *   (zeros)     to 64 bytes, whatever the class
 *   headers     of no section, of the symbol table, of its names
 *   table, names, each at a word
 *
 * Offsets in there are from the ELF header. What is copied are pieces of the
 * file that have been checked to be inside it (elf_find_symtab).
 */
#include "builder/symtab.h"

#include <string.h>

#include "builder/elf_header.h"
#include "builder/guest_memory.h"
#include "builder/width.h"

enum { SIZE = 4, HEADER = 64, SECTIONS = 3, TABLE = 1, NAMES = 2 };

/* From the beginning on. */
struct places {
	uint64_t headers;
	uint64_t table;
	uint64_t names;
	uint64_t end;
};

static uint64_t to_word(const struct guest_width *width, uint64_t at)
{
	return (at + width->word - 1) & ~(uint64_t)(width->word - 1);
}

static struct places places_of(const struct elf_image *image,
			       const struct elf_symtab *symtab)
{
	struct places p = {.headers = SIZE + HEADER};

	p.table = to_word(image->width,
			  p.headers +
				  (uint64_t)SECTIONS * image->class->shdr_size);
	p.names = to_word(image->width, p.table + symtab->table.size);
	p.end = p.names + symtab->names.size;
	return p;
}

uint64_t symtab_place(const struct guest_width *width, uint64_t kernel_end)
{
	return to_word(width, kernel_end);
}

uint64_t symtab_size(const struct elf_image *image,
		     const struct elf_symtab *symtab)
{
	return places_of(image, symtab).end;
}

void build_symtab(const struct build_memory *memory, paddr_t at,
		  const struct elf_image *image,
		  const struct elf_symtab *symtab)
{
	const struct elf_class *class = image->class;
	const struct places p = places_of(image, symtab);
	uint8_t head[SIZE + HEADER + SECTIONS * HEADER] = {0};
	uint8_t *table = head + p.headers + TABLE * class->shdr_size;
	uint8_t *names = head + p.headers + NAMES * class->shdr_size;
	const uint32_t size = (uint32_t)(p.end - SIZE);

	memcpy(head, &size, sizeof(size));
	memcpy(head + SIZE, image->file, class->ehdr_size);
	elf_change_header(class, head + SIZE, HEADER, SECTIONS);
	memcpy(table, image->file + symtab->table_header, class->shdr_size);
	elf_change_shdr(class, table, p.table - SIZE, NAMES);
	memcpy(names, image->file + symtab->names_header, class->shdr_size);
	elf_change_shdr(class, names, p.names - SIZE, 0);
	guest_copy(memory, at, head,
		   p.headers + (uint64_t)SECTIONS * class->shdr_size);
	guest_copy(memory, paddr(at.v + p.table),
		   image->file + symtab->table.offset, symtab->table.size);
	guest_copy(memory, paddr(at.v + p.names),
		   image->file + symtab->names.offset, symtab->names.size);
}
