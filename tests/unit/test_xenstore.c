/* SPDX-License-Identifier: MIT */
/*
 * The store, by its wire format: requests go in as bytes, answers come out as
 * bytes, in pieces of every size; then what a guest must not be able to do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "abi/xen.h"
#include "emul/store.h"

#include <xen/io/xs_wire.h>

#define DOMID 7
#define HOME "/local/domain/7"

struct fixture {
	struct store store;
	size_t piece; /* bytes that go in or out at a time */
	uint8_t out[STORE_OUT * 2];
	size_t out_length;
	size_t out_read;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	store_init(&f->store, DOMID);
	f->piece = 4096;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	free(*state);
	return 0;
}

static void take_all(struct fixture *f)
{
	for (;;) {
		size_t n;

		assert_true(f->out_length + f->piece <= sizeof(f->out));
		n = store_take(&f->store, f->out + f->out_length, f->piece);
		if (n == 0) {
			return;
		}
		f->out_length += n;
	}
}

static void send(struct fixture *f, uint32_t type, uint32_t tx,
		 const void *payload, size_t length)
{
	struct xsd_sockmsg h = {.type = type,
				.req_id = 42,
				.tx_id = tx,
				.len = (uint32_t)length};
	uint8_t message[STORE_HEADER + STORE_PAYLOAD];
	size_t total = STORE_HEADER + length;
	size_t at = 0;

	memcpy(message, &h, sizeof(h));
	if (length) {
		memcpy(message + STORE_HEADER, payload, length);
	}
	while (at < total) {
		size_t n = total - at < f->piece ? total - at : f->piece;
		size_t taken = store_feed(&f->store, message + at, n);

		at += taken;
		take_all(f);
	}
}

/* With the NUL that ends most payloads. */
#define SEND(f, type, tx, text) send(f, type, tx, text, sizeof(text))

static void expect(struct fixture *f, uint32_t type, const void *payload,
		   size_t length)
{
	struct xsd_sockmsg h;

	assert_true(f->out_length - f->out_read >= sizeof(h));
	memcpy(&h, f->out + f->out_read, sizeof(h));
	assert_int_equal(h.type, type);
	assert_int_equal(h.req_id, type == XS_WATCH_EVENT ? 0 : 42);
	assert_int_equal(h.len, length);
	f->out_read += sizeof(h);
	assert_true(f->out_length - f->out_read >= length);
	assert_memory_equal(f->out + f->out_read, payload, length);
	f->out_read += length;
	if (f->out_read == f->out_length) {
		f->out_read = 0;
		f->out_length = 0;
	}
}

#define EXPECT(f, type, text) expect(f, type, text, sizeof(text))
#define EXPECT_VALUE(f, text) expect(f, XS_READ, text, sizeof(text) - 1)
#define EXPECT_ERROR(f, text) EXPECT(f, XS_ERROR, text)

static void expect_silence(struct fixture *f)
{
	assert_int_equal(f->out_length, f->out_read);
}

static void what_linux_asks_at_boot_is_answered(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_set(&f->store, "memory/target", "262144"), 0);
	assert_int_equal(store_set(&f->store, "control/shutdown", ""), 0);
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
	send(f, XS_WRITE, 1, "control/feature-poweroff\0001", 26);
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
	expect_silence(f);
}

static void it_works_byte_by_byte(void **state)
{
	struct fixture *f = *state;

	for (f->piece = 1; f->piece < 40; f->piece++) {
		store_init(&f->store, DOMID);
		what_linux_asks_at_boot_is_answered(state);
	}
}

static void directories_list_their_children(void **state)
{
	struct fixture *f = *state;

	SEND(f, XS_MKDIR, 0, "a/b");
	EXPECT(f, XS_MKDIR, "OK");
	send(f, XS_WRITE, 0, "a/c\0value", 9);
	EXPECT(f, XS_WRITE, "OK");
	SEND(f, XS_DIRECTORY, 0, "a");
	EXPECT(f, XS_DIRECTORY, "b\0c");
	SEND(f, XS_DIRECTORY, 0, "a/b");
	expect(f, XS_DIRECTORY, "", 0);
	/* mkdir leaves what is there */
	SEND(f, XS_MKDIR, 0, "a/c");
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_READ, 0, "a/c");
	EXPECT_VALUE(f, "value");
	SEND(f, XS_DIRECTORY, 0, "/");
	EXPECT(f, XS_DIRECTORY, "local");
}

