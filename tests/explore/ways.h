/* SPDX-License-Identifier: MIT */
/* What must be possible from every state; each spoils the machine. */
#ifndef PW_TESTS_EXPLORE_WAYS_H
#define PW_TESTS_EXPLORE_WAYS_H

#include "tests/explore/request.h"
#include "tests/explore/world.h"

/*
 * The request ends (I10), and how: told to stop (`always`) wherever it asks, or
 * never.
 */
enum outcome ways_end(struct world *w, const struct request *r, bool always);
/* The guests can give back all that they have, by requests of theirs. */
void ways_give_back(struct world *w);
/* The domains can die, told to stop (`always`) wherever they ask, or never. */
void ways_die(struct world *w, bool always);
/*
 * What operations left half-way is finished, or forgotten: a table that is
 * half-way up has no user but the progress itself, and any request for the
 * frame may end it.
 */
void ways_forget(struct world *w);

#endif
