/* SPDX-License-Identifier: MIT */
/*
 * Pages that a domain and the hypervisor both use. One that is lent is the
 * hypervisor's own, and one that is held is the domain's: each has a type
 * reference that says "writable" for as long as the other side may write it,
 * so neither can become a table meanwhile (I1, I2).
 */
#include "engine/domain/shared.h"

#include "engine/report/event.h"
#include "engine/table/flush.h"
#include "engine/table/refs.h"

void mmu_share(struct mmu_domain *d, mfn_t frame, bool writable)
{
	*frame_of(d->m, frame) = (struct frame){
		.count = 1,
		.type_count = 1,
		.owner = d->tag,
		.type = writable ? FRAME_WRITABLE : FRAME_NONE,
		.flags = FRAME_SHARED | FRAME_VALIDATED,
	};
	m2p_set(d->m, frame, INVALID_FRAME);
	event_frame(d, MMU_EVENT_LENT, frame,
		    writable ? FRAME_WRITABLE : FRAME_NONE);
	if (writable) {
		stats_typed(d, FRAME_WRITABLE);
	}
}

static void take_back(struct mmu_domain *d, mfn_t frame)
{
	struct frame *fr = frame_of(d->m, frame);

	if (fr->type == FRAME_WRITABLE) {
		stats_untyped(d, FRAME_WRITABLE);
	}
	*fr = (struct frame){.owner = OWNER_XEN};
}

int shared_unshare(struct mmu_domain *d, mfn_t first, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (frame_of(d->m, mfn_add(first, i))->count != 1) {
			return -XEN_EBUSY;
		}
	}
	for (uint64_t i = 0; i < nr; i++) {
		take_back(d, mfn_add(first, i));
	}
	mmu_flush_all(d, FLUSH_FREED);
	return 0;
}

int shared_hold(struct mmu_domain *d, mfn_t f)
{
	int rc;

	if (d->nr_held == MMU_MAX_HELD) {
		return -XEN_ENOSPC;
	}
	rc = frame_get_both(d, f, FRAME_WRITABLE);
	if (rc == 0) {
		d->held[d->nr_held++] = f;
	}
	return rc;
}

void shared_drop_held(struct mmu_domain *d)
{
	while (d->nr_held != 0) {
		frame_put_both(d, d->held[--d->nr_held]);
	}
}

void shared_take_back(struct mmu_domain *d, mfn_t frame)
{
	if ((frame_of(d->m, frame)->flags & FRAME_SHARED) != 0) {
		take_back(d, frame);
	}
}
