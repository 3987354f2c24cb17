/* SPDX-License-Identifier: MIT */
/*
 * Direct writes: writable-page-table emulation, the engine's half. A kernel
 * that writes an L1 entry through the read-only mapping it has of the table
 * traps; the hypervisor decodes the instruction, and here the write is judged
 * exactly as an mmu_update of that entry.
 *
 * The address is walked once, by mmu_direct_find(). What it found is a place
 * in a frame, and a place is judged anew when it is written, as that of an
 * mmu_update is: should the mapping have changed in between, the write goes
 * where the CPU's own would have gone, and says no more than any update may.
 */
#include "engine/request/door.h"
#include "engine/table/level.h"
#include "engine/table/update.h"
#include "engine/table/validate.h"
#include "engine/table/walk.h"

static bool is_other_table(const struct mmu_domain *d, mfn_t f)
{
	const struct frame *fr = frame_of(d->m, f);

	return mfn_valid(d->m, f) && frame_type_refs(fr) != 0 &&
	       fr->type != FRAME_WRITABLE && fr->type != FRAME_NONE;
}

static int find(struct mmu_vcpu *v, vaddr_t va, struct direct_write *ret)
{
	const struct mmu_domain *d = v->dom;
	mfn_t table;
	pte_t *l1e = mmu_find_l1e(v, va, &table);
	mfn_t f;

	if (unlikely(l1e == NULL)) {
		return -XEN_ENOENT;
	}
	if (unlikely((pte_read(l1e).v & (PTE_P | PTE_RW)) != PTE_P)) {
		return -XEN_EINVAL;
	}
	f = pte_mfn(pte_read(l1e));
	if (!frame_is_live_l1(d, f)) {
		return is_other_table(d, f) ? -XEN_EINVAL : -XEN_ENOENT;
	}
	ret->where = mfn_to_maddr(f);
	mmu_direct_move(d, ret, va);
	return 0;
}

void mmu_direct_move(const struct mmu_domain *d, struct direct_write *w,
		     vaddr_t va)
{
	mfn_t f = maddr_to_mfn(w->where);
	const pte_t *p = frame_ptes(d->m, f) + page_offset(va.v) / sizeof(*p);

	*w = (struct direct_write){
		.va = va,
		.where = maddr(mfn_to_maddr(f).v + page_offset(va.v)),
		.seen = pte_read(p).v,
	};
}

/*
 * Most faults that come here are no direct writes at all, and a look takes no
 * reference and changes nothing: it needs the lock, not the door.
 */
int mmu_direct_find(struct mmu_vcpu *v, vaddr_t va, struct direct_write *ret)
{
	int rc;

	mmu_lock(v->dom);
	rc = find(v, va, ret);
	mmu_unlock(v->dom);
	return rc;
}

/* Compare-and-exchange: references first, then the write decides. */
static int compare_exchange(struct mmu_domain *d, pte_t *p, uint64_t *old,
			    pte_t val)
{
	pte_t expected = pte(*old);
	int rc;

	if (pte_present(val)) {
		rc = entry_check_flags(d, 1, val);
		if (rc != 0) {
			return rc;
		}
		val = pte_adjust(val, &d->width->level[1]);
		rc = l1e_get(d, val);
		if (rc != 0) {
			return rc;
		}
	}
	if (!__atomic_compare_exchange_n(&p->v, old, val.v, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
		if (pte_present(val)) {
			l1e_put(d, val);
		}
		return 0;
	}
	d->stats.pte_writes++;
	event_entry(d, p, expected, val);
	if (pte_present(expected)) {
		l1e_put(d, expected);
	}
	return 0;
}

static int write_entry(struct mmu_domain *d, maddr_t where,
		       enum direct_kind kind, uint64_t *old, pte_t val)
{
	mfn_t table = maddr_to_mfn(where);
	pte_t *p;
	int rc;

	if (!frame_is_live_l1(d, table)) {
		return -XEN_ENOENT;
	}
	if (page_offset(where.v) % sizeof(pte_t) != 0) {
		return refuse_frame(d, RULE_PTWR_ACCESS, table);
	}
	p = frame_ptes(d->m, table) + page_offset(where.v) / sizeof(pte_t);
	if (kind == DIRECT_CMPXCHG) {
		rc = compare_exchange(d, p, old, val);
	} else {
		*old = pte_read(p).v;
		rc = l1_update_watched(d, p, val);
	}
	if (unlikely(rc == -XEN_ERESTART)) {
		door_again(d);
	} else if (unlikely(rc != 0)) {
		update_refused(d, rc, where, val);
	}
	return rc;
}

int mmu_direct_write(struct mmu_vcpu *v, const struct direct_write *w,
		     enum direct_kind kind, uint64_t *old, uint64_t val)
{
	uint64_t operand[DIRECT_OPERANDS] = {w->va.v, val, w->where.v, kind};
	struct mmu_domain *d = v->dom;
	int rc;

	if (kind == DIRECT_CMPXCHG) {
		operand[DIRECT_OPERAND_OLD] = *old;
	}
	rc = mmu_begin(v, MMU_OP_DIRECT_WRITE, operand);
	if (rc == 0) {
		rc = write_entry(d, w->where, kind, old, pte(val));
		d->stats.ptwr += rc == 0;
	} else {
		door_again(d);
	}
	if (rc == 0) {
		operand[DIRECT_OPERAND_OLD] = *old;
	}
	return (int)mmu_end(d, rc);
}
