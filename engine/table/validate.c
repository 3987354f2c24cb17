/* SPDX-License-Identifier: MIT */
/*
 * Validation: a table becomes usable when every present entry holds its
 * references (I3). One pair of functions serves the three upper levels, one
 * the L1; what differs between levels is data (level.h).
 *
 * Recursion goes from a table to its children, strictly one level down, so it
 * is at most four deep: a linear entry (I4) never validates anything. A long
 * validation stops between two entries (I10), and then the table is partial:
 * it holds one type and one general reference on itself and what its entries
 * [0, nr_validated) took, nothing else. In particular a parent holds nothing
 * on a child that stopped, so there is no state "half held by both"
 * (XSA-299), and going on is simply asking for the same type again.
 */
#include "engine/table/validate.h"

#include "engine/domain/descriptor.h"
#include "engine/domain/foreign.h"
#include "engine/table/ahead.h"
#include "engine/table/dying.h"
#include "engine/table/refs.h"
#include "engine/table/level.h"
#include "engine/port.h"

int refuse_flags(struct mmu_domain *d, unsigned int level, pte_t e)
{
	return refuse(d, level == 1 ? RULE_L1_FLAGS : RULE_UPPER_FLAGS,
		      (struct refusal_facts){
			      .level = level,
			      .entry = e,
			      .bits = e.v & d->forbidden[level],
		      });
}

/* The entry's frame is not the domain's: which of Xen's errors is it? */
static int refuse_l1_frame(struct mmu_domain *d, pte_t e)
{
	mfn_t f = pte_mfn(e);
	enum rule rule = RULE_MAP_FOREIGN;

	if (f.v == (UINT64_C(1) << MFN_BITS) - 1) {
		rule = RULE_MAP_INVALID;
	} else if (!mfn_valid(d->m, f) ||
		   frame_of(d->m, f)->owner == OWNER_NONE) {
		rule = RULE_MAP_HOLE;
	}
	return refuse(d, rule,
		      (struct refusal_facts){.frame = &f,
					     .level = 1,
					     .entry = e});
}

int l1e_get_slow(struct mmu_domain *d, pte_t e)
{
	mfn_t f = pte_mfn(e);
	struct frame *fr = frame_of(d->m, f);
	int rc;

	if (unlikely(!mfn_valid(d->m, f) || fr->owner != d->tag)) {
		return refuse_l1_frame(d, e);
	}
	if (unlikely(fr->count >= FRAME_COUNT_LIMIT)) {
		return refuse_frame(d, RULE_COUNT_OVERFLOW, f);
	}
	fr->count++;
	if (!pte_writable(e)) {
		return 0;
	}
	rc = frame_get_type_fast(d, f, FRAME_WRITABLE);
	if (unlikely(rc != 0)) {
		frame_put(d, f);
	}
	return rc;
}

void l1e_put_slow(struct mmu_domain *d, pte_t e)
{
	mfn_t f = pte_mfn(e);
	struct frame *fr = frame_of(d->m, f);

	if (unlikely(fr->owner != d->tag)) {
		foreign_unmap(d, f, pte_writable(e));
		return;
	}
	if (pte_writable(e)) {
		frame_put_type(d, f);
	} else if (unlikely(fr->type == FRAME_DESC)) {
		/* As Xen: an LDT page may go when its mapping goes. */
		ldt_forget(d, f);
	}
	frame_put(d, f);
}

/*
 * A linear entry: a table as the child of a table of its own level, through
 * which the guest reads its page tables. It must be read-only (else the guest
 * could write them), and chains are excluded: a table either has such entries
 * or is the target of others', so taking one down never cascades (XSA-240).
 */
