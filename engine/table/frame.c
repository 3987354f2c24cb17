/* SPDX-License-Identifier: MIT */
/*
 * References on frames, and the one place where a frame changes its type.
 *
 * I1 holds because a type is changed only in frame_retype(), and there only
 * with a type count of zero. I9 holds because the same function pays the flush
 * first, whenever the frame lost its last reference of another type in the
 * epoch that still runs: since then no full flush has happened, so some CPU
 * may hold a translation that came with the old type. A table that no CPU can
 * have walked since then says otherwise (flush.c).
 */
#include "engine/table/refs.h"

#include "engine/domain/descriptor.h"
#include "engine/table/dying.h"
#include "engine/table/flush.h"
#include "engine/domain/pool.h"
#include "engine/port.h"
#include "engine/table/validate.h"

int frame_get(struct mmu_domain *d, mfn_t f)
{
	struct frame *fr;

	if (!mfn_valid(d->m, f)) {
		return refuse_frame(d, RULE_NO_SUCH_FRAME, f);
	}
	fr = frame_of(d->m, f);
	if (fr->owner != d->tag) {
		return refuse_frame(d, RULE_NOT_OWNED, f);
	}
	if (fr->count >= FRAME_COUNT_LIMIT) {
		return refuse_frame(d, RULE_COUNT_OVERFLOW, f);
	}
	fr->count++;
	return 0;
}

void frame_put(struct mmu_domain *d, mfn_t f)
{
	struct frame *fr = frame_of(d->m, f);

	fr->count--;
	if (fr->count == 0) {
		pool_free(d, f);
	}
}

static int refuse_type(struct mmu_domain *d, mfn_t f, enum frame_type type)
{
	/* Xen's errno for a writable mapping of a table differs. */
	enum rule rule =
		type == FRAME_WRITABLE ? RULE_NOT_WRITABLE : RULE_BAD_TYPE;

	return refuse(d, rule,
		      (struct refusal_facts){.frame = &f, .expected = type});
}

/*
 * From "no type reference" to one of `type`. On failure the frame holds none,
 * or stands in the dying queue with what it had taken.
 */
static int frame_retype(struct mmu_domain *d, mfn_t f, enum frame_type type)
{
	struct frame *fr = frame_of(d->m, f);

	if (fr->type != type) {
		if (fr->type != FRAME_NONE && fr->epoch == d->epoch) {
			mmu_flush_all(d, FLUSH_RETYPED);
		}
		fr->type = (uint8_t)type;
		fr->flags &= (uint8_t)~FRAME_VALIDATED;
	} else if (frame_is_table(type) && fr->epoch == d->epoch) {
		frame_note_walked(fr, d->epoch); /* in its life before */
	}
	fr->type_count = 1;
	stats_typed(d, type);
	if (frame_is_table(type)) {
		fr->table.nr_validated = 0;
		fr->table.linear = 0;
		event_frame(d, MMU_EVENT_TYPED, f, type);
		return table_validate(d, f);
	}
	if (type == FRAME_DESC && (fr->flags & FRAME_VALIDATED) == 0) {
		int rc;

		event_frame(d, MMU_EVENT_JUDGED, f, type);
		rc = desc_validate(d, f);

		if (rc != 0) {
			fr->type_count = 0;
			fr->epoch = d->epoch;
			stats_untyped(d, type);
			return rc;
		}
	}
	fr->flags |= FRAME_VALIDATED;
	return 0;
}

int frame_get_type_slow(struct mmu_domain *d, mfn_t f, enum frame_type type)
{
	struct frame *fr = frame_of(d->m, f);

	if (fr->flags & FRAME_DYING) {
		return -XEN_ERESTART; /* settle first, then ask again */
	}
	if (fr->flags & FRAME_PARTIAL) {
		if (fr->type != type) {
			dying_abandon(d, f);
			return -XEN_ERESTART;
		}
		return table_resume(d, f);
	}
	if (fr->type_count == 0) {
		return frame_retype(d, f, type);
	}
	if (fr->type != type || (fr->flags & FRAME_VALIDATED) == 0) {
		return refuse_type(d, f, type);
	}
	if (fr->type_count >= FRAME_COUNT_LIMIT) {
		return refuse_frame(d, RULE_TYPE_OVERFLOW, f);
	}
	fr->type_count++;
	return 0;
}

int frame_get_type(struct mmu_domain *d, mfn_t f, enum frame_type type)
{
	return frame_get_type_fast(d, f, type);
}

void frame_put_table_unwalked(struct mmu_domain *d, mfn_t f)
{
	struct frame *fr = frame_of(d->m, f);

	if (fr->type_count > 1) {
		fr->type_count--;
	} else {
		dying_add(d, f);
	}
}

void frame_put_type(struct mmu_domain *d, mfn_t f)
{
	struct frame *fr = frame_of(d->m, f);

	if (frame_is_table(fr->type)) {
		frame_note_walked(fr, d->epoch);
		frame_put_table_unwalked(d, f);
		return;
	}
	if (fr->type_count > 1) {
		fr->type_count--;
		return;
	}
	fr->type_count = 0;
	fr->epoch = d->epoch;
	stats_untyped(d, fr->type);
}

int frame_get_both(struct mmu_domain *d, mfn_t f, enum frame_type type)
{
	int rc = frame_get(d, f);

	if (rc != 0) {
		return rc;
	}
	rc = frame_get_type_fast(d, f, type);
	if (rc != 0) {
		frame_put(d, f);
	}
	return rc;
}

void frame_put_both(struct mmu_domain *d, mfn_t f)
{
	frame_put_type(d, f);
	frame_put(d, f);
}

void frame_put_both_unwalked(struct mmu_domain *d, mfn_t f)
{
	frame_put_table_unwalked(d, f);
	frame_put(d, f);
}
