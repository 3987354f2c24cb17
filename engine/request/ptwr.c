/* SPDX-License-Identifier: MIT */
/*
 * Writable-page-table emulation, the engine's half. A kernel that writes an
 * L1 entry directly, through the read-only mapping it has of the table, traps;
 * the hypervisor decodes the instruction, and here the write is judged exactly
 * as an mmu_update of that entry.
 */
#include "engine/table/frame_refs.h"
#include "engine/table/level.h"
#include "engine/table/update.h"
#include "engine/table/validate.h"
#include "engine/table/walk.h"

/*
 * The live L1 entry behind va, or NULL: va is mapped read-only by the kernel
 * root, onto a validated L1 of the domain.
 */
static pte_t *ptwr_target(struct mmu_vcpu *v, vaddr_t va)
{
	const struct mmu *m = v->dom->m;
	mfn_t table;
	pte_t *l1e = mmu_find_l1e(v, va, &table);
	const struct frame *fr;
	pte_t e;

	if (l1e == NULL) {
		return NULL;
	}
	e = pte_read(l1e);
	if ((e.v & (PTE_P | PTE_RW)) != PTE_P) {
		return NULL;
	}
	fr = frame_of(m, pte_mfn(e));
	if (fr->type != FRAME_L1 || fr->type_count == 0 ||
	    (fr->flags & (FRAME_VALIDATED | FRAME_DYING)) != FRAME_VALIDATED ||
	    fr->owner != v->dom->tag) {
		return NULL;
	}
	return frame_ptes(m, pte_mfn(e)) + page_offset(va.v) / sizeof(pte_t);
}

int mmu_ptwr_read(struct mmu_vcpu *v, vaddr_t va, uint64_t *ret_val)
{
	pte_t *p = ptwr_target(v, va);

	if (p == NULL) {
		return -XEN_ENOENT;
	}
	*ret_val = pte_read(p).v;
	return 0;
}

/* Compare-and-exchange: references first, then the write decides. */
static int ptwr_cmpxchg(struct mmu_domain *d, pte_t *p, uint64_t *old,
			pte_t val)
{
	pte_t expected = pte(*old);
	int rc;

	if (pte_present(val)) {
		rc = entry_check_flags(d, 1, val);
		if (rc != 0) {
			return rc;
		}
		val = pte_adjust(val, 1);
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
	if (pte_present(expected)) {
		l1e_put(d, expected);
	}
	return 0;
}

int mmu_ptwr(struct mmu_vcpu *v, vaddr_t va, enum ptwr_kind kind, uint64_t *old,
	     uint64_t val)
{
	struct mmu_domain *d = v->dom;
	pte_t *p;
	int rc;

	rc = mmu_settle(d);
	if (rc != 0) {
		return rc;
	}
	p = ptwr_target(v, va);
	if (p == NULL) {
		return -XEN_ENOENT;
	}
	d->op = (struct mmu_op){.name = "direct page-table write"};
	if ((va.v & 7) != 0) {
		return refuse_op(d, RULE_PTWR_ACCESS);
	}
	if (kind == PTWR_CMPXCHG) {
		rc = ptwr_cmpxchg(d, p, old, pte(val));
	} else {
		*old = pte_read(p).v;
		rc = l1_update(d, p, pte(val), false);
	}
	d->stats.ptwr += rc == 0;
	mmu_pay_flushes(d);
	return rc;
}