static int linear_get(struct mmu_domain *d, mfn_t table, unsigned int level,
		      pte_t e)
{
	mfn_t child = pte_mfn(e);
	struct frame *parent_fr = frame_of(d->m, table);
	struct frame *fr = frame_of(d->m, child);
	struct refusal_facts facts = {.frame = &child,
				      .level = level,
				      .entry = e};

	if (pte_writable(e)) {
		facts.bits = PTE_RW;
		return refuse(d, RULE_LINEAR_WRITABLE, facts);
	}
	if (mfn_eq(child, table)) {
		return 0; /* a table that maps itself needs no reference */
	}
	if ((fr->flags & (FRAME_VALIDATED | FRAME_DYING)) != FRAME_VALIDATED) {
		return refuse(d, RULE_LINEAR_STATE, facts);
	}
	if (parent_fr->table.linear > 0 || fr->table.linear < 0 ||
	    parent_fr->table.linear == -FRAME_LINEAR_MAX ||
	    fr->table.linear == FRAME_LINEAR_MAX) {
		return refuse(d, RULE_LINEAR_DEPTH, facts);
	}
	if (fr->count >= FRAME_COUNT_LIMIT ||
	    fr->type_count >= FRAME_COUNT_LIMIT) {
		return refuse(d, RULE_COUNT_OVERFLOW, facts);
	}
	fr->count++;
	fr->type_count++;
	fr->table.linear++;
	parent_fr->table.linear--;
	return 0;
}

static bool child_is_linear(const struct mmu_domain *d, mfn_t table,
			    unsigned int level, mfn_t child)
{
	const struct frame *fr = frame_of(d->m, child);

	return d->width->level[level].linear &&
	       (mfn_eq(child, table) ||
		(frame_level(fr->type) == level && frame_type_refs(fr) > 0 &&
		 (fr->flags & (FRAME_PARTIAL | FRAME_DYING)) == 0));
}

/*
 * What refers to the L2 with the hypervisor's slots has it alone: those of a
 * 32-bit CPU differed from one address space to the other.
 */
static int last_get(struct mmu_domain *d, mfn_t child)
{
	int rc = frame_get_both(d, child, FRAME_L2_XEN);

	if (rc == 0 && frame_of(d->m, child)->type_count != 1) {
		rc = refuse_frame(d, RULE_PAE_L2_SHARED, child);
		frame_put_both(d, child);
	}
	return rc;
}

int upper_get(struct mmu_domain *d, mfn_t table, unsigned int level,
	      unsigned int index, pte_t e)
{
	enum frame_type type = pt_child(&d->width->level[level], index);
	mfn_t child = pte_mfn(e);

	if (unlikely(!mfn_valid(d->m, child))) {
		return refuse_frame(d, RULE_NO_SUCH_FRAME, child);
	}
	if (unlikely(frame_of(d->m, child)->owner != d->tag)) {
		return refuse_frame(d, RULE_NOT_OWNED, child);
	}
	if (unlikely(child_is_linear(d, table, level, child))) {
		return linear_get(d, table, level, e);
	}
	return unlikely(type == FRAME_L2_XEN) ? last_get(d, child)
					      : frame_get_both(d, child, type);
}

void upper_put(struct mmu_domain *d, mfn_t table, unsigned int level, pte_t e,
	       bool walked)
{
	mfn_t child = pte_mfn(e);
	struct frame *fr = frame_of(d->m, child);

	if (mfn_eq(child, table)) {
		return;
	}
	/* The reference held fixes the type, so the type tells the kind. */
	if (unlikely(frame_level(fr->type) == level)) {
		fr->table.linear--;
		frame_of(d->m, table)->table.linear++;
	}
	if (walked) {
		frame_put_both(d, child);
	} else {
		frame_put_both_unwalked(d, child);
	}
}

static int entry_get(struct mmu_domain *d, mfn_t table, unsigned int level,
		     unsigned int index, pte_t e)
{
	int rc = entry_check_flags(d, level, e);

	if (rc != 0) {
		return rc;
	}
	return level == 1 ? l1e_get(d, e)
			  : upper_get(d, table, level, index, e);
}

/*
 * The guest's entries from *next on; *next is where it stopped. Nearly all that
 * there are stand in L1 tables, so there is a loop for those, in which the
 * compiler knows what they have.
 */
