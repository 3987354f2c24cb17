/* SPDX-License-Identifier: MIT */
/* Transactions of the store: several at once, seen only when they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/store_talk.h"

static void start(struct talk *f, const char *id)
{
	SEND(f, XS_TRANSACTION_START, 0, "");
	talk_expect(f, XS_TRANSACTION_START, id, strlen(id) + 1);
}

static void put(struct talk *f, uint32_t tx, const char *path,
		const char *value)
{
	char payload[256];
	int n = snprintf(payload, sizeof(payload), "%s%c%s", path, '\0', value);

	talk_send(f, XS_WRITE, tx, payload, (size_t)n);
	EXPECT(f, XS_WRITE, "OK");
}

static void ok(struct talk *f, uint32_t type, uint32_t tx, const char *path)
{
	talk_send(f, type, tx, path, strlen(path) + 1);
	EXPECT(f, type, "OK");
}

static void reads(struct talk *f, uint32_t tx, const char *path,
		  const char *value)
{
	talk_send(f, XS_READ, tx, path, strlen(path) + 1);
	if (value != NULL) {
		talk_expect(f, XS_READ, value, strlen(value));
	} else {
		EXPECT_ERROR(f, "ENOENT");
	}
}

static void end(struct talk *f, uint32_t tx, const char *how)
{
	talk_send(f, XS_TRANSACTION_END, tx, how, 2);
	EXPECT(f, XS_TRANSACTION_END, "OK");
}

static void they_are_seen_only_when_they_end(void **state)
{
	struct talk *f = *state;

	SEND(f, XS_WATCH, 0, "a\0t");
	EXPECT(f, XS_WATCH, "OK");
	EXPECT(f, XS_WATCH_EVENT, "a\0t");
	start(f, "1");
	SEND(f, XS_TRANSACTION_START, 1, "");
	EXPECT_ERROR(f, "EBUSY");
	put(f, 1, "a", "one");
	reads(f, 0, "a", NULL);
	reads(f, 1, "a", "one");
	reads(f, 2, "a", NULL); /* there is no such transaction */
	reads(f, 2, HOME, NULL);
	end(f, 1, "F");
	reads(f, 0, "a", NULL);
	talk_expect_silence(f);

	start(f, "2");
	put(f, 2, "a", "two");
	SEND(f, XS_TRANSACTION_END, 2, "X");
	EXPECT_ERROR(f, "EINVAL");
	end(f, 2, "T");
	EXPECT(f, XS_WATCH_EVENT, "a\0t");
	SEND(f, XS_TRANSACTION_END, 2, "T");
	EXPECT_ERROR(f, "ENOENT");
	SEND(f, XS_TRANSACTION_END, 0, "T");
	EXPECT_ERROR(f, "ENOENT");
}

static void ten_are_open_at_once(void **state)
{
	struct talk *f = *state;
	char text[12];
	uint16_t before = f->mine.nr_pieces;

	for (unsigned int i = 1; i <= STORE_TRANSACTIONS; i++) {
		snprintf(text, sizeof(text), "%u", i);
		start(f, text);
		put(f, i, "a/b", text);
	}
	SEND(f, XS_TRANSACTION_START, 0, "");
	EXPECT_ERROR(f, "ENOSPC");
	for (unsigned int i = 1; i <= STORE_TRANSACTIONS; i++) {
		snprintf(text, sizeof(text), "%u", i);
		reads(f, i, "a/b", text);
	}
	/* Another domain has as many. */
	talk_as(f, &f->others);
	start(f, "1");
	talk_as(f, &f->mine);
	end(f, 4, "T");
	start(f, "11");
	for (unsigned int i = 1; i <= STORE_TRANSACTIONS; i++) {
		if (i != 4) {
			talk_send(f, XS_TRANSACTION_END, i, "T", 2);
			EXPECT_ERROR(f, "EAGAIN");
		}
	}
	reads(f, 0, "a/b", "4");
	ok(f, XS_RESET_WATCHES, 0, "");
	ok(f, XS_RM, 0, "a");
	assert_int_equal(f->mine.nr_pieces, before);
}

