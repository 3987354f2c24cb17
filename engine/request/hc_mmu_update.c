/* SPDX-License-Identifier: MIT */
/* mmu_update, update_va_mapping (xen.h, "HYPERVISOR_mmu_update"). */
#include "engine/report/event.h"
#include "engine/table/ahead.h"
#include "engine/table/flush.h"
#include "engine/domain/foreign.h"
#include "engine/request/list.h"
#include "engine/request/others.h"
#include "engine/table/update.h"
#include "engine/table/walk.h"

static int machphys_update(struct mmu_domain *d, mfn_t f, uint64_t val)
{
	int rc = frame_get(d, f);

	if (rc != 0) {
		return rc;
	}
	m2p_set(d->m, f, val);
	frame_put(d, f);
	return 0;
}

static inline __attribute__((always_inline)) int one_update(struct mmu_vcpu *v,
							    const void *request)
{
	const struct mmu_update *req = request;
	struct mmu_domain *d = v->dom;
	maddr_t where = maddr(req->ptr & ~UINT64_C(7));

	switch (req->ptr & 7) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return mmu_update_entry(v, where, pte(req->val), false);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return mmu_update_entry(v, where, pte(req->val), true);
	case MMU_MACHPHYS_UPDATE:
		return machphys_update(d, maddr_to_mfn(where), req->val);
	default:
		return refuse_op(d, RULE_UPDATE_COMMAND);
	}
}

/* To every guest. */
static const struct form form_update = {.wide = sizeof(struct mmu_update)};

/* The same while somebody watches: tells what the entry was and became. */
static int one_watched(struct mmu_vcpu *v, const void *request)
{
	const struct mmu_update *req = request;
	struct mmu_domain *d = v->dom;
	mfn_t table = maddr_to_mfn(maddr(req->ptr));
	const pte_t *p;
	pte_t old;
	int rc;

	if (!mmu_owns(d, table) || (req->ptr & 7) == MMU_MACHPHYS_UPDATE) {
		return one_update(v, request);
	}
	p = frame_ptes(d->m, table) + page_offset(req->ptr) / sizeof(*p);
	old = pte_read(p);
	rc = one_update(v, request);
	if (rc == 0) {
		event_entry(d, p, old, pte_read(p));
	}
	return rc;
}

static __attribute__((noinline)) int run_watched(struct mmu_vcpu *v,
						 const uint64_t arg[6],
						 struct request_list *b,
						 struct mmu_update *req)
{
	return list_run(v, arg, b, req, &form_update, false, one_watched);
}

#define GROUP 16

/* The requests that come next, or 0: not all of them can be read (yet). */
static inline unsigned int group_in(struct mmu_vcpu *v, const uint64_t arg[6],
				    uint32_t at, uint32_t count,
				    struct mmu_update group[GROUP])
{
	uint32_t left = count - at;
	unsigned int nr = left < GROUP ? left : GROUP;

	if (unlikely(port_copy_in(v, group, arg[0] + at * sizeof(*group),
				  nr * sizeof(*group)) != 0)) {
		return 0;
	}
	return nr;
}

/* A group's entries, and the records of the frames that they are to name. */
static inline void group_ahead(const struct mmu_domain *d,
			       const struct mmu_update group[GROUP],
			       unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		ahead_update(d->m, maddr(group[i].ptr), pte(group[i].val));
	}
}

/* The records of the frames that they name now. */
static inline void group_ahead_old(const struct mmu_domain *d,
				   const struct mmu_update group[GROUP],
				   unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		ahead_old(d, maddr(group[i].ptr));
	}
}

/*
 * Where the list cannot be read to its end, or cannot yet: what comes before
 * is done one by one, as if there were no groups.
 */
static __attribute__((noinline)) int run_singly(struct mmu_vcpu *v,
						const uint64_t arg[6],
						struct request_list *b,
						struct mmu_update *req)
{
	return list_run(v, arg, b, req, &form_update, false, one_update);
}

/* Does nr requests of a group. True: the list ends here, with *rc. */
static inline bool group_run(struct mmu_vcpu *v, struct request_list *b,
			     const struct mmu_update *group, unsigned int nr,
			     struct mmu_update *req, int *rc)
{
	struct mmu_domain *d = v->dom;

