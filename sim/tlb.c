/* SPDX-License-Identifier: MIT */
/*
 * Entries stand densely in an array, so that a random victim is one number
 * and a check of the whole TLB one loop; they are found by hash chains and
 * ordered by use in a doubly linked list. Removing an entry moves the last
 * one into its place.
 */
#include "sim/tlb.h"

#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"

#define NONE UINT32_MAX
#define FIRST_ROOM 64
/* Page sizes of the three modes: 4 KiB, 2 MiB, 4 MiB, 1 GiB. */
static const unsigned int shifts[TLB_NR_SHIFTS] = {12, 21, 22, 30};

static unsigned int size_class(unsigned int shift)
{
	unsigned int i = 0;

	while (shifts[i] != shift) {
		i++;
	}
	return i;
}

static uint32_t *bucket_of(struct tlb *t, vaddr_t va, unsigned int shift)
{
	uint64_t h = (va.v >> shift) * UINT64_C(0x9e3779b97f4a7c15) + shift;

	return &t->bucket[(h >> 32) & (t->nr_buckets - 1)];
}

static void chain_all(struct tlb *t)
{
	memset(t->bucket, 0xff, t->nr_buckets * sizeof(*t->bucket));
	for (uint32_t i = 0; i < t->nr; i++) {
		uint32_t *head =
			bucket_of(t, t->entry[i].va, t->entry[i].to.shift);

		t->entry[i].chain = *head;
		*head = i;
	}
}

static int make_room(struct tlb *t, uint32_t room)
{
	struct tlb_entry *entry = realloc(t->entry, room * sizeof(*entry));
	uint32_t *bucket;

	if (entry == NULL) {
		return -XEN_ENOMEM;
	}
	t->entry = entry;
	/* A power of two, at least twice the room. */
	while (t->nr_buckets < 2 * room) {
		t->nr_buckets *= 2;
	}
	bucket = realloc(t->bucket, t->nr_buckets * sizeof(*bucket));
	if (bucket == NULL) {
		return -XEN_ENOMEM;
	}
	t->bucket = bucket;
	t->room = room;
	chain_all(t);
	return 0;
}

int tlb_init(struct tlb *t, struct tlb_config config, uint64_t seed)
{
	*t = (struct tlb){
		.config = config,
		.random = sim_random_seed(seed),
		.nr_buckets = 1,
		.newest = NONE,
		.oldest = NONE,
	};
	memcpy(t->shift, shifts, sizeof(shifts));
	if (config.keep == TLB_KEEP_NOTHING) {
		t->config.size = 0;
		return 0;
	}
	if (config.keep == TLB_KEEP_ALL) {
		return make_room(t, FIRST_ROOM);
	}
	t->config.size = config.size == 0 ? 1 : config.size;
	return make_room(t, t->config.size);
}

void tlb_fini(struct tlb *t)
{
	free(t->entry);
	free(t->bucket);
	*t = (struct tlb){0};
}

static void order_remove(struct tlb *t, uint32_t i)
{
	struct tlb_entry *e = &t->entry[i];

	if (e->newer != NONE) {
		t->entry[e->newer].older = e->older;
	} else {
		t->newest = e->older;
	}
	if (e->older != NONE) {
		t->entry[e->older].newer = e->newer;
	} else {
		t->oldest = e->newer;
	}
}

static void order_add(struct tlb *t, uint32_t i)
{
	struct tlb_entry *e = &t->entry[i];

	e->newer = NONE;
	e->older = t->newest;
	if (t->newest != NONE) {
		t->entry[t->newest].newer = i;
	} else {
		t->oldest = i;
	}
	t->newest = i;
}

/* The place that holds the number of entry i in its chain. */
static uint32_t *chain_link(struct tlb *t, uint32_t i)
{
	uint32_t *link = bucket_of(t, t->entry[i].va, t->entry[i].to.shift);

	while (*link != i) {
		link = &t->entry[*link].chain;
	}
	return link;
}

