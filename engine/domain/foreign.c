/* SPDX-License-Identifier: MIT */
/*
 * Frames of other domains, mapped with their owner's leave. The references on
 * such a frame belong to a record of the domain that maps it, one for each
 * frame and kind of mapping; its entries hold none of their own and only
 * count in the record. So an entry can go in whatever way entries go, with the
 * lock of its own domain alone, and the owner's counts are touched under the
 * owner's lock alone (I3, I6).
 *
 * When the last entry of a record goes, the domain owes a flush and the
 * references, in that order: until both are paid the frame stays what it is
 * (I9). Nobody holds two domains' locks at once.
 *
 * The leave is a grant's, for one frame, or a right over a whole domain, which
 * the hypervisor gives (mmu_may_map()). It stands with the one that has it, by
 * the other's place in the machine's table, and goes with that place.
 */
#include "engine/domain/foreign.h"

#include "engine/table/flush.h"
#include "engine/table/refs.h"

int foreign_hold(struct mmu_domain *owner, mfn_t f, bool writable)
{
	/* One that is lent goes back to the hypervisor without being asked. */
	if (mmu_owns(owner, f) &&
	    (frame_of(owner->m, f)->flags & FRAME_SHARED) != 0) {
		return refuse_frame(owner, RULE_LENT, f);
	}
	return writable ? frame_get_both(owner, f, FRAME_WRITABLE)
			: frame_get(owner, f);
}

void foreign_release(struct mmu_domain *owner, mfn_t f, bool writable)
{
	if (writable) {
		frame_put_type(owner, f);
	}
	frame_put(owner, f);
}

static struct mmu_foreign *record_of(struct mmu_domain *d, mfn_t f,
				     bool writable)
{
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		struct mmu_foreign *r = &d->foreign[i];

		if (r->owner != NULL && mfn_eq(r->frame, f) &&
		    r->writable == writable) {
			return r;
		}
	}
	return NULL;
}

static struct mmu_foreign *free_record(struct mmu_domain *d)
{
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		if (d->foreign[i].owner == NULL) {
			return &d->foreign[i];
		}
	}
	return NULL;
}

int foreign_map(struct mmu_domain *d, struct mmu_domain *owner, mfn_t f,
		bool writable, bool *ret_kept)
{
	struct mmu_foreign *r = record_of(d, f, writable);

	*ret_kept = r == NULL;
	if (r == NULL) {
		r = free_record(d);
		if (r == NULL) {
			return -XEN_ENOSPC;
		}
		*r = (struct mmu_foreign){.frame = f,
					  .owner = owner,
					  .writable = writable};
	}
	/* Wrapped, it would say that no entry is left. */
	if (r->entries == UINT32_MAX) {
		return -XEN_ENOSPC;
	}
	r->entries++;
	return 0;
}

void foreign_unmap(struct mmu_domain *d, mfn_t f, bool writable)
{
	struct mmu_foreign *r = record_of(d, f, writable);

	if (--r->entries == 0) {
		flush_owe(d, FLUSH_FOREIGN);
		d->foreign_owed = true;
	}
}

bool foreign_take_owed(struct mmu_domain *d, struct mmu_foreign *ret)
{
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		struct mmu_foreign *r = &d->foreign[i];

		if (r->owner != NULL && r->entries == 0) {
			*ret = *r;
			*r = (struct mmu_foreign){0};
			return true;
		}
	}
	d->foreign_owed = false;
	return false;
}

static bool may_map(const struct mmu_domain *d, unsigned int place)
{
	return (d->may_map >> place & 1) != 0;
}

struct mmu_domain *foreign_owner(const struct mmu_domain *d, uint16_t domid,
				 bool *ret_there)
{
	*ret_there = false;
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		struct mmu_domain *owner = d->m->domain[i];

		/* One that gives its frames back is there no more. */
		if (owner != NULL && owner != d && owner->domid == domid &&
		    owner->destroy_next == 0) {
			*ret_there = true;
			return may_map(d, i) ? owner : NULL;
		}
	}
	return NULL;
}

void mmu_may_map(struct mmu_domain *d, const struct mmu_domain *owner)
{
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		if (d->m->domain[i] == owner) {
			d->may_map |= UINT32_C(1) << i;
		}
	}
}

void foreign_forget(struct mmu *m, unsigned int place)
{
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		if (m->domain[i] != NULL) {
			m->domain[i]->may_map &= ~(UINT32_C(1) << place);
		}
	}
}
