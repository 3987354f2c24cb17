/* SPDX-License-Identifier: MIT */
/*
 * cli/image.c and its codecs: a kernel comes out of every wrapping as it was
 * put in, and a file that is truncated, spoilt or absurd is refused with one
 * line that names the field. Inputs are malloc'ed to their size, so that the
 * sanitizer sees a read past them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/image.h"
#include "tests/unit/support/kernel_file.h"
#include "tests/unit/support/packed.h"

#define MAX_ELF ((size_t)1 << 20)

static uint8_t *elf;
static size_t elf_size;

static int make_elf(void **state)
{
	(void)state;
	elf = kernel_file_make(&kernel_file_linux, &elf_size);
	return 0;
}

static int free_elf(void **state)
{
	(void)state;
	free(elf);
	return 0;
}

static void check_unpacked(struct packed p, const char *kind)
{
	char error[IMAGE_ERROR_SIZE] = "";
	struct image image;

	if (image_unpack(p.data, p.size, MAX_ELF, &image, error) != 0) {
		fail_msg("%s: %s", kind, error);
	}
	assert_string_equal(image.kind, kind);
	assert_int_equal(image.file_size, p.size);
	assert_int_equal(image.size, elf_size);
	assert_memory_equal(image.elf, elf, elf_size);
	image_free(&image);
	assert_null(image.elf);
}

static void check_refused(struct packed p, const char *name, const char *why)
{
	char error[IMAGE_ERROR_SIZE] = "";
	struct image image;

	if (image_unpack(p.data, p.size, MAX_ELF, &image, error) != -1 ||
	    strstr(error, why) == NULL || strchr(error, '\n') != NULL) {
		fail_msg("%s: \"%s\", not \"%s\"", name, error, why);
	}
	assert_null(image.elf);
}

static void every_wrapping_is_undone(void **state)
{
	char kind[64];

	(void)state;
	check_unpacked((struct packed){elf, elf_size}, "ELF");
	for (size_t i = 0; i < nr_packers; i++) {
		struct packed p = packers[i].pack(elf, elf_size);

		snprintf(kind, sizeof(kind), "ELF in %s", packers[i].name);
		check_unpacked(p, kind);
		snprintf(kind, sizeof(kind), "bzImage, ELF in %s",
			 packers[i].name);
		p = packed_bzimage(p, packers[i].size_appended, elf_size);
		check_unpacked(p, kind);
		free(p.data);
	}
}

static void an_unpacked_payload_is_taken(void **state)
{
	struct packed p = {malloc(elf_size), elf_size};

	(void)state;
	memcpy(p.data, elf, elf_size);
	p = packed_bzimage(p, false, 0);
	check_unpacked(p, "bzImage, ELF");
	free(p.data);
}

/* 0 setup sectors mean 4, from the time when the field did not exist. */
static void setup_sects_0_means_4(void **state)
{
	struct packed gzip = packers[0].pack(elf, elf_size);
	struct packed p = {.size = 5 * 512 + gzip.size};
	struct packed small;

	(void)state;
	small = packed_bzimage(packers[0].pack(elf, elf_size), false, 0);
	p.data = calloc(1, p.size);
	assert_non_null(p.data);
	memcpy(p.data, small.data, 1024);
	memcpy(p.data + 5 * 512, gzip.data, gzip.size);
	p.data[BZ_SETUP_SECTS] = 0;
	kernel_file_poke(p.data, BZ_PAYLOAD_OFFSET, 4, 0);
	check_unpacked(p, "bzImage, ELF in gzip");
	free(p.data);
	free(small.data);
	free(gzip.data);
}

static const struct {
	const char *name;
	size_t offset;
	unsigned int size;
	uint64_t value;
	const char *why;
} spoilt[] = {
	{"old", BZ_VERSION, 2, 0x207, "boot protocol version 0x207 is below"},
	{"sects", BZ_SETUP_SECTS, 1, 255, "setup_sects 255 is beyond"},
	{"offset", BZ_PAYLOAD_OFFSET, 4, UINT32_MAX,
	 "payload_offset 0xffffffff + payload_length"},
	{"length", BZ_PAYLOAD_LENGTH, 4, UINT32_MAX, "_length 0xffffffff is"},
	{"length 0", BZ_PAYLOAD_LENGTH, 4, 0, "is neither an ELF nor packed"},
	{"length 6", BZ_PAYLOAD_LENGTH, 4, 6,
	 "xz data is truncated: it ends "
	 "after 2 bytes"},
	{"magic", BZ_PAYLOAD, 4, 0, "payload at offset 0x640 is neither"},
	{"no header", 0x202, 4, 0, "neither an ELF, nor a bzImage"},
	{"no signature", 0x1fe, 2, 0, "neither an ELF, nor a bzImage"},
	{"xz header", BZ_PAYLOAD + 6, 1, 0xff, "xz data is corrupt"},
};

