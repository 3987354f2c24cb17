/* SPDX-License-Identifier: MIT */
/*
 * Mapping granted frames. The only domain whose grants can be mapped is the
 * one that asks, so a mapping is an L1 entry like any other that it might have
 * written: the engine judges it and holds its references, and the guest can do
 * nothing to it that it could not do to its own. What is kept here is which
 * grants are in use, and for what, so that only that can be undone.
 *
 * A device mapping is noted and no more: no device can reach memory.
 */
#include "engine/table/walk.h"
#include "hv/grant/map.h"

#include "hv/domain.h"
#include "hv/event/channel.h"
#include "hv/grant/table.h"
#include "hv/vcpu.h"

#define MAPPING_KINDS (GNTMAP_host_map | GNTMAP_device_map)
#define ENTRY_FLAGS (PTE_P | PTE_US | PTE_A | PTE_D)

static bool is_live_l1(const struct mmu_domain *d, mfn_t table)
{
	const struct frame *f;

	if (!mfn_valid(d->m, table)) {
		return false;
	}
	f = frame_of(d->m, table);
	return f->owner == d->tag && f->type == FRAME_L1 &&
	       f->type_count != 0 && (f->flags & FRAME_VALIDATED) != 0;
}

/*
 * The L1 entry that a request names: by its own machine address, or by a
 * virtual one that it maps. NULL: there is none, or not of a live table. An
 * address may lead to a higher table, by way of a linear mapping: none either.
 */
static const pte_t *find_entry(struct vcpu *v, uint64_t address, bool by_pte,
			       maddr_t *ret_where)
{
	const struct mmu_domain *d = v->mmu.dom;
	mfn_t table = maddr_to_mfn(maddr(address));
	uint64_t offset = page_offset(address);

	if (!by_pte) {
		if (mmu_find_l1e(&v->mmu, vaddr(address), &table) == NULL) {
			return NULL;
		}
		offset = pt_index(vaddr(address), 1) * sizeof(pte_t);
	}
	if (offset % sizeof(pte_t) != 0 || !is_live_l1(d, table)) {
		return NULL;
	}
	*ret_where = maddr(mfn_to_maddr(table).v + offset);
	return frame_ptes(d->m, table) + offset / sizeof(pte_t);
}

static struct grant_mapping *free_mapping(struct grant_domain *g)
{
	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		if (g->mapping[i].flags == 0) {
			return &g->mapping[i];
		}
	}
	return NULL;
}

/* Writes the entry; translations of what it held are gone afterwards. */
static int set_entry(struct vcpu *v, maddr_t where, pte_t e)
{
	struct mmu_domain *d = v->mmu.dom;
	int rc;

	d->op = (struct mmu_op){.name = "grant_table_op"};
	rc = mmu_update_entry(&v->mmu, where, e, false);
	if (rc == 0) {
		mmu_flush_all(d);
	}
	return rc;
}

static int map_host(struct vcpu *v, const gnttab_map_grant_ref_t *op,
		    mfn_t frame)
{
	uint64_t flags = ENTRY_FLAGS;
	maddr_t where;

	if (find_entry(v, op->host_addr, op->flags & GNTMAP_contains_pte,
		       &where) == NULL) {
		return -XEN_EINVAL;
	}
	if (!(op->flags & GNTMAP_readonly)) {
		flags |= PTE_RW;
	}
	return set_entry(v, where, pte_make(frame, flags));
}

int map_grant(struct vcpu *v, gnttab_map_grant_ref_t *op)
{
	struct domain *d = v->domain;
	struct grant_mapping *m = free_mapping(&d->grant);
	bool write = !(op->flags & GNTMAP_readonly);
	mfn_t frame;
	int rc;

	if ((op->flags & MAPPING_KINDS) == 0) {
		op->status = GNTST_bad_gntref;
		return 0;
	}
	if (!channel_domid_is_self(d, op->dom)) {
		op->status = GNTST_bad_domain;
		return 0;
	}
	if (m == NULL) {
		op->status = GNTST_no_space;
		return 0;
	}
	rc = mmu_settle(&d->mmu);
	if (rc != 0) {
		return rc;
	}
	op->status = table_acquire(d, op->ref, write, &frame);
	if (op->status != GNTST_okay) {
		return 0;
	}
	if (!mfn_valid(d->mmu.m, frame) ||
	    frame_of(d->mmu.m, frame)->owner != d->mmu.tag) {
		op->status = GNTST_bad_page;
	} else if (op->flags & GNTMAP_host_map) {
		rc = map_host(v, op, frame);
		op->status = rc == 0 ? GNTST_okay : GNTST_general_error;
	}
	if (op->status == GNTST_okay) {
		*m = (struct grant_mapping){.flags = op->flags,
					    .ref = op->ref,
					    .frame = frame};
		op->handle = (grant_handle_t)(m - d->grant.mapping);
		op->dev_bus_addr = mfn_to_maddr(frame).v;
	} else {
		table_release(d, op->ref);
	}
	return rc == -XEN_ERESTART ? rc : 0;
}

