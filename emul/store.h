/* SPDX-License-Identifier: MIT */
/*
 * A xenstore for one domain: a small tree of named values, watches and one
 * transaction at a time, spoken to in xenstore's wire format. Bytes go in by
 * store_feed() and come out by store_take(), in pieces of any size; every
 * length is bounded by this struct. Needs no hypervisor.
 */
#ifndef PW_EMUL_STORE_H
#define PW_EMUL_STORE_H

#include "emul/store_tree.h"

#define STORE_TOKEN 128 /* with its NUL */
#define STORE_WATCHES 32
#define STORE_CHANGES 32   /* paths that one transaction may change */
#define STORE_PAYLOAD 4096 /* XENSTORE_PAYLOAD_MAX */
#define STORE_HEADER 16
#define STORE_EVENT (STORE_HEADER + STORE_PATH + STORE_TOKEN)
/* Room for the largest reply, and then an event for each watch. */
#define STORE_OUT (STORE_HEADER + STORE_PAYLOAD + STORE_WATCHES * STORE_EVENT)

struct store_watch {
	bool used;
	bool relative;         /* was given without a leading slash */
	char path[STORE_PATH]; /* absolute */
	char token[STORE_TOKEN];
};

struct store_change {
	bool removed; /* with all that was below it */
	char path[STORE_PATH];
};

struct store {
	uint16_t domid;
	char home[32]; /* /local/domain/<domid> */
	struct store_tree live;
	struct store_tree draft; /* of the open transaction */
	uint32_t transaction;    /* its number, 0: none is open */
	uint32_t last_transaction;
	uint32_t base_generation; /* of the live tree when it began */
	unsigned int nr_changes;
	struct store_change change[STORE_CHANGES]; /* made in it */
	/* Changes of the live tree that watches have still to hear of. */
	unsigned int nr_news;
	unsigned int next_news;
	struct store_change news[STORE_CHANGES];
	struct store_watch watch[STORE_WATCHES];
	uint8_t in[STORE_HEADER + STORE_PAYLOAD];
	uint32_t in_length;
	uint8_t out[STORE_OUT];
	uint32_t out_length;
	uint32_t out_taken;
	bool broken; /* a header claimed more than any message may have */
};

void store_init(struct store *s, uint16_t domid);
/*
 * Sets a value of the hypervisor's own choice; path absolute, or relative to
 * the domain's directory. Watches fire. 0 or a negative errno.
 */
int store_set(struct store *s, const char *path, const char *value);

/*
 * Takes some of the guest's bytes and answers the messages that they complete.
 * Returns how many it took: fewer than n while answers wait to be taken.
 */
size_t store_feed(struct store *s, const uint8_t *bytes, size_t n);
/* Hands out up to n bytes of answers and events. */
size_t store_take(struct store *s, uint8_t *bytes, size_t n);

#endif