static void a_spoilt_setup_header_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
		struct packed p = packed_bzimage(packers[1].pack(elf, elf_size),
						 true, elf_size);

		kernel_file_poke(p.data, spoilt[i].offset, spoilt[i].size,
				 spoilt[i].value);
		check_refused(p, spoilt[i].name, spoilt[i].why);
		free(p.data);
	}
}

static void a_wrong_size_field_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_packers; i++) {
		struct packed p = packers[i].pack(elf, elf_size);

		if (packers[i].size_appended) {
			p = packed_bzimage(p, true, elf_size + 1);
			check_refused(p, packers[i].name, "size field says ");
		}
		free(p.data);
	}
}

/* A cut anywhere: refused, or (lz4, at the end of a block) no ELF's size. */
static void truncated_data_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < nr_packers; i++) {
		struct packed p = packers[i].pack(elf, elf_size);
		size_t step = p.size / 60 + 1;

		for (size_t size = 0; size < p.size; size += step) {
			char error[IMAGE_ERROR_SIZE] = "";
			struct packed cut = {malloc(size == 0 ? 1 : size),
					     size};
			struct image image;

			assert_non_null(cut.data);
			memcpy(cut.data, p.data, size);
			if (image_unpack(cut.data, size, MAX_ELF, &image,
					 error) == 0) {
				assert_string_equal(packers[i].name, "lz4");
				assert_true(image.size < elf_size);
				assert_int_equal(image.size % 10000, 0);
				image_free(&image);
			} else if (size > 18) {
				assert_non_null(strstr(error, "truncated"));
			}
			free(cut.data);
		}
		free(p.data);
	}
}

static void a_truncated_bzimage_is_refused(void **state)
{
	struct packed p =
		packed_bzimage(packers[1].pack(elf, elf_size), true, elf_size);

	(void)state;
	for (size_t size = 0x1f0; size < p.size - 100; size += 13) {
		struct packed cut = {malloc(size), size};

		assert_non_null(cut.data);
		memcpy(cut.data, p.data, size);
		check_refused(cut, "cut",
			      size < 0x206   ? "neither an ELF"
			      : size < 0x250 ? "too short for the"
			      : size < 0x600 ? "setup_sects 2"
					     : "payload_length");
		free(cut.data);
	}
	free(p.data);
}

/* A block cannot be larger than 8 MiB packed. */
static void an_absurd_block_size_is_refused(void **state)
{
	struct packed p = packers[3].pack(elf, elf_size);

	(void)state;
	kernel_file_poke(p.data, 4, 4, (8 << 20) + (8 << 20) / 255 + 17);
	check_refused(p, "lz4", "lz4 data is corrupt");
	kernel_file_poke(p.data, 4, 4, UINT32_MAX);
	check_refused(p, "lz4", "lz4 data is corrupt");
	free(p.data);
}

/* Bits flipped all over: no crash, no leak, no other kernel. */
static void spoilt_data_is_refused_or_unpacks_to_the_limit(void **state)
{
	struct packed p = {NULL, 0};

	(void)state;
	srand(1);
	for (size_t i = 0; i < nr_packers * 60; i++) {
		const struct packer *packer = &packers[i / 60];
		char error[IMAGE_ERROR_SIZE] = "";
		struct image image;

		if (i % 60 == 0) {
			free(p.data);
			p = packer->pack(elf, elf_size);
		}
		/* Spoilt more and more. */
		p.data[(size_t)rand() % p.size] ^= (uint8_t)(1 << rand() % 8);
		if (image_unpack(p.data, p.size, MAX_ELF, &image, error) == 0) {
			assert_true(image.size <= MAX_ELF);
			image_free(&image);
		} else {
			assert_true(error[0] != '\0');
		}
	}
	free(p.data);
}

