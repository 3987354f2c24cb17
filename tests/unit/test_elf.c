/* SPDX-License-Identifier: MIT */
/*
 * builder/elf.c: a good file is read right, and a file with one field spoilt
 * is refused with a line that names the field. The file is malloc'ed to its
 * size, so that the sanitizer sees a read past it.
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
#include "builder/elf.h"
#include "builder/width.h"
#include "tests/unit/support/kernel_file.h"

#define EHDR(field) \
	offsetof(Elf64_Ehdr, field), sizeof(((Elf64_Ehdr *)0)->field)
#define PHDR(n, field)                                 \
	KERNEL_FILE_PHDRS + (n) * sizeof(Elf64_Phdr) + \
		offsetof(Elf64_Phdr, field),           \
		sizeof(((Elf64_Phdr *)0)->field)
#define SHDR(n, field)                                 \
	KERNEL_FILE_SHDRS + (n) * sizeof(Elf64_Shdr) + \
		offsetof(Elf64_Shdr, field),           \
		sizeof(((Elf64_Shdr *)0)->field)

#define EHDR32(field) \
	offsetof(Elf32_Ehdr, field), sizeof(((Elf32_Ehdr *)0)->field)
#define PHDR32(n, field)                               \
	KERNEL_FILE_PHDRS + (n) * sizeof(Elf32_Phdr) + \
		offsetof(Elf32_Phdr, field),           \
		sizeof(((Elf32_Phdr *)0)->field)

static void check_good(const struct kernel_file *spec, unsigned int nr,
		       const struct guest_width *width)
{
	struct build_error e;
	struct elf_image image;
	struct elf_range range;
	unsigned int position = 0;
	size_t size;
	uint8_t *file = kernel_file_make(spec, &size);

	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_ptr_equal(image.width, width);
	assert_int_equal(image.nr_segments, nr);
	assert_int_equal(image.pstart, 0x100000);
	assert_int_equal(image.pend, 0x108000 + 0x178000);
	assert_int_equal(image.entry, spec->entry);
	for (unsigned int n = 0; n < nr; n++) {
		const struct elf_segment *s = &image.segment[n];

		assert_int_equal(s->paddr, spec->segment[n].paddr);
		assert_int_equal(s->vaddr, spec->segment[n].vaddr);
		assert_int_equal(s->filesz, spec->segment[n].filesz);
		assert_int_equal(s->memsz, spec->segment[n].memsz);
		assert_int_equal(file[s->offset], kernel_file_byte(n, 0));
	}
	assert_true(elf_next_note_segment(&image, &position, &range));
	assert_int_equal(range.offset, KERNEL_FILE_NOTE_AREA);
	assert_false(elf_next_note_segment(&image, &position, &range));
	position = 0;
	assert_int_equal(elf_next_note_section(&image, &position, &range, &e),
			 1);
	assert_int_equal(range.offset, KERNEL_FILE_NOTE_AREA);
	assert_int_equal(elf_next_note_section(&image, &position, &range, &e),
			 0);
	assert_int_equal(elf_find_section(&image, ".notes", &range, &e), 1);
	assert_int_equal(range.offset, KERNEL_FILE_NOTE_AREA);
	assert_int_equal(elf_find_section(&image, ".note", &range, &e), 0);
	assert_int_equal(elf_find_section(&image, "", &range, &e), 1);
	free(file);
}

static void a_good_file_is_read(void **state)
{
	(void)state;
	check_good(&kernel_file_linux, 4, &guest_64);
	check_good(&kernel_file_linux32, 3, &guest_pae);
}

/* It lies where it was linked, and relocates itself if it must. */
static void a_static_pie_is_read_as_it_is(void **state)
{
	struct build_error e;
	struct elf_image image;
	size_t size;
	uint8_t *file = kernel_file_make(&kernel_file_linux, &size);

	(void)state;
	((Elf64_Ehdr *)file)->e_type = ET_DYN;
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_int_equal(image.pstart, 0x100000);
	assert_int_equal(image.entry, kernel_file_linux.entry);
	free(file);
}

