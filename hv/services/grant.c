/* SPDX-License-Identifier: MIT */
/*
 * grant_table_op: requests in and out. Those that take a list of entries stop
 * between two of them when something else is due.
 */
#include "hv/services/grant.h"

#include "engine/port.h"
#include "engine/request/form.h"
#include "hv/domain/domain.h"
#include "hv/services/grant_copy.h"
#include "hv/services/grant_entry.h"
#include "hv/services/grant_map.h"
#include "hv/services/grant_table.h"
#include "hv/mm/layout.h"
#include "hv/vcpu/vcpu.h"

/* Requests that hold words; `status` stands at the same place in both. */
static const struct form form_setup = {
	.wide = sizeof(gnttab_setup_table_t),
	.narrow = 16,
	.words = 1 << 3, /* frame_list */
};
static const struct form form_status_frames = {
	.wide = sizeof(gnttab_get_status_frames_t),
	.narrow = 12,
	.words = 1 << 2, /* frame_list */
};

/* The table of a domain is its own matter. */
static int16_t own_table(struct domain *d, domid_t domid)
{
	const struct domain *of = domain_of_id(d, domid);

	if (of == NULL) {
		return GNTST_bad_domain;
	}
	return of == d ? GNTST_okay : GNTST_permission_denied;
}

/* A number of 64 bits to every guest. */
static const struct form form_number = {.wide = 8, .narrow = 8};

