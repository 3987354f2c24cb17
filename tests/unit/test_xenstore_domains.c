/* SPDX-License-Identifier: MIT */
/*
 * The store between domains: what one may of another's, what it hears of it,
 * and what is left when one goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/store_talk.h"

static void as_me(struct talk *f)
{
	talk_as(f, &f->mine);
}

static void as_other(struct talk *f)
{
	talk_as(f, &f->others);
}

/* The one that talks sends it and is answered so. */
static void expect_error(struct talk *f, uint32_t type, const char *payload,
			 size_t length, const char *error)
{
	talk_send(f, type, 0, payload, length);
	talk_expect(f, XS_ERROR, error, strlen(error) + 1);
}

#define REFUSED(f, type, payload, error) \
	expect_error(f, type, payload, sizeof(payload), error)
#define DONE(f, type, payload)             \
	do {                               \
		SEND(f, type, 0, payload); \
		EXPECT(f, type, "OK");     \
	} while (0)
#define WRITE(f, payload)                                                \
	do {                                                             \
		talk_send(f, XS_WRITE, 0, payload, sizeof(payload) - 1); \
		EXPECT(f, XS_WRITE, "OK");                               \
	} while (0)

static void a_domain_reads_its_directory_and_no_more(void **state)
{
	struct talk *f = *state;

	as_other(f);
	SEND(f, XS_DIRECTORY, 0, OTHERS);
	talk_expect(f, XS_DIRECTORY, "", 0);
	SEND(f, XS_GET_PERMS, 0, OTHERS);
	EXPECT(f, XS_GET_PERMS, "n0\0r8");
	REFUSED(f, XS_WRITE, "a\0x", "EACCES");
	REFUSED(f, XS_MKDIR, "a", "EACCES");
	REFUSED(f, XS_RM, OTHERS, "EACCES");
	REFUSED(f, XS_SET_PERMS, OTHERS "\0n8", "EACCES");
	/* What it may not look at it does not learn of. */
	REFUSED(f, XS_READ, HOME, "EACCES");
	REFUSED(f, XS_READ, HOME "/not-there", "EACCES");
	REFUSED(f, XS_READ, "/local/domain/99/name", "EACCES");
	REFUSED(f, XS_DIRECTORY, "/local/domain", "EACCES");
	REFUSED(f, XS_DIRECTORY, "/", "EACCES");
	REFUSED(f, XS_GET_PERMS, "/local", "EACCES");
	REFUSED(f, XS_READ, OTHERS "/not-there", "ENOENT");
}

static void what_one_makes_is_ones_own(void **state)
{
	struct talk *f = *state;

	WRITE(f, "a/b\0v");
	SEND(f, XS_GET_PERMS, 0, "a/b");
	EXPECT(f, XS_GET_PERMS, "n7");
	DONE(f, XS_SET_PERMS, "a\0n7\0w8");
	as_other(f);
	REFUSED(f, XS_READ, HOME "/a", "EACCES");
	WRITE(f, HOME "/a/c\0theirs");
	/* Who is the list's eighth is the owner of what it makes there. */
	SEND(f, XS_GET_PERMS, 0, HOME "/a/c");
	EXPECT(f, XS_GET_PERMS, "n8\0w8");
	DONE(f, XS_SET_PERMS, HOME "/a/c\0r8");
	as_me(f);
	SEND(f, XS_READ, 0, "a/c");
	EXPECT_VALUE(f, "theirs");
	REFUSED(f, XS_WRITE, "a/c\0x", "EACCES");
	REFUSED(f, XS_SET_PERMS, "a/c\0b7", "EACCES");
	DONE(f, XS_RM, "a"); /* with all that is in it */
	assert_int_equal(f->others.nr_nodes, 0);
}

