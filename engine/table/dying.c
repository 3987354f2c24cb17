/* SPDX-License-Identifier: MIT */
/*
 * Taking tables down. When a table loses its last type reference it is not
 * taken apart on the spot but put into the domain's queue, which keeps one
 * type and one general reference on it; mmu_settle() works the queue off, one
 * entry at a time, and children that lose their last reference queue up in
 * turn. So there is no recursion (XSA-240, XSA-290), any amount of work can be
 * interrupted after any entry (I10), and in between every reference still has
 * exactly one holder (I6).
 */
#include "engine/table/dying.h"

#include "engine/table/ahead.h"
#include "engine/table/refs.h"
#include "engine/table/level.h"
#include "engine/port.h"
#include "engine/table/validate.h"

static void enqueue(struct mmu_domain *d, mfn_t table)
{
	struct frame *fr = frame_of(d->m, table);

	fr->flags &= (uint8_t) ~(FRAME_VALIDATED | FRAME_PARTIAL);
	fr->flags |= FRAME_DYING;
	fr->type_count = d->dying_head; /* the link; the count is 1 */
	d->dying_head = (uint32_t)table.v;
}

void dying_add(struct mmu_domain *d, mfn_t table)
{
	frame_of(d->m, table)->count++;
	enqueue(d, table);
}

void dying_abandon(struct mmu_domain *d, mfn_t table)
{
	enqueue(d, table);
}

static void dequeue_head(struct mmu_domain *d)
{
	mfn_t table = mfn(d->dying_head);
	struct frame *fr = frame_of(d->m, table);

	d->dying_head = fr->type_count;
	fr->type_count = 0;
	fr->epoch = d->epoch - !frame_was_walked(fr, d->epoch);
	fr->flags &= (uint8_t) ~(FRAME_DYING | FRAME_WALKED);
	stats_untyped(d, fr->type);
	event_frame(d, MMU_EVENT_UNTYPED, table, fr->type);
	frame_put(d, table);
}

/* The L1's own loop: its entries never queue anything. */
static bool l1_entries_put(struct mmu_domain *d, mfn_t table)
{
	struct frame *fr = frame_of(d->m, table);
	pte_t *entries = frame_ptes(d->m, table);
	unsigned int left = fr->table.nr_validated;
	unsigned int groups = 0;

	while (left > 0) {
		pte_t e;

		if (left % PTE_GROUP == 0) {
			if (pte_group_absent(&entries[left - PTE_GROUP])) {
				left -= PTE_GROUP;
				continue;
			}
			if (unlikely((++groups & 7) == 0) && port_preempt(d)) {
				break;
			}
			if (left >= 2 * PTE_GROUP) {
				ahead_group(d->m,
					    &entries[left - 2 * PTE_GROUP]);
			}
		}
		e = pte_read(&entries[--left]);
		if (pte_present(e)) {
			l1e_put(d, e);
		}
	}
	fr->table.nr_validated = left & 1023;
	return left == 0;
}

/*
 * Entries [0, nr_validated) of a queued table, from the last to the first. A
 * child may be queued on the way, in front of the table; nothing is lost, as
 * the table's progress is in its record.
 */
static bool entries_put(struct mmu_domain *d, mfn_t table)
{
	struct frame *fr = frame_of(d->m, table);
	pte_t *entries = frame_ptes(d->m, table);
	unsigned int level = frame_level(fr->type);
	unsigned int left = fr->table.nr_validated;

	while (left > 0) {
		pte_t e;

		if (left % PTE_GROUP == 0 &&
		    pte_group_absent(&entries[left - PTE_GROUP])) {
			left -= PTE_GROUP;
			continue;
		}
		e = pte_read(&entries[--left]);
		if (!pte_present(e) || is_xen_slot(d->width, fr->type, left)) {
			continue;
		}
		fr->table.nr_validated = left & 1023;
		upper_put(d, table, level, e, frame_was_walked(fr, d->epoch));
		if (d->dying_head != table.v || port_preempt(d)) {
			return false; /* the child first, or a pause */
		}
	}
	fr->table.nr_validated = 0;
	return true;
}

int mmu_settle(struct mmu_domain *d)
{
	while (d->dying_head != 0) {
		mfn_t table = mfn(d->dying_head);

		bool done = frame_of(d->m, table)->type == FRAME_L1
				    ? l1_entries_put(d, table)
				    : entries_put(d, table);

		if (done) {
			dequeue_head(d);
		} else if (port_preempt(d)) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}
