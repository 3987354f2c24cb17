/* SPDX-License-Identifier: MIT */
/* memory_op (memory.h). */
#include "engine/request/form.h"
#include "engine/request/list.h"
#include "engine/domain/reservation.h"

/* The op is in the low bits; above it, the extent to go on with. */
#define OP_BITS 6
#define OP_MASK ((UINT64_C(1) << OP_BITS) - 1)

static const struct form form_reservation = {
	.wide = sizeof(struct xen_memory_reservation),
	.narrow = 20,
	.words = 1 << 0 | 1 << 1, /* extent_start, nr_extents */
};
/* Numbers of 32 bits before an address stand as in a word. */
static const struct form form_map = {
	.wide = sizeof(struct xen_memory_map),
	.narrow = 8,
	.words = 1 << 0 | 1 << 1,
};
static const struct form form_machphys = {
	.wide = sizeof(struct xen_machphys_mapping),
	.narrow = 12,
	.words = 1 << 0 | 1 << 1 | 1 << 2,
};
static const struct form form_mfn_list = {
	.wide = sizeof(struct xen_machphys_mfn_list),
	.narrow = 12,
	.words = 1 << 0 | 1 << 1 | 1 << 2,
};
static const struct form form_physmap = {
	.wide = sizeof(struct xen_add_to_physmap),
	.narrow = 16,
	.words = 1 << 2 | 1 << 3, /* idx, gpfn */
};

/* Errors of these three are told by the number of extents done alone. */
static int64_t adjust_reservation(struct mmu_vcpu *v, uint64_t arg[6],
				  unsigned int op)
{
	struct mmu_domain *d = v->dom;
	struct xen_memory_reservation xr;
	struct reservation r = {.done = arg[0] >> OP_BITS};
	bool preempted;

	if (form_in(v, &form_reservation, &xr, arg[1]) != 0) {
		(void)refuse_op(d, RULE_FAULT);
		return (int64_t)r.done;
	}
	r.list = (uint64_t)(uintptr_t)xr.extent_start.p;
	r.nr = xr.nr_extents;
	r.order = xr.extent_order;
	if (r.nr > (UINT32_MAX >> OP_BITS) || r.done >= r.nr ||
	    check_domid(d, xr.domid) != 0) {
		return (int64_t)r.done;
	}
	if (r.order > RESERVATION_MAX_ORDER) {
		(void)refuse_op(d, RULE_PRIVILEGED);
		return (int64_t)r.done;
	}
	if (check_mem_flags(d, xr.mem_flags) != 0) {
		return (int64_t)r.done;
	}
	if (op == XENMEM_increase_reservation) {
		reservation_increase(v, &r, &preempted);
	} else if (op == XENMEM_decrease_reservation) {
		reservation_decrease(v, &r, &preempted);
	} else {
		reservation_populate(v, &r, &preempted);
	}
	if (preempted) {
		arg[0] = (r.done << OP_BITS) | op;
		return -XEN_ERESTART;
	}
	return (int64_t)r.done;
}

