/* SPDX-License-Identifier: MIT */
/*
 * The page walk of an x86 CPU (SDM 3A, chapter 4): 2-level tables of 32-bit
 * entries, PAE, and 4-level. The three differ in a const table, not in code.
 */
#ifndef PW_SIM_WALK_H
#define PW_SIM_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"

enum paging_mode {
	PAGING_2LEVEL,
	PAGING_PAE,
	PAGING_4LEVEL,
	PAGING_MODES,
};

extern const char *const paging_mode_name[PAGING_MODES];

/* What the CPU has and has switched on. */
struct paging {
	enum paging_mode mode;
	bool pse;  /* CR4.PSE: 4 MiB pages of 2-level tables */
	bool huge; /* 1 GiB pages */
	bool pge;  /* CR4.PGE: global pages stay when CR3 is written */
	bool nx;   /* EFER.NX */
	bool wp;   /* CR0.WP: the supervisor obeys RW too */
	/* PAE: what MOV to CR3 has read; entries are used from here alone. */
	uint64_t pdpte[4];
};

/* Physical memory: what is beyond reads as ones, and takes no writes. */
struct walk_ram {
	uint8_t *at;
	uint64_t bytes;
};

struct access {
	bool write;
	bool user;
	bool fetch;
};

/* Error code of a page fault. */
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_RESERVED 8u
#define PF_FETCH 16u

/* One level of a walk, as the walk has read it. */
struct walk_step {
	unsigned int index;
	uint64_t entry;
	maddr_t at;
};

/* A translation: rights are those of all levels together. */
struct translation {
	maddr_t page;       /* of the page's first byte */
	unsigned int shift; /* of the page's size */
	uint64_t flags; /* PTE_RW, PTE_US, PTE_NX; the leaf's PTE_G, PTE_D */
};

struct walk {
	unsigned int top;         /* level that it began at */
	unsigned int end;         /* level of the last entry read */
	struct walk_step step[5]; /* [end] to [top]; others: anything */
	bool mapped;
	bool reserved;         /* ended at an entry with a reserved bit set */
	struct translation to; /* if mapped */
};

/* The level that a walk begins at: 2, 3 or 4. */
unsigned int walk_levels(enum paging_mode mode);
/* Shift of the address bits that index a table of a level. */
unsigned int walk_shift(enum paging_mode mode, unsigned int level);

/* Reads the tables; changes nothing. */
void walk_tables(const struct walk_ram *ram, const struct paging *p,
		 maddr_t root, vaddr_t va, struct walk *ret);
/* May the access go through? 0, or the error code of its page fault. */
uint32_t walk_check(const struct paging *p, uint64_t flags,
		    struct access access);
/* The error code for a walk that found no translation. */
uint32_t walk_failed(const struct paging *p, const struct walk *w,
		     struct access access);
/* Sets A in each entry used, and D in the leaf of a write. */
void walk_mark(const struct walk_ram *ram, const struct paging *p,
	       struct walk *w, bool write);

/* MOV to CR3 in PAE mode; false: a reserved bit, the instruction faults. */
bool walk_load_pdptes(const struct walk_ram *ram, struct paging *p,
		      maddr_t root);

/* Is the address one that the mode can translate at all? */
bool walk_address_valid(enum paging_mode mode, vaddr_t va);

#endif