/* 4 MiB of zeros behind an ELF's header, in a few bytes. */
static void a_bomb_is_refused_at_the_limit(void **state)
{
	size_t size = MAX_ELF * 4;
	uint8_t *bomb = calloc(1, size);

	(void)state;
	assert_non_null(bomb);
	memcpy(bomb, elf, 64);
	for (size_t i = 0; i < nr_packers; i++) {
		char error[IMAGE_ERROR_SIZE];
		struct packed p = packers[i].pack(bomb, size);
		struct image image;

		check_refused(p, packers[i].name, "unpacks to more than 1 MiB");
		free(p.data);
		/* A byte less than the limit is room enough. */
		p = packers[i].pack(bomb, MAX_ELF - 1);
		assert_int_equal(image_unpack(p.data, p.size, MAX_ELF, &image,
					      error),
				 0);
		assert_int_equal(image.size, MAX_ELF - 1);
		image_free(&image);
		free(p.data);
	}
	check_refused((struct packed){bomb, size}, "ELF", "larger than 1 MiB");
	free(bomb);
}

static void what_is_packed_must_be_an_elf(void **state)
{
	static const uint8_t text[] = "this is not a kernel";

	(void)state;
	for (size_t i = 0; i < nr_packers; i++) {
		struct packed p = packers[i].pack(text, sizeof(text));

		check_refused(p, packers[i].name,
			      "unpacks to 21 bytes that are no ELF");
		free(p.data);
	}
	check_refused((struct packed){(uint8_t *)(uintptr_t)text, sizeof(text)},
		      "text", "neither an ELF, nor a bzImage, nor a packed");
	check_refused((struct packed){(uint8_t *)(uintptr_t)text, 0}, "empty",
		      "neither an ELF");
}

/* One packed file after the other: what the codec's own tool does with it. */
static void members_are_all_unpacked(void **state)
{
	static const char *const joined[] = {"gzip",  "xz",  "zstd",
					     "bzip2", "lz4", "lzo"};
	size_t half = elf_size / 2;

	(void)state;
	for (size_t i = 0; i < nr_packers; i++) {
		struct packed first, second;
		char kind[64];
		bool all = false;

		for (size_t n = 0; n < 6; n++) {
			all |= strcmp(packers[i].name, joined[n]) == 0;
		}
		if (!all) {
			continue;
		}
		first = packers[i].pack(elf, half);
		second = packers[i].pack(elf + half, elf_size - half);
		first.data = realloc(first.data, first.size + second.size);
		assert_non_null(first.data);
		memcpy(first.data + first.size, second.data, second.size);
		first.size += second.size;
		snprintf(kind, sizeof(kind), "ELF in %s", packers[i].name);
		check_unpacked(first, kind);
		free(second.data);
		first = packed_bzimage(first, packers[i].size_appended,
				       elf_size);
		snprintf(kind, sizeof(kind), "bzImage, ELF in %s",
			 packers[i].name);
		check_unpacked(first, kind);
		free(first.data);
	}
}

/* 256 MiB are unpacked, 1 GiB is refused with the limit. */
static void large_dictionaries_have_a_limit(void **state)
{
	struct packed p = packed_xz_dictionary(elf, elf_size, 32);

	(void)state;
	check_unpacked(p, "ELF in xz");
	free(p.data);
	p = packed_xz_dictionary(elf, elf_size, 36);
	check_refused(p, "xz",
		      "xz data needs more memory to unpack than 520 MiB");
	free(p.data);
	p = packed_zstd_window(elf, elf_size, 28);
	check_unpacked(p, "ELF in zstd");
	free(p.data);
	p = packed_zstd_window(elf, elf_size, 30);
	check_refused(p, "zstd",
		      "zstd data needs more memory to unpack than 520 MiB");
	free(p.data);
}

/* Offsets in the PE file that make_pe writes. */
enum {
	PE_AT = 0x80,
	PE_SECTIONS = PE_AT + 24 + 16,
	PE_DATA = 0x200,
};

/* A PE file with two sections, whose second holds data. */
static struct packed make_pe(const char *name, struct packed data)
{
	struct packed p = {.size = PE_DATA + data.size + 100};
	uint8_t *section;

	p.data = calloc(1, p.size);
	assert_non_null(p.data);
	memcpy(p.data, "MZ", 2);
	kernel_file_poke(p.data, 0x3c, 4, PE_AT);
	memcpy(p.data + PE_AT, "PE\0", 4);
	kernel_file_poke(p.data, PE_AT + 6, 2, 2);
	kernel_file_poke(p.data, PE_AT + 20, 2, 16);
	section = p.data + PE_SECTIONS;
	memcpy(section, ".osrel\0", 8);
	snprintf((char *)section + 40, 8, "%s", name);
	kernel_file_poke(section, 40 + 8, 4, data.size);
	kernel_file_poke(section, 40 + 16, 4, data.size + 100);
	kernel_file_poke(section, 40 + 20, 4, PE_DATA);
	memcpy(p.data + PE_DATA, data.data, data.size);
	free(data.data);
	return p;
}

