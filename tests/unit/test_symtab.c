/* SPDX-License-Identifier: MIT */
/*
 * builder/symtab.c: a kernel that asks finds its symbol table behind itself, in
 * the form of its own class, and nothing of ours between the pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "builder/build.h"
#include "builder/notes.h"
#include "builder/symtab.h"
#include "tests/unit/support/kernel_file.h"

#define ASKS NOTE_STR(XEN_ELFNOTE_BSD_SYMTAB, "yes")
#define PAGES 16

static const struct kernel_file wide = {
	.entry = 0x1000,
	.segment = {{0x1000, 0x1000, 0x2345, 0}},
	.note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		 NOTE_STR(XEN_ELFNOTE_LOADER, "generic"), ASKS},
};
static const struct kernel_file narrow = {
	.narrow = true,
	.entry = 0x1000,
	.segment = {{0x1000, 0x1000, 0x2345, 0}},
	.note = {NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"),
		 NOTE_STR(XEN_ELFNOTE_LOADER, "generic"),
		 NOTE_STR(XEN_ELFNOTE_PAE_MODE, "yes"), ASKS},
};

struct kernel {
	uint8_t *file;
	size_t size;
	struct elf_image image;
	struct xen_notes notes;
	struct build_error e;
	uint8_t ram[PAGES * PAGE_SIZE];
};

/* The note section becomes a symbol table, named by the sections' names. */
static void make(struct kernel *k, const struct kernel_file *spec)
{
	const size_t shdr =
		spec->narrow ? sizeof(Elf32_Shdr) : sizeof(Elf64_Shdr);
	const size_t at = KERNEL_FILE_SHDRS + KERNEL_FILE_NOTE_SECTION * shdr;

	memset(k, 0, sizeof(*k));
	k->file = kernel_file_make(spec, &k->size);
	kernel_file_poke(k->file, at + offsetof(Elf64_Shdr, sh_type), 4,
			 SHT_SYMTAB);
	kernel_file_poke(k->file,
			 at + (spec->narrow ? offsetof(Elf32_Shdr, sh_link)
					    : offsetof(Elf64_Shdr, sh_link)),
			 4, KERNEL_FILE_NAME_SECTION);
	assert_int_equal(elf_parse(&k->image, k->file, k->size, &k->e), 0);
}

static void parse(struct kernel *k)
{
	assert_int_equal(notes_parse(&k->image, &k->notes, &k->e), 0);
	assert_true(k->notes.bsd_symtab);
}

static void build(struct kernel *k)
{
	const struct pfn_run run = {pfn(0), mfn(0), PAGES};
	const struct build_memory memory = {
		.ram = k->ram,
		.runs = &run,
		.nr_runs = 1,
	};

	assert_true(k->notes.has_symtab);
	build_symtab(&memory, k->notes.symtab_at, &k->image, &k->notes.symtab);
}

static uint64_t field(const uint8_t *at, size_t size)
{
	uint64_t value = 0;

	memcpy(&value, at, size);
	return value;
}
#define FIELD(at, type, member) \
	field((at) + offsetof(type, member), sizeof(((type *)NULL)->member))

