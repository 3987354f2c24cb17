/* SPDX-License-Identifier: MIT */
/*
 * A xenstore for one domain: a small tree of named values, watches and one
 * transaction at a time, spoken to in xenstore's wire format. Bytes go in by
 * store_feed() and come out by store_take(), in pieces of any size; every
 * length is bounded by this struct. Needs no hypervisor.
 */
#ifndef PW_EMUL_STORE_H
#define PW_EMUL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_NODES 256 /* 0 is the root */
#define STORE_NAME 48   /* bytes of one path element */
#define STORE_VALUE 256
#define STORE_PATH 256
#define STORE_TOKEN 128
#define STORE_WATCHES 32
#define STORE_CHANGES 32   /* paths that one transaction may change */
#define STORE_PAYLOAD 4096 /* XENSTORE_PAYLOAD_MAX */
#define STORE_HEADER 16
/* Room for the largest reply, and an event for each watch. */
#define STORE_OUT                       \
	(STORE_HEADER + STORE_PAYLOAD + \
	 STORE_WATCHES * (STORE_HEADER + STORE_PATH + STORE_TOKEN))

struct store_node {
	bool used;
	uint8_t name_length;
	uint16_t value_length;
	uint16_t parent;
	char name[STORE_NAME];
	uint8_t value[STORE_VALUE];
};

struct store_tree {
	struct store_node node[STORE_NODES];
	uint32_t generation; /* changes so far */
};

struct store_watch {
	bool used;
	bool relative;         /* was given without a leading slash */
	char path[STORE_PATH]; /* absolute */
	char token[STORE_TOKEN];
};

struct store {
	uint16_t domid;
	struct store_tree live;
	struct store_tree draft; /* of the open transaction */
	uint32_t transaction;    /* its number, 0: none is open */
	uint32_t last_transaction;
	uint32_t base_generation; /* of the live tree when it began */
	unsigned int nr_changes;
	char change[STORE_CHANGES][STORE_PATH];
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
