/* SPDX-License-Identifier: MIT */
/*
 * The grant table of a domain alone on its machine. Its frames are set aside
 * when the domain is built and lent to the guest when it asks for them, so
 * growing cannot fail halfway. The guest may write anything into them: nobody
 * reads it but swap_grant_ref, which moves entries and does not look inside.
 */
#include "hv/grant/grant.h"

#include "engine/port.h"
#include "hv/domain.h"
#include "hv/event/channel.h"
#include "hv/mm/layout.h"
#include "hv/vcpu.h"

#define FRAME_ENTRIES (PAGE_SIZE / sizeof(grant_entry_v1_t))

static void grow(struct domain *d, unsigned int nr)
{
	struct grant_domain *g = &d->grant;

	for (; g->nr_frames < nr; g->nr_frames++) {
		mmu_share(&d->mmu, mfn_add(g->first, g->nr_frames), true);
	}
}

static grant_entry_v1_t *entry_of(struct domain *d, uint32_t ref)
{
	mfn_t frame = mfn_add(d->grant.first, ref / FRAME_ENTRIES);

	return (grant_entry_v1_t *)frame_data(d->mmu.m, frame) +
	       ref % FRAME_ENTRIES;
}

void grant_domain_init(struct domain *d, mfn_t first, mfn_t console,
		       mfn_t store)
{
	d->grant = (struct grant_domain){.first = first};
	grow(d, 1);
	*entry_of(d, GNTTAB_RESERVED_CONSOLE) = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,
		.frame = (uint32_t)console.v,
	};
	*entry_of(d, GNTTAB_RESERVED_XENSTORE) = (grant_entry_v1_t){
		.flags = GTF_permit_access,
		.domid = 0,
		.frame = (uint32_t)store.v,
	};
}

mfn_t grant_frame(struct domain *d, uint64_t index)
{
	if (index >= GRANT_MAX_FRAMES) {
		return MFN_INVALID;
	}
	grow(d, (unsigned int)index + 1);
	return mfn_add(d->grant.first, index);
}

static int16_t list_frames(struct vcpu *v, uint64_t list, uint32_t nr)
{
	int16_t status = GNTST_okay;

	for (uint32_t i = 0; i < nr; i++) {
		uint64_t frame = mfn_add(v->domain->grant.first, i).v;

		if (port_copy_out(&v->mmu, list + i * sizeof(frame), &frame,
				  sizeof(frame)) != 0) {
			status = GNTST_bad_virt_addr;
		}
	}
	return status;
}

static int64_t setup_table(struct vcpu *v, uint64_t at)
{
	struct domain *d = v->domain;
	gnttab_setup_table_t op;
	uint64_t list;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	list = (uint64_t)(uintptr_t)op.frame_list.p;
	if (!guest_range_ok(list, op.nr_frames * sizeof(uint64_t))) {
		return -XEN_EFAULT;
	}
	if (!channel_domid_is_self(d, op.dom)) {
		op.status = GNTST_bad_domain;
	} else if (op.nr_frames > GRANT_MAX_FRAMES) {
		op.status = GNTST_general_error;
	} else {
		grow(d, op.nr_frames);
		op.status = list_frames(v, list, op.nr_frames);
	}
	return port_copy_out(&v->mmu,
			     at + offsetof(gnttab_setup_table_t, status),
			     &op.status, sizeof(op.status));
}

static int64_t query_size(struct vcpu *v, uint64_t at)
{
	gnttab_query_size_t op;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	op.status = GNTST_bad_domain;
	if (channel_domid_is_self(v->domain, op.dom)) {
		op.nr_frames = v->domain->grant.nr_frames;
		op.max_nr_frames = GRANT_MAX_FRAMES;
		op.status = GNTST_okay;
	}
	return port_copy_out(&v->mmu, at, &op, sizeof(op));
}

/* There is version 1 only, and no status frames, which are version 2's. */
static int64_t set_version(struct vcpu *v, uint64_t at)
{
	gnttab_set_version_t op;
	int64_t rc = -XEN_EINVAL;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (op.version == 1) {
		rc = 0;
	} else if (op.version == 2) {
		rc = -XEN_ENOSYS;
	}
	op.version = 1;
	if (port_copy_out(&v->mmu, at, &op, sizeof(op)) != 0) {
		rc = -XEN_EFAULT;
	}
	return rc;
}

static int64_t get_version(struct vcpu *v, uint64_t at)
{
	gnttab_get_version_t op;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (!channel_domid_is_self(v->domain, op.dom)) {
		return -XEN_ESRCH;
	}
	op.version = 1;
	return port_copy_out(&v->mmu, at, &op, sizeof(op));
}

