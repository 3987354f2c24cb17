/* SPDX-License-Identifier: MIT */
/*
 * Pins: a pin is one type and one general reference that a domain holds by
 * name (I7). A frame is pinned at most once.
 */
#include "engine/domain/pin.h"

#include "engine/report/event.h"
#include "engine/table/refs.h"

int mmu_pin(struct mmu_domain *d, mfn_t f, enum frame_type type)
{
	struct frame *fr;
	int rc = frame_get_both(d, f, type);

	if (rc != 0) {
		return rc;
	}
	fr = frame_of(d->m, f);
	if (fr->flags & FRAME_PINNED) {
		rc = refuse_frame(d, RULE_ALREADY_PINNED, f);
		frame_put_both_unwalked(d, f);
		return rc;
	}
	fr->flags |= FRAME_PINNED;
	event_frame(d, MMU_EVENT_PINNED, f, type);
	return 0;
}

int mmu_unpin(struct mmu_domain *d, mfn_t f)
{
	int rc = frame_get(d, f);
	struct frame *fr;

	if (rc != 0) {
		return rc;
	}
	fr = frame_of(d->m, f);
	if ((fr->flags & FRAME_PINNED) == 0) {
		rc = refuse_frame(d, RULE_NOT_PINNED, f);
	} else {
		fr->flags &= (uint8_t)~FRAME_PINNED;
		event_frame(d, MMU_EVENT_UNPINNED, f, fr->type);
		frame_put_both_unwalked(d, f);
	}
	frame_put(d, f);
	return rc;
}