struct spoilt {
	const char *name;
	size_t offset;
	size_t size;
	uint64_t value;
	const char *message;
};

static const struct spoilt spoilt[] = {
	{"no magic", 0, 1, 0, "not an ELF file"},
	/* The fields are elsewhere, and the machine is the wrong one. */
	{"32-bit", EI_CLASS, 1, ELFCLASS32, "e_machine 62 is not i386"},
	{"class 9", EI_CLASS, 1, 9, "class 9"},
	{"big endian", EI_DATA, 1, ELFDATA2MSB, "data encoding 2"},
	{"version", EI_VERSION, 1, 0, "version 0"},
	{"object file", EHDR(e_type), ET_REL, "e_type 1"},
	{"arm64", EHDR(e_machine), EM_AARCH64, "e_machine 183"},
	{"no program headers", EHDR(e_phnum), 0, "e_phnum is 0"},
	{"phentsize", EHDR(e_phentsize), 32, "e_phentsize 32"},
	{"shentsize", EHDR(e_shentsize), 40, "e_shentsize 40"},
	{"phnum", EHDR(e_phnum), 0xffff, "65535 program headers"},
	{"phoff", EHDR(e_phoff), UINT64_MAX, "e_phoff 0xffffffffffffffff"},
	{"phoff at the end", EHDR(e_phoff), 0x7200, "e_phoff 0x7200"},
	{"shoff", EHDR(e_shoff), UINT64_MAX - 63, "e_shoff 0xffffffffffffffc0"},
	{"shnum", EHDR(e_shnum), 0xffff, "65535 section headers"},
	{"p_offset", PHDR(0, p_offset), 0x7000, "header 0: p_offset 0x7000"},
	{"p_offset wraps", PHDR(1, p_offset), UINT64_MAX - 1,
	 "header 1: p_off"},
	{"p_filesz", PHDR(3, p_filesz), 0x1235, "header 3: p_offset"},
	{"p_filesz huge", PHDR(0, p_filesz), UINT64_MAX, "header 0: p_offset"},
	{"p_memsz < p_filesz", PHDR(2, p_memsz), 0x7ff,
	 "p_filesz 0x800 is abo"},
	{"p_memsz 0", PHDR(2, p_memsz), 0, "p_filesz 0x800 is above"},
	{"p_paddr wraps", PHDR(2, p_paddr), UINT64_MAX - 9, "wraps around"},
	{"p_memsz wraps", PHDR(3, p_memsz), UINT64_MAX, "wraps around"},
	{"overlap", PHDR(1, p_paddr), 0x102fff, "overlaps another segment"},
	{"overlap by memsz", PHDR(2, p_memsz), 0x3001, "overlaps another"},
	{"note segment", PHDR(4, p_filesz), 0x70000, "header 4: p_offset"},
};

