/* SPDX-License-Identifier: MIT */
/*
 * The TLB: translations that the CPU goes on using whatever the tables have
 * come to say, until they are flushed or evicted. How long one is kept is a
 * setting, because on real CPUs it is anybody's guess.
 *
 * Each has the tag that it was found with (a process-context identifier; always
 * the same where the CPU has none) and is used with that, or with any if it is
 * global.
 */
#ifndef PW_SIM_TLB_H
#define PW_SIM_TLB_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "sim/random.h"
#include "sim/walk.h"

enum tlb_keep {
	TLB_KEEP_NOTHING, /* each translation is used once */
	TLB_KEEP_LRU,     /* the least recently used of `size` goes */
	TLB_KEEP_RANDOM,  /* any of `size` goes, by seed */
	TLB_KEEP_ALL,     /* nothing goes unless it is flushed */
};

struct tlb_config {
	enum tlb_keep keep;
	unsigned int size; /* LRU and random: at least 1 */
};

struct tlb_entry {
	vaddr_t va; /* of the page's first byte */
	struct translation to;
	uint32_t tag;
	uint32_t chain; /* next of the same bucket */
	uint32_t newer; /* LRU order */
	uint32_t older;
};

#define TLB_NR_SHIFTS 4

struct tlb {
	struct tlb_config config;
	struct sim_random random;
	uint32_t tag;            /* what CR3 says */
	struct tlb_entry *entry; /* [0, nr) are in use */
	uint32_t nr;
	uint32_t room;
	uint32_t *bucket; /* heads of chains */
	uint32_t nr_buckets;
	uint32_t newest;
	uint32_t oldest;
	/* Entries of each page size, so that no size is looked up in vain. */
	unsigned int shift[TLB_NR_SHIFTS];
	uint32_t nr_of_shift[TLB_NR_SHIFTS];
	uint64_t hits;
	uint64_t misses;
	uint64_t evicted;
};

/* 0, or -XEN_ENOMEM. */
int tlb_init(struct tlb *t, struct tlb_config config, uint64_t seed);
void tlb_fini(struct tlb *t);

/* The entry that translates an address, or NULL. Good until the next call. */
struct tlb_entry *tlb_find(struct tlb *t, vaddr_t va);
/* Takes a translation in; -XEN_ENOMEM only for TLB_KEEP_ALL. */
int tlb_insert(struct tlb *t, vaddr_t va, const struct translation *to);
/* Every entry of an address that could be used, global or not. */
void tlb_flush_page(struct tlb *t, vaddr_t va);
/* Those of an address with a tag that are not global. */
void tlb_flush_page_of(struct tlb *t, vaddr_t va, uint32_t tag);
/* What MOV to CR3 drops of its tag; all: of all tags, global entries too. */
void tlb_flush(struct tlb *t, bool all);

#endif
