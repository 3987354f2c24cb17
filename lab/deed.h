/* SPDX-License-Identifier: MIT */
/*
 * What several histories do: take a page for a table, pin it, give it back;
 * and where they map what the boot does not.
 */
#ifndef PW_LAB_DEED_H
#define PW_LAB_DEED_H

#include "lab/kernel.h"

/* A function that reports shall name: it is in the stack whoever compiles. */
#define LAB_NAMED __attribute__((noinline))

/* An address where nothing is mapped, with an L4 slot of its own. */
#define LAB_ALIAS UINT64_C(0xffffc90000000000)

/* What a mapping is to allow. */
enum lab_rights { LAB_READS, LAB_WRITES };

/* Of a page of the kernel's. */
uint64_t lab_page_flags(const struct guest *g, enum lab_rights rights);

/* A page of memory that is mapped read-only, to be a table. */
int lab_new_table(struct guest *g, pfn_t *ret);
/* Writable again, and free. */
int lab_free_table(struct guest *g, pfn_t table);
/* Pins it as a table of a level; and takes the pin away. */
int lab_pin(struct guest *g, unsigned int level, mfn_t table);
int lab_unpin(struct guest *g, mfn_t table);

/* Maps a page at LAB_ALIAS and what follows; and unmaps it. */
int lab_map_alias(struct guest *g, uint64_t page, pfn_t frame,
		  enum lab_rights rights);
int lab_unmap_alias(struct guest *g, uint64_t page);

/* The slot, of a table of a level, by which an address is reached. */
int lab_slot_of(struct guest *g, vaddr_t va, unsigned int level,
		struct guest_slot *ret);

#endif