/* A file of 32 bits; its sums must not be done in 32. */
static const struct spoilt spoilt32[] = {
	{"64-bit", EI_CLASS, 1, ELFCLASS64, "e_machine 3 is not x86-64"},
	{"x32", EHDR32(e_machine), EM_X86_64, "e_machine 62 is not i386"},
	{"phentsize", EHDR32(e_phentsize), 56, "e_phentsize 56 is not 32"},
	{"shentsize", EHDR32(e_shentsize), 64, "e_shentsize 64 is not 40"},
	{"phnum", EHDR32(e_phnum), 0xffff, "65535 program headers"},
	{"phoff", EHDR32(e_phoff), UINT32_MAX, "e_phoff 0xffffffff"},
	{"phoff wraps", EHDR32(e_phoff), 0 - 32u, "e_phoff 0xffffffe0"},
	{"shoff", EHDR32(e_shoff), UINT32_MAX - 39, "e_shoff 0xffffffd8"},
	{"p_offset", PHDR32(0, p_offset), 0x7000, "header 0: p_offset 0x7000"},
	{"p_offset wraps", PHDR32(1, p_offset), UINT32_MAX - 1,
	 "header 1: p_off"},
	{"p_filesz huge", PHDR32(0, p_filesz), UINT32_MAX,
	 "header 0: p_offset"},
	{"p_memsz < p_filesz", PHDR32(1, p_memsz), 0x17ff,
	 "p_filesz 0x1800 is above"},
	{"p_paddr wraps", PHDR32(1, p_paddr), UINT32_MAX - 9, "wraps around"},
	{"p_memsz wraps", PHDR32(2, p_memsz), UINT32_MAX, "wraps around"},
	{"overlap", PHDR32(1, p_paddr), 0x102fff, "overlaps another segment"},
};

static void check_spoilt(const struct kernel_file *spec, const struct spoilt *s)
{
	struct build_error e = {""};
	struct elf_image image;
	size_t size;
	uint8_t *file = kernel_file_make(spec, &size);

	kernel_file_poke(file, s->offset, (unsigned int)s->size, s->value);
	if (elf_parse(&image, file, size, &e) != -XEN_ENOEXEC ||
	    strstr(e.text, s->message) == NULL) {
		fail_msg("%s: \"%s\"", s->name, e.text);
	}
	free(file);
}

static void a_spoilt_field_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		check_spoilt(&kernel_file_linux, &spoilt[i]);
	}
	for (size_t i = 0; i < sizeof(spoilt32) / sizeof(spoilt32[0]); i++) {
		check_spoilt(&kernel_file_linux32, &spoilt32[i]);
	}
}

static void a_file_without_segments_is_refused(void **state)
{
	struct build_error e;
	struct elf_image image;
	size_t size;
	uint8_t *file = kernel_file_make(&kernel_file_linux, &size);

	(void)state;
	for (unsigned int n = 0; n < 4; n++) {
		size_t at = KERNEL_FILE_PHDRS + n * sizeof(Elf64_Phdr);

		kernel_file_poke(file, at, 4, PT_GNU_STACK);
	}
	assert_int_equal(elf_parse(&image, file, size, &e), -XEN_ENOEXEC);
	assert_non_null(strstr(e.text, "no loadable segment"));
	free(file);
}

static void more_segments_than_fit_are_refused(void **state)
{
	static const struct kernel_file spec = {
		.segment = {{0x100000, 0x2000, 0x2000, 0}}};
	struct build_error e;
	struct elf_image image;
	size_t size;
	uint8_t *file = kernel_file_make(&spec, &size);

	(void)state;
	for (unsigned int n = 0; n <= ELF_MAX_SEGMENTS; n++) {
		Elf64_Phdr p = {.p_type = PT_LOAD,
				.p_paddr = n * PAGE_SIZE,
				.p_memsz = PAGE_SIZE};

		memcpy(file + KERNEL_FILE_CONTENTS + n * sizeof(p), &p,
		       sizeof(p));
	}
	kernel_file_poke(file, EHDR(e_phoff), KERNEL_FILE_CONTENTS);
	kernel_file_poke(file, EHDR(e_phnum), ELF_MAX_SEGMENTS);
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	kernel_file_poke(file, EHDR(e_phnum), ELF_MAX_SEGMENTS + 1);
	assert_int_equal(elf_parse(&image, file, size, &e), -XEN_ENOEXEC);
	assert_non_null(strstr(e.text, "more than 32 loadable"));
	free(file);
}

