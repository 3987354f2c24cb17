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

static void make(struct talk *f, const char *path, const char *answer)
{
	talk_send(f, XS_MKDIR, 0, path, strlen(path) + 1);
	if (answer == NULL) {
		EXPECT(f, XS_MKDIR, "OK");
	} else {
		talk_expect(f, XS_ERROR, answer, strlen(answer) + 1);
	}
}

/* Fills the client's nodes: directories of a few each, all its own. */
static unsigned int fill(struct talk *f)
{
	unsigned int nr = 0;
	char path[32];

	while (f->at->nr_nodes < STORE_NODES) {
		snprintf(path, sizeof(path), "d%u/n%u", nr / 50, nr % 50);
		if (nr % 50 == 0) {
			snprintf(path, sizeof(path), "d%u", nr / 50);
		}
		make(f, path, NULL);
		nr++;
	}
	return nr;
}

static void nodes_are_counted_by_domain(void **state)
{
	struct talk *f = *state;

	assert_int_equal(fill(f), STORE_NODES);
	make(f, "one-too-many", "ENOSPC");
	/* A path of which only a part would fit leaves nothing behind. */
	SEND(f, XS_RM, 0, "d0/n1");
	EXPECT(f, XS_RM, "OK");
	make(f, "p/q", "ENOSPC");
	SEND(f, XS_READ, 0, "p");
	EXPECT_ERROR(f, "ENOENT");
	make(f, "p", NULL);
	/* What one has used up the other one has. */
	f->others.all = true;
	talk_as(f, &f->others);
	assert_int_equal(fill(f), STORE_NODES);
}

static void a_node_is_of_a_size(void **state)
{
	struct talk *f = *state;
	char value[STORE_NODE_SIZE + 3];
	char path[STORE_RELATIVE];

	memset(value, 'v', sizeof(value));
	memcpy(value, "a", 2);
	talk_send(f, XS_WRITE, 0, value, sizeof(value));
	EXPECT_ERROR(f, "ENOSPC");
	talk_send(f, XS_WRITE, 0, value, sizeof(value) - 1);
	EXPECT(f, XS_WRITE, "OK");
	make(f, "a/b", "ENOSPC");
	talk_send(f, XS_WRITE, 0, value, sizeof(value) - 3);
	EXPECT(f, XS_WRITE, "OK");
	make(f, "a/b", NULL);
	make(f, "a/b/c", NULL);
	talk_send(f, XS_WRITE, 0, value, sizeof(value) - 2);
	EXPECT_ERROR(f, "ENOSPC");
	/* Names count like values, in a transaction as well. */
	memset(path, 'n', sizeof(path));
	path[0] = 'd';
	path[1] = '/';
	path[1020] = '\0';
	talk_send(f, XS_MKDIR, 0, path, 1021);
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	path[2] = 'm';
	path[1020] = 'n';
	path[1031] = '\0';
	talk_send(f, XS_MKDIR, 1, path, 1032);
	EXPECT_ERROR(f, "ENOSPC");
	path[1030] = '\0';
	talk_send(f, XS_MKDIR, 1, path, 1031);
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_MKDIR, 1, "d/o");
	EXPECT_ERROR(f, "ENOSPC");
}

static void strings_are_counted_by_domain(void **state)
{
	struct talk *f = *state;
	char message[STORE_NODE_SIZE + 8];
	unsigned int nr = 0;

	memset(message, 'v', sizeof(message));
	while (STORE_PIECES - f->mine.nr_pieces > 40) {
		int n = snprintf(message, 8, "v%03u", nr++);

		talk_send(f, XS_WRITE, 0, message, (size_t)n + 1 + 2000);
		EXPECT(f, XS_WRITE, "OK");
		message[n] = 'v';
	}
	memcpy(message, "more", 5);
	talk_send(f, XS_WRITE, 0, message, sizeof(message) - 6);
	EXPECT_ERROR(f, "ENOMEM");
	SEND(f, XS_READ, 0, "more");
	EXPECT_ERROR(f, "ENOENT");
	/* A watch costs its path and its token. */
	memcpy(message, "w", 2);
	memset(message + 2, 't', sizeof(message) - 2);
	message[sizeof(message) - 1] = '\0';
	talk_send(f, XS_WATCH, 0, message, sizeof(message));
	EXPECT_ERROR(f, "ENOMEM");
	SEND(f, XS_RM, 0, "v000");
	EXPECT(f, XS_RM, "OK");
	talk_send(f, XS_WATCH, 0, message, sizeof(message));
	EXPECT(f, XS_WATCH, "OK");
}

