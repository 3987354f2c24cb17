/* SPDX-License-Identifier: MIT */
/*
 * What a guest sends back is unpacked where the user said and nowhere else,
 * whatever the archive says, and in whatever pieces it comes.
 */
#define _GNU_SOURCE /* mkdtemp */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/command/unpack.h"

struct archive {
	char bytes[16384];
	size_t size;
};

struct place {
	char folder[64]; /* a new one, which is where we are */
	struct command_wish wish;
	struct unpack u;
	struct archive a;
};

static void add_bytes(struct archive *a, const void *data, size_t size)
{
	assert_true(a->size + size + 4 < sizeof(a->bytes));
	if (size != 0) {
		memcpy(a->bytes + a->size, data, size);
	}
	a->size += size;
	while (a->size % 4 != 0) {
		a->bytes[a->size++] = '\0';
	}
}

static void add(struct archive *a, const char *name, unsigned int mode,
		const char *data)
{
	char head[UNPACK_HEAD + 256];
	int n = snprintf(head, sizeof(head),
			 "070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X"
			 "%08zX%08X%s",
			 1U, mode, 0U, 0U, 1U, 0U, strlen(data), 0U, 0U, 0U, 0U,
			 strlen(name) + 1, 0U, name);

	add_bytes(a, head, (size_t)n + 1);
	add_bytes(a, data, strlen(data));
}

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->folder, "/tmp/unpack-XXXXXX");
	*state = p;
	if (mkdtemp(p->folder) == NULL || chdir(p->folder) != 0 ||
	    mkdir("outside", 0755) != 0) {
		return -1;
	}
	p->wish.copy_out[0] = "/src:goal";
	p->wish.nr_copy_out = 1;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", p->folder);
	free(p);
	return chdir("/") != 0 || system(command) != 0;
}

/* All of it, in pieces of so many bytes. */
static bool unpack(struct place *p, size_t piece)
{
	bool good = unpack_init(&p->u, &p->wish);

	for (size_t at = 0; good && at < p->a.size; at += piece) {
		size_t left = p->a.size - at;

		good = unpack_feed(&p->u, p->a.bytes + at,
				   left < piece ? left : piece);
	}
	good = good && unpack_end(&p->u);
	unpack_fini(&p->u);
	return good;
}

static void assert_file(const char *path, unsigned int mode, const char *text)
{
	char bytes[256] = "";
	struct stat s;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_int_equal(fread(bytes, 1, sizeof(bytes) - 1, f), strlen(text));
	assert_string_equal(bytes, text);
	fclose(f);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 07777, mode);
}

static void a_tree_comes_as_it_was(void **state)
{
	static const size_t pieces[] = {1, 3, 4096};
	struct place *p = *state;
	char link[16] = "";

	umask(0);
	add(&p->a, "0", S_IFDIR | 0755, "");
	add(&p->a, "0/file", S_IFREG | 0640, "hello");
	add(&p->a, "0/empty", S_IFREG | 0600, "");
	add(&p->a, "0/sub", S_IFDIR | 0700, "");
	add(&p->a, "0/sub/run", S_IFREG | 04755, "1234");
	add(&p->a, "0/link", S_IFLNK | 0777, "sub/run");
	add(&p->a, "0/fifo", S_IFIFO | 0600, "");
	add(&p->a, "TRAILER!!!", 0, "");
	for (size_t i = 0; i < 3; i++) {
		assert_true(unpack(p, pieces[i]));
		assert_file("goal/file", 0640, "hello");
		assert_file("goal/empty", 0600, "");
		assert_file("goal/sub/run", 0755, "1234");
		assert_int_equal(readlink("goal/link", link, sizeof(link)), 7);
		assert_int_not_equal(access("goal/fifo", F_OK), 0);
	}
}

static void a_file_gets_the_name_that_was_asked_for(void **state)
{
	struct place *p = *state;

	umask(0);
	add(&p->a, "0", S_IFREG | 0600, "one");
	add(&p->a, "TRAILER!!!", 0, "");
	assert_true(unpack(p, 7));
	assert_file("goal", 0600, "one");
	/* In a folder: its own name. */
	p->wish.copy_out[0] = "/a/src:outside/";
	assert_true(unpack(p, 7));
	assert_file("outside/src", 0600, "one");
}

static void nothing_leaves_the_place(void **state)
{
	static const char *const names[] = {
		"../x",   "0/../outside/x", "0/..", "/x", "1",  "0/./x",
		"00x",    "0//x",           "0/",   "",   "-0", " 0",
		"0/no/x", "0/l/x",
	};
	struct place *p = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		p->a.size = 0;
		add(&p->a, "0", S_IFDIR | 0755, "");
		add(&p->a, "0/l", S_IFLNK | 0777, "../outside");
		add(&p->a, names[i], S_IFREG | 0644, "bad");
		add(&p->a, "TRAILER!!!", 0, "");
		assert_false(unpack(p, 4096));
		assert_int_not_equal(access("outside/x", F_OK), 0);
		assert_int_not_equal(access("x", F_OK), 0);
	}
}

static void a_link_in_the_place_is_replaced_and_not_followed(void **state)
{
	struct place *p = *state;

	umask(0);
	add(&p->a, "0", S_IFLNK | 0777, "outside");
	add(&p->a, "0/x", S_IFREG | 0644, "bad");
	add(&p->a, "TRAILER!!!", 0, "");
	assert_false(unpack(p, 4096));
	assert_int_not_equal(access("outside/x", F_OK), 0);
	p->a.size = 0;
	unlink("goal");
	add(&p->a, "0", S_IFDIR | 0755, "");
	add(&p->a, "0/x", S_IFLNK | 0777, "../outside/y");
	add(&p->a, "0/x", S_IFREG | 0644, "good");
	add(&p->a, "TRAILER!!!", 0, "");
	assert_true(unpack(p, 4096));
	assert_file("goal/x", 0644, "good");
	assert_int_not_equal(access("outside/y", F_OK), 0);
}

static void what_is_no_archive_or_not_all_is_refused(void **state)
{
	struct place *p = *state;

	add_bytes(&p->a, "070702", 6);
	p->a.size = 200;
	assert_false(unpack(p, 4096));
	p->a.size = 0;
	add(&p->a, "0", S_IFREG | 0600, "some text");
	p->a.size -= 8;
	assert_false(unpack(p, 4096));
	/* Mode, size and length of the name that are no numbers. */
	for (size_t at = 14; at <= 94; at += 40) {
		p->a.size = 0;
		add(&p->a, "0", S_IFREG | 0600, "x");
		add(&p->a, "TRAILER!!!", 0, "");
		memcpy(p->a.bytes + at, "-0000001", 8);
		assert_false(unpack(p, 4096));
		memcpy(p->a.bytes + at, "0000000g", 8);
		assert_false(unpack(p, 4096));
	}
	/* A name without an end; one that is too long; no name. */
	static const char *const lengths[] = {"00000001", "00001001",
					      "00000000"};
	for (size_t i = 0; i < 3; i++) {
		p->a.size = 0;
		add(&p->a, "0", S_IFREG | 0600, "x");
		add(&p->a, "TRAILER!!!", 0, "");
		memcpy(p->a.bytes + 110, "0aaa", 4);
		memcpy(p->a.bytes + 94, lengths[i], 8);
		assert_false(unpack(p, 4096));
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_tree_comes_as_it_was),
		TEST(a_file_gets_the_name_that_was_asked_for),
		TEST(nothing_leaves_the_place),
		TEST(a_link_in_the_place_is_replaced_and_not_followed),
		TEST(what_is_no_archive_or_not_all_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
