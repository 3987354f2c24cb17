/* SPDX-License-Identifier: MIT */
/*
 * The store, by its wire format: what a guest asks, and the answers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/store_talk.h"

static void what_linux_asks_at_boot_is_answered(void **state)
{
	struct talk *f = *state;

	assert_int_equal(talk_set(f, "memory/target", "262144"), 0);
	assert_int_equal(talk_set(f, "control/shutdown", ""), 0);
	SEND(f, XS_WATCH, 0, "memory/target\0FFFF");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "memory/target\0FFFF");
	SEND(f, XS_READ, 0, "memory/target");
	EXPECT_VALUE(f, "262144");
	SEND(f, XS_WATCH, 0, "control/shutdown\0AAAA");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "control/shutdown\0AAAA");
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	SEND(f, XS_READ, 1, "control/shutdown");
	EXPECT_VALUE(f, "");
	talk_send(f, XS_WRITE, 1, "control/feature-poweroff\0001", 26);
	EXPECT(f, XS_WRITE, "OK");
	SEND(f, XS_TRANSACTION_END, 1, "T");
	EXPECT(f, XS_TRANSACTION_END, "OK");
	SEND(f, XS_READ, 0, HOME "/control/feature-poweroff");
	EXPECT_VALUE(f, "1");
	SEND(f, XS_READ, 0, "control/sysrq");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_DIRECTORY, 0, "device");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_WATCH, 0, "device\0BBBB");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "device\0BBBB");
	talk_expect_silence(f);
}

/* Behind a number that nobody can foretell. */
static void expect_part(struct talk *f, const char *names, size_t length)
{
	struct xsd_sockmsg h;
	size_t digits;

	memcpy(&h, f->out + f->out_read, sizeof(h));
	assert_int_equal(h.type, XS_DIRECTORY_PART);
	f->out_read += sizeof(h);
	digits = strlen((const char *)f->out + f->out_read) + 1;
	assert_true(digits > 1);
	assert_int_equal(h.len, digits + length);
	assert_memory_equal(f->out + f->out_read + digits, names, length);
	f->out_read += h.len;
	talk_expect_silence(f);
	talk_as(f, f->at);
}

#define EXPECT_PART(f, names) expect_part(f, names, sizeof(names))

static void it_works_byte_by_byte(void **state)
{
	struct talk *f = *state;

	for (f->piece = 1; f->piece < 40; f->piece++) {
		size_t piece = f->piece;

		assert_int_equal(talk_tear_down(state), 0);
		assert_int_equal(talk_set_up(state), 0);
		f = *state;
		f->piece = piece;
		what_linux_asks_at_boot_is_answered(state);
	}
}

static void directories_list_their_children(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_MKDIR, 0, "a/b");
	EXPECT(f, XS_MKDIR, "OK");
	talk_send(f, XS_WRITE, 0, "a/c\0value", 9);
	EXPECT(f, XS_WRITE, "OK");
	SEND(f, XS_DIRECTORY, 0, "a");
	EXPECT(f, XS_DIRECTORY, "b\0c");
	SEND(f, XS_DIRECTORY, 0, "a/b");
	talk_expect(f, XS_DIRECTORY, "", 0);
	/* mkdir leaves what is there */
	SEND(f, XS_MKDIR, 0, "a/c");
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_READ, 0, "a/c");
	EXPECT_VALUE(f, "value");
	/* In parts it is all of it, and an empty name at its end. */
	SEND(f, XS_DIRECTORY_PART, 0, "a\0000");
	EXPECT_PART(f, "b\0c\0");
	SEND(f, XS_DIRECTORY_PART, 0, "a\0002");
	EXPECT_PART(f, "c\0");
	SEND(f, XS_DIRECTORY_PART, 0, "a\0004");
	EXPECT_PART(f, "");
	SEND(f, XS_DIRECTORY_PART, 0, "a\0005");
	EXPECT_ERROR(f, "EINVAL");
	SEND(f, XS_DIRECTORY_PART, 0, "a");
	EXPECT_ERROR(f, "EINVAL");
	SEND(f, XS_DIRECTORY_PART, 0, "a\000x");
	EXPECT_ERROR(f, "EINVAL");
}

static void removing_takes_all_below(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_MKDIR, 0, "a/b/c/d");
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_WATCH, 0, "a/b/c\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "a/b/c\0t");
	SEND(f, XS_RM, 0, "a/b");
	EXPECT(f, XS_RM, "OK");
	EXPECT(f, XS_WATCH_EVENT, "a/b/c\0t");
	SEND(f, XS_READ, 0, "a/b/c/d");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_RM, 0, "a/b");
	EXPECT(f, XS_RM, "OK"); /* it is not there: so be it */
	SEND(f, XS_RM, 0, "a/b/c");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_DIRECTORY, 0, "a");
	talk_expect(f, XS_DIRECTORY, "", 0);
}

