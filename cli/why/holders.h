/* SPDX-License-Identifier: MIT */
/* Who holds a frame: every entry that names it, and what else does. */
#ifndef PW_CLI_WHY_HOLDERS_H
#define PW_CLI_WHY_HOLDERS_H

#include "abi/text.h"
#include "cli/why/machine.h"

#define HOLDERS_KEPT 8

struct holder {
	uint64_t table; /* mfn */
	unsigned int slot;
	unsigned int level; /* of the table */
	pte_t entry;
	bool other;    /* the table is another domain's */
	bool hooked;   /* some table or a root leads to it: */
	uint64_t root; /* mfn of the L4, if one does */
	bool reached;  /* by the address */
	uint64_t va;
};

struct holders {
	unsigned int nr;    /* in list[] */
	uint64_t writable;  /* entries that map it with RW */
	uint64_t read_only; /* without */
	uint64_t upper;     /* that refer to it as a table */
	bool pinned;
	bool given_back; /* the domain's reservation does not hold it */
	/* The mfn of the pfn of that number, 0: there is none. */
	uint64_t as_pfn;
	bool foreign;    /* the domain has no such frame */
	bool pfn_is_set; /* that frame is mapped, and nowhere writable */
	struct holder list[HOLDERS_KEPT]; /* writable ones first */
};

/* Looks through all tables, of this domain and of others. */
void holders_find(const struct why_machine *m, uint64_t mfn,
		  struct holders *ret);
/*
 * "  held by ...", how many of which kind, and so many uses beside; one
 * holder's line. h may be NULL: entries were not looked for.
 */
void holders_tell_count(struct text *t, const struct holders *h, uint64_t uses);
void holder_tell(struct text *t, const struct holder *h);
/* "and N more", if there are. */
void holders_tell_more(struct text *t, const struct holders *h);

#endif