/* Every length: the bytes that are missing must not be read. */
static void check_truncated(const struct kernel_file *spec)
{
	struct build_error e;
	struct elf_image image;
	size_t size;
	uint8_t *file = kernel_file_make(spec, &size);

	for (size_t length = 0; length < size; length += length < 70 ? 1 : 97) {
		uint8_t *cut = malloc(length == 0 ? 1 : length);

		assert_non_null(cut);
		memcpy(cut, file, length);
		assert_int_equal(elf_parse(&image, cut, length, &e),
				 -XEN_ENOEXEC);
		assert_true(e.text[0] != '\0');
		free(cut);
	}
	free(file);
}

static void a_truncated_file_is_refused(void **state)
{
	(void)state;
	check_truncated(&kernel_file_linux);
	check_truncated(&kernel_file_linux32);
}

static void sections_outside_the_file_are_refused_when_used(void **state)
{
	struct build_error e;
	struct elf_image image;
	struct elf_range range;
	unsigned int position = 0;
	size_t size;
	uint8_t *file = kernel_file_make(&kernel_file_linux, &size);

	(void)state;
	kernel_file_poke(file, SHDR(1, sh_size), UINT64_MAX);
	kernel_file_poke(file, SHDR(2, sh_offset), UINT64_MAX);
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_int_equal(elf_next_note_section(&image, &position, &range, &e),
			 -XEN_ENOEXEC);
	assert_non_null(strstr(e.text, "section header 1: sh_offset"));
	assert_int_equal(elf_find_section(&image, ".notes", &range, &e),
			 -XEN_ENOEXEC);
	assert_non_null(strstr(e.text, "section header 2: sh_offset"));
	kernel_file_poke(file, EHDR(e_shstrndx), 3);
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_int_equal(elf_find_section(&image, ".notes", &range, &e), 0);
	free(file);
}

static void section_names_outside_their_section_do_not_match(void **state)
{
	struct build_error e;
	struct elf_image image;
	struct elf_range range;
	size_t size;
	uint8_t *file = kernel_file_make(&kernel_file_linux, &size);

	(void)state;
	kernel_file_poke(file, SHDR(1, sh_name), UINT32_MAX);
	assert_int_equal(elf_parse(&image, file, size, &e), 0);
	assert_int_equal(elf_find_section(&image, ".notes", &range, &e), 0);
	/* The name section ends within ".notes". */
	kernel_file_poke(file, SHDR(1, sh_name), 1);
	kernel_file_poke(file, SHDR(2, sh_size), 7);
	assert_int_equal(elf_find_section(&image, ".notes", &range, &e), 0);
	kernel_file_poke(file, SHDR(2, sh_size), 8);
	assert_int_equal(elf_find_section(&image, ".notes", &range, &e), 1);
	free(file);
}

static void error_lines_are_formatted_and_cut(void **state)
{
	struct build_error e;
	char longer[300];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(error_set(&e, XEN_EINVAL, "%s=%lu (%#lx)%%, \"%s\"",
				   "a", UINT64_MAX, UINT64_C(0xabc),
				   "b\n\x80\x1b"),
			 -XEN_EINVAL);
	assert_string_equal(e.text,
			    "a=18446744073709551615 (0xabc)%, \"b???\"");
	error_set(&e, XEN_EINVAL, "%lu%s", UINT64_C(0), longer);
	assert_int_equal(strlen(e.text), sizeof(e.text) - 1);
	assert_memory_equal(e.text, "0xxx", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_read),
		cmocka_unit_test(a_static_pie_is_read_as_it_is),
		cmocka_unit_test(a_spoilt_field_is_named),
		cmocka_unit_test(a_file_without_segments_is_refused),
		cmocka_unit_test(more_segments_than_fit_are_refused),
		cmocka_unit_test(a_truncated_file_is_refused),
		cmocka_unit_test(
			sections_outside_the_file_are_refused_when_used),
		cmocka_unit_test(
			section_names_outside_their_section_do_not_match),
		cmocka_unit_test(error_lines_are_formatted_and_cut),
	};

	return cmocka_run_group_tests_name("elf", tests, NULL, NULL);
}