static void drop(struct tlb *t, uint32_t i)
{
	uint32_t last = t->nr - 1;
	struct tlb_entry *e = &t->entry[i];

	*chain_link(t, i) = e->chain;
	order_remove(t, i);
	t->nr_of_shift[size_class(e->to.shift)]--;
	if (i != last) {
		*chain_link(t, last) = i;
		*e = t->entry[last];
		if (e->newer != NONE) {
			t->entry[e->newer].older = i;
		} else {
			t->newest = i;
		}
		if (e->older != NONE) {
			t->entry[e->older].newer = i;
		} else {
			t->oldest = i;
		}
	}
	t->nr--;
}

static bool is_of(const struct tlb_entry *e, vaddr_t va, unsigned int shift)
{
	return e->to.shift == shift && e->va.v >> shift == va.v >> shift;
}

static bool is_global(const struct tlb_entry *e)
{
	return (e->to.flags & PTE_G) != 0;
}

/* The one that is used, from a place in the chain on. */
static uint32_t find_from(const struct tlb *t, uint32_t i, vaddr_t va,
			  unsigned int shift)
{
	while (i != NONE &&
	       (!is_of(&t->entry[i], va, shift) ||
		(t->entry[i].tag != t->tag && !is_global(&t->entry[i])))) {
		i = t->entry[i].chain;
	}
	return i;
}

static uint32_t find_sized(struct tlb *t, vaddr_t va, unsigned int shift)
{
	return find_from(t, *bucket_of(t, va, shift), va, shift);
}

struct tlb_entry *tlb_find(struct tlb *t, vaddr_t va)
{
	for (unsigned int c = 0; c < TLB_NR_SHIFTS && t->nr > 0; c++) {
		uint32_t i;

		if (t->nr_of_shift[c] == 0) {
			continue;
		}
		i = find_sized(t, va, t->shift[c]);
		if (i != NONE) {
			if (i != t->newest) {
				order_remove(t, i);
				order_add(t, i);
			}
			t->hits++;
			return &t->entry[i];
		}
	}
	t->misses++;
	return NULL;
}

static void evict(struct tlb *t)
{
	uint32_t victim =
		t->config.keep == TLB_KEEP_LRU
			? t->oldest
			: (uint32_t)sim_random_below(&t->random, t->nr);

	drop(t, victim);
	t->evicted++;
}

int tlb_insert(struct tlb *t, vaddr_t va, const struct translation *to)
{
	uint32_t i;

	if (t->config.keep == TLB_KEEP_NOTHING) {
		return 0;
	}
	i = find_sized(t, va, to->shift);
	if (i != NONE) {
		t->entry[i].to = *to;
		t->entry[i].tag = t->tag;
		return 0;
	}
	if (t->nr == t->room) {
		if (t->config.keep != TLB_KEEP_ALL) {
			evict(t);
		} else if (make_room(t, 2 * t->room) != 0) {
			return -XEN_ENOMEM;
		}
	}
	i = t->nr++;
	t->entry[i] = (struct tlb_entry){
		.va = vaddr(va.v & ~((UINT64_C(1) << to->shift) - 1)),
		.to = *to,
		.tag = t->tag,
	};
	t->entry[i].chain = *bucket_of(t, va, to->shift);
	*bucket_of(t, va, to->shift) = i;
	order_add(t, i);
	t->nr_of_shift[size_class(to->shift)]++;
	return 0;
}

void tlb_flush_page(struct tlb *t, vaddr_t va)
{
	for (unsigned int c = 0; c < TLB_NR_SHIFTS; c++) {
		uint32_t i;

		/* One with the tag, and one that is global, perhaps. */
		while (t->nr_of_shift[c] != 0 &&
		       (i = find_sized(t, va, t->shift[c])) != NONE) {
			drop(t, i);
		}
	}
}

void tlb_flush_page_of(struct tlb *t, vaddr_t va, uint32_t tag)
{
	for (uint32_t i = t->nr; i-- > 0;) {
		const struct tlb_entry *e = &t->entry[i];

		if (e->tag == tag && is_of(e, va, e->to.shift) &&
		    !is_global(e)) {
			drop(t, i);
		}
	}
}

void tlb_flush(struct tlb *t, bool all)
{
	for (uint32_t i = t->nr; i-- > 0;) {
		if (all ||
		    (t->entry[i].tag == t->tag && !is_global(&t->entry[i]))) {
			drop(t, i);
		}
	}
}
