/* SPDX-License-Identifier: MIT */
/*
 * Grant tables of both versions. Their frames are set aside when the domain is
 * built and lent to the guest when it asks for them, so growing cannot fail
 * halfway.
 *
 * The guest writes entries whenever it likes. What decides is read once; the
 * marks that say "in use" are set by an exchange that fails if flags or domain
 * changed meanwhile, and what they are about is kept in the mappings, not read
 * back.
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

static grant_entry_v1_t *entry_v1(const struct domain *d, uint32_t ref)
{
	return entry_at(d, d->grant.first, ref, V1_ENTRIES);
}

static grant_entry_v2_t *entry_v2(const struct domain *d, uint32_t ref)
{
	return entry_at(d, d->grant.first, ref, V2_ENTRIES);
}

mfn_t table_status_frame(const struct domain *d, unsigned int i)
{
	return mfn_add(d->grant.first, GRANT_TABLE_FRAMES + i);
}

static grant_status_t *status_of(const struct domain *d, uint32_t ref)
{
	return entry_at(d, table_status_frame(d, 0), ref, STATUS_ENTRIES);
}

static uint32_t nr_entries(const struct domain *d)
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
	*entry_v1(d, GNTTAB_RESERVED_CONSOLE) = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,
		.frame = (uint32_t)console.v,
	};
	*entry_v1(d, GNTTAB_RESERVED_XENSTORE) = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,
		.frame = (uint32_t)store.v,
	};
}

/* --- versions ----------------------------------------------------------------
 */

static bool any_mapped(const struct grant_domain *g)
{
	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		if (g->mapping[i].flags != 0) {
			return true;
		}
	}
	return false;
}

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
		kept[i] = *entry_v1(d, i);
	}
	d->grant.version = 2;
	clear_frames(d, d->grant.first, d->grant.nr_frames);
	clear_frames(d, table_status_frame(d, 0), table_status_frames(d));
	share(d, table_status_frame(d, 0), 0, table_status_frames(d));
	for (uint32_t i = 0; i < RESERVED_ENTRIES; i++) {
		grant_entry_v2_t *e = entry_v2(d, i);

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
		kept[i] = *entry_v2(d, i);
	}
	d->grant.version = 1;
	clear_frames(d, d->grant.first, d->grant.nr_frames);
	for (uint32_t i = 0; i < RESERVED_ENTRIES; i++) {
		uint16_t flags = kept[i].hdr.flags;

		if ((flags & GTF_type_mask) != GTF_permit_access ||
		    kept[i].full_page.frame >> 32 != 0) {
			continue; /* version 1 has no words for it */
		}
		*entry_v1(d, i) = (grant_entry_v1_t){
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
	if (any_mapped(&d->grant)) {
		return -XEN_EBUSY;
	}
	if (version == 1) {
		return become_v1(d);
	}
	become_v2(d);
	return 0;
}

/* --- entries
 * ------------------------------------------------------------------ */

/* Flags and domain of an entry are one aligned word. */
static uint32_t *head_of(const struct domain *d, uint32_t ref)
{
	return d->grant.version == 1 ? (uint32_t *)(void *)entry_v1(d, ref)
				     : (uint32_t *)(void *)entry_v2(d, ref);
}

static bool head_grants(const struct domain *d, uint32_t head, bool write)
{
	uint16_t flags = (uint16_t)head;

	return (flags & GTF_type_mask) == GTF_permit_access &&
	       (flags & GTF_sub_page) == 0 && head >> 16 == d->mmu.domid &&
	       !(write && (flags & GTF_readonly));
}

int16_t table_acquire(struct domain *d, uint32_t ref, bool write,
		      mfn_t *ret_frame)
{
	uint32_t marks = GTF_reading | (write ? GTF_writing : 0);
	uint32_t head, marked;

	if (ref >= nr_entries(d)) {
		return GNTST_bad_gntref;
	}
	head = __atomic_load_n(head_of(d, ref), __ATOMIC_ACQUIRE);
	if (!head_grants(d, head, write)) {
		return GNTST_general_error;
	}
	if (d->grant.version == 1) {
		*ret_frame = mfn(entry_v1(d, ref)->frame);
		marked = head | marks;
	} else {
		*ret_frame = mfn(entry_v2(d, ref)->full_page.frame);
		__atomic_fetch_or(status_of(d, ref), (grant_status_t)marks,
				  __ATOMIC_SEQ_CST);
		marked = head;
	}
	/* The guest may have ended the grant while this was looked at. */
	if (!__atomic_compare_exchange_n(head_of(d, ref), &head, marked, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		table_release(d, ref);
		return GNTST_general_error;
	}
	return GNTST_okay;
}

/* The marks that the mappings of a grant ask for. */
static uint16_t marks_due(const struct grant_domain *g, uint32_t ref)
{
	uint16_t marks = 0;

	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		const struct grant_mapping *m = &g->mapping[i];

		if (m->flags != 0 && m->ref == ref) {
			marks |= GTF_reading;
			if (!(m->flags & GNTMAP_readonly)) {
				marks |= GTF_writing;
			}
		}
	}
	return marks;
}

void table_release(struct domain *d, uint32_t ref)
{
	uint16_t keep = (uint16_t)(~(GTF_reading | GTF_writing) |
				   marks_due(&d->grant, ref));

	if (d->grant.version == 1) {
		__atomic_fetch_and(&entry_v1(d, ref)->flags, keep,
				   __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(status_of(d, ref), keep, __ATOMIC_SEQ_CST);
	}
}

static bool in_use(const struct grant_domain *g, uint32_t ref)
{
	return marks_due(g, ref) != 0;
}

int16_t table_swap(struct domain *d, uint32_t a, uint32_t b)
{
	if (a >= nr_entries(d) || b >= nr_entries(d)) {
		return GNTST_bad_gntref;
	}
	if (in_use(&d->grant, a) || in_use(&d->grant, b)) {
		return GNTST_eagain;
	}
	if (d->grant.version == 1) {
		grant_entry_v1_t e = *entry_v1(d, a);

		*entry_v1(d, a) = *entry_v1(d, b);
		*entry_v1(d, b) = e;
	} else {
		grant_entry_v2_t e = *entry_v2(d, a);

		*entry_v2(d, a) = *entry_v2(d, b);
		*entry_v2(d, b) = e;
	}
	return GNTST_okay;
}
