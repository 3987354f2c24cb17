/* SPDX-License-Identifier: MIT */
/*
 * A xenstore: one tree of named values for all domains of a machine, with
 * permissions, watches and transactions, spoken to in xenstore's wire format.
 * A client's bytes go in by store_feed() and its answers come out by
 * store_take(), in pieces of any size. Needs no hypervisor.
 *
 * Whatever a client can make the store keep is kept in its own struct
 * store_client: its nodes, the pieces of its strings, its watches, events and
 * transactions. So a client that has filled all of it has filled its own.
 */
#ifndef PW_EMUL_STORE_H
#define PW_EMUL_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* xenstored's limits for a domain, as it has them by default. */
#define STORE_NODES 1000
#define STORE_NODE_SIZE 2048 /* a value with the names of the children */
#define STORE_PERMS 5
#define STORE_WATCHES 128
#define STORE_TRANSACTIONS 10
#define STORE_ABSOLUTE 3072 /* longest path */
#define STORE_RELATIVE 2048 /* the same, without /local/domain/N/ */
#define STORE_PAYLOAD 4096  /* XENSTORE_PAYLOAD_MAX */
/* Our own. */
#define STORE_DEPTH 128   /* elements of a path */
#define STORE_PIECE 62    /* bytes of a string in one piece */
#define STORE_PIECES 4096 /* of all strings of a client */
#define STORE_CHANGES 32  /* in one transaction */
#define STORE_TOUCHED 256 /* nodes that one transaction has looked at */
#define STORE_EVENTS 32   /* that wait, each with its path */
#define STORE_HEADER 16
#define STORE_OUT (STORE_HEADER + STORE_PAYLOAD)
#define STORE_CLIENTS 17 /* the first is the store's own */

/* Rights, as bits. */
#define STORE_READ 1u
#define STORE_WRITE 2u
#define STORE_OWN 4u

/* In pieces, of the client that pays for it; length 0: in none. */
struct store_string {
	uint16_t length;
	uint16_t first;
	uint8_t payer;
};

struct store_piece {
	uint16_t next;
	uint8_t bytes[STORE_PIECE];
};

/* The first is the owner, with what those may who are not in the list. */
struct store_perms {
	uint8_t nr;
	struct {
		uint16_t domid;
		uint8_t may;
	} of[STORE_PERMS];
};

struct store_node {
	bool used;
	uint16_t parent;
	uint16_t child;   /* the first of its list, or 0 */
	uint16_t sibling; /* the next of its parent's, or 0 */
	struct store_perms perms;
	struct store_string name;
	struct store_string value;
	uint64_t
		changed; /* when: its value, permissions, children, existence */
};

struct store_watch {
	bool used;
	bool relative; /* events are told without the client's home */
	bool owed;     /* an event of its own path: others had no room */
	uint32_t hash; /* of its path */
	struct store_string path;
	struct store_string token;
};

struct store_event {
	uint8_t watch;
	uint32_t hash;
	struct store_string path;
};

enum store_kind { STORE_MAKE, STORE_SET, STORE_REMOVE, STORE_ALLOW };

struct store_change {
	enum store_kind kind;
	struct store_perms perms; /* of what it makes, or sets */
	uint16_t from;            /* so much of its path was there */
	uint16_t new_nodes;       /* and pieces for their names: reserved */
	uint16_t new_pieces;
	struct store_string path;
	struct store_string value;
};

struct store_transaction {
	uint32_t id; /* 0: none */
	uint64_t began;
	unsigned int nr_changes;
	unsigned int nr_touched;
	struct store_change change[STORE_CHANGES];
	uint16_t touched[STORE_TOUCHED];
};

struct store_client {
	/* Given by whoever joins it. */
	uint16_t domid;
	bool all;          /* it may everything */
	uint32_t acts_for; /* has these domains' rights, too: bit n, client n */
	/* The store's. */
	uint8_t number;
	bool leaving;
	char home[32]; /* /local/domain/<domid> */
	uint16_t home_length;
	uint16_t nr_nodes; /* in use or reserved */
	uint16_t nr_pieces;
	uint16_t free_piece; /* the first of the list */
	uint16_t next_node;  /* where to look for a free one */
	struct store_node node[STORE_NODES];
	struct store_piece piece[STORE_PIECES];
	struct store_watch watch[STORE_WATCHES];
	unsigned int nr_events;
	unsigned int next_event;
	struct store_event event[STORE_EVENTS];
	unsigned int nr_owed;
	uint32_t last_transaction;
	struct store_transaction transaction[STORE_TRANSACTIONS];
	uint8_t in[STORE_HEADER + STORE_PAYLOAD];
	uint32_t in_length;
	uint8_t out[STORE_OUT];
	uint32_t out_length;
	uint32_t out_taken;
	bool broken; /* a header claimed more than any message may have */
};

struct store {
	struct store_client *client[STORE_CLIENTS];
	struct store_client own; /* the first, which has the root */
	uint64_t changes;        /* so far */
	/* Of the request under way. */
	char path[STORE_ABSOLUTE + 1];
	char scratch[STORE_PAYLOAD];
	char event[STORE_ABSOLUTE + 1];
	uint32_t hash[STORE_ABSOLUTE + 1]; /* of what the path begins with */
};

void store_init(struct store *s);
/*
 * A client that is all zero but for what it is given, under a number of its
 * own from 1 on; its directory is made, read by it and owned by domain 0.
 */
void store_join(struct store *s, struct store_client *c, unsigned int number);
/*
 * It goes, with all that it made, its directory, and what others were allowed
 * it. A step at a time; true: there is more to do.
 */
bool store_leave(struct store *s, struct store_client *c);

/* Who may write a value of the hypervisor's: nobody, or the domain itself. */
enum store_for { STORE_TO_READ, STORE_TO_WRITE };
/*
 * Sets a value of the hypervisor's; path absolute, or relative to the domain's
 * directory. Watches fire. 0 or a negative errno.
 */
int store_set(struct store *s, const struct store_client *of, const char *path,
	      const char *value, enum store_for who);
/* Removes a node, with all below it, if it is there. */
void store_unset(struct store *s, const char *path);

/*
 * Takes some of the client's bytes and answers the messages that they complete.
 * Returns how many it took: fewer than n while an answer waits to be taken.
 */
size_t store_feed(struct store *s, struct store_client *c, const uint8_t *bytes,
		  size_t n);
/* Hands out up to n bytes of answers and events. */
size_t store_take(struct store *s, struct store_client *c, uint8_t *bytes,
		  size_t n);
/* Is there anything to take? */
bool store_has_output(const struct store_client *c);

#endif