static int64_t get_status_frames(struct vcpu *v, uint64_t at)
{
	gnttab_get_status_frames_t op;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	if (!channel_domid_is_self(v->domain, op.dom)) {
		op.status = GNTST_bad_domain;
	} else {
		op.status =
			op.nr_frames == 0 ? GNTST_okay : GNTST_general_error;
	}
	return port_copy_out(&v->mmu,
			     at + offsetof(gnttab_get_status_frames_t, status),
			     &op.status, sizeof(op.status));
}

static int16_t swap_refs(struct domain *d, uint32_t a, uint32_t b)
{
	uint32_t nr = d->grant.nr_frames * (uint32_t)FRAME_ENTRIES;
	grant_entry_v1_t entry;

	if (a >= nr || b >= nr) {
		return GNTST_bad_gntref;
	}
	entry = *entry_of(d, a);
	*entry_of(d, a) = *entry_of(d, b);
	*entry_of(d, b) = entry;
	return GNTST_okay;
}

/* --- operations on lists of entries ------------------------------------------
 */

union grant_op {
	gnttab_map_grant_ref_t map;
	gnttab_unmap_grant_ref_t unmap;
	gnttab_unmap_and_replace_t replace;
	gnttab_transfer_t transfer;
	gnttab_copy_t copy;
	gnttab_swap_grant_ref_t swap;
};

/* Whose grant is it that cannot be used? */
static int16_t refuse_domain(const struct domain *d, domid_t domid)
{
	return channel_domid_is_self(d, domid) ? GNTST_permission_denied
					       : GNTST_bad_domain;
}

static void do_entry(struct domain *d, unsigned int cmd, union grant_op *op)
{
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		op->map.status = refuse_domain(d, op->map.dom);
		break;
	case GNTTABOP_unmap_grant_ref:
		op->unmap.status = GNTST_bad_handle;
		break;
	case GNTTABOP_unmap_and_replace:
		op->replace.status = GNTST_bad_handle;
		break;
	case GNTTABOP_transfer:
		op->transfer.status = refuse_domain(d, op->transfer.domid);
		break;
	case GNTTABOP_copy:
		op->copy.status = refuse_domain(d, op->copy.source.domid);
		break;
	default:
		op->swap.status = swap_refs(d, op->swap.ref_a, op->swap.ref_b);
		break;
	}
}

static size_t entry_size(unsigned int cmd)
{
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		return sizeof(gnttab_map_grant_ref_t);
	case GNTTABOP_unmap_grant_ref:
		return sizeof(gnttab_unmap_grant_ref_t);
	case GNTTABOP_unmap_and_replace:
		return sizeof(gnttab_unmap_and_replace_t);
	case GNTTABOP_transfer:
		return sizeof(gnttab_transfer_t);
	case GNTTABOP_copy:
		return sizeof(gnttab_copy_t);
	default:
		return sizeof(gnttab_swap_grant_ref_t);
	}
}

#define STRETCH 64 /* entries between two questions whether to stop */

static int64_t do_entries(struct vcpu *v, unsigned int cmd, uint64_t arg[6])
{
	uint32_t count = (uint32_t)arg[2];
	size_t size = entry_size(cmd);
	uint64_t at = arg[1];

	if (!guest_range_ok(at, count * size)) {
		return -XEN_EFAULT;
	}
	for (uint32_t i = 0; i < count; i++, at += size) {
		union grant_op op;

		if (i % STRETCH == STRETCH - 1 &&
		    port_preempt(&v->domain->mmu)) {
			arg[1] = at;
			arg[2] = count - i;
			return -XEN_ERESTART;
		}
		if (port_copy_in(&v->mmu, &op, at, size) != 0) {
			return -XEN_EFAULT;
		}
		do_entry(v->domain, cmd, &op);
		if (port_copy_out(&v->mmu, at, &op, size) != 0) {
			return -XEN_EFAULT;
		}
	}
	return 0;
}

int64_t hc_grant_table_op(struct vcpu *v, uint64_t arg[6])
{
	unsigned int cmd = (unsigned int)arg[0];
	bool single = (uint32_t)arg[2] == 1;

	if ((int32_t)arg[2] < 0) {
		return -XEN_EINVAL;
	}
	switch (cmd) {
	case GNTTABOP_map_grant_ref:
	case GNTTABOP_unmap_grant_ref:
	case GNTTABOP_unmap_and_replace:
	case GNTTABOP_transfer:
	case GNTTABOP_copy:
	case GNTTABOP_swap_grant_ref:
		return do_entries(v, cmd, arg);
	case GNTTABOP_setup_table:
		return single ? setup_table(v, arg[1]) : -XEN_EINVAL;
	case GNTTABOP_query_size:
		return single ? query_size(v, arg[1]) : -XEN_EINVAL;
	case GNTTABOP_get_status_frames:
		return single ? get_status_frames(v, arg[1]) : -XEN_EINVAL;
	case GNTTABOP_set_version:
		return set_version(v, arg[1]);
	case GNTTABOP_get_version:
		return get_version(v, arg[1]);
	default:
		return -XEN_ENOSYS;
	}
}
