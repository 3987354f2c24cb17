/* SPDX-License-Identifier: MIT */
/* What a frame's record means to a state. */
#ifndef PW_TESTS_EXPLORE_STATE_RECORD_H
#define PW_TESTS_EXPLORE_STATE_RECORD_H

#include "engine/table/refs.h"
#include "tests/explore/world.h"

/* How many of a list a state has room for. */
#define FOREIGN_KEPT 3
#define HELD_KEPT 2
#define GDT_KEPT 2

/* Epochs: as counts of a table, with which they share their room, both would
 * be wrong.
 */
#define EPOCH_NOW 0x00030005u
#define EPOCH_PAST 0x00020007u

static inline bool is_listed(const struct frame *fr)
{
	return fr->owner == OWNER_FREED || fr->owner == OWNER_FREE;
}

/* Tables in use have two counts where others have an epoch. */
static inline bool has_progress(const struct frame *fr)
{
	return !is_listed(fr) && frame_is_table(fr->type) &&
	       frame_type_refs(fr) > 0;
}

/* A table's note is of the epoch that runs; a listed frame has none. */
static inline bool was_walked(const struct world *w, const struct frame *fr)
{
	return has_progress(fr) && fr->owner >= 1 && fr->owner <= NR_DOMS &&
	       frame_was_walked(fr, w->dom[fr->owner - 1].epoch);
}

static inline bool epoch_runs(const struct world *w, const struct frame *fr)
{
	return fr->owner >= 1 && fr->owner <= NR_DOMS &&
	       fr->epoch == w->dom[fr->owner - 1].epoch;
}

#endif
