/* SPDX-License-Identifier: MIT */
/*
 * Mappings of granted frames, the engine's half. A mapping is an L1 entry that
 * the guest named; it is found, judged and written within one operation, so
 * that nothing comes between the look and the write. Whose grant it is and
 * what it allows is known to the hypervisor's grant tables alone.
 */
#include "engine/table/flush.h"
#include "engine/domain/foreign.h"
#include "engine/request/door.h"
#include "engine/table/update.h"
#include "engine/table/walk.h"

#define ENTRY_FLAGS (PTE_P | PTE_US | PTE_A | PTE_D)

/*
 * The L1 entry that a request names: by its own machine address, or by a
 * virtual one that it maps. NULL: there is none, or not of a live table. An
 * address may lead to a higher table, by way of a linear mapping: none either.
 */
static const pte_t *find_entry(struct mmu_vcpu *v, uint64_t address,
			       bool by_pte, maddr_t *ret_where)
{
	const struct mmu_domain *d = v->dom;
	mfn_t table = maddr_to_mfn(maddr(address));
	uint64_t offset = page_offset(address);

	if (!by_pte) {
		if (mmu_find_l1e(v, vaddr(address), &table) == NULL) {
			return NULL;
		}
		offset = pt_index(vaddr(address), 1) * sizeof(pte_t);
	}
	if (offset % sizeof(pte_t) != 0 || !frame_is_live_l1(d, table)) {
		return NULL;
	}
	*ret_where = maddr(mfn_to_maddr(table).v + offset);
	return frame_ptes(d->m, table) + offset / sizeof(pte_t);
}

/* Writes the entry; translations of what it held are gone afterwards. */
static int set_entry(struct mmu_vcpu *v, maddr_t where, pte_t e)
{
	int rc = mmu_update_entry(v, where, e, false);

	if (rc == 0) {
		mmu_flush_all(v->dom, FLUSH_FOREIGN);
	} else {
		update_refused(v->dom, rc, where, e);
	}
	return rc;
}

static pte_t entry_for(const struct granted *g)
{
	return pte_make(g->frame,
			ENTRY_FLAGS | g->flags | (g->writable ? PTE_RW : 0));
}

static int map_own(struct mmu_vcpu *v, const struct granted *g)
{
	maddr_t where;

	if (find_entry(v, g->address, g->by_pte, &where) == NULL) {
		return -XEN_ENOENT;
	}
	return set_entry(v, where, entry_for(g));
}

/* With references on the frame, which the record keeps: *ret_kept. */
static int map_foreign(struct mmu_vcpu *v, const struct granted *g,
		       bool *ret_kept)
{
	struct mmu_domain *d = v->dom;
	maddr_t where;
	pte_t *p;
	int rc;

	if (find_entry(v, g->address, g->by_pte, &where) == NULL) {
		return -XEN_ENOENT;
	}
	rc = foreign_map(d, g->owner, g->frame, g->writable, ret_kept);
	if (rc != 0) {
		return rc;
	}
	p = frame_ptes(d->m, maddr_to_mfn(where)) +
	    page_offset(where.v) / sizeof(*p);
	rc = l1_install(d, p, entry_for(g));
	mmu_flush_all(d, FLUSH_FOREIGN);
	return rc;
}

static uint64_t flags_of(const struct granted *g)
{
	return (g->by_pte ? GRANT_BY_PTE : 0) |
	       (g->writable ? GRANT_WRITABLE : 0);
}

/* Inside the owner's door: references on its frame, and its end. */
static int hold(struct mmu_domain *owner, mfn_t f, bool writable, int rc)
{
	if (rc == 0) {
		do {
			rc = foreign_hold(owner, f, writable);
		} while (rc != 0 && door_retry(owner, rc));
	}
	return (int)mmu_leave(owner, rc);
}

/* What the owner's frame is mapped for: asked of the owner, under its lock. */
static int loan(const struct mmu_vcpu *v, const struct granted *g)
{
	struct mmu_domain *owner = g->owner;
	const uint64_t operand[LOAN_OPERANDS] = {
		g->frame.v,  g->writable, g->address,
		flags_of(g), v->dom->tag, v->id,
	};

	return hold(owner, g->frame, g->writable,
		    mmu_begin_for(owner, NULL, MMU_OP_LOAN, operand));
}