static void a_change_from_outside_makes_it_fail(void **state)
{
	struct talk *f = *state;

	start(f, "1");
	put(f, 1, "a", "mine");
	assert_int_equal(talk_set(f, "a", "theirs"), 0);
	SEND(f, XS_TRANSACTION_END, 1, "T");
	EXPECT_ERROR(f, "EAGAIN");
	reads(f, 0, "a", "theirs");
	start(f, "2");
	reads(f, 2, "a", "theirs");
	assert_int_equal(talk_set(f, "a", "theirs again"), 0);
	SEND(f, XS_TRANSACTION_END, 2, "T");
	EXPECT_ERROR(f, "EAGAIN");
	/* Also when it was only looked for, removed, or listed. */
	start(f, "3");
	reads(f, 3, "b", NULL);
	put(f, 3, "a", "x");
	assert_int_equal(talk_set(f, "b", "v"), 0);
	SEND(f, XS_TRANSACTION_END, 3, "T");
	EXPECT_ERROR(f, "EAGAIN");
	start(f, "4");
	SEND(f, XS_DIRECTORY, 4, "b");
	talk_expect(f, XS_DIRECTORY, "", 0);
	ok(f, XS_MKDIR, 0, "b/c");
	SEND(f, XS_TRANSACTION_END, 4, "T");
	EXPECT_ERROR(f, "EAGAIN");
	start(f, "5");
	reads(f, 5, "b", "v");
	ok(f, XS_RM, 0, "b");
	SEND(f, XS_TRANSACTION_END, 5, "T");
	EXPECT_ERROR(f, "EAGAIN");
}

/* What it has not looked at may change as it likes: nobody is kept waiting. */
static void others_changes_elsewhere_are_no_matter(void **state)
{
	struct talk *f = *state;

	ok(f, XS_MKDIR, 0, "a");
	ok(f, XS_MKDIR, 0, "b");
	start(f, "1");
	put(f, 1, "a/x", "v");
	assert_int_equal(talk_set(f, "b/y", "w"), 0);
	f->others.all = true;
	talk_as(f, &f->others);
	put(f, 0, OTHERS "/noise", "n");
	talk_as(f, &f->mine);
	end(f, 1, "T");
	reads(f, 0, "a/x", "v");
	reads(f, 0, "b/y", "w");
}

/* Inside, all is as it will be. */
static void it_sees_what_it_has_done(void **state)
{
	struct talk *f = *state;

	put(f, 0, "a/b/c", "c");
	put(f, 0, "a/d", "d");
	start(f, "1");
	ok(f, XS_RM, 1, "a/b");
	reads(f, 1, "a/b/c", NULL);
	reads(f, 1, "a/b", NULL);
	SEND(f, XS_DIRECTORY, 1, "a");
	EXPECT(f, XS_DIRECTORY, "d");
	SEND(f, XS_RM, 1, "a/b/c");
	EXPECT_ERROR(f, "ENOENT");
	put(f, 1, "a/b/e/f", "new");
	SEND(f, XS_DIRECTORY, 1, "a");
	EXPECT(f, XS_DIRECTORY, "d\0b");
	SEND(f, XS_DIRECTORY, 1, "a/b");
	EXPECT(f, XS_DIRECTORY, "e");
	reads(f, 1, "a/b", "");
	reads(f, 1, "a/b/c", NULL);
	ok(f, XS_MKDIR, 1, "a/b/e/f");
	reads(f, 1, "a/b/e/f", "new");
	SEND(f, XS_SET_PERMS, 1, "a/b/e/f\0n7\0r8");
	EXPECT(f, XS_SET_PERMS, "OK");
	SEND(f, XS_GET_PERMS, 1, "a/b/e/f");
	EXPECT(f, XS_GET_PERMS, "n7\0r8");
	ok(f, XS_MKDIR, 1, "a/b/e/f/below");
	SEND(f, XS_GET_PERMS, 1, "a/b/e/f/below");
	EXPECT(f, XS_GET_PERMS, "n7\0r8");
	SEND(f, XS_DIRECTORY, 1, "a/d");
	talk_expect(f, XS_DIRECTORY, "", 0);
	ok(f, XS_RM, 1, "a");
	reads(f, 1, "a/d", NULL);
	put(f, 1, "a/d", "again");
	SEND(f, XS_DIRECTORY, 1, "a");
	EXPECT(f, XS_DIRECTORY, "d");
	/* Nobody else saw any of it. */
	reads(f, 0, "a/b/c", "c");
	end(f, 1, "T");
	reads(f, 0, "a/d", "again");
	SEND(f, XS_DIRECTORY, 0, "a");
	EXPECT(f, XS_DIRECTORY, "d");
	reads(f, 0, "a/b", NULL);
}

/* Random requests inside and, on a copy of the tree, outside: the same. */
static const char *const names[] = {"a",     "a/b",     "a/b/c", "a/bb",
				    "a/b/d", "a/b/c/e", "f",     "f/b/c/e"};
#define NR_NAMES (sizeof(names) / sizeof(names[0]))

