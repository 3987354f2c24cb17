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
#include "hv/services/grant_map.h"

#include "hv/domain/domain.h"
#include "hv/services/channel.h"
#include "hv/services/grant_table.h"
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

int map_grant(struct vcpu *v, gnttab_map_grant_ref_t *op)
{
	struct domain *d = v->domain;
	struct grant_mapping *m = free_mapping(&d->grant);
	bool write = !(op->flags & GNTMAP_readonly);
	mfn_t frame;
	int rc = 0;

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
	op->status = table_acquire(d, op->ref, write, &frame);
	if (op->status != GNTST_okay) {
		return 0;
	}
	if (!mmu_owns(&d->mmu, frame)) {
		op->status = GNTST_bad_page;
	} else if (op->flags & GNTMAP_host_map) {
		const struct granted g = {
			.owner = &d->mmu,
			.address = op->host_addr,
			.by_pte = op->flags & GNTMAP_contains_pte,
			.writable = write,
			.frame = frame,
		};

		rc = mmu_grant_map(&v->mmu, &g);
		op->status = status_of(rc);
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

static void forget(struct domain *d, struct grant_mapping *m, uint32_t kind)
{
	m->flags &= ~kind;
	if ((m->flags & MAPPING_KINDS) == 0) {
		uint32_t ref = m->ref;

		*m = (struct grant_mapping){0};
		table_release(d, ref);
	}
}

/* The entry of a host mapping, which the guest says is at this address. */
static struct granted entry_of(struct mmu_domain *d,
			       const struct grant_mapping *m, uint64_t address)
{
	return (struct granted){
		.owner = d,
		.address = address,
		.by_pte = m->flags & GNTMAP_contains_pte,
		.writable = !(m->flags & GNTMAP_readonly),
		.frame = m->frame,
	};
}

int map_end(struct vcpu *v, gnttab_unmap_grant_ref_t *op)
{
	struct domain *d = v->domain;
	struct grant_mapping *m = find_mapping(d, op->handle);
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
		const struct granted g = entry_of(&d->mmu, m, op->host_addr);

		rc = mmu_grant_unmap(&v->mmu, &g);
		op->status = status_of(rc);
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
	g = entry_of(&d->mmu, m, op->host_addr);
	rc = mmu_grant_replace(&v->mmu, &g, op->new_addr);
	op->status = status_of(rc);
	if (rc == 0) {
		forget(d, m, GNTMAP_host_map);
	}
	return rc == -XEN_ERESTART ? rc : 0;
}
