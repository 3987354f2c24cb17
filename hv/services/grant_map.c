/* SPDX-License-Identifier: MIT */
/*
 * Mapping granted frames. A mapping is an L1 entry that the engine judges and
 * writes. Of a frame of the domain's own it is one like any other that it might
 * have written; of another domain's, the engine keeps the references for as
 * long as an entry of that kind is there, however it goes, and until no CPU
 * holds a translation (engine/domain/foreign.c). What is kept here is which
 * grants are in use, and for what, so that only that can be undone.
 *
 * So a guest that overwrites such an entry harms nothing, but cannot undo the
 * mapping any more, and the granter's entry stays marked until it dies. Nor
 * does a granter that dies take the frame away: it stays a dead domain's until
 * the mapping goes.
 *
 * A device mapping is noted and no more: no device can reach memory.
 */
#include "hv/services/grant_map.h"

#include "hv/domain/domain.h"
#include "hv/services/grant_entry.h"
#include "hv/vcpu/vcpu.h"

#define MAPPING_KINDS (GNTMAP_host_map | GNTMAP_device_map)

static struct grant_mapping *free_mapping(struct grant_domain *g)
{
	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		if (g->mapping[i].flags == 0) {
			return &g->mapping[i];
		}
	}
	return NULL;
}

/* The engine's result as the grant tables' own. */
static int16_t status_of(int rc)
{
	return rc == 0 ? GNTST_okay : GNTST_general_error;
}

static bool is_write(uint32_t flags)
{
	return (flags & GNTMAP_readonly) == 0;
}

/*
 * The granter; NULL: it has been forgotten, which it is only when no frame of
 * its is mapped any more.
 */
static struct domain *owner_of(const struct grant_mapping *m)
{
	struct domain *d = domain_at(m->slot);

	return d != NULL && d->lives == m->lives ? d : NULL;
}

/*
 * The entry of a host mapping, which the guest says is at this address. A guest
 * that took the entry away by hand may ask for it after the granter is gone.
 */
static struct granted entry_for(struct domain *owner, uint64_t address,
				uint32_t flags, mfn_t frame)
{
	return (struct granted){
		.owner = owner == NULL ? NULL : &owner->mmu,
		.address = address,
		.by_pte = (flags & GNTMAP_contains_pte) != 0,
		.writable = is_write(flags),
		.frame = frame,
	};
}

/* 0 with a status, or -XEN_ERESTART. */
static int map_frame(struct vcpu *v, struct domain *owner,
		     gnttab_map_grant_ref_t *op, mfn_t frame)
{
	struct granted g;
	int rc;

	if (!mmu_owns(&owner->mmu, frame)) {
		op->status = GNTST_bad_page;
		return 0;
	}
	if ((op->flags & GNTMAP_host_map) == 0) {
		return 0;
	}
	g = entry_for(owner, op->host_addr, op->flags, frame);
	rc = mmu_grant_map(&v->mmu, &g);
	op->status = status_of(rc);
	return rc == -XEN_ERESTART ? rc : 0;
}

static void note(struct domain *d, const struct domain *owner,
		 struct grant_mapping *m, gnttab_map_grant_ref_t *op,
		 mfn_t frame)
{
	*m = (struct grant_mapping){.flags = op->flags,
				    .ref = op->ref,
				    .frame = frame,
				    .slot = owner->slot,
				    .lives = owner->lives};
	op->handle = (grant_handle_t)(m - d->grant.mapping);
	op->dev_bus_addr = mfn_to_maddr(frame).v;
}

int map_grant(struct vcpu *v, gnttab_map_grant_ref_t *op)
{
	struct domain *d = v->domain;
	struct domain *owner = domain_numbered(d, op->dom);
	struct grant_mapping *m = free_mapping(&d->grant);
	const struct grant_wish wish = {.by = d->mmu.domid,
					.write = is_write(op->flags)};
	const struct grant_active *a;
	int rc;

	if ((op->flags & MAPPING_KINDS) == 0) {
		op->status = GNTST_bad_gntref;
		return 0;
	}
	if (owner == NULL) {
		op->status = GNTST_bad_domain;
		return 0;
	}
	if (m == NULL) {
		op->status = GNTST_no_space;
		return 0;
	}
	op->status = entry_acquire(owner, op->ref, &wish, &a);
	if (op->status != GNTST_okay) {
		return 0;
	}
	rc = map_frame(v, owner, op, a->frame);
	if (op->status == GNTST_okay) {
		note(d, owner, m, op, a->frame);
	} else {
		entry_release(owner, op->ref, wish.write);
	}
	return rc;
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

static void forget(struct grant_mapping *m, uint32_t kind)
{
	struct domain *owner = owner_of(m);

	m->flags &= ~kind;
	if ((m->flags & MAPPING_KINDS) != 0) {
		return;
	}
	if (owner != NULL) {
		entry_release(owner, m->ref, is_write(m->flags));
	}
	*m = (struct grant_mapping){0};
}

int map_end(struct vcpu *v, gnttab_unmap_grant_ref_t *op)
{
	struct grant_mapping *m = find_mapping(v->domain, op->handle);
	uint32_t done = 0;
	int rc = 0;

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
		const struct granted g = entry_for(owner_of(m), op->host_addr,
						   m->flags, m->frame);

		rc = mmu_grant_unmap(&v->mmu, &g);
		op->status = status_of(rc);
		done |= GNTMAP_host_map;
	}
	if (op->status == GNTST_okay) {
		forget(m, done);
	}
	return rc == -XEN_ERESTART ? rc : 0;
}

/* The entry at new_addr moves to where the mapping was. */
int map_replace(struct vcpu *v, gnttab_unmap_and_replace_t *op)
{
	struct grant_mapping *m = find_mapping(v->domain, op->handle);
	struct granted g;
	int rc;

	if (m == NULL) {
		op->status = GNTST_bad_handle;
		return 0;
	}
	op->status = GNTST_general_error;
	if ((m->flags & GNTMAP_contains_pte) || !(m->flags & GNTMAP_host_map)) {
		return 0;
	}
	g = entry_for(owner_of(m), op->host_addr, m->flags, m->frame);
	rc = mmu_grant_replace(&v->mmu, &g, op->new_addr);
	op->status = status_of(rc);
	if (rc == 0) {
		forget(m, GNTMAP_host_map);
	}
	return rc == -XEN_ERESTART ? rc : 0;
}

void map_domain_end(struct domain *d)
{
	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		if (d->grant.mapping[i].flags != 0) {
			forget(&d->grant.mapping[i], MAPPING_KINDS);
		}
	}
}
