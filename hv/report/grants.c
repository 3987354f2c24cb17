/* SPDX-License-Identifier: MIT */
/*
 * A grant table read for a report. What is in use the grant service has
 * written down; an entry that nobody uses is the guest's, who may change it
 * meanwhile: what is read here is told and decides nothing, so the service is
 * not asked (services/grant_table.c). Nor does its lock keep another vCPU from
 * changing the table's version meanwhile: which one it is, is read once.
 */
#include "hv/report/grants.h"

#include "hv/domain/domain.h"

static const void *table(const struct domain *d)
{
	return frame_data(d->mmu.m, d->grant.first);
}

/* Does the entry offer a frame? If so, which, and to whom. */
static bool read_entry(const struct domain *d, unsigned int version,
		       uint32_t ref, uint64_t *ret_frame,
		       struct grant_seen *ret)
{
	uint16_t flags;

	if (version == 1) {
		const volatile grant_entry_v1_t *e = table(d);

		flags = e[ref].flags;
		ret->to = e[ref].domid;
		*ret_frame = e[ref].frame;
	} else {
		const volatile grant_entry_v2_t *e = table(d);

		flags = e[ref].hdr.flags;
		ret->to = e[ref].hdr.domid;
		*ret_frame = e[ref].full_page.frame;
	}
	ret->writable = (flags & GTF_readonly) == 0;
	return (flags & GTF_type_mask) == GTF_permit_access &&
	       (flags & GTF_sub_page) == 0;
}

bool grants_find(const struct domain *d, mfn_t frame, uint32_t from,
		 struct grant_seen *ret)
{
	const unsigned int version =
		__atomic_load_n(&d->grant.version, __ATOMIC_RELAXED);
	const size_t size = version == 1 ? sizeof(grant_entry_v1_t)
					 : sizeof(grant_entry_v2_t);
	const uint32_t nr = d->grant.nr_frames * (uint32_t)(PAGE_SIZE / size);

	for (uint32_t ref = from; ref < nr; ref++) {
		const struct grant_active *a = &d->grant.active[ref];
		uint64_t granted;
		bool grants = read_entry(d, version, ref, &granted, ret);

		ret->ref = ref;
		ret->active = a->uses != 0;
		if (ret->active) {
			granted = a->frame.v;
			ret->to = a->by;
			ret->writable = a->writes != 0;
		}
		if ((grants || ret->active) && granted == frame.v) {
			return true;
		}
	}
	return false;
}