static struct grant_mapping *find_mapping(struct domain *d, uint32_t handle)
{
	struct grant_mapping *m;

	if (handle >= GRANT_MAPPINGS) {
		return NULL;
	}
	m = &d->grant.mapping[handle];
	return m->flags == 0 ? NULL : m;
}

/* Is the entry still the one that was made for the mapping (XSA-234)? */
static bool is_entry_of(const struct grant_mapping *m, pte_t e)
{
	bool write = !(m->flags & GNTMAP_readonly);

	return pte_present(e) && mfn_eq(pte_mfn(e), m->frame) &&
	       pte_writable(e) == write;
}

static void forget(struct domain *d, struct grant_mapping *m, uint32_t kind)
{
	m->flags &= ~kind;
	if ((m->flags & MAPPING_KINDS) == 0) {
		uint32_t ref = m->ref;

		*m = (struct grant_mapping){0};
		table_release(d, ref);
	}
}

/*
 * Replaces the entry of a host mapping by `with`. GNTST_okay or
 * GNTST_general_error; *ret_rc is -XEN_ERESTART when it has to be tried again.
 */
static int16_t replace_host(struct vcpu *v, const struct grant_mapping *m,
			    uint64_t address, pte_t with, int *ret_rc)
{
	maddr_t where;
	const pte_t *e =
		find_entry(v, address, m->flags & GNTMAP_contains_pte, &where);

	if (e == NULL || !is_entry_of(m, pte_read(e))) {
		return GNTST_general_error;
	}
	*ret_rc = set_entry(v, where, with);
	return *ret_rc == 0 ? GNTST_okay : GNTST_general_error;
}

int map_end(struct vcpu *v, gnttab_unmap_grant_ref_t *op)
{
	struct domain *d = v->domain;
	struct grant_mapping *m = find_mapping(d, op->handle);
	uint32_t done = 0;
	int rc = mmu_settle(&d->mmu);

	if (rc != 0) {
		return rc;
	}
	if (m == NULL) {
		op->status = GNTST_bad_handle;
		return 0;
	}
	op->status = GNTST_okay;
	if (op->dev_bus_addr != 0 && (m->flags & GNTMAP_device_map)) {
		if (op->dev_bus_addr != mfn_to_maddr(m->frame).v) {
			op->status = GNTST_general_error;
			return 0;
		}
		done |= GNTMAP_device_map;
	}
	if (op->host_addr != 0 && (m->flags & GNTMAP_host_map)) {
		op->status = replace_host(v, m, op->host_addr, pte(0), &rc);
		done |= GNTMAP_host_map;
	}
	if (op->status == GNTST_okay) {
		forget(d, m, done);
	}
	return rc == -XEN_ERESTART ? rc : 0;
}

/* The entry at new_addr moves to where the mapping was. */
int map_replace(struct vcpu *v, gnttab_unmap_and_replace_t *op)
{
	struct domain *d = v->domain;
	struct grant_mapping *m = find_mapping(d, op->handle);
	const pte_t *from;
	maddr_t where;
	int rc = mmu_settle(&d->mmu);

	if (rc != 0) {
		return rc;
	}
	if (m == NULL) {
		op->status = GNTST_bad_handle;
		return 0;
	}
	op->status = GNTST_general_error;
	if ((m->flags & GNTMAP_contains_pte) || !(m->flags & GNTMAP_host_map)) {
		return 0;
	}
	from = find_entry(v, op->new_addr, false, &where);
	if (from == NULL || op->new_addr == op->host_addr) {
		return 0;
	}
	op->status = replace_host(v, m, op->host_addr, pte_read(from), &rc);
	if (op->status == GNTST_okay) {
		forget(d, m, GNTMAP_host_map);
		/* Taking an entry away cannot fail in a live L1. */
		rc = set_entry(v, where, pte(0));
	}
	return rc == -XEN_ERESTART ? rc : 0;
}