static void removing_takes_all_below(void **state)
{
	struct fixture *f = *state;

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
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_DIRECTORY, 0, "a");
	expect(f, XS_DIRECTORY, "", 0);
}

static void watches_hear_of_what_is_at_or_below_them(void **state)
{
	struct fixture *f = *state;

	SEND(f, XS_WATCH, 0, HOME "/x\0abs");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/x\0abs");
	SEND(f, XS_WATCH, 0, "x\0rel");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "x\0rel");
	send(f, XS_WRITE, 0, "x/y\0v", 5);
	EXPECT(f, XS_WRITE, "OK");
	EXPECT(f, XS_WATCH_EVENT, HOME "/x/y\0abs");
	EXPECT(f, XS_WATCH_EVENT, "x/y\0rel");
	/* A name that only begins alike is another. */
	send(f, XS_WRITE, 0, "xx\0v", 4);
	EXPECT(f, XS_WRITE, "OK");
	expect_silence(f);
	SEND(f, XS_UNWATCH, 0, "x\0rel");
	EXPECT(f, XS_UNWATCH, "OK");
	SEND(f, XS_UNWATCH, 0, "x\0rel");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_WATCH, 0, HOME "/x\0abs");
	EXPECT_ERROR(f, "EEXIST");
	/* The hypervisor's own changes are heard of as well. */
	assert_int_equal(store_set(&f->store, "x/z", "1"), 0);
	take_all(f);
	EXPECT(f, XS_WATCH_EVENT, HOME "/x/z\0abs");
	SEND(f, XS_RESET_WATCHES, 0, "");
	EXPECT(f, XS_RESET_WATCHES, "OK");
	assert_int_equal(store_set(&f->store, "x/z", "2"), 0);
	take_all(f);
	expect_silence(f);
}

static void transactions_are_seen_only_when_they_end(void **state)
{
	struct fixture *f = *state;

	SEND(f, XS_WATCH, 0, "a\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "a\0t");
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT_ERROR(f, "ENOSPC");
	send(f, XS_WRITE, 1, "a\0one", 5);
	EXPECT(f, XS_WRITE, "OK");
	SEND(f, XS_READ, 0, "a");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_READ, 1, "a");
	EXPECT_VALUE(f, "one");
	SEND(f, XS_READ, 2, "a");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_TRANSACTION_END, 1, "F");
	EXPECT(f, XS_TRANSACTION_END, "OK");
	SEND(f, XS_READ, 0, "a");
	EXPECT_ERROR(f, "ENOENT");
	expect_silence(f);

	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "2");
	send(f, XS_WRITE, 2, "a\0two", 5);
	EXPECT(f, XS_WRITE, "OK");
	SEND(f, XS_TRANSACTION_END, 2, "T");
	EXPECT(f, XS_TRANSACTION_END, "OK");
	EXPECT(f, XS_WATCH_EVENT, "a\0t");
	SEND(f, XS_TRANSACTION_END, 2, "T");
	EXPECT_ERROR(f, "ENOENT");
}

static void a_change_from_outside_makes_a_transaction_fail(void **state)
{
	struct fixture *f = *state;

	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	send(f, XS_WRITE, 1, "a\0mine", 6);
	EXPECT(f, XS_WRITE, "OK");
	assert_int_equal(store_set(&f->store, "a", "theirs"), 0);
	SEND(f, XS_TRANSACTION_END, 1, "T");
	EXPECT_ERROR(f, "EAGAIN");
	SEND(f, XS_READ, 0, "a");
	EXPECT_VALUE(f, "theirs");
}