/* What Xen's public words promise of the two classes, field by field. */
#define CHECK(k, Ehdr, Shdr, Word)                                           \
	do {                                                                 \
		const uint64_t begin = (k)->notes.symtab_at.v;               \
		const uint8_t *size = (k)->ram + begin, *h = size + 4;       \
		const uint8_t *s;                                            \
		uint64_t table, names;                                       \
                                                                             \
		assert_int_equal(begin, 0x3345 + sizeof(Word) -              \
						0x3345 % sizeof(Word));      \
		assert_memory_equal(h, "\177ELF", 4);                        \
		assert_int_equal(FIELD(h, Ehdr, e_shnum), 3);                \
		assert_int_equal(FIELD(h, Ehdr, e_shoff), 64);               \
		assert_int_equal(FIELD(h, Ehdr, e_ehsize), sizeof(Ehdr));    \
		assert_int_equal(FIELD(h, Ehdr, e_shentsize), sizeof(Shdr)); \
		assert_int_equal(FIELD(h, Ehdr, e_phnum), 0);                \
		assert_int_equal(FIELD(h, Ehdr, e_phoff), 0);                \
		assert_int_equal(FIELD(h, Ehdr, e_shstrndx), 0);             \
		for (size_t i = sizeof(Ehdr); i < 64 + sizeof(Shdr); i++) {  \
			assert_int_equal(h[i], 0);                           \
		}                                                            \
		s = h + 64 + sizeof(Shdr);                                   \
		assert_int_equal(FIELD(s, Shdr, sh_type), SHT_SYMTAB);       \
		assert_int_equal(FIELD(s, Shdr, sh_link), 2);                \
		assert_int_equal(FIELD(s, Shdr, sh_size),                    \
				 (k)->notes.symtab.table.size);              \
		table = FIELD(s, Shdr, sh_offset);                           \
		s += sizeof(Shdr);                                           \
		assert_int_equal(FIELD(s, Shdr, sh_type), SHT_STRTAB);       \
		names = FIELD(s, Shdr, sh_offset);                           \
		assert_int_equal((table + 4) % sizeof(Word), 0);             \
		assert_int_equal((names + 4) % sizeof(Word), 0);             \
		assert_true(table >= 64 + 3 * sizeof(Shdr));                 \
		assert_true(names >= table + (k)->notes.symtab.table.size);  \
		assert_memory_equal(h + table,                               \
				    (k)->file +                              \
					    (k)->notes.symtab.table.offset,  \
				    (k)->notes.symtab.table.size);           \
		assert_memory_equal(h + names,                               \
				    (k)->file +                              \
					    (k)->notes.symtab.names.offset,  \
				    (k)->notes.symtab.names.size);           \
		assert_int_equal(field(size, 4),                             \
				 names + (k)->notes.symtab.names.size);      \
		assert_int_equal((k)->notes.kernel_end.v,                    \
				 begin + 4 + field(size, 4));                \
	} while (0)

static void a_kernel_that_asks_has_its_symbols_behind_it(void **state)
{
	static struct kernel k;

	(void)state;
	make(&k, &wide);
	parse(&k);
	build(&k);
	CHECK(&k, Elf64_Ehdr, Elf64_Shdr, uint64_t);
	free(k.file);
	make(&k, &narrow);
	parse(&k);
	build(&k);
	CHECK(&k, Elf32_Ehdr, Elf32_Shdr, uint32_t);
	free(k.file);
}

/* Without a table, or without its names, it goes on without. */
static void a_file_without_symbols_has_none(void **state)
{
	const size_t at = KERNEL_FILE_SHDRS +
			  KERNEL_FILE_NOTE_SECTION * sizeof(Elf64_Shdr);
	static const struct {
		size_t field;
		uint32_t value;
	} rows[] = {{offsetof(Elf64_Shdr, sh_type), SHT_PROGBITS},
		    {offsetof(Elf64_Shdr, sh_link), 0},
		    {offsetof(Elf64_Shdr, sh_link), 3}};
	static struct kernel k;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		make(&k, &wide);
		kernel_file_poke(k.file, at + rows[i].field, 4, rows[i].value);
		parse(&k);
		assert_false(k.notes.has_symtab);
		assert_int_equal(k.notes.kernel_end.v, 0x3345);
		free(k.file);
	}
}

static void symbols_beyond_the_file_are_refused(void **state)
{
	static const unsigned int section[] = {KERNEL_FILE_NOTE_SECTION,
					       KERNEL_FILE_NAME_SECTION};
	static struct kernel k;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		make(&k, &wide);
		kernel_file_poke(k.file,
				 KERNEL_FILE_SHDRS +
					 section[i] * sizeof(Elf64_Shdr) +
					 offsetof(Elf64_Shdr, sh_size),
				 8, k.size);
		assert_int_equal(notes_parse(&k.image, &k.notes, &k.e),
				 -XEN_ENOEXEC);
		assert_non_null(strstr(k.e.text, "is beyond the file's"));
		free(k.file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_that_asks_has_its_symbols_behind_it),
		cmocka_unit_test(a_file_without_symbols_has_none),
		cmocka_unit_test(symbols_beyond_the_file_are_refused),
	};

	return cmocka_run_group_tests_name("symtab", tests, NULL, NULL);
}