int mmu_borrow(struct mmu_domain *owner, mfn_t f, bool writable)
{
	const uint64_t operand[] = {f.v, writable};

	return hold(owner, f, writable,
		    mmu_begin_for(owner, NULL, MMU_OP_BORROW, operand));
}

void mmu_give_back(struct mmu_domain *owner, mfn_t f, bool writable)
{
	const uint64_t operand[] = {f.v, writable};

	(void)!mmu_begin_for(owner, NULL, MMU_OP_RETURN, operand);
	foreign_release(owner, f, writable);
	(void)mmu_end(owner, 0);
}

/* A mapping that is to go may outlive its granter. */
static uint64_t tag_of(const struct granted *g)
{
	return g->owner == NULL ? 0 : g->owner->tag;
}

static int begin(struct mmu_vcpu *v, enum mmu_operation id,
		 const struct granted *g, uint64_t owner,
		 uint64_t operand[GRANT_OPERANDS])
{
	operand[GRANT_OPERAND_ADDRESS] = g->address;
	operand[GRANT_OPERAND_OWNER] = owner;
	operand[GRANT_OPERAND_FLAGS] = flags_of(g);
	operand[GRANT_OPERAND_FRAME] = g->frame.v;
	return mmu_begin(v, id, operand);
}

static int map_others(struct mmu_vcpu *v, const struct granted *g)
{
	uint64_t operand[GRANT_OPERANDS];
	bool kept = false;
	int rc = loan(v, g);

	if (rc != 0) {
		return rc;
	}
	rc = begin(v, MMU_OP_GRANT_MAP, g, g->owner->tag, operand);
	if (rc == 0) {
		rc = map_foreign(v, g, &kept);
	}
	(void)mmu_leave(v->dom, rc);
	if (!kept) {
		mmu_give_back(g->owner, g->frame, g->writable);
	}
	return rc;
}

int mmu_grant_map(struct mmu_vcpu *v, const struct granted *g)
{
	uint64_t operand[GRANT_OPERANDS];
	int rc;

	if (g->owner != v->dom) {
		return map_others(v, g);
	}
	rc = begin(v, MMU_OP_GRANT_MAP, g, g->owner->tag, operand);
	if (rc == 0) {
		rc = map_own(v, g);
	}
	return (int)mmu_leave(v->dom, rc);
}

/* Is the entry still the one that was made for the mapping (XSA-234)? */
static bool is_entry_of(const struct granted *g, pte_t e)
{
	return pte_present(e) && mfn_eq(pte_mfn(e), g->frame) &&
	       pte_writable(e) == g->writable;
}

static int replace(struct mmu_vcpu *v, const struct granted *g, pte_t with)
{
	maddr_t where;
	const pte_t *e = find_entry(v, g->address, g->by_pte, &where);

	if (e == NULL || !is_entry_of(g, pte_read(e))) {
		return -XEN_ENOENT;
	}
	return set_entry(v, where, with);
}

int mmu_grant_unmap(struct mmu_vcpu *v, const struct granted *g)
{
	uint64_t operand[GRANT_OPERANDS];
	int rc = begin(v, MMU_OP_GRANT_UNMAP, g, tag_of(g), operand);

	if (rc == 0) {
		rc = replace(v, g, pte(0));
	}
	return (int)mmu_leave(v->dom, rc);
}

static int move(struct mmu_vcpu *v, const struct granted *g,
		uint64_t new_address)
{
	maddr_t where;
	const pte_t *from = find_entry(v, new_address, false, &where);
	int rc;

	if (from == NULL || new_address == g->address) {
		return -XEN_ENOENT;
	}
	/* An entry that maps another's frame is bound to where it was made. */
	rc = replace(v, g, pte_read(from));
	/* Taking an entry away cannot fail in a live L1. */
	return rc != 0 ? rc : set_entry(v, where, pte(0));
}

int mmu_grant_replace(struct mmu_vcpu *v, const struct granted *g,
		      uint64_t new_address)
{
	uint64_t operand[GRANT_OPERANDS + 1];
	int rc;

	operand[GRANT_OPERAND_NEW_ADDRESS] = new_address;
	rc = begin(v, MMU_OP_GRANT_REPLACE, g, tag_of(g), operand);

	if (rc == 0) {
		rc = move(v, g, new_address);
	}
	return (int)mmu_leave(v->dom, rc);
}
