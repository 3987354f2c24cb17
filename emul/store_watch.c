/* SPDX-License-Identifier: MIT */
/*
 * Watches. An event is a watch and a path, and waits with the client that is to
 * hear it, in room of its own. Where that is full, or the path has no room, the
 * watch only remembers that it owes an event: that will name its own path, at
 * or below which something has changed. So nobody who changes things, however
 * fast, can make anybody lose the news, or anything grow.
 *
 * Nobody hears of what he may not read: the node, or the one above it.
 */
#include "emul/store_watch.h"

#include "abi/xen.h"
#include "emul/store_message.h"
#include "emul/store_path.h"
#include "emul/store_perms.h"
#include "emul/store_string.h"
#include "emul/store_tree.h"

static uint32_t hash_step(uint32_t hash, char c)
{
	return (hash ^ (uint8_t)c) * UINT32_C(16777619);
}

static uint32_t hash_of(const char *bytes, size_t length)
{
	uint32_t hash = 0;

	for (size_t i = 0; i < length; i++) {
		hash = hash_step(hash, bytes[i]);
	}
	return hash;
}

/* Of each part that the path begins with, by its length. */
static void hash_all(struct store *s, const char *path, size_t length)
{
	s->hash[0] = 0;
	for (size_t i = 0; i < length; i++) {
		s->hash[i + 1] = hash_step(s->hash[i], path[i]);
	}
}

static struct store_event *event_at(struct store_client *c, unsigned int i)
{
	return &c->event[(c->next_event + i) % STORE_EVENTS];
}

static void pop_event(struct store *s, struct store_client *c)
{
	string_free(s, &event_at(c, 0)->path);
	c->next_event = (c->next_event + 1) % STORE_EVENTS;
	c->nr_events--;
}

static bool waits_already(const struct store *s, struct store_client *c,
			  unsigned int watch, uint32_t hash, const char *path,
			  size_t length)
{
	for (unsigned int i = 0; i < c->nr_events; i++) {
		const struct store_event *e = event_at(c, i);

		if (e->watch == watch && e->hash == hash &&
		    string_is(s, &e->path, path, length)) {
			return true;
		}
	}
	return false;
}

static void queue(struct store *s, struct store_client *c, unsigned int watch,
		  uint32_t hash, const char *path, size_t length)
{
	struct store_watch *w = &c->watch[watch];
	struct store_event *e = event_at(c, c->nr_events);

	if (w->owed || waits_already(s, c, watch, hash, path, length)) {
		return;
	}
	if (c->nr_events == STORE_EVENTS ||
	    !string_room(c, string_pieces(length))) {
		w->owed = true;
		c->nr_owed++;
		return;
	}
	e->watch = (uint8_t)watch;
	e->hash = hash;
	e->path = string_make(c, path, length);
	c->nr_events++;
}

static bool may_read(const struct store *s, const struct store_client *c,
		     uint16_t number)
{
	return (perms_of(s, c, &tree_node(s, number)->perms) & STORE_READ) != 0;
}

static bool may_hear(const struct store *s, const struct store_client *c,
		     uint16_t number)
{
	return may_read(s, c, number) ||
	       may_read(s, c, tree_node(s, number)->parent);
}

/* A watch below what is removed hears of its own node's end. */
static void fire_below(struct store *s, struct store_client *c,
		       unsigned int watch)
{
	const struct store_string *path = &c->watch[watch].path;
	size_t length;
	uint16_t number;

	string_copy(s, path, s->event);
	number = tree_find(s, s->event, path->length, &length);
	if (length == path->length && may_hear(s, c, number)) {
		queue(s, c, watch, c->watch[watch].hash, s->event, length);
	}
}

/* Most are neither; the hash of what the path begins with tells at once. */
static bool is_watched(const struct store *s, const struct store_watch *w,
		       const char *path, size_t length)
{
	return w->path.length <= length && s->hash[w->path.length] == w->hash &&
	       path_is_under(s, path, length, &w->path);
}

static void fire_for(struct store *s, struct store_client *c, const char *path,
		     size_t length, uint16_t number, bool removed)
{
	const bool heard = may_hear(s, c, number);

	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		const struct store_watch *w = &c->watch[i];

		if (!w->used || w->owed) {
			continue;
		}
		if (is_watched(s, w, path, length)) {
			if (heard) {
				queue(s, c, i, s->hash[length], path, length);
			}
		} else if (removed && w->path.length > length &&
			   path_holds(s, path, length, &w->path)) {
			fire_below(s, c, i);
		}
	}
}

void watch_fire(struct store *s, uint16_t number, const char *path,
		size_t length, bool removed)
{
	hash_all(s, path, length);
	for (unsigned int i = 1; i < STORE_CLIENTS; i++) {
		if (s->client[i] != NULL) {
			fire_for(s, s->client[i], path, length, number,
				 removed);
		}
	}
}

