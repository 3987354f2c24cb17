/* SPDX-License-Identifier: MIT */
/*
 * Grant tables of both versions. Their frames are set aside when the domain is
 * built and lent to the guest when it asks for them, so growing cannot fail
 * halfway.
 *
 * The guest writes entries whenever it likes: what is decided by them is in
 * grant_entry.c.
 */
#include "hv/services/grant_table.h"

#include "engine/mmu.h"
#include "hv/domain/domain.h"

#define V1_ENTRIES (PAGE_SIZE / sizeof(grant_entry_v1_t))
#define V2_ENTRIES (PAGE_SIZE / sizeof(grant_entry_v2_t))
#define STATUS_ENTRIES (PAGE_SIZE / sizeof(grant_status_t))
/* Granted by whoever built the domain; kept when the version changes. */
#define RESERVED_ENTRIES 8

static void *entry_at(const struct domain *d, mfn_t frame, uint32_t index,
		      size_t per_frame)
{
	mfn_t f = mfn_add(frame, index / per_frame);
	size_t size = PAGE_SIZE / per_frame;

	return (uint8_t *)frame_data(d->mmu.m, f) + index % per_frame * size;
}

grant_entry_v1_t *table_v1(const struct domain *d, uint32_t ref)
{
	return entry_at(d, d->grant.first, ref, V1_ENTRIES);
}

grant_entry_v2_t *table_v2(const struct domain *d, uint32_t ref)
{
	return entry_at(d, d->grant.first, ref, V2_ENTRIES);
}

mfn_t table_status_frame(const struct domain *d, unsigned int i)
{
	return mfn_add(d->grant.first, GRANT_TABLE_FRAMES + i);
}

grant_status_t *table_status(const struct domain *d, uint32_t ref)
{
	return entry_at(d, table_status_frame(d, 0), ref, STATUS_ENTRIES);
}

uint32_t table_entries(const struct domain *d)
{
	size_t per_frame = d->grant.version == 1 ? V1_ENTRIES : V2_ENTRIES;

	return d->grant.nr_frames * (uint32_t)per_frame;
}

unsigned int table_status_frames(const struct domain *d)
{
	return d->grant.version == 1 ? 0 : (d->grant.nr_frames + 7) / 8;
}

static void share(struct domain *d, mfn_t first, unsigned int from,
		  unsigned int to)
{
	for (; from < to; from++) {
		mmu_share(&d->mmu, mfn_add(first, from), true);
	}
}

void table_grow(struct domain *d, unsigned int nr)
{
	struct grant_domain *g = &d->grant;
	unsigned int had_status = table_status_frames(d);

	if (nr > g->nr_frames) {
		share(d, g->first, g->nr_frames, nr);
		g->nr_frames = nr;
		share(d, table_status_frame(d, 0), had_status,
		      table_status_frames(d));
	}
}

void grant_domain_init(struct domain *d, mfn_t first, mfn_t console,
		       mfn_t store)
{
	d->grant.first = first;
	d->grant.version = 1;
	table_grow(d, 1);
	*table_v1(d, GNTTAB_RESERVED_CONSOLE) = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,
		.frame = (uint32_t)console.v,
	};
	*table_v1(d, GNTTAB_RESERVED_XENSTORE) = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,
		.frame = (uint32_t)store.v,
	};
}

/* --- versions ----------------------------------------------------------------
 */

/* Takes the status frames back: all or, while one is mapped, none. */
static int unshare_status(struct domain *d)
{
	return mmu_unshare(&d->mmu, table_status_frame(d, 0),
			   table_status_frames(d));
}

static void clear_frames(struct domain *d, mfn_t first, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		__builtin_memset(frame_data(d->mmu.m, mfn_add(first, i)), 0,
				 PAGE_SIZE);
	}
}

static void become_v2(struct domain *d)
{
	grant_entry_v1_t kept[RESERVED_ENTRIES];

	for (uint32_t i = 0; i < RESERVED_ENTRIES; i++) {
		kept[i] = *table_v1(d, i);
	}
	d->grant.version = 2;
	clear_frames(d, d->grant.first, d->grant.nr_frames);
	clear_frames(d, table_status_frame(d, 0), table_status_frames(d));
	share(d, table_status_frame(d, 0), 0, table_status_frames(d));
	for (uint32_t i = 0; i < RESERVED_ENTRIES; i++) {
		grant_entry_v2_t *e = table_v2(d, i);

		e->full_page.hdr.flags = kept[i].flags;
		e->full_page.hdr.domid = kept[i].domid;
		e->full_page.frame = kept[i].frame;
	}
}

static int become_v1(struct domain *d)
{
	grant_entry_v2_t kept[RESERVED_ENTRIES];
	int rc = unshare_status(d);

	if (rc != 0) {
		return rc;
	}
	for (uint32_t i = 0; i < RESERVED_ENTRIES; i++) {
		kept[i] = *table_v2(d, i);
	}
	d->grant.version = 1;
	clear_frames(d, d->grant.first, d->grant.nr_frames);
	for (uint32_t i = 0; i < RESERVED_ENTRIES; i++) {
		uint16_t flags = kept[i].hdr.flags;

		if ((flags & GTF_type_mask) != GTF_permit_access ||
		    kept[i].full_page.frame >> 32 != 0) {
			continue; /* version 1 has no words for it */
		}
		*table_v1(d, i) = (grant_entry_v1_t){
			.flags = flags,
			.domid = kept[i].hdr.domid,
			.frame = (uint32_t)kept[i].full_page.frame,
		};
	}
	return 0;
}

int table_set_version(struct domain *d, unsigned int version)
{
	if (version != 1 && version != 2) {
		return -XEN_EINVAL;
	}
	if (version == d->grant.version) {
		return 0;
	}
	if (d->grant.nr_active != 0) {
		return -XEN_EBUSY;
	}
	if (version == 1) {
		return become_v1(d);
	}
	become_v2(d);
	return 0;
}