	for (unsigned int i = 0; i < nr; i++) {
		mmu_op_is(d, MMU_OP_MMU_UPDATE, (const uint64_t *)&group[i]);
		d->op.index = b->done_before + b->done;
		if (list_step(v, b, &group[i], one_update, rc)) {
			*req = group[i];
			mmu_op_is(d, MMU_OP_MMU_UPDATE, (const uint64_t *)req);
			return true;
		}
	}
	return false;
}

/*
 * The hot loop of a forking guest. Requests are copied in by groups, and
 * whether to make room is asked once for each: an entry of an L1 is soon done,
 * and what may take longer asks for itself. While the first half of a group is
 * done, the entries of the next are on their way, and during its second half
 * the records that those name.
 */
static int run_groups(struct mmu_vcpu *v, const uint64_t arg[6],
		      struct request_list *b, struct mmu_update *req)
{
	struct mmu_update group[2][GROUP];
	struct mmu_domain *d = v->dom;
	unsigned int nr = group_in(v, arg, 0, b->count, group[0]);
	unsigned int here = 0;
	int rc = 0;

	group_ahead(d, group[here], nr);
	group_ahead_old(d, group[here], nr);
	while (nr != 0) {
		const struct mmu_update *now = group[here];
		struct mmu_update *next = group[here ^ 1];
		uint32_t then = b->done + nr;
		unsigned int first = nr < GROUP ? nr : GROUP / 2;
		unsigned int nr_next = 0;

		if (b->done != 0 && port_preempt(d)) {
			return -XEN_ERESTART;
		}
		if (then < b->count) {
			nr_next = group_in(v, arg, then, b->count, next);
			group_ahead(d, next, nr_next);
		}
		if (group_run(v, b, now, first, req, &rc)) {
			return rc;
		}
		group_ahead_old(d, next, nr_next);
		if (group_run(v, b, now + first, nr - first, req, &rc)) {
			return rc;
		}
		nr = nr_next;
		here ^= 1;
	}
	return b->done < b->count ? run_singly(v, arg, b, req) : rc;
}

/* foreigndom: the frames' owner below, the tables' owner (plus 1) above. */
static int check_table_owner(struct mmu_domain *d, uint32_t foreigndom)
{
	uint32_t owner = foreigndom >> 16;

	return owner == 0 || owner - 1 == d->domid
		       ? 0
		       : refuse_op(d, RULE_NO_SUCH_DOMAIN);
}

/*
 * The other domain whose frames are meant, if the caller may map them and the
 * tables are its own. NULL: as any list, refused or not.
 */
static __attribute__((cold)) struct mmu_domain *other_owner(
	const struct mmu_domain *d, uint32_t foreigndom)
{
	const uint32_t tables = foreigndom >> 16;
	bool there;

	return tables == 0 || tables - 1 == d->domid
		       ? foreign_owner(d, (uint16_t)foreigndom, &there)
		       : NULL;
}

int64_t hc_mmu_update(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	struct mmu_update req = {0};
	struct request_list b;
	int rc;

	if (unlikely(d->may_map != 0)) {
		struct mmu_domain *owner = other_owner(d, (uint32_t)arg[3]);

		if (owner != NULL) {
			return others_mmu_update(v, arg, owner);
		}
	}
	rc = list_begin(v, MMU_OP_MMU_UPDATE, arg, &b);
	if (unlikely(rc != 0)) {
		return rc == -XEN_ERESTART
			       ? list_end(v, arg, &b, sizeof(req), rc)
			       : mmu_end(d, rc);
	}
	mmu_op_is(d, MMU_OP_MMU_UPDATE, (const uint64_t *)&req);
	rc = check_table_owner(d, (uint32_t)arg[3]);
	if (unlikely(rc != 0)) {
		return mmu_end(d, rc);
	}
	/* As Xen: only this refusal reports how many were done. */
	rc = check_domid(d, (uint16_t)arg[3]);
	if (likely(rc == 0)) {
		rc = unlikely(d->watched) ? run_watched(v, arg, &b, &req)
		     : b.count > 1        ? run_groups(v, arg, &b, &req)
					  : run_singly(v, arg, &b, &req);
		if (unlikely(rc != 0)) {
			update_refused(d, rc, maddr(req.ptr), pte(req.val));
		}
	}
	return list_end(v, arg, &b, sizeof(req), rc);
}

