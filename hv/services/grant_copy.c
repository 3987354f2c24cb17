/* SPDX-License-Identifier: MIT */
/*
 * Copies: from a frame of the caller's own or one granted to it, to another
 * such. Both are held while it lasts, the grants marked and the frames kept
 * from becoming tables, and let go in the reverse order; what a grant allows
 * of its page is judged on the record of the grant, not on its entry.
 */
#include "hv/services/grant_copy.h"

#include "hv/domain/domain.h"
#include "hv/services/grant_entry.h"
#include "hv/vcpu/vcpu.h"

/* One end of a copy. */
struct end {
	struct domain *owner;
	bool by_grant;
	bool write;
	uint32_t ref;
	mfn_t frame;
	/* What may be copied of the page. */
	uint32_t offset;
	uint32_t length;
};

/* The field that is asked for: GNTST_okay, or why there is none. */
static int16_t find_owner(struct domain *d, domid_t domid, bool by_grant,
			  struct domain **ret)
{
	if (domid != DOMID_SELF && !by_grant) {
		return GNTST_permission_denied;
	}
	*ret = domain_of_id(d, domid);
	return *ret == NULL ? GNTST_bad_domain : GNTST_okay;
}

/* *ret_rc: -XEN_ERESTART, or 0. Not GNTST_okay: nothing is held. */
static int16_t hold_frame(struct end *e, int16_t refused, int *ret_rc)
{
	int rc;

	if (!mmu_owns(&e->owner->mmu, e->frame)) {
		return GNTST_bad_page;
	}
	rc = mmu_borrow(&e->owner->mmu, e->frame, e->write);
	*ret_rc = rc == -XEN_ERESTART ? rc : 0;
	return rc == 0 ? GNTST_okay : refused;
}

static int16_t hold(const struct domain *d, struct end *e, int *ret_rc)
{
	const struct grant_wish wish = {.by = d->mmu.domid,
					.write = e->write,
					.part = true};
	const struct grant_active *a;
	int16_t status;

	e->offset = 0;
	e->length = PAGE_SIZE;
	if (!e->by_grant) {
		return hold_frame(e, GNTST_general_error, ret_rc);
	}
	status = entry_acquire(e->owner, e->ref, &wish, &a);
	if (status != GNTST_okay) {
		return status;
	}
	e->frame = a->frame;
	e->offset = a->offset;
	e->length = a->length;
	status = hold_frame(e, GNTST_general_error, ret_rc);
	if (status != GNTST_okay) {
		entry_release(e->owner, e->ref, e->write);
	}
	return status;
}

static void let_go(const struct end *e)
{
	mmu_give_back(&e->owner->mmu, e->frame, e->write);
	if (e->by_grant) {
		entry_release(e->owner, e->ref, e->write);
	}
}

static bool within(const struct end *e, uint32_t offset, uint32_t length)
{
	return offset >= e->offset && offset + length <= e->offset + e->length;
}

static int16_t copy(const struct domain *d, const gnttab_copy_t *op,
		    const struct end *from, const struct end *to)
{
	const uint32_t at = op->source.offset;
	const uint32_t go = op->dest.offset;

	if (at + op->len > PAGE_SIZE || go + op->len > PAGE_SIZE) {
		return GNTST_bad_copy_arg;
	}
	if (!within(from, at, op->len) || !within(to, go, op->len)) {
		return GNTST_general_error;
	}
	__builtin_memmove((uint8_t *)frame_data(d->mmu.m, to->frame) + go,
			  (uint8_t *)frame_data(d->mmu.m, from->frame) + at,
			  op->len);
	return GNTST_okay;
}

int copy_grant(struct vcpu *v, gnttab_copy_t *op)
{
	struct domain *d = v->domain;
	struct end from = {
		.by_grant = (op->flags & GNTCOPY_source_gref) != 0,
		.ref = op->source.u.ref,
		.frame = mfn(op->source.u.gmfn),
	};
	struct end to = {
		.by_grant = (op->flags & GNTCOPY_dest_gref) != 0,
		.write = true,
		.ref = op->dest.u.ref,
		.frame = mfn(op->dest.u.gmfn),
	};
	int rc = 0;

	op->status =
		find_owner(d, op->source.domid, from.by_grant, &from.owner);
	if (op->status == GNTST_okay) {
		op->status =
			find_owner(d, op->dest.domid, to.by_grant, &to.owner);
	}
	if (op->status == GNTST_okay) {
		op->status = hold(d, &from, &rc);
	}
	if (op->status != GNTST_okay) {
		return rc;
	}
	op->status = hold(d, &to, &rc);
	if (op->status == GNTST_okay) {
		op->status = copy(d, op, &from, &to);
		let_go(&to);
	}
	let_go(&from);
	return rc;
}