static void a_unified_kernel_image_is_opened(void **state)
{
	struct packed p =
		make_pe(".linux", packed_bzimage(packers[1].pack(elf, elf_size),
						 true, elf_size));

	(void)state;
	check_unpacked(p, "UKI, bzImage, ELF in xz");
	kernel_file_poke(p.data, PE_SECTIONS + 40 + 20, 4, p.size - 50);
	check_refused(p, "section", "section .linux at 0x");
	kernel_file_poke(p.data, PE_AT + 6, 2, 60000);
	check_refused(p, "headers", "60000 section headers at 0xa8 are beyond");
	for (size_t size = 0; size < PE_SECTIONS + 80; size++) {
		struct packed cut = {malloc(size + 1), size};
		char error[IMAGE_ERROR_SIZE];
		struct image image;

		assert_non_null(cut.data);
		memcpy(cut.data, p.data, size);
		assert_int_equal(image_unpack(cut.data, size, MAX_ELF, &image,
					      error),
				 -1);
		free(cut.data);
	}
	free(p.data);
}

static void other_pe_files_are_named(void **state)
{
	struct packed p = make_pe(".text", (struct packed){calloc(1, 9), 9});

	(void)state;
	check_refused(p, "no kernel", "PE file without a section .linux");
	free(p.data);
	p = make_pe(".linux", (struct packed){calloc(1, 9), 9});
	check_refused(p, "no bzImage", "its section .linux is no bzImage");
	free(p.data);
}

static void files_are_read_and_written(void **state)
{
	char path[] = "/tmp/pagewarden-test-XXXXXX";
	char error[IMAGE_ERROR_SIZE] = "";
	struct packed p =
		packed_bzimage(packers[1].pack(elf, elf_size), true, elf_size);
	struct image image = {.elf = p.data, .size = p.size};
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(image_load(path, &image, error), -1);
	assert_string_equal(error, "file is empty");
	image = (struct image){.elf = p.data, .size = p.size};
	assert_int_equal(image_write_elf(&image, path, error), 0);
	assert_int_equal(image_load(path, &image, error), 0);
	assert_int_equal(image.size, elf_size);
	assert_memory_equal(image.elf, elf, elf_size);
	image_free(&image);
	free(p.data);
	assert_int_equal(ftruncate(fd, (off_t)IMAGE_MAX_FILE + 1), 0);
	assert_int_equal(image_load(path, &image, error), -1);
	assert_string_equal(error,
			    "file of 1073741825 bytes is larger than 1024 MiB");
	close(fd);
	unlink(path);
	assert_int_equal(image_load(path, &image, error), -1);
	assert_string_equal(error, "No such file or directory");
	assert_int_equal(image_load("/", &image, error), -1);
	assert_string_equal(error, "not a regular file");
	assert_int_equal(image_load("/dev/zero", &image, error), -1);
	assert_string_equal(error, "not a regular file");
	image = (struct image){.elf = elf, .size = elf_size};
	assert_int_equal(image_write_elf(&image, "/", error), -1);
	assert_string_equal(error, "Is a directory");
	assert_int_equal(image_write_elf(&image, "/dev/full", error), -1);
	assert_string_equal(error, "No space left on device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_wrapping_is_undone),
		cmocka_unit_test(an_unpacked_payload_is_taken),
		cmocka_unit_test(setup_sects_0_means_4),
		cmocka_unit_test(a_spoilt_setup_header_is_named),
		cmocka_unit_test(a_wrong_size_field_is_refused),
		cmocka_unit_test(truncated_data_is_refused),
		cmocka_unit_test(an_absurd_block_size_is_refused),
		cmocka_unit_test(a_truncated_bzimage_is_refused),
		cmocka_unit_test(
			spoilt_data_is_refused_or_unpacks_to_the_limit),
		cmocka_unit_test(a_bomb_is_refused_at_the_limit),
		cmocka_unit_test(what_is_packed_must_be_an_elf),
		cmocka_unit_test(members_are_all_unpacked),
		cmocka_unit_test(large_dictionaries_have_a_limit),
		cmocka_unit_test(a_unified_kernel_image_is_opened),
		cmocka_unit_test(other_pe_files_are_named),
		cmocka_unit_test(files_are_read_and_written),
	};

	return cmocka_run_group_tests_name("image", tests, make_elf, free_elf);
}