/* Consecutive frame numbers, to a list of the guest's. */
static int16_t list_frames(struct vcpu *v, uint64_t list, const struct form *f,
			   mfn_t first, uint32_t nr)
{
	int16_t status = GNTST_okay;

	for (uint32_t i = 0; i < nr; i++) {
		uint64_t frame = mfn_add(first, i).v;

		if (form_out(&v->mmu, f, list + i * form_size(v->mmu.dom, f),
			     &frame) != 0) {
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

	if (form_in(&v->mmu, &form_setup, &op, at) != 0) {
		return -XEN_EFAULT;
	}
	list = (uint64_t)(uintptr_t)op.frame_list.p;
	if (!guest_range_ok(list, op.nr_frames * sizeof(uint64_t))) {
		return -XEN_EFAULT;
	}
	op.status = own_table(d, op.dom);
	if (op.status != GNTST_okay) {
		/* as it is */
	} else if (op.nr_frames > GRANT_TABLE_FRAMES) {
		op.status = GNTST_general_error;
	} else {
		table_grow(d, op.nr_frames);
		op.status = list_frames(v, list, &form_word, d->grant.first,
					op.nr_frames);
	}
	return port_copy_out(&v->mmu,
			     at + offsetof(gnttab_setup_table_t, status),
			     &op.status, sizeof(op.status));
}

static int64_t get_status_frames(struct vcpu *v, uint64_t at)
{
	struct domain *d = v->domain;
	gnttab_get_status_frames_t op;
	uint64_t list;

	if (form_in(&v->mmu, &form_status_frames, &op, at) != 0) {
		return -XEN_EFAULT;
	}
	list = (uint64_t)(uintptr_t)op.frame_list.p;
	if (!guest_range_ok(list, op.nr_frames * sizeof(uint64_t))) {
		return -XEN_EFAULT;
	}
	op.status = own_table(d, op.dom);
	if (op.status != GNTST_okay) {
		/* as it is */
	} else if (op.nr_frames > table_status_frames(d)) {
		op.status = GNTST_general_error;
	} else {
		op.status = list_frames(v, list, &form_number,
					table_status_frame(d, 0), op.nr_frames);
	}
	return port_copy_out(&v->mmu,
			     at + offsetof(gnttab_get_status_frames_t, status),
			     &op.status, sizeof(op.status));
}

static int64_t query_size(struct vcpu *v, uint64_t at)
{
	gnttab_query_size_t op;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	op.status = own_table(v->domain, op.dom);
	if (op.status == GNTST_okay) {
		op.nr_frames = v->domain->grant.nr_frames;
		op.max_nr_frames = GRANT_TABLE_FRAMES;
	}
	return port_copy_out(&v->mmu, at, &op, sizeof(op));
}

static int64_t set_version(struct vcpu *v, uint64_t at)
{
	gnttab_set_version_t op;
	int64_t rc;

	if (port_copy_in(&v->mmu, &op, at, sizeof(op)) != 0) {
		return -XEN_EFAULT;
	}
	rc = table_set_version(v->domain, op.version);
	op.version = v->domain->grant.version;
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
	switch (own_table(v->domain, op.dom)) {
	case GNTST_okay:
		break;
	case GNTST_bad_domain:
		return -XEN_ESRCH;
	default:
		return -XEN_EPERM;
	}
	op.version = v->domain->grant.version;
	return port_copy_out(&v->mmu, at, &op, sizeof(op));
}

/* --- lists of entries
 * ---------------------------------------------------------- */

union grant_op {
	gnttab_map_grant_ref_t map;
	gnttab_unmap_grant_ref_t unmap;
	gnttab_unmap_and_replace_t replace;
	gnttab_transfer_t transfer;
	gnttab_copy_t copy;
	gnttab_swap_grant_ref_t swap;
};

/* Nobody gives a page away: the caller keeps it, whatever it asked. */
static int16_t refuse_transfer(struct domain *d, const gnttab_transfer_t *op)
{
	if (!mmu_owns(&d->mmu, mfn(op->mfn))) {
		return GNTST_bad_page;
	}
	return domain_numbered(d, op->domid) == NULL ? GNTST_bad_domain
						     : GNTST_permission_denied;
}

static int do_entry(struct vcpu *v, unsigned int cmd, union grant_op *op)
{
	struct domain *d = v->domain;

	switch (cmd) {
	case GNTTABOP_map_grant_ref:
		return map_grant(v, &op->map);
	case GNTTABOP_unmap_grant_ref:
		return map_end(v, &op->unmap);
	case GNTTABOP_unmap_and_replace:
		return map_replace(v, &op->replace);
	case GNTTABOP_transfer:
		op->transfer.status = refuse_transfer(d, &op->transfer);
		return 0;
	case GNTTABOP_copy:
		return copy_grant(v, &op->copy);
	default:
		op->swap.status = entry_swap(d, op->swap.ref_a, op->swap.ref_b);
		return 0;
	}
}

#define SAME(type)                                           \
	{                                                    \
		.wide = sizeof(type), .narrow = sizeof(type) \
	}
static const struct form entry_forms[] = {
	[GNTTABOP_map_grant_ref] = SAME(gnttab_map_grant_ref_t),
	[GNTTABOP_unmap_grant_ref] = SAME(gnttab_unmap_grant_ref_t),
	[GNTTABOP_unmap_and_replace] = SAME(gnttab_unmap_and_replace_t),
	[GNTTABOP_transfer] = {.wide = sizeof(gnttab_transfer_t),
			       .narrow = 16,
			       .words = 1 << 0}, /* mfn */
	/* Frame or reference, twice; what follows the second is aligned. */
	[GNTTABOP_copy] = {.wide = sizeof(gnttab_copy_t),
			   .narrow = 24,
			   .words = 1 << 0 | 1 << 2 | 1 << 3},
	[GNTTABOP_swap_grant_ref] = SAME(gnttab_swap_grant_ref_t),
};

#define STRETCH 16 /* entries between two questions whether to stop */

static int64_t restart_at(uint64_t arg[6], uint64_t at, uint32_t left)
{
	arg[1] = at;
	arg[2] = left;
	return -XEN_ERESTART;
}

static int64_t do_entries(struct vcpu *v, unsigned int cmd, uint64_t arg[6])
{
	uint32_t count = (uint32_t)arg[2];
	const struct form *f = &entry_forms[cmd];
	size_t size = form_size(v->mmu.dom, f);
	uint64_t at = arg[1];

	if (!guest_range_ok(at, count * size)) {
		return -XEN_EFAULT;
	}
	for (uint32_t i = 0; i < count; i++, at += size) {
		union grant_op op;

		if (i % STRETCH == STRETCH - 1 &&
		    port_preempt(&v->domain->mmu)) {
			return restart_at(arg, at, count - i);
		}
		if (form_in(&v->mmu, f, &op, at) != 0) {
			return -XEN_EFAULT;
		}
		if (do_entry(v, cmd, &op) == -XEN_ERESTART) {
			return restart_at(arg, at, count - i);
		}
		if (form_out(&v->mmu, f, at, &op) != 0) {
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