static void compare(struct talk *f, uint32_t tx, uint32_t type,
		    const char *below, unsigned int i, const char *value)
{
	char payload[2][64];
	uint8_t answer[2][64];
	size_t length[2];

	for (unsigned int k = 0; k < 2; k++) {
		int n = snprintf(payload[k], sizeof(payload[k]), "%s/%s%c%s",
				 k == 0 ? below : "plain", names[i], '\0',
				 value);
		size_t size = (size_t)n + (type == XS_SET_PERMS);

		if (type != XS_WRITE && type != XS_SET_PERMS) {
			size = strlen(payload[k]) + 1;
		}
		talk_send(f, type, k == 0 ? tx : 0, payload[k], size);
		length[k] = f->out_length - STORE_HEADER;
		assert_true(length[k] < sizeof(answer[k]));
		memcpy(answer[k], f->out + STORE_HEADER, length[k]);
		talk_as(f, f->at);
	}
	assert_int_equal(length[0], length[1]);
	assert_memory_equal(answer[0], answer[1], length[0]);
}

static void inside_is_as_outside(void **state)
{
	static const uint32_t types[] = {XS_WRITE, XS_MKDIR,     XS_RM,
					 XS_READ,  XS_DIRECTORY, XS_GET_PERMS,
					 XS_READ,  XS_SET_PERMS};
	struct talk *f = *state;
	uint32_t random = 12345;

	ok(f, XS_MKDIR, 0, "plain");
	ok(f, XS_MKDIR, 0, "tx");
	for (unsigned int round = 1; round <= 200; round++) {
		char id[12];

		snprintf(id, sizeof(id), "%u", round);
		start(f, id);
		for (unsigned int i = 0; i < 40; i++) {
			uint32_t type;

			random = random * 1664525 + 1013904223;
			type = types[random >> 12 & 7];
			compare(f, round, type, "tx",
				random >> 20 & (NR_NAMES - 1),
				type == XS_SET_PERMS
					? (random >> 28 & 1 ? "b7" : "n7")
				: random >> 28 & 1 ? "yes"
						   : "");
		}
		end(f, round, "T");
		for (unsigned int i = 0; i < NR_NAMES; i++) {
			compare(f, 0, XS_READ, "tx", i, "");
			compare(f, 0, XS_DIRECTORY, "tx", i, "");
			compare(f, 0, XS_GET_PERMS, "tx", i, "");
		}
	}
}

static void it_changes_and_looks_at_only_so_much(void **state)
{
	struct talk *f = *state;
	char path[16];

	start(f, "1");
	for (unsigned int i = 0; i < STORE_CHANGES; i++) {
		snprintf(path, sizeof(path), "t%u", i);
		ok(f, XS_MKDIR, 1, path);
	}
	SEND(f, XS_MKDIR, 1, "more");
	EXPECT_ERROR(f, "ENOSPC");
	SEND(f, XS_RM, 1, "t0");
	EXPECT_ERROR(f, "ENOSPC");
	end(f, 1, "T");
	for (unsigned int i = STORE_CHANGES; i < STORE_TOUCHED; i++) {
		snprintf(path, sizeof(path), "t%u", i);
		ok(f, XS_MKDIR, 0, path);
	}
	start(f, "2");
	for (unsigned int i = 0; i < STORE_TOUCHED; i++) {
		snprintf(path, sizeof(path), "t%u", i);
		reads(f, 2, path, "");
	}
	reads(f, 2, "t0", "");
	SEND(f, XS_READ, 2, "a");
	EXPECT_ERROR(f, "ENOSPC");
	end(f, 2, "T");
}

/* What it will need is kept for it: others' requests, or its own, wait. */
static void what_it_needs_is_reserved(void **state)
{
	struct talk *f = *state;
	char path[32];
	unsigned int i;

	start(f, "1");
	ok(f, XS_MKDIR, 1, "a/b/c");
	ok(f, XS_MKDIR, 0, "d");
	for (i = 0; f->mine.nr_nodes < STORE_NODES; i++) {
		snprintf(path, sizeof(path), "d/%u/%u", i / 40, i % 40);
		ok(f, XS_MKDIR, 0, path);
	}
	SEND(f, XS_MKDIR, 0, "e");
	EXPECT_ERROR(f, "ENOSPC");
	SEND(f, XS_MKDIR, 1, "e");
	EXPECT_ERROR(f, "ENOSPC");
	end(f, 1, "F");
	start(f, "2");
	ok(f, XS_MKDIR, 2, "a/b/c");
	SEND(f, XS_MKDIR, 0, "e");
	EXPECT_ERROR(f, "ENOSPC");
	end(f, 2, "T");
	reads(f, 0, "a/b/c", "");
	assert_int_equal(f->mine.nr_nodes, STORE_NODES);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, talk_set_up, talk_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_are_seen_only_when_they_end),
		TEST(ten_are_open_at_once),
		TEST(a_change_from_outside_makes_it_fail),
		TEST(others_changes_elsewhere_are_no_matter),
		TEST(it_sees_what_it_has_done),
		TEST(inside_is_as_outside),
		TEST(it_changes_and_looks_at_only_so_much),
		TEST(what_it_needs_is_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