static void rights_are_letters(void **state)
{
	static const struct {
		char letter;
		bool read, write;
	} rights[] = {{'n', false, false},
		      {'r', true, false},
		      {'w', false, true},
		      {'b', true, true}};
	struct talk *f = *state;

	WRITE(f, "a\0v");
	for (unsigned int i = 0; i < 8; i++) {
		char perms[] = "a\0n7\0n8";

		/* For all others, or for the one that is named. */
		perms[i < 4 ? 2 : 5] = rights[i % 4].letter;
		as_me(f);
		talk_send(f, XS_SET_PERMS, 0, perms, i < 4 ? 5 : 8);
		EXPECT(f, XS_SET_PERMS, "OK");
		SEND(f, XS_GET_PERMS, 0, "a");
		talk_expect(f, XS_GET_PERMS, perms + 2, i < 4 ? 3 : 6);
		as_other(f);
		SEND(f, XS_READ, 0, HOME "/a");
		if (rights[i % 4].read) {
			EXPECT_VALUE(f, "v");
		} else {
			EXPECT_ERROR(f, "EACCES");
		}
		talk_send(f, XS_WRITE, 0, HOME "/a\0v", sizeof(HOME) + 3);
		if (rights[i % 4].write) {
			EXPECT(f, XS_WRITE, "OK");
		} else {
			EXPECT_ERROR(f, "EACCES");
		}
		/* Whoever may write is no owner yet. */
		REFUSED(f, XS_SET_PERMS, HOME "/a\0n8", "EACCES");
	}
}

static void permissions_have_a_form(void **state)
{
	struct talk *f = *state;

	WRITE(f, "a\0v");
	talk_send(f, XS_SET_PERMS, 0, "a", 2);
	EXPECT_ERROR(f, "EINVAL");
	talk_send(f, XS_SET_PERMS, 0, "a\0n7", 4); /* no NUL ends it */
	EXPECT_ERROR(f, "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0x7", "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0n", "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0", "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0n7x", "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0n65536", "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0n4294967303", "EINVAL");
	REFUSED(f, XS_SET_PERMS, "a\0n8", "EPERM"); /* not given away */
	REFUSED(f, XS_SET_PERMS, "a\0n7\0r1\0r2\0r3\0r4\0r5", "ENOSPC");
	REFUSED(f, XS_SET_PERMS, "b\0n7", "ENOENT");
	DONE(f, XS_SET_PERMS, "a\0n7\0r1\0r2\0r3\0r4");
}

static void the_privileged_may_all(void **state)
{
	struct talk *f = *state;

	WRITE(f, "a\0v");
	f->others.all = true;
	as_other(f);
	SEND(f, XS_READ, 0, HOME "/a");
	EXPECT_VALUE(f, "v");
	WRITE(f, HOME "/a\0w");
	DONE(f, XS_MKDIR, HOME "/a/b");
	SEND(f, XS_GET_PERMS, 0, HOME "/a/b"); /* as the one above has them */
	EXPECT(f, XS_GET_PERMS, "n7");
	DONE(f, XS_SET_PERMS, HOME "/a/b\0n0");
	DONE(f, XS_MKDIR, "/tool");
	REFUSED(f, XS_INTRODUCE, "9", "EACCES");
	as_me(f);
	REFUSED(f, XS_READ, "a/b", "EACCES");
	REFUSED(f, XS_READ, "/tool", "EACCES");
}

/* As a device model's for its target: over that domain, and no other. */
static void who_acts_for_another_has_its_rights(void **state)
{
	struct talk *f = *state;

	WRITE(f, "a\0v");
	f->others.acts_for = UINT32_C(1) << f->mine.number;
	as_other(f);
	SEND(f, XS_READ, 0, HOME "/a");
	EXPECT_VALUE(f, "v");
	WRITE(f, HOME "/a\0w");
	REFUSED(f, XS_WRITE, "/tool\0x", "EACCES");
	REFUSED(f, XS_DIRECTORY, "/local", "EACCES");
}

