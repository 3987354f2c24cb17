/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by chance. The kernel must live to the last of them, so it is
 * kept out of what chance can name: no value in the box is, in any reading,
 * a frame or an address of the kernel's own code, data or L1 tables.
 */
#ifndef PW_KERNELS_RANDOM_H
#define PW_KERNELS_RANDOM_H

#include "kernels/bad-hypercalls/bad.h"

/* A number below n. */
uint64_t chance(uint64_t n);
static inline bool one_in(uint64_t n)
{
	return chance(n) == 0;
}

/* --- random_box.c: what requests are made of ------------------------------ */

/* Frames that nothing uses at first. The first four make the window. */
#define BOX_FRAMES 40
#define WINDOW_FRAMES 4
/* Addresses in the lower half, mapped by nobody but chance. */
#define WINDOW UINT64_C(0x0000550000000000)
#define WINDOW_PAGES 48

void box_init(const struct bad *b);
/* Everything let go of, and the window's tables built again. */
void box_reset(void);
uint64_t box_l4(void);
/* A frame: mostly of the box, sometimes a table or of anybody else. */
uint64_t box_frame(void);
uint64_t box_pte(void);
/* The machine address of an entry that may be written. */
uint64_t box_entry(void);
uint64_t box_window(void);
/* An address that no request should use. */
uint64_t box_bad_pointer(void);
uint64_t box_domid(void);
uint64_t box_value(void);
/* Grant entries, as the grantor writes them. */
void box_grants(void);

/* --- random_lists.c: memory for lists and arguments ----------------------- */

#define LIST_ENTRIES 16

void lists_init(const struct bad *b);
/* Fills the pages of arguments with values. */
void args_fill(void);
/* An address in them with nr words that may be written first. */
uint64_t *args_words(unsigned int nr);
/* The same, or one that is bad. */
uint64_t args_pointer(void);
/*
 * Room for a list of nr entries that ends where a guard page begins, so that
 * a count that is too high ends in a fault. which: 0 to LIST_ENTRIES.
 */
void *list_room(unsigned int which, unsigned int nr, size_t size);
/* A count: mostly nr, else any. */
uint64_t list_count(unsigned int nr);

/* --- random_calls.c ------------------------------------------------------- */

struct random_call {
	unsigned int nr;
	uint64_t arg[5];
};

/* Never one that ends or replaces the kernel: see there. */
struct random_call random_draw(void);

#endif
