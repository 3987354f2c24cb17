/* SPDX-License-Identifier: MIT */
/*
 * The store has an end everywhere: what a guest must not be able to do to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/store_talk.h"

/* Path "w", token the number; returns the length of both. */
static size_t watch_payload(char ret_payload[32], unsigned int i)
{
	memcpy(ret_payload, "w", 2);
	return 2 + (size_t)snprintf(ret_payload + 2, 30, "%u", i) + 1;
}

static void everything_is_bounded(void **state)
{
	struct talk *f = *state;
	uint8_t value[STORE_VALUE + 3];
	char path[32];

	memset(value, 'v', sizeof(value));
	memcpy(value, "a", 2);
	talk_send(f, XS_WRITE, 0, value, sizeof(value));
	EXPECT_ERROR(f, "E2BIG");
	talk_send(f, XS_WRITE, 0, value, sizeof(value) - 1);
	EXPECT(f, XS_WRITE, "OK");
	/* All nodes but the root, /local, /local/domain, home and a. */
	for (unsigned int i = 0; i < STORE_NODES - 5; i++) {
		int n = snprintf(path, sizeof(path), "n%u", i) + 1;

		talk_send(f, XS_MKDIR, 0, path, (size_t)n);
		EXPECT(f, XS_MKDIR, "OK");
	}
	SEND(f, XS_MKDIR, 0, "one-too-many");
	EXPECT_ERROR(f, "ENOSPC");
	/* A path of which only a part would fit leaves nothing behind. */
	SEND(f, XS_RM, 0, "n0");
	EXPECT(f, XS_RM, "OK");
	SEND(f, XS_MKDIR, 0, "p/q");
	EXPECT_ERROR(f, "ENOSPC");
	SEND(f, XS_READ, 0, "p");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_MKDIR, 0, "p");
	EXPECT(f, XS_MKDIR, "OK");
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		size_t n = watch_payload(path, i);

		talk_send(f, XS_WATCH, 0, path, n);
		EXPECT(f, XS_WATCH, "OK");
		talk_expect(f, XS_WATCH_EVENT, path, n);
	}
	SEND(f, XS_WATCH, 0, "w\0more");
	EXPECT_ERROR(f, "ENOSPC");
	/* One change, all watches: each hears of it. */
	SEND(f, XS_RM, 0, "n1");
	EXPECT(f, XS_RM, "OK");
	talk_send(f, XS_WRITE, 0, "w\0x", 3);
	EXPECT(f, XS_WRITE, "OK");
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		talk_expect(f, XS_WATCH_EVENT, path, watch_payload(path, i));
	}
	talk_expect_silence(f);
}

static void a_directory_too_long_to_list_is_an_error(void **state)
{
	struct talk *f = *state;
	char path[STORE_NAME + 1];

	for (unsigned int i = 0; i < STORE_PAYLOAD / sizeof(path) + 1; i++) {
		memset(path, 'n', sizeof(path));
		path[0] = (char)('a' + i % 26);
		path[1] = (char)('a' + i / 26);
		path[STORE_NAME] = '\0';
		talk_send(f, XS_MKDIR, 0, path, sizeof(path));
		EXPECT(f, XS_MKDIR, "OK");
	}
	SEND(f, XS_DIRECTORY, 0, HOME);
	EXPECT_ERROR(f, "E2BIG");
}

static void unread_answers_hold_back_requests(void **state)
{
	struct talk *f = *state;
	struct xsd_sockmsg h[2] = {
		{.type = XS_TRANSACTION_START, .req_id = 42},
		{.type = XS_TRANSACTION_START, .req_id = 42},
	};
	uint8_t bytes[sizeof(h)];

	memcpy(bytes, h, sizeof(h));
	assert_int_equal(store_feed(&f->store, bytes, sizeof(bytes)),
			 STORE_HEADER);
	assert_int_equal(store_feed(&f->store, bytes + STORE_HEADER,
				    STORE_HEADER),
			 0);
	talk_take_all(f);
	EXPECT(f, XS_TRANSACTION_START, "1");
	assert_int_equal(store_feed(&f->store, bytes + STORE_HEADER,
				    STORE_HEADER),
			 STORE_HEADER);
	talk_take_all(f);
	EXPECT_ERROR(f, "ENOSPC");
}