static void watches_hear_of_what_is_at_or_below_them(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_WATCH, 0, HOME "/x\0abs");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/x\0abs");
	SEND(f, XS_WATCH, 0, "x\0rel");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "x\0rel");
	talk_send(f, XS_WRITE, 0, "x/y\0v", 5);
	EXPECT(f, XS_WRITE, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/x/y\0abs");
	EXPECT(f, XS_WATCH_EVENT, "x/y\0rel");
	/* A name that only begins alike is another. */
	talk_send(f, XS_WRITE, 0, "xx\0v", 4);
	EXPECT(f, XS_WRITE, "OK");
	talk_expect_silence(f);
	SEND(f, XS_UNWATCH, 0, "x\0rel");
	EXPECT(f, XS_UNWATCH, "OK");
	SEND(f, XS_UNWATCH, 0, "x\0rel");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_WATCH, 0, HOME "/x\0abs");
	EXPECT_ERROR(f, "EEXIST");
	/* The hypervisor's own changes are heard of as well. */
	assert_int_equal(talk_set(f, "x/z", "1"), 0);
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, HOME "/x/z\0abs");
	SEND(f, XS_RESET_WATCHES, 0, "");
	EXPECT(f, XS_RESET_WATCHES, "OK");
	assert_int_equal(talk_set(f, "x/z", "2"), 0);
	talk_take_all(f);
	talk_expect_silence(f);
}

static void a_guest_changes_its_own_directory_only(void **state)
{
	struct talk *f = *state;

	talk_send(f, XS_WRITE, 0, "/local/domain/8/name\0x", 22);
	EXPECT_ERROR(f, "EACCES");
	talk_send(f, XS_WRITE, 0, "/tool\0x", 7);
	EXPECT_ERROR(f, "EACCES");
	/* .../77 begins like .../7 */
	talk_send(f, XS_WRITE, 0, HOME "7/a\0x", sizeof(HOME) + 5);
	EXPECT_ERROR(f, "EACCES");
	SEND(f, XS_RM, 0, "/");
	EXPECT_ERROR(f, "EACCES");
	SEND(f, XS_INTRODUCE, 0, "1");
	EXPECT_ERROR(f, "EACCES");
	SEND(f, XS_SET_TARGET, 0, "1");
	EXPECT_ERROR(f, "EACCES");
	SEND(f, 99, 0, "");
	EXPECT_ERROR(f, "ENOSYS");
}

static void small_questions_have_answers(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_GET_DOMAIN_PATH, 0, "12");
	EXPECT(f, XS_GET_DOMAIN_PATH, "/local/domain/12");
	SEND(f, XS_GET_DOMAIN_PATH, 0, "x");
	EXPECT_ERROR(f, "EINVAL");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "7");
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "T");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "0");
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "T");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "32752"); /* oneself */
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "T");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "9");
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "F");
	SEND(f, XS_MKDIR, 0, "a");
	EXPECT(f, XS_MKDIR, "OK");
	talk_expect_silence(f);
}

static void paths_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "/a/", "a//b", "a b", "/local/domain/7/a%", "//",
	};
	struct talk *f = *state;
	char longest[STORE_ABSOLUTE + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		talk_send(f, XS_READ, 0, bad[i], strlen(bad[i]) + 1);
		EXPECT_ERROR(f, "EINVAL");
	}
	talk_send(f, XS_READ, 0, "a", 1); /* no NUL */
	EXPECT_ERROR(f, "EINVAL");
	talk_send(f, XS_READ, 0, "", 0);
	EXPECT_ERROR(f, "EINVAL");
	/* 128 elements, of which the directory has three. */
	for (size_t i = 0; i < 126; i++) {
		memcpy(longest + 2 * i, "a/", 2);
	}
	longest[249] = '\0';
	talk_send(f, XS_READ, 0, longest, 250);
	EXPECT_ERROR(f, "ENOENT");
	longest[249] = '/';
	longest[251] = '\0';
	talk_send(f, XS_READ, 0, longest, 252);
	EXPECT_ERROR(f, "EINVAL");
	/* Relative to a domain's directory, or not. */
	memset(longest, 'a', sizeof(longest));
	longest[STORE_RELATIVE] = '\0';
	talk_send(f, XS_READ, 0, longest, STORE_RELATIVE + 1);
	EXPECT_ERROR(f, "ENOENT");
	longest[STORE_RELATIVE] = 'a';
	longest[STORE_RELATIVE + 1] = '\0';
	talk_send(f, XS_READ, 0, longest, STORE_RELATIVE + 2);
	EXPECT_ERROR(f, "EINVAL");
	memcpy(longest, OTHERS "/", sizeof(OTHERS));
	talk_send(f, XS_READ, 0, longest, STORE_RELATIVE + 2);
	EXPECT_ERROR(f, "EACCES");
	longest[0] = '/';
	longest[1] = 'a';
	talk_send(f, XS_READ, 0, longest, STORE_RELATIVE + 2);
	EXPECT_ERROR(f, "EINVAL");
	longest[STORE_RELATIVE] = '\0';
	talk_send(f, XS_READ, 0, longest, STORE_RELATIVE + 1);
	EXPECT_ERROR(f, "EACCES");
	memset(longest, 'a', sizeof(longest));
	longest[0] = '/';
	longest[STORE_ABSOLUTE + 1] = '\0';
	talk_send(f, XS_READ, 0, longest, STORE_ABSOLUTE + 2);
	EXPECT_ERROR(f, "EINVAL");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_linux_asks_at_boot_is_answered),
		TEST(it_works_byte_by_byte),
		TEST(directories_list_their_children),
		TEST(removing_takes_all_below),
		TEST(watches_hear_of_what_is_at_or_below_them),
		TEST(a_guest_changes_its_own_directory_only),
		TEST(small_questions_have_answers),
		TEST(paths_that_are_none_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
