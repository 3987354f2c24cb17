/* SPDX-License-Identifier: MIT */
/* What a request that was carried out must have done. */
#ifndef PW_TESTS_EXPLORE_CHECK_H
#define PW_TESTS_EXPLORE_CHECK_H

#include "tests/explore/request.h"

/* What stood there: the entry that an update is about. */
struct before {
	pte_t entry;
	bool settled;       /* nothing is going down */
	bool live;          /* in a table in use */
	unsigned int level; /* of that, if settled; or 0 */
	mfn_t root;         /* of the vCPU that asks */
	bool must_fail;
	/* The table that the address ends in, or 0xff, and its entry. */
	uint8_t last;
	pte_t behind;
	unsigned int nr_tables; /* in use */
};

void check_before(const struct world *w, const struct request *r,
		  struct before *ret);
/* Speak by world_fault(). Of what was done; */
void check_done(struct world *w, const struct request *r,
		const struct before *before);
/* of what was not; */
void check_refused(struct world *w);
/* and of all, those that stopped included. */
void check_asked(struct world *w, const struct request *r,
		 const struct before *before);

#endif
