/* SPDX-License-Identifier: MIT */
/*
 * A grant table read for a report. Its entries are the guest's, who may change
 * them meanwhile: what is read here is told and decides nothing, so the table
 * is not asked by way of the grant service (services/grant_table.c).
 */
#include "hv/report/grants.h"

#include "hv/domain/domain.h"

#define STATUS_FRAME GRANT_TABLE_FRAMES /* the first one, of version 2 */

static const void *table(const struct domain *d, unsigned int frame)
{
	return frame_data(d->mmu.m, mfn_add(d->grant.first, frame));
}

static struct grant_seen read_v1(const struct domain *d, uint32_t ref,
				 uint64_t *ret_frame)
{
	const volatile grant_entry_v1_t *e = table(d, 0);

	*ret_frame = e[ref].frame;
	return (struct grant_seen){
		.ref = ref,
		.to = e[ref].domid,
		.flags = e[ref].flags,
	};
}

static struct grant_seen read_v2(const struct domain *d, uint32_t ref,
				 uint64_t *ret_frame)
{
	const volatile grant_entry_v2_t *e = table(d, 0);
	const volatile grant_status_t *status = table(d, STATUS_FRAME);

	*ret_frame = e[ref].full_page.frame;
	return (struct grant_seen){
		.ref = ref,
		.to = e[ref].hdr.domid,
		.flags = e[ref].hdr.flags | status[ref],
	};
}

bool grants_find(const struct domain *d, mfn_t frame, uint32_t from,
		 struct grant_seen *ret)
{
	const bool v1 = d->grant.version == 1;
	const uint32_t per_frame = v1 ? PAGE_SIZE / sizeof(grant_entry_v1_t)
				      : PAGE_SIZE / sizeof(grant_entry_v2_t);
	const uint32_t nr = d->grant.nr_frames * per_frame;

	for (uint32_t ref = from; ref < nr; ref++) {
		uint64_t granted;

		*ret = v1 ? read_v1(d, ref, &granted)
			  : read_v2(d, ref, &granted);
		if ((ret->flags & GTF_type_mask) == GTF_permit_access &&
		    granted == frame.v) {
			return true;
		}
	}
	return false;
}