static int va_flush(struct mmu_vcpu *v, vaddr_t va, uint64_t flags)
{
	uint64_t where = flags & ~(uint64_t)UVMF_FLUSHTYPE_MASK;
	uint64_t kind = flags & UVMF_FLUSHTYPE_MASK;
	vcpuset_t set;
	int rc;

	if (kind != UVMF_TLB_FLUSH && kind != UVMF_INVLPG) {
		return 0;
	}
	if (where == UVMF_LOCAL) {
		set = vcpuset_of(v);
	} else if (where == UVMF_ALL) {
		set = VCPUSET_ALL;
	} else {
		rc = read_vcpuset(v, where, &set);
		if (rc != 0) {
			return rc;
		}
	}
	if (kind == UVMF_TLB_FLUSH) {
		flush_asked(v->dom, set);
	} else {
		flush_page_vcpus(v->dom, set, va);
	}
	return 0;
}

static int update_va(struct mmu_vcpu *v, vaddr_t va, pte_t val)
{
	struct mmu_domain *d = v->dom;
	mfn_t table;
	pte_t *l1e = mmu_find_l1e(v, va, &table);

	if (unlikely(l1e == NULL)) {
		return refuse_op(d, RULE_VA_UNMAPPED);
	}
	/* A linear mapping makes a higher table stand where an L1 would. */
	if (unlikely(frame_of(d->m, table)->type != FRAME_L1)) {
		return refuse_frame(d, RULE_VA_UNMAPPED, table);
	}
	if (unlikely(d->watched)) {
		return l1_update_watched(d, l1e, val);
	}
	return l1_update(d, l1e, val, false);
}

/* Where the entry is that was refused. */
static __attribute__((cold)) void va_refused(struct mmu_vcpu *v, int rc,
					     vaddr_t va, pte_t val)
{
	mfn_t table;

	if (mmu_find_l1e(v, va, &table) != NULL) {
		update_refused(v->dom, rc,
			       maddr(mfn_to_maddr(table).v +
				     pt_index(va, 1) * sizeof(pte_t)),
			       val);
	}
}

/* Inside the door. */
static inline int update_va_mapping(struct mmu_vcpu *v, const uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	vaddr_t va = vaddr(arg[0]);
	int rc;

	do {
		rc = update_va(v, va, pte(arg[1]));
	} while (unlikely(rc != 0) && door_retry(d, rc));
	if (unlikely(rc == -XEN_ERESTART)) {
		door_again(d);
		return rc;
	}
	if (unlikely(rc != 0)) {
		/* A refused update flushes nothing (XSA-279). */
		va_refused(v, rc, va, pte(arg[1]));
		return rc;
	}
	return va_flush(v, va, arg[2]);
}

int64_t hc_update_va_mapping(struct mmu_vcpu *v, uint64_t arg[6])
{
	int rc = mmu_begin(v, MMU_OP_UPDATE_VA_MAPPING, arg);

	if (likely(rc == 0)) {
		rc = update_va_mapping(v, arg);
	} else {
		door_again(v->dom);
	}
	return mmu_end(v->dom, rc);
}

int64_t hc_update_va_mapping_otherdomain(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *owner = other_owner(v->dom, (uint16_t)arg[3]);
	int rc;

	if (owner != NULL && pte_present(pte(arg[1]))) {
		return others_update_va(v, arg, owner);
	}
	rc = mmu_begin(v, MMU_OP_UPDATE_VA_MAPPING_OTHER, arg);
	if (rc == 0) {
		rc = check_domid(v->dom, (uint16_t)arg[3]);
	}
	if (rc == 0) {
		rc = update_va_mapping(v, arg);
	}
	return mmu_leave(v->dom, rc);
}