static void a_message_too_long_ends_the_conversation(void **state)
{
	struct talk *f = *state;
	struct xsd_sockmsg h = {.type = XS_READ, .len = STORE_PAYLOAD + 1};
	uint8_t bytes[sizeof(h)];

	memcpy(bytes, &h, sizeof(h));
	assert_int_equal(store_feed(&f->store, bytes, sizeof(bytes)),
			 sizeof(bytes));
	assert_true(f->store.broken);
	assert_int_equal(store_feed(&f->store, bytes, sizeof(bytes)), 0);
	talk_take_all(f);
	talk_expect_silence(f);
}

static void numbers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "7x", "4294967296", "18446744073709551623", "00000000007",
	};
	struct talk *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		talk_send(f, XS_IS_DOMAIN_INTRODUCED, 0, bad[i],
			  strlen(bad[i]) + 1);
		EXPECT_ERROR(f, "EINVAL");
	}
	talk_send(f, XS_IS_DOMAIN_INTRODUCED, 0, "7", 1); /* no NUL ends it */
	EXPECT_ERROR(f, "EINVAL");
}

static void permissions_have_a_form(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_MKDIR, 0, "a");
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_SET_PERMS, 0, "a");
	EXPECT_ERROR(f, "EINVAL");
	talk_send(f, XS_SET_PERMS, 0, "a\0n7", 4);
	EXPECT_ERROR(f, "EINVAL");
}

static void names_and_tokens_of_watches_are_bounded(void **state)
{
	struct talk *f = *state;
	char payload[STORE_PATH + STORE_TOKEN + 2];

	memset(payload, 'x', sizeof(payload));
	payload[0] = '@';
	payload[STORE_PATH] = '\0';
	payload[STORE_PATH + 2] = '\0';
	talk_send(f, XS_WATCH, 0, payload, STORE_PATH + 3);
	EXPECT_ERROR(f, "EINVAL");
	payload[1] = '\0';
	payload[STORE_PATH] = 'x';
	payload[2 + STORE_TOKEN] = '\0';
	talk_send(f, XS_WATCH, 0, payload, 2 + STORE_TOKEN + 1);
	EXPECT_ERROR(f, "EINVAL");
	payload[2 + STORE_TOKEN - 1] = '\0';
	talk_send(f, XS_WATCH, 0, payload, 2 + STORE_TOKEN);
	EXPECT(f, XS_WATCH, "OK");
}

static void a_transaction_changes_only_so_much(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	for (unsigned int i = 0; i < STORE_CHANGES; i++) {
		char path[16];
		int n = snprintf(path, sizeof(path), "t%u", i) + 1;

		talk_send(f, XS_MKDIR, 1, path, (size_t)n);
		EXPECT(f, XS_MKDIR, "OK");
	}
	SEND(f, XS_MKDIR, 1, "more");
	EXPECT_ERROR(f, "ENOSPC");
	SEND(f, XS_RM, 1, "t0");
	EXPECT_ERROR(f, "ENOSPC");
}

/* While the guest does not take an answer, nobody hears of changes. */
static void changes_wait_for_a_reader_up_to_a_number(void **state)
{
	struct talk *f = *state;
	struct xsd_sockmsg h = {.type = XS_READ, .len = 2};
	uint8_t message[sizeof(h) + 2] = {0};

	memcpy(message, &h, sizeof(h));
	message[sizeof(h)] = 'a';
	assert_int_equal(store_feed(&f->store, message, sizeof(message)),
			 sizeof(message));
	for (unsigned int i = 0; i < STORE_CHANGES; i++) {
		assert_int_equal(store_set(&f->store, "a", "v"), 0);
	}
	assert_int_equal(store_set(&f->store, "a", "w"), -XEN_EAGAIN);
	talk_take_all(f);
	assert_int_equal(store_set(&f->store, "a", "w"), 0);
}

static void the_root_stays(void **state)
{
	struct talk *f = *state;

	assert_int_equal(store_set(&f->store, "/a", "v"), 0);
	assert_int_equal(store_tree_remove(&f->store.live, "/"), -XEN_EINVAL);
	assert_non_null(store_tree_find(&f->store.live, "/a"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(everything_is_bounded),
		TEST(a_directory_too_long_to_list_is_an_error),
		TEST(unread_answers_hold_back_requests),
		TEST(a_message_too_long_ends_the_conversation),
		TEST(numbers_that_are_none_are_refused),
		TEST(permissions_have_a_form),
		TEST(names_and_tokens_of_watches_are_bounded),
		TEST(a_transaction_changes_only_so_much),
		TEST(changes_wait_for_a_reader_up_to_a_number),
		TEST(the_root_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