static inline __attribute__((always_inline)) int entries_get(
	struct mmu_domain *d, mfn_t table, unsigned int level,
	unsigned int *next)
{
	const struct pt_level *l = &d->width->level[level];
	bool has_ours =
		level > 1 && frame_of(d->m, table)->type == d->width->xen;
	unsigned int nr = level > 1 ? l->entries : PT_ENTRIES;
	pte_t *entries = frame_ptes(d->m, table);
	unsigned int first = *next;
	unsigned int i;
	int rc = 0;

	for (i = first; i < nr; i++) {
		pte_t e;
		pte_t adjusted;

		if (i % PTE_GROUP == 0) {
			if (pte_group_absent(&entries[i])) {
				i += PTE_GROUP - 1;
				continue;
			}
			if (i + PTE_GROUP < PT_ENTRIES) {
				ahead_group(d->m, &entries[i + PTE_GROUP]);
			}
		}
		e = pte_read(&entries[i]);
		if (!pte_present(e) ||
		    (has_ours && is_xen_slot(d->width, d->width->xen, i))) {
			continue;
		}
		/* The first entry is always done: each try gets further. */
		if (unlikely((i & 63) == 0 || level > 1) && i != first &&
		    port_preempt(d)) {
			rc = -XEN_ERESTART;
			break;
		}
		rc = entry_get(d, table, level, i, e);
		if (unlikely(rc != 0)) {
			refusal_at(d, rc,
				   (struct entry_place){table, (uint16_t)i,
							(uint8_t)level},
				   e);
			break;
		}
		adjusted = pte_adjust(e, l);
		if (adjusted.v != e.v) {
			pte_write(&entries[i], adjusted);
		}
	}
	/* A group of entries that are absent may reach beyond the last. */
	*next = i < nr ? i : nr;
	return rc;
}

static int check_root_place(struct mmu_domain *d, mfn_t table)
{
	return table.v < d->width->root_end || d->extended_cr3
		       ? 0
		       : refuse_frame(d, RULE_PAE_ROOT, table);
}

/* What is not for the guest to say of a table's entries. */
static int complete(struct mmu_domain *d, mfn_t table, unsigned int level)
{
	const struct pt_width *w = d->width;
	const struct pt_level *l = &w->level[level];
	pte_t *entries = frame_ptes(d->m, table);

	if (l->last_fixed && !pte_present(pte_read(&entries[l->entries - 1]))) {
		return refuse_frame(d, RULE_PAE_L3_LAST, table);
	}
	if (frame_of(d->m, table)->type == w->xen) {
		const pte_t *slots = xen_slots_of(d->m, w);

		for (unsigned int i = 0; i < w->nr_xen_slots; i++) {
			entries[w->xen_first + i] = slots[i];
		}
	}
	/* The guest never had to write these, and the CPU would follow them. */
	for (unsigned int i = l->entries; i < PT_ENTRIES; i++) {
		pte_write(&entries[i], pte(0));
	}
	return 0;
}

int table_validate(struct mmu_domain *d, mfn_t table)
{
	struct frame *fr = frame_of(d->m, table);
	unsigned int level = frame_level(fr->type);
	unsigned int next = fr->table.nr_validated;
	int rc = level == d->width->top ? check_root_place(d, table) : 0;

	if (likely(rc == 0)) {
		rc = level == 1 ? entries_get(d, table, 1, &next)
				: entries_get(d, table, level, &next);
	}
	fr->table.nr_validated = next & 1023;
	if (likely(rc == 0) && level > 1) {
		rc = complete(d, table, level);
	}
	if (likely(rc == 0)) {
		fr->flags |= FRAME_VALIDATED;
		d->stats.validated++;
	} else if (rc == -XEN_ERESTART) {
		fr->flags |= FRAME_PARTIAL;
		fr->count++;
	} else {
		dying_add(d, table);
	}
	return rc;
}

int table_resume(struct mmu_domain *d, mfn_t table)
{
	struct frame *fr = frame_of(d->m, table);

	/* The caller holds a general reference, so this is not the last. */
	fr->flags &= (uint8_t)~FRAME_PARTIAL;
	fr->count--;
	return table_validate(d, table);
}