static void a_guest_changes_its_own_directory_only(void **state)
{
	struct fixture *f = *state;

	send(f, XS_WRITE, 0, "/local/domain/8/name\0x", 22);
	EXPECT_ERROR(f, "EACCES");
	send(f, XS_WRITE, 0, "/tool\0x", 7);
	EXPECT_ERROR(f, "EACCES");
	/* .../77 begins like .../7 */
	send(f, XS_WRITE, 0, HOME "7/a\0x", sizeof(HOME) + 5);
	EXPECT_ERROR(f, "EACCES");
	SEND(f, XS_RM, 0, HOME);
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
	struct fixture *f = *state;

	SEND(f, XS_GET_DOMAIN_PATH, 0, "12");
	EXPECT(f, XS_GET_DOMAIN_PATH, "/local/domain/12");
	SEND(f, XS_GET_DOMAIN_PATH, 0, "x");
	EXPECT_ERROR(f, "EINVAL");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "7");
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "T");
	SEND(f, XS_IS_DOMAIN_INTRODUCED, 0, "8");
	EXPECT(f, XS_IS_DOMAIN_INTRODUCED, "F");
	SEND(f, XS_MKDIR, 0, "a");
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_GET_PERMS, 0, "a");
	EXPECT(f, XS_GET_PERMS, "n7");
	SEND(f, XS_GET_PERMS, 0, "/local");
	EXPECT(f, XS_GET_PERMS, "n0\0r7");
	SEND(f, XS_SET_PERMS, 0, "a\0n7");
	EXPECT(f, XS_SET_PERMS, "OK");
	SEND(f, XS_SET_PERMS, 0, "/local\0n7");
	EXPECT_ERROR(f, "EACCES");
}

static void paths_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"/a/",
		"a//b",
		"a b",
		"/local/domain/7/a%",
		"//",
		"a/0123456789012345678901234567890123456789012345678",
	};
	struct fixture *f = *state;
	char longest[STORE_PATH + 1];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send(f, XS_READ, 0, bad[i], strlen(bad[i]) + 1);
		EXPECT_ERROR(f, "EINVAL");
	}
	send(f, XS_READ, 0, "a", 1); /* no NUL */
	EXPECT_ERROR(f, "EINVAL");
	send(f, XS_READ, 0, "", 0);
	EXPECT_ERROR(f, "EINVAL");
	memset(longest, 'a', sizeof(longest));
	for (size_t i = 0; i < sizeof(longest); i += 2) {
		longest[i] = '/';
	}
	longest[STORE_PATH] = '\0';
	send(f, XS_READ, 0, longest, sizeof(longest));
	EXPECT_ERROR(f, "EINVAL");
	longest[STORE_PATH - 1] = '\0'; /* now it ends in an element or not */
	longest[STORE_PATH - 2] = 'a';
	send(f, XS_READ, 0, longest, STORE_PATH);
	EXPECT_ERROR(f, "ENOENT");
}

/* Path "w", token the number; returns the length of both. */
static size_t watch_payload(char ret_payload[32], unsigned int i)
{
	memcpy(ret_payload, "w", 2);
	return 2 + (size_t)snprintf(ret_payload + 2, 30, "%u", i) + 1;
}

static void everything_is_bounded(void **state)
{
	struct fixture *f = *state;
	uint8_t value[STORE_VALUE + 3];
	char path[32];

	memset(value, 'v', sizeof(value));
	memcpy(value, "a", 2);
	send(f, XS_WRITE, 0, value, sizeof(value));
	EXPECT_ERROR(f, "E2BIG");
	send(f, XS_WRITE, 0, value, sizeof(value) - 1);
	EXPECT(f, XS_WRITE, "OK");
	/* All nodes but the root, /local, /local/domain, home and a. */
	for (unsigned int i = 0; i < STORE_NODES - 5; i++) {
		int n = snprintf(path, sizeof(path), "n%u", i) + 1;

		send(f, XS_MKDIR, 0, path, (size_t)n);
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

		send(f, XS_WATCH, 0, path, n);
		EXPECT(f, XS_WATCH, "OK");
		expect(f, XS_WATCH_EVENT, path, n);
	}
	SEND(f, XS_WATCH, 0, "w\0more");
	EXPECT_ERROR(f, "ENOSPC");
	/* One change, all watches: each hears of it. */
	SEND(f, XS_RM, 0, "n1");
	EXPECT(f, XS_RM, "OK");
	send(f, XS_WRITE, 0, "w\0x", 3);
	EXPECT(f, XS_WRITE, "OK");
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		expect(f, XS_WATCH_EVENT, path, watch_payload(path, i));
	}
	expect_silence(f);
}

static void a_directory_too_long_to_list_is_an_error(void **state)
{
	struct fixture *f = *state;
	char path[STORE_NAME + 1];

	for (unsigned int i = 0; i < STORE_PAYLOAD / sizeof(path) + 1; i++) {
		memset(path, 'n', sizeof(path));
		path[0] = (char)('a' + i % 26);
		path[1] = (char)('a' + i / 26);
		path[STORE_NAME] = '\0';
		send(f, XS_MKDIR, 0, path, sizeof(path));
		EXPECT(f, XS_MKDIR, "OK");
	}
	SEND(f, XS_DIRECTORY, 0, HOME);
	EXPECT_ERROR(f, "E2BIG");
}