static void watches_hear_of_what_may_be_read(void **state)
{
	struct talk *f = *state;

	as_other(f);
	SEND(f, XS_WATCH, 0, HOME "/a\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/a\0t"); /* once, in any case */
	as_me(f);
	WRITE(f, "a\0v");
	as_other(f);
	talk_take_all(f);
	talk_expect_silence(f);
	as_me(f);
	DONE(f, XS_SET_PERMS, "a\0r7");
	WRITE(f, "a/b\0v");
	as_other(f);
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, HOME "/a\0t");
	EXPECT(f, XS_WATCH_EVENT, HOME "/a/b\0t");
	talk_expect_silence(f);
	as_me(f);
	DONE(f, XS_RM, "a");
	as_other(f);
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, HOME "/a\0t");
	talk_expect_silence(f);
}

/* However much changes, who does not read loses nothing that it must know. */
static void events_that_are_not_read_become_one(void **state)
{
	struct talk *f = *state;
	char path[32];

	DONE(f, XS_MKDIR, "a");
	DONE(f, XS_SET_PERMS, "a\0r7");
	as_other(f);
	SEND(f, XS_WATCH, 0, HOME "/a\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/a\0t");
	as_me(f);
	for (unsigned int i = 0; i < 300; i++) {
		int n = snprintf(path, sizeof(path), "a/n%u", i) + 1;

		talk_send(f, XS_MKDIR, 0, path, (size_t)n);
		EXPECT(f, XS_MKDIR, "OK");
	}
	as_other(f);
	f->piece = 100;
	talk_take_all(f);
	for (unsigned int i = 0; i < STORE_EVENTS; i++) {
		int n = snprintf(path, sizeof(path), HOME "/a/n%u%ct", i, '\0');

		talk_expect(f, XS_WATCH_EVENT, path, (size_t)n + 1);
	}
	EXPECT(f, XS_WATCH_EVENT, HOME "/a\0t");
	talk_expect_silence(f);
	/* And it goes on. */
	as_me(f);
	DONE(f, XS_MKDIR, "a/more");
	as_other(f);
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, HOME "/a/more\0t");
}

static void what_waits_twice_is_told_once(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_WATCH, 0, "a\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "a\0t");
	assert_int_equal(talk_set(f, "a", "1"), 0);
	assert_int_equal(talk_set(f, "a", "2"), 0);
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, "a\0t");
	talk_expect_silence(f);
	/* A watch that goes takes with it what waited. */
	SEND(f, XS_WATCH, 0, "b\0u");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "b\0u");
	assert_int_equal(talk_set(f, "a", "3"), 0);
	assert_int_equal(talk_set(f, "b", "3"), 0);
	assert_int_equal(talk_set(f, "b/c", "3"), 0);
	f->piece = 1024;
	SEND(f, XS_UNWATCH, 0, "a\0t");
	EXPECT(f, XS_UNWATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "b\0u");
	EXPECT(f, XS_WATCH_EVENT, "b/c\0u");
	talk_expect_silence(f);
}

static void only_the_privileged_hear_of_domains(void **state)
{
	struct talk *f = *state;
	struct store_client *third = calloc(1, sizeof(*third));

	assert_non_null(third);
	f->mine.all = true;
	SEND(f, XS_WATCH, 0, "@introduceDomain\0i");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "@introduceDomain\0i");
	SEND(f, XS_WATCH, 0, "@releaseDomain\0r");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "@releaseDomain\0r");
	as_other(f);
	SEND(f, XS_WATCH, 0, "@introduceDomain\0i");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "@introduceDomain\0i");
	third->domid = 9;
	store_join(&f->store, third, 3);
	talk_take_all(f);
	talk_expect_silence(f);
	as_me(f);
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, "@introduceDomain\0i");
	while (store_leave(&f->store, third)) {
	}
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, "@releaseDomain\0r");
	talk_expect_silence(f);
	free(third);
}

