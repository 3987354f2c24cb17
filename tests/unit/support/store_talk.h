/* SPDX-License-Identifier: MIT */
/*
 * Talking to a store in its wire format: requests go in as bytes, answers come
 * out as bytes, in pieces of a size that the test chooses. Two domains do so,
 * the second when a test says.
 */
#ifndef PW_TESTS_STORE_TALK_H
#define PW_TESTS_STORE_TALK_H

#include <stddef.h>
#include <stdint.h>

#include "abi/xen.h"
#include "emul/store.h"

#include <xen/io/xs_wire.h>

#define DOMID 7
#define HOME "/local/domain/7"
#define OTHER 8
#define OTHERS "/local/domain/8"

struct talk {
	struct store store;
	struct store_client mine; /* domain 7, whose whole directory is its */
	struct store_client others;
	struct store_client *at; /* who talks */
	size_t piece;            /* bytes that go in or out at a time */
	uint8_t out[STORE_OUT * 4];
	size_t out_length;
	size_t out_read;
};

/* Fixtures of cmocka: *state is a struct talk. */
int talk_set_up(void **state);
int talk_tear_down(void **state);

/* All that the store has to say, to be expected then. */
void talk_take_all(struct talk *f);
void talk_send(struct talk *f, uint32_t type, uint32_t tx, const void *payload,
	       size_t length);
/* The next message is that; or there is none. */
void talk_expect(struct talk *f, uint32_t type, const void *payload,
		 size_t length);
void talk_expect_silence(struct talk *f);

/* Who talks from here on. */
void talk_as(struct talk *f, struct store_client *c);
/* The hypervisor sets a value of domain 7's. */
int talk_set(struct talk *f, const char *path, const char *value);
/* Gives domain 7 all of its directory, as no toolstack does. */
void talk_give_home(struct talk *f);

/* With the NUL that ends most payloads. */
#define SEND(f, type, tx, text) talk_send(f, type, tx, text, sizeof(text))
#define EXPECT(f, type, text) talk_expect(f, type, text, sizeof(text))
#define EXPECT_VALUE(f, text) talk_expect(f, XS_READ, text, sizeof(text) - 1)
#define EXPECT_ERROR(f, text) EXPECT(f, XS_ERROR, text)

#endif
