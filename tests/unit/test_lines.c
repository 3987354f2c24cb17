/* SPDX-License-Identifier: MIT */
/*
 * Lines of addresses, of this program itself, which carries DWARF; and of
 * copies of it that have been damaged, which say less or something else, and
 * do no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/text.h"
#include "cli/why/callers.h"
#include "cli/why/lines.h"

#define ROUNDS 200
#define BYTES_WRONG 200

/* Where a file lies, libdw may forget what it has allocated. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libdw";
}

extern const char image_start[] __asm__("__executable_start");

struct file {
	uint8_t *bytes;
	size_t size;
};

static int set_up(void **state)
{
	static struct file file;
	FILE *f = fopen("/proc/self/exe", "re");

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	file.size = (size_t)ftell(f);
	rewind(f);
	file.bytes = malloc(file.size);
	assert_non_null(file.bytes);
	assert_int_equal(fread(file.bytes, 1, file.size, f), file.size);
	fclose(f);
	*state = &file;
	return 0;
}

static int tear_down(void **state)
{
	struct file *file = *state;

	free(file->bytes);
	return 0;
}

/* Where the call returns to, as an address of the file. */
__attribute__((noinline)) static uint64_t here(void)
{
	return (uint64_t)((const char *)__builtin_return_address(0) -
			  image_start);
}

static void a_call_is_found_in_its_line(void **state)
{
	const struct file *file = *state;
	struct lines *l = lines_open(file->bytes, file->size);
	const char *name = "";
	unsigned int line = 0;
	uint64_t at;
	unsigned int wanted;

	assert_non_null(l);
	wanted = __LINE__ + 1;
	at = here();
	assert_true(lines_find(l, at - 1, &name, &line));
	assert_string_equal(name, "tests/unit/test_lines.c");
	assert_int_equal(line, wanted);
	assert_false(lines_find(l, 1, &name, &line));
	assert_false(lines_find(l, UINT64_MAX, &name, &line));
	assert_false(lines_find(NULL, at, &name, &line));
	lines_close(l);
}

/* A chain of callers has them behind the names. */
static void callers_have_lines(void **state)
{
	const struct file *file = *state;
	struct why_kernel k;
	char text[1024] = "";
	struct text t = text_in(text, sizeof(text));
	uint64_t at = here();

	why_kernel_init(&k, file->bytes, 16, (const char *)file->bytes,
			file->size);
	assert_non_null(k.lines);
	callers_tell(&t, "by ", at, NULL, &k);
	assert_non_null(strstr(text, "by callers_have_lines+0x"));
	assert_non_null(strstr(text, " (tests/unit/test_lines.c:"));
	why_kernel_fini(&k);
}

static void what_has_no_dwarf_has_no_lines(void **state)
{
	static const uint8_t text[] = "ffffffff81000000 T _text\n";
	const struct file *file = *state;

	assert_null(lines_open(text, sizeof(text)));
	assert_null(lines_open(file->bytes, 0));
	assert_null(lines_open(file->bytes, 64));
}

/* Bytes at random places, but not in the ELF's own header. */
static void damage(uint8_t *bytes, size_t size, uint64_t *seed)
{
	for (unsigned int i = 0; i < BYTES_WRONG; i++) {
		*seed = *seed * 6364136223846793005 + 1442695040888963407;
		bytes[64 + (*seed >> 20) % (size - 64)] = (uint8_t)*seed;
		bytes[64 + (*seed >> 20) % (size - 64)] ^= 0x5a;
	}
}

static void damaged_files_do_no_harm(void **state)
{
	const struct file *file = *state;
	uint8_t *copy = malloc(file->size);
	uint64_t seed = 1;
	unsigned int found = 0;

	assert_non_null(copy);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		size_t size = round % 4 == 3
				      ? file->size * (round + 1) / (ROUNDS + 1)
				      : file->size;
		const char *name;
		unsigned int line;
		struct lines *l;

		memcpy(copy, file->bytes, size);
		damage(copy, size, &seed);
		l = lines_open(copy, size);
		if (l != NULL) {
			found += lines_find(l, here() - 1, &name, &line);
			(void)lines_find(l, 0x1000 + round * 64, &name, &line);
			lines_close(l);
		}
	}
	free(copy);
	/* Some of the damage was elsewhere. */
	assert_true(found > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_is_found_in_its_line),
		cmocka_unit_test(callers_have_lines),
		cmocka_unit_test(what_has_no_dwarf_has_no_lines),
		cmocka_unit_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