/* As xenstored: of domains that come and go, only those hear that may all. */
void watch_fire_special(struct store *s, const char *name)
{
	const size_t length = string_length(name);

	for (unsigned int i = 1; i < STORE_CLIENTS; i++) {
		struct store_client *c = s->client[i];

		for (unsigned int k = 0;
		     c != NULL && c->all && k < STORE_WATCHES; k++) {
			if (c->watch[k].used &&
			    string_is(s, &c->watch[k].path, name, length)) {
				queue(s, c, k, hash_of(name, length), name,
				      length);
			}
		}
	}
}

static struct store_watch *find(const struct store *s, struct store_client *c,
				const char *path, size_t length,
				const char *token, size_t token_length)
{
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		struct store_watch *w = &c->watch[i];

		if (w->used && string_is(s, &w->path, path, length) &&
		    string_is(s, &w->token, token, token_length)) {
			return w;
		}
	}
	return NULL;
}

int watch_add(struct store *s, struct store_client *c,
	      const struct store_watch *kind, const char *path, size_t length,
	      const char *token, size_t token_length)
{
	unsigned int i = 0;

	if (find(s, c, path, length, token, token_length) != NULL) {
		return -XEN_EEXIST;
	}
	while (i < STORE_WATCHES && c->watch[i].used) {
		i++;
	}
	if (i == STORE_WATCHES) {
		return -XEN_E2BIG;
	}
	if (!string_room(c,
			 string_pieces(length) + string_pieces(token_length))) {
		return -XEN_ENOMEM;
	}
	c->watch[i] = *kind;
	c->watch[i].used = true;
	c->watch[i].hash = hash_of(path, length);
	c->watch[i].path = string_make(c, path, length);
	c->watch[i].token = string_make(c, token, token_length);
	queue(s, c, i, c->watch[i].hash, path, length);
	return 0;
}

/* What waits for it is not told any more. */
static void drop(struct store *s, struct store_client *c, struct store_watch *w)
{
	const unsigned int watch = (unsigned int)(w - c->watch);

	for (unsigned int n = c->nr_events; n != 0; n--) {
		const struct store_event e = *event_at(c, 0);

		if (e.watch == watch) {
			pop_event(s, c);
			continue;
		}
		/* To the end of the queue, with which all keep their order. */
		c->next_event = (c->next_event + 1) % STORE_EVENTS;
		c->nr_events--;
		*event_at(c, c->nr_events++) = e;
	}
	c->nr_owed -= w->owed;
	string_free(s, &w->path);
	string_free(s, &w->token);
	*w = (struct store_watch){.used = false};
}

int watch_remove(struct store *s, struct store_client *c, const char *path,
		 size_t length, const char *token, size_t token_length)
{
	struct store_watch *w = find(s, c, path, length, token, token_length);

	if (w == NULL) {
		return -XEN_ENOENT;
	}
	drop(s, c, w);
	return 0;
}

void watch_remove_all(struct store *s, struct store_client *c)
{
	for (unsigned int i = 0; i < STORE_WATCHES; i++) {
		if (c->watch[i].used) {
			drop(s, c, &c->watch[i]);
		}
	}
}

/* The root is "/"; a relative watch's path goes on from the client's home. */
static void put_event(struct store *s, struct store_client *c,
		      const struct store_watch *w,
		      const struct store_string *path)
{
	const size_t skip = w->relative ? c->home_length + 1u : 0;
	const size_t length = path->length == 0 ? 1 : path->length - skip;
	uint32_t at;

	/* One that is too long for a message is not told, as in xenstored. */
	if (length + w->token.length + 2 > STORE_PAYLOAD) {
		return;
	}
	at = message_begin(c, XS_WATCH_EVENT, NULL);
	s->event[0] = '/';
	string_copy(s, path, s->event);
	message_put(c, s->event + skip, length);
	message_put(c, "", 1);
	string_copy(s, &w->token, s->scratch);
	message_put(c, s->scratch, w->token.length);
	message_put(c, "", 1);
	message_finish(c, at);
}

bool watch_tell(struct store *s, struct store_client *c)
{
	unsigned int i = 0;

	if (c->nr_events != 0) {
		const struct store_event *e = event_at(c, 0);

		put_event(s, c, &c->watch[e->watch], &e->path);
		pop_event(s, c);
		return true;
	}
	if (c->nr_owed == 0) {
		return false;
	}
	while (!c->watch[i].owed) {
		i++;
	}
	c->watch[i].owed = false;
	c->nr_owed--;
	put_event(s, c, &c->watch[i], &c->watch[i].path);
	return true;
}