static int64_t domain_size(struct mmu_vcpu *v, uint64_t arg, unsigned int op)
{
	struct mmu_domain *d = v->dom;
	domid_t domid;
	int rc;

	if (port_copy_in(v, &domid, arg, sizeof(domid)) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	rc = check_domid(d, domid);
	if (rc != 0) {
		return rc;
	}
	switch (op) {
	case XENMEM_current_reservation:
		return (int64_t)d->nr_pages;
	case XENMEM_maximum_reservation:
		return (int64_t)d->max_pages;
	default:
		return (int64_t)d->nr_pfns - 1;
	}
}

/* Without a map of its own: RAM for all that it begins with. */
static int64_t memory_map(struct mmu_vcpu *v, uint64_t arg)
{
	struct mmu_domain *d = v->dom;
	const struct mmu_map_entry ram = {.addr = 0,
					  .size = d->nr_pfns << PAGE_SHIFT,
					  .type = MMU_MAP_RAM};
	const struct mmu_map_entry *entry = d->nr_map != 0 ? d->map : &ram;
	const unsigned int nr = d->nr_map != 0 ? d->nr_map : 1;
	struct xen_memory_map map;

	if (form_in(v, &form_map, &map, arg) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	if (map.nr_entries > nr) {
		map.nr_entries = nr;
	}
	if ((map.nr_entries != 0 &&
	     port_copy_out(v, (uint64_t)(uintptr_t)map.buffer.p, entry,
			   map.nr_entries * sizeof(*entry)) != 0) ||
	    form_out(v, &form_map, arg, &map) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	return 0;
}

static int64_t machphys_mapping(struct mmu_vcpu *v, uint64_t arg)
{
	const uint64_t last = v->dom->m->nr_frames - 1;
	struct xen_machphys_mapping map = {
		.v_start = MACH2PHYS_VIRT_START,
		.v_end = MACH2PHYS_VIRT_END,
		.max_mfn = last,
	};

	if (v->dom->narrow) {
		map = (struct xen_machphys_mapping){
			.v_start = XEN_COMPAT_START,
			.v_end = XEN_COMPAT_M2P_END,
			.max_mfn = last < XEN_COMPAT_M2P_FRAMES
					   ? last
					   : XEN_COMPAT_M2P_FRAMES - 1,
		};
	}

	if (form_out(v, &form_machphys, arg, &map) != 0) {
		return refuse_op(v->dom, RULE_FAULT);
	}
	return 0;
}

/*
 * The frames that hold the M2P, one for each 2 MiB of it: asked for by
 * toolstacks. The M2P lies in the hypervisor's direct map in one piece.
 */
static int64_t machphys_mfn_list(struct mmu_vcpu *v, uint64_t arg)
{
	const struct mmu *m = v->dom->m;
	const bool narrow = v->dom->narrow && m->m2p32 != NULL;
	const uint8_t *m2p =
		narrow ? (const uint8_t *)m->m2p32 : (const uint8_t *)m->m2p;
	uint64_t first = (uint64_t)(m2p - m->ram);
	struct xen_machphys_mfn_list list;
	uint64_t bytes =
		m->nr_frames * (narrow ? sizeof(*m->m2p32) : sizeof(*m->m2p));
	uint32_t i;

	if (form_in(v, &form_mfn_list, &list, arg) != 0) {
		return refuse_op(v->dom, RULE_FAULT);
	}
	for (i = 0; i < list.max_extents && i * pt_span(2) < bytes; i++) {
		uint64_t frame = (first + i * pt_span(2)) >> PAGE_SHIFT;

		if (word_out(v,
			     word_at(v->dom,
				     (uint64_t)(uintptr_t)list.extent_start.p,
				     i),
			     frame) != 0) {
			return refuse_op(v->dom, RULE_FAULT);
		}
	}
	list.nr_extents = i;
	if (form_out(v, &form_mfn_list, arg, &list) != 0) {
		return refuse_op(v->dom, RULE_FAULT);
	}
	return 0;
}

static int64_t add_to_physmap(struct mmu_vcpu *v, uint64_t arg)
{
	struct xen_add_to_physmap x;
	int rc;

	if (form_in(v, &form_physmap, &x, arg) != 0) {
		return refuse_op(v->dom, RULE_FAULT);
	}
	if (x.space == XENMAPSPACE_gmfn_foreign) {
		return refuse_op(v->dom, RULE_NOT_IMPLEMENTED);
	}
	rc = check_domid(v->dom, x.domid);
	return rc != 0 ? rc : refuse_op(v->dom, RULE_PHYSMAP);
}

static int64_t memory_query(struct mmu_vcpu *v, uint64_t arg[6],
			    unsigned int op)
{
	switch (op) {
	case XENMEM_exchange:
		return reservation_exchange(v, arg[1]);
	case XENMEM_maximum_ram_page:
		return (int64_t)v->dom->m->nr_frames;
	case XENMEM_current_reservation:
	case XENMEM_maximum_reservation:
	case XENMEM_maximum_gpfn:
		return domain_size(v, arg[1], op);
	case XENMEM_memory_map:
		return memory_map(v, arg[1]);
	case XENMEM_machphys_mapping:
		return machphys_mapping(v, arg[1]);
	case XENMEM_machphys_mfn_list:
		return machphys_mfn_list(v, arg[1]);
	case XENMEM_add_to_physmap:
		return add_to_physmap(v, arg[1]);
	case XENMEM_machine_memory_map:
	case XENMEM_set_memory_map:
		return refuse_op(v->dom, RULE_PRIVILEGED);
	default:
		return refuse_op(v->dom, RULE_NOT_IMPLEMENTED);
	}
}

static enum mmu_operation operation(unsigned int op)
{
	switch (op) {
	case XENMEM_increase_reservation:
		return MMU_OP_INCREASE_RESERVATION;
	case XENMEM_decrease_reservation:
		return MMU_OP_DECREASE_RESERVATION;
	case XENMEM_populate_physmap:
		return MMU_OP_POPULATE_PHYSMAP;
	case XENMEM_exchange:
		return MMU_OP_EXCHANGE;
	default:
		return MMU_OP_MEMORY;
	}
}

int64_t hc_memory_op(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	unsigned int op = (unsigned int)(arg[0] & OP_MASK);
	int64_t rc = mmu_begin(v, operation(op), arg);

	if (rc == 0) {
		if (op == XENMEM_increase_reservation ||
		    op == XENMEM_decrease_reservation ||
		    op == XENMEM_populate_physmap) {
			rc = adjust_reservation(v, arg, op);
		} else {
			rc = memory_query(v, arg, op);
		}
	}
	return mmu_leave(d, rc);
}
