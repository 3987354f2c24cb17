/* SPDX-License-Identifier: MIT */
/* The other end of a store's ring, without a ring: see store_talk.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/store_talk.h"

int talk_set_up(void **state)
{
	struct talk *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	store_init(&f->store);
	f->mine.domid = DOMID;
	f->others.domid = OTHER;
	store_join(&f->store, &f->mine, 1);
	store_join(&f->store, &f->others, 2);
	talk_as(f, &f->mine);
	f->piece = 4096;
	talk_give_home(f);
	*state = f;
	return 0;
}

int talk_tear_down(void **state)
{
	free(*state);
	return 0;
}

void talk_as(struct talk *f, struct store_client *c)
{
	f->at = c;
	f->out_read = 0;
	f->out_length = 0;
}

int talk_set(struct talk *f, const char *path, const char *value)
{
	return store_set(&f->store, &f->mine, path, value, STORE_TO_WRITE);
}

void talk_give_home(struct talk *f)
{
	f->mine.all = true;
	SEND(f, XS_SET_PERMS, 0, HOME "\0n7");
	EXPECT(f, XS_SET_PERMS, "OK");
	f->mine.all = false;
}

void talk_take_all(struct talk *f)
{
	for (;;) {
		size_t n;

		assert_true(f->out_length + f->piece <= sizeof(f->out));
		n = store_take(&f->store, f->at, f->out + f->out_length,
			       f->piece);
		if (n == 0) {
			return;
		}
		f->out_length += n;
	}
}

void talk_send(struct talk *f, uint32_t type, uint32_t tx, const void *payload,
	       size_t length)
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
		size_t taken = store_feed(&f->store, f->at, message + at, n);

		at += taken;
		talk_take_all(f);
	}
}

void talk_expect(struct talk *f, uint32_t type, const void *payload,
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

void talk_expect_silence(struct talk *f)
{
	assert_int_equal(f->out_length, f->out_read);
}