/* Nodes of two clients, watches, values, an open transaction. */
static void mix(struct talk *f)
{
	DONE(f, XS_MKDIR, "shared");
	DONE(f, XS_SET_PERMS, "shared\0n7\0b8");
	WRITE(f, "shared/mine\0v");
	DONE(f, XS_SET_PERMS, "shared/mine\0n7\0r1\0b8");
	as_other(f);
	WRITE(f, HOME "/shared/theirs\0v");
	WRITE(f, HOME "/shared/theirs/b\0v");
	WRITE(f, HOME "/shared/mine\0from the other");
	SEND(f, XS_WATCH, 0, HOME "/shared\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/shared\0t");
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	talk_send(f, XS_WRITE, 1, HOME "/shared/x\0v", sizeof(HOME) + 10);
	EXPECT(f, XS_WRITE, "OK");
	as_me(f);
}

static void nothing_is_left_of_one_that_goes(void **state)
{
	struct talk *f = *state;
	unsigned int steps = 0;

	mix(f);
	SEND(f, XS_WATCH, 0, "shared/theirs\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "shared/theirs\0t");
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	SEND(f, XS_READ, 1, "shared/theirs");
	EXPECT_ERROR(f, "EACCES");
	while (store_leave(&f->store, &f->others)) {
		steps++;
	}
	assert_true(steps >= 2);
	assert_int_equal(f->others.nr_nodes, 0);
	assert_int_equal(f->others.nr_pieces, 0);
	assert_false(store_leave(&f->store, &f->others));
	talk_take_all(f);
	EXPECT(f, XS_WATCH_EVENT, "shared/theirs\0t");
	SEND(f, XS_READ, 0, "shared/mine");
	EXPECT_VALUE(f, "from the other");
	SEND(f, XS_GET_PERMS, 0, "shared/mine");
	EXPECT(f, XS_GET_PERMS, "n7\0r1");
	SEND(f, XS_GET_PERMS, 0, "shared");
	EXPECT(f, XS_GET_PERMS, "n7");
	SEND(f, XS_DIRECTORY, 0, "shared");
	EXPECT(f, XS_DIRECTORY, "mine");
	SEND(f, XS_TRANSACTION_END, 1, "T");
	EXPECT_ERROR(f, "EAGAIN");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "8");
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "F");
	f->mine.all = true;
	SEND(f, XS_DIRECTORY, 0, "/local/domain");
	EXPECT(f, XS_DIRECTORY, "7");
	/* Another one comes in its place. */
	memset(&f->others, 0, sizeof(f->others));
	f->others.domid = 12;
	store_join(&f->store, &f->others, 2);
	SEND(f, XS_DIRECTORY, 0, "/local/domain");
	EXPECT(f, XS_DIRECTORY, "7\00012");
}

/* What a transaction saw of one that is gone is not what one sees later. */
static void a_new_domain_is_no_old_one(void **state)
{
	struct talk *f = *state;

	f->mine.all = true;
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	f->others.all = true;
	as_other(f);
	DONE(f, XS_MKDIR, "/first");
	as_me(f);
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "2");
	SEND(f, XS_READ, 2, "/first");
	talk_expect(f, XS_READ, "", 0);
	while (store_leave(&f->store, &f->others)) {
	}
	memset(&f->others, 0, sizeof(f->others));
	f->others.domid = 9;
	f->others.all = true;
	store_join(&f->store, &f->others, 2);
	talk_send(f, XS_WRITE, 2, "a\0v", 3);
	EXPECT(f, XS_WRITE, "OK");
	SEND(f, XS_TRANSACTION_END, 2, "T");
	EXPECT_ERROR(f, "EAGAIN");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_domain_reads_its_directory_and_no_more),
		TEST(what_one_makes_is_ones_own),
		TEST(rights_are_letters),
		TEST(permissions_have_a_form),
		TEST(the_privileged_may_all),
		TEST(who_acts_for_another_has_its_rights),
		TEST(watches_hear_of_what_may_be_read),
		TEST(events_that_are_not_read_become_one),
		TEST(what_waits_twice_is_told_once),
		TEST(only_the_privileged_hear_of_domains),
		TEST(nothing_is_left_of_one_that_goes),
		TEST(a_new_domain_is_no_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