static void unread_answers_hold_back_requests(void **state)
{
	struct fixture *f = *state;
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
	take_all(f);
	EXPECT(f, XS_TRANSACTION_START, "1");
	assert_int_equal(store_feed(&f->store, bytes + STORE_HEADER,
				    STORE_HEADER),
			 STORE_HEADER);
	take_all(f);
	EXPECT_ERROR(f, "ENOSPC");
}

static void a_message_too_long_ends_the_conversation(void **state)
{
	struct fixture *f = *state;
	struct xsd_sockmsg h = {.type = XS_READ, .len = STORE_PAYLOAD + 1};
	uint8_t bytes[sizeof(h)];

	memcpy(bytes, &h, sizeof(h));
	assert_int_equal(store_feed(&f->store, bytes, sizeof(bytes)),
			 sizeof(bytes));
	assert_true(f->store.broken);
	assert_int_equal(store_feed(&f->store, bytes, sizeof(bytes)), 0);
	take_all(f);
	expect_silence(f);
}

static void numbers_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"", "7x", "4294967296", "18446744073709551623", "00000000007",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		send(f, XS_IS_DOMAIN_INTRODUCED, 0, bad[i], strlen(bad[i]) + 1);
		EXPECT_ERROR(f, "EINVAL");
	}
	send(f, XS_IS_DOMAIN_INTRODUCED, 0, "7", 1); /* no NUL ends it */
	EXPECT_ERROR(f, "EINVAL");
}

static void permissions_have_a_form(void **state)
{
	struct fixture *f = *state;

	SEND(f, XS_MKDIR, 0, "a");
	EXPECT(f, XS_MKDIR, "OK");
	SEND(f, XS_SET_PERMS, 0, "a");
	EXPECT_ERROR(f, "EINVAL");
	send(f, XS_SET_PERMS, 0, "a\0n7", 4);
	EXPECT_ERROR(f, "EINVAL");
}

static void names_and_tokens_of_watches_are_bounded(void **state)
{
	struct fixture *f = *state;
	char payload[STORE_PATH + STORE_TOKEN + 2];

	memset(payload, 'x', sizeof(payload));
	payload[0] = '@';
	payload[STORE_PATH] = '\0';
	payload[STORE_PATH + 2] = '\0';
	send(f, XS_WATCH, 0, payload, STORE_PATH + 3);
	EXPECT_ERROR(f, "EINVAL");
	payload[1] = '\0';
	payload[STORE_PATH] = 'x';
	payload[2 + STORE_TOKEN] = '\0';
	send(f, XS_WATCH, 0, payload, 2 + STORE_TOKEN + 1);
	EXPECT_ERROR(f, "EINVAL");
	payload[2 + STORE_TOKEN - 1] = '\0';
	send(f, XS_WATCH, 0, payload, 2 + STORE_TOKEN);
	EXPECT(f, XS_WATCH, "OK");
}

static void a_transaction_changes_only_so_much(void **state)
{
	struct fixture *f = *state;

	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT(f, XS_TRANSACTION_START, "1");
	for (unsigned int i = 0; i < STORE_CHANGES; i++) {
		char path[16];
		int n = snprintf(path, sizeof(path), "t%u", i) + 1;

		send(f, XS_MKDIR, 1, path, (size_t)n);
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
	struct fixture *f = *state;
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
	take_all(f);
	assert_int_equal(store_set(&f->store, "a", "w"), 0);
}

static void the_root_stays(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(store_set(&f->store, "/a", "v"), 0);
	assert_int_equal(store_tree_remove(&f->store.live, "/"), -XEN_EINVAL);
	assert_non_null(store_tree_find(&f->store.live, "/a"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_linux_asks_at_boot_is_answered),
		TEST(it_works_byte_by_byte),
		TEST(directories_list_their_children),
		TEST(removing_takes_all_below),
		TEST(watches_hear_of_what_is_at_or_below_them),
		TEST(transactions_are_seen_only_when_they_end),
		TEST(a_change_from_outside_makes_a_transaction_fail),
		TEST(a_guest_changes_its_own_directory_only),
		TEST(small_questions_have_answers),
		TEST(paths_that_are_none_are_refused),
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
