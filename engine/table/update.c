/* SPDX-License-Identifier: MIT */
/*
 * Changes of single entries of live tables. Every change is: check the new
 * entry and take its references, write it, drop the references of the old one.
 * If the new entry is refused, nothing has happened. A change of flags alone
 * skips the references only when the flags stand on a whitelist.
 *
 * The CPU may set A and D at any time; nothing else changes an entry under our
 * lock. Upper-level entries are cached by the CPU as structure, so replacing
 * one leaves a flush that is paid before the request returns (XSA-286).
 */
#include "engine/table/update.h"

#include "engine/report/event.h"
#include "engine/table/flush.h"
#include "engine/table/refs.h"
#include "engine/table/level.h"
#include "engine/table/validate.h"

/* What the CPU noted in the entry meanwhile is kept. Returns what was there. */
static __attribute__((noinline)) pte_t entry_merge(pte_t *p, pte_t old,
						   pte_t val)
{
	for (;;) {
		pte_t merged = pte(val.v | (old.v & (PTE_A | PTE_D)));

		if (__atomic_compare_exchange_n(&p->v, &old.v, merged.v, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			return old;
		}
	}
}

/* Returns what was there. */
static inline pte_t entry_exchange(struct mmu_domain *d, pte_t *p, pte_t old,
				   pte_t val, bool preserve_ad)
{
	d->stats.pte_writes++;
	if (unlikely(preserve_ad)) {
		return entry_merge(p, old, val);
	}
	pte_write(p, val);
	return old;
}

static inline bool only_fast_flags(pte_t old, pte_t val)
{
	return pte_present(old) && ((old.v ^ val.v) & ~PTE_FASTPATH) == 0;
}

int l1_update(struct mmu_domain *d, pte_t *p, pte_t val, bool preserve_ad)
{
	pte_t old = pte_read(p);
	int rc;

	if (pte_present(val)) {
		rc = entry_check_flags(d, 1, val);
		if (unlikely(rc != 0)) {
			return rc;
		}
		val = pte_adjust(val, &d->width->level[1]);
		if (only_fast_flags(old, val)) {
			(void)entry_exchange(d, p, old, val, preserve_ad);
			return 0;
		}
		rc = l1e_get(d, val);
		if (unlikely(rc != 0)) {
			return rc;
		}
	}
	old = entry_exchange(d, p, old, val, preserve_ad);
	if (pte_present(old)) {
		l1e_put(d, old);
	}
	return 0;
}

int l1_install(struct mmu_domain *d, pte_t *p, pte_t val)
{
	pte_t old;
	int rc = entry_check_flags(d, 1, val);

	if (rc != 0) {
		return rc;
	}
	old = entry_exchange(d, p, pte_read(p),
			     pte_adjust(val, &d->width->level[1]), false);
	event_entry(d, p, old, val);
	if (pte_present(old)) {
		l1e_put(d, old);
	}
	return 0;
}

int l1_update_watched(struct mmu_domain *d, pte_t *p, pte_t val)
{
	pte_t old = pte_read(p);
	int rc = l1_update(d, p, val, false);

	if (rc == 0) {
		event_entry(d, p, old, pte_read(p));
	}
	return rc;
}

/* Is the entry the guest's to change? */
static int check_slot(struct mmu_domain *d, mfn_t table, unsigned int level,
		      unsigned int index, pte_t val)
{
	const struct pt_level *l = &d->width->level[level];
	enum rule rule;

	if (is_xen_slot(d->width, frame_of(d->m, table)->type, index)) {
		rule = level == 4 ? RULE_XEN_SLOT : RULE_XEN_L2_SLOT;
	} else if (l->last_fixed && index + 1 >= l->entries) {
		rule = RULE_PAE_L3_FIXED;
	} else {
		return 0;
	}
	return refuse(d, rule,
		      (struct refusal_facts){.level = level, .entry = val});
}

static int upper_update(struct mmu_domain *d, mfn_t table, unsigned int level,
			pte_t *p, pte_t val, bool preserve_ad)
{
	unsigned int index = (unsigned int)(p - frame_ptes(d->m, table));
	pte_t old = pte_read(p);
	int rc = check_slot(d, table, level, index, val);

	if (rc != 0) {
		return rc;
	}
	if (pte_present(val)) {
		rc = entry_check_flags(d, level, val);
		if (rc != 0) {
			return rc;
		}
		val = pte_adjust(val, &d->width->level[level]);
		if (only_fast_flags(old, val)) {
			(void)entry_exchange(d, p, old, val, preserve_ad);
			flush_owe(d, FLUSH_UPPER);
			return 0;
		}
		rc = upper_get(d, table, level, index, val);
		if (rc != 0) {
			return rc;
		}
	}
	old = entry_exchange(d, p, old, val, preserve_ad);
	if (pte_present(old)) {
		flush_owe(d, FLUSH_UPPER);
		upper_put(d, table, level, old, true);
	}
	return 0;
}

/* A frame that is no table: the guest could write it itself. */
static int plain_store(struct mmu_domain *d, mfn_t f, pte_t *p, pte_t val)
{
	struct frame *fr = frame_of(d->m, f);
	int rc;

	if (fr->type_count > 0 && fr->type != FRAME_WRITABLE &&
	    (fr->flags & (FRAME_PARTIAL | FRAME_DYING)) == 0) {
		return refuse(d, RULE_UPDATE_TYPE,
			      (struct refusal_facts){.frame = &f,
						     .expected = FRAME_WRITABLE,
						     .entry = val});
	}
	rc = frame_get_type_fast(d, f, FRAME_WRITABLE);
	if (rc != 0) {
		return rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
	}
	pte_write(p, val);
	frame_put_type(d, f);
	return 0;
}

/* Aligned by construction: the low bits are the command (XSA-227). */
static inline pte_t *entry_at(const struct mmu_domain *d, maddr_t where)
{
	return frame_ptes(d->m, maddr_to_mfn(where)) +
	       page_offset(where.v) / sizeof(pte_t);
}

/* Whatever it is that the entry stands in. */
static __attribute__((noinline)) int other_update(struct mmu_domain *d,
						  maddr_t where, pte_t val,
						  bool preserve_ad)
{
	mfn_t f = maddr_to_mfn(where);
	struct frame *fr;
	pte_t *p;

	if (unlikely(!mfn_valid(d->m, f) ||
		     frame_of(d->m, f)->owner != d->tag)) {
		return refuse_frame(d, RULE_UPDATE_FRAME, f);
	}
	fr = frame_of(d->m, f);
	p = entry_at(d, where);
	if (unlikely(fr->type_count == 0 || !frame_is_table(fr->type) ||
		     (fr->flags & (FRAME_VALIDATED | FRAME_DYING)) !=
			     FRAME_VALIDATED)) {
		return plain_store(d, f, p, val);
	}
	return upper_update(d, f, frame_level(fr->type), p, val, preserve_ad);
}

__attribute__((flatten)) int mmu_update_entry(struct mmu_vcpu *v, maddr_t where,
					      pte_t val, bool preserve_ad)
{
	struct mmu_domain *d = v->dom;
	mfn_t f = maddr_to_mfn(where);

	if (likely(frame_is_live_l1(d, f))) {
		return l1_update(d, entry_at(d, where), val, preserve_ad);
	}
	/*
	 * A page of a table to be, which a fork fills: the type that a store
	 * would take, and give back, is there.
	 */
	if (likely(frame_is_live(d, f, FRAME_WRITABLE))) {
		pte_write(entry_at(d, where), val);
		return 0;
	}
	return other_update(d, where, val, preserve_ad);
}

void update_refused(struct mmu_domain *d, int rc, maddr_t where, pte_t val)
{
	mfn_t table = maddr_to_mfn(where);
	unsigned int slot =
		(unsigned int)(page_offset(where.v) / sizeof(pte_t));
	const struct frame *fr;

	if (!mmu_owns(d, table)) {
		return;
	}
	fr = frame_of(d->m, table);
	if (frame_is_table(fr->type) && frame_type_refs(fr) > 0) {
		refusal_at(d, rc,
			   (struct entry_place){table, (uint16_t)slot,
						(uint8_t)frame_level(fr->type)},
			   val);
		refusal_replaces(d, rc,
				 pte_read(&frame_ptes(d->m, table)[slot]));
	}
}