static void watches_are_counted(void **state)
{
	struct talk *f = *state;
	char path[32];

	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		size_t n = watch_payload(path, i);

		talk_send(f, XS_WATCH, 0, path, n);
		EXPECT(f, XS_WATCH, "OK");
		talk_expect(f, XS_WATCH_EVENT, path, n);
	}
	SEND(f, XS_WATCH, 0, "w\0more");
	EXPECT_ERROR(f, "E2BIG");
	/* One change, all watches: each hears of it. */
	talk_send(f, XS_WRITE, 0, "w\0x", 3);
	EXPECT(f, XS_WRITE, "OK");
	for (unsigned int i = 0; i < STORE_EVENTS; i++) {
		talk_expect(f, XS_WATCH_EVENT, path, watch_payload(path, i));
	}
	for (unsigned int i = STORE_EVENTS; i < STORE_WATCHES; i++) {
		talk_expect(f, XS_WATCH_EVENT, path, watch_payload(path, i));
	}
	talk_expect_silence(f);
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
	assert_int_equal(store_feed(&f->store, f->at, bytes, sizeof(bytes)),
			 STORE_HEADER);
	assert_int_equal(store_feed(&f->store, f->at, bytes + STORE_HEADER,
				    STORE_HEADER),
			 0);
	talk_take_all(f);
	EXPECT(f, XS_TRANSACTION_START, "1");
	assert_int_equal(store_feed(&f->store, f->at, bytes + STORE_HEADER,
				    STORE_HEADER),
			 STORE_HEADER);
	talk_take_all(f);
	EXPECT(f, XS_TRANSACTION_START, "2");
}

static void a_message_too_long_ends_the_conversation(void **state)
{
	struct talk *f = *state;
	struct xsd_sockmsg h = {.type = XS_READ, .len = STORE_PAYLOAD + 1};
	uint8_t bytes[sizeof(h)];

	memcpy(bytes, &h, sizeof(h));
	assert_int_equal(store_feed(&f->store, f->at, bytes, sizeof(bytes)),
			 sizeof(bytes));
	assert_true(f->mine.broken);
	assert_int_equal(store_feed(&f->store, f->at, bytes, sizeof(bytes)), 0);
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

static void watched_names_are_bounded(void **state)
{
	struct talk *f = *state;
	char payload[STORE_RELATIVE + 5];

	memset(payload, 'x', sizeof(payload));
	payload[0] = '@';
	payload[STORE_RELATIVE + 1] = '\0';
	payload[STORE_RELATIVE + 3] = '\0';
	talk_send(f, XS_WATCH, 0, payload, STORE_RELATIVE + 4);
	EXPECT_ERROR(f, "EINVAL");
	payload[STORE_RELATIVE] = '\0';
	payload[STORE_RELATIVE + 1] = 't';
	talk_send(f, XS_WATCH, 0, payload, STORE_RELATIVE + 4);
	EXPECT(f, XS_WATCH, "OK");
	talk_expect(f, XS_WATCH_EVENT, payload, STORE_RELATIVE + 4);
	talk_send(f, XS_UNWATCH, 0, payload, STORE_RELATIVE + 4);
	EXPECT(f, XS_UNWATCH, "OK");
	talk_send(f, XS_WATCH, 0, "a\0t", 3); /* no NUL ends it */
	EXPECT_ERROR(f, "EINVAL");
}

/* A token may be as long as a message holds; its events may not be longer. */
static void an_event_too_long_is_not_told(void **state)
{
	struct talk *f = *state;
	char payload[STORE_PAYLOAD];

	memset(payload, 't', sizeof(payload));
	payload[0] = 'a';
	payload[1] = '\0';
	payload[STORE_PAYLOAD - 1] = '\0';
	talk_send(f, XS_WATCH, 0, payload, sizeof(payload));
	EXPECT(f, XS_WATCH, "OK");
	talk_expect(f, XS_WATCH_EVENT, payload, sizeof(payload));
	make(f, "a/b", NULL);
	talk_expect_silence(f);
	assert_false(store_has_output(&f->mine));
}

static void the_root_stays(void **state)
{
	struct talk *f = *state;

	f->mine.all = true;
	SEND(f, XS_RM, 0, "/");
	EXPECT_ERROR(f, "EINVAL");
	SEND(f, XS_DIRECTORY, 0, "/");
	EXPECT(f, XS_DIRECTORY, "local\0vm");
	SEND(f, XS_WATCH, 0, "/\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "/\0t");
	make(f, "/a", NULL);
	EXPECT(f, XS_WATCH_EVENT, "/a\0t");
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nodes_are_counted_by_domain),
		TEST(a_node_is_of_a_size),
		TEST(strings_are_counted_by_domain),
		TEST(watches_are_counted),
		TEST(unread_answers_hold_back_requests),
		TEST(a_message_too_long_ends_the_conversation),
		TEST(numbers_that_are_none_are_refused),
		TEST(watched_names_are_bounded),
		TEST(an_event_too_long_is_not_told),
		TEST(the_root_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
