/* SPDX-License-Identifier: MIT */
/*
 * Malformed requests. Each would be fine but for one thing, and for that one it
 * must be refused, in every state. They are about the frame that the request
 * names, or about nothing.
 */
#include <string.h>

#include "engine/request/hypercall.h"
#include "tests/explore/request.h"

#define NOBODY 99 /* no domain has this number */
#define LISTS (GUEST_BUFFER + 256)
#define LARGE_ORDER 10

typedef int64_t odd_fn(struct world *w, struct mmu_vcpu *v, uint64_t frame);

static int64_t call(struct mmu_vcpu *v, hypercall_fn *fn, uint64_t a0,
		    uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t arg[6] = {a0, a1, a2, a3};

	return fn(v, arg);
}

/* --- entries --------------------------------------------------------------
 */

static int64_t update(struct world *w, struct mmu_vcpu *v, uint64_t ptr,
		      uint64_t dom)
{
	struct mmu_update u = {.ptr = ptr};

	memcpy(w->guest, &u, sizeof(u));
	return call(v, hc_mmu_update, GUEST_BUFFER, 1, 0, dom);
}

static int64_t update_between(struct world *w, struct mmu_vcpu *v,
			      uint64_t frame)
{
	return update(w, v, frame << PAGE_SHIFT | 4, DOMID_SELF);
}

static int64_t update_of_nobody(struct world *w, struct mmu_vcpu *v,
				uint64_t frame)
{
	return update(w, v, frame << PAGE_SHIFT, NOBODY);
}

static int64_t update_in_nobody(struct world *w, struct mmu_vcpu *v,
				uint64_t frame)
{
	return update(w, v, frame << PAGE_SHIFT,
		      (NOBODY + 1) << 16 | DOMID_SELF);
}

static int64_t name_xens(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)frame;
	return update(w, v, XEN_FRAME << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
		      DOMID_SELF);
}

static int64_t name_none(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)frame;
	return update(w, v,
		      w->mmu.nr_frames << PAGE_SHIFT | MMU_MACHPHYS_UPDATE,
		      DOMID_SELF);
}

/* No request in it, but where it stands nothing of the guest's can. */
static int64_t list_in_the_hole(struct world *w, struct mmu_vcpu *v,
				uint64_t frame)
{
	(void)w;
	(void)frame;
	return call(v, hc_mmu_update, UINT64_C(0xffff800000000000), 0, 0,
		    DOMID_SELF);
}

static int64_t list_beyond(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)w;
	(void)frame;
	return call(v, hc_mmu_update, GUEST_BUFFER + GUEST_BUFFER_SIZE, 1, 0,
		    DOMID_SELF);
}

/* A list in a list; what is within would be done. */
static int64_t nested_multicall(struct world *w, struct mmu_vcpu *v,
				uint64_t frame)
{
	const uint64_t inner = LISTS;
	struct multicall_entry outer = {
		.op = __HYPERVISOR_multicall,
		.args = {inner, 1},
	};
	struct multicall_entry within = {
		.op = __HYPERVISOR_mmu_update,
		.args = {GUEST_BUFFER + sizeof(outer), 0, 0, DOMID_SELF},
	};
	int64_t rc;

	(void)frame;
	memcpy(w->guest, &outer, sizeof(outer));
	memcpy(w->guest + (inner - GUEST_BUFFER), &within, sizeof(within));
	rc = call(v, hc_multicall, GUEST_BUFFER, 1, 0, 0);
	memcpy(&outer, w->guest, sizeof(outer));
	return rc != 0 ? rc : (int64_t)outer.result;
}

static int64_t va_of_nobody(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)w;
	(void)frame;
	return call(v, hc_update_va_mapping_otherdomain, 0, 0, UVMF_NONE,
		    NOBODY);
}

static int64_t grant_between(struct world *w, struct mmu_vcpu *v,
			     uint64_t frame)
{
	struct granted g = {.owner = v->dom,
			    .address = (frame << PAGE_SHIFT) + 4,
			    .by_pte = true,
			    .frame = mfn(frame)};

	(void)w;
	return mmu_grant_map(v, &g);
}

/* An entry that is moved to where it is. */
static int64_t grant_moved_nowhere(struct world *w, struct mmu_vcpu *v,
				   uint64_t frame)
{
	uint64_t address = request_address(w, w->scope->slot[0]);
	struct granted g = {.owner = v->dom,
			    .address = address,
			    .frame = mfn(frame)};

	return mmu_grant_replace(v, &g, address);
}

static int64_t direct_between(struct world *w, struct mmu_vcpu *v,
			      uint64_t frame)
{
	struct direct_write d = {.where = maddr((frame << PAGE_SHIFT) + 4)};
	uint64_t old = 0;

	(void)w;
	return mmu_direct_write(v, &d, DIRECT_WRITE, &old, 0);
}

/* --- mmuext_op, descriptors -----------------------------------------------
 */

static int64_t ext(struct world *w, struct mmu_vcpu *v, unsigned int cmd,
		   uint64_t arg1, unsigned int arg2, uint64_t dom)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	op.arg2.nr_ents = arg2;
	memcpy(w->guest, &op, sizeof(op));
	return call(v, hc_mmuext_op, GUEST_BUFFER, 1, 0, dom);
}

static int64_t flush_for_nobody(struct world *w, struct mmu_vcpu *v,
				uint64_t frame)
{
	(void)frame;
	return ext(w, v, MMUEXT_TLB_FLUSH_LOCAL, 0, 0, NOBODY);
}

static int64_t flush_devices(struct world *w, struct mmu_vcpu *v,
			     uint64_t frame)
{
	(void)frame;
	return ext(w, v, MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0, DOMID_SELF);
}

static int64_t mark_super(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	return ext(w, v, MMUEXT_MARK_SUPER, frame, 0, DOMID_SELF);
}

static int64_t no_command(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	return ext(w, v, 77, frame, 0, DOMID_SELF);
}

static int64_t ldt_between(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)frame;
	return ext(w, v, MMUEXT_SET_LDT, 8, 8, DOMID_SELF);
}

static int64_t ldt_too_long(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)frame;
	return ext(w, v, MMUEXT_SET_LDT, 0, LDT_FRAMES * PT_ENTRIES + 1,
		   DOMID_SELF);
}

static int64_t ldt_in_the_hole(struct world *w, struct mmu_vcpu *v,
			       uint64_t frame)
{
	(void)frame;
	return ext(w, v, MMUEXT_SET_LDT, UINT64_C(1) << 48, 8, DOMID_SELF);
}

static int64_t gdt_too_long(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	uint64_t frames[GDT_FRAMES + 1];

	for (unsigned int i = 0; i <= GDT_FRAMES; i++) {
		frames[i] = frame;
	}
	memcpy(w->guest, frames, sizeof(frames));
	return call(v, hc_set_gdt, GUEST_BUFFER, GDT_FRAMES * PT_ENTRIES + 1, 0,
		    0);
}

static int64_t descriptor_between(struct world *w, struct mmu_vcpu *v,
				  uint64_t frame)
{
	(void)w;
	return call(v, hc_update_descriptor, (frame << PAGE_SHIFT) + 4, 0, 0,
		    0);
}

/* --- memory ---------------------------------------------------------------
 */

/* How many were done: none. */
static int64_t reserve(struct world *w, struct mmu_vcpu *v, uint64_t dom,
		       uint64_t nr, unsigned int order, unsigned int flags)
{
	struct xen_memory_reservation xr = {.nr_extents = nr,
					    .extent_order = order,
					    .mem_flags = flags,
					    .domid = (domid_t)dom};
	int64_t rc;

	memcpy(w->guest, &xr, sizeof(xr));
	rc = call(v, hc_memory_op, XENMEM_increase_reservation, GUEST_BUFFER, 0,
		  0);
	return rc == 0 ? -XEN_EINVAL : rc;
}

static int64_t grow_nobody(struct world *w, struct mmu_vcpu *v, uint64_t frame)
{
	(void)frame;
	return reserve(w, v, NOBODY, 1, 0, 0);
}

static int64_t grow_too_large(struct world *w, struct mmu_vcpu *v,
			      uint64_t frame)
{
	(void)frame;
	return reserve(w, v, DOMID_SELF, 1, LARGE_ORDER, 0);
}

static int64_t grow_too_often(struct world *w, struct mmu_vcpu *v,
			      uint64_t frame)
{
	(void)frame;
	return reserve(w, v, DOMID_SELF, UINT64_C(1) << 40, 0, 0);
}

static int64_t grow_on_a_node(struct world *w, struct mmu_vcpu *v,
			      uint64_t frame)
{
	(void)frame;
	return reserve(w, v, DOMID_SELF, 1, 0,
		       XENMEMF_node(1) | XENMEMF_exact_node_request);
}

static int64_t size_of_nobody(struct world *w, struct mmu_vcpu *v,
			      uint64_t frame)
{
	domid_t nobody = NOBODY;

	(void)frame;
	memcpy(w->guest, &nobody, sizeof(nobody));
	return call(v, hc_memory_op, XENMEM_current_reservation, GUEST_BUFFER,
		    0, 0);
}

/* One page for one, but for what the caller changes. */
static struct xen_memory_exchange one_for_one(struct world *w, uint64_t frame)
{
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};
	/* Beyond the lists' ends there is more of the kind. */
	uint64_t lists[] = {frame, 0, frame, 0};

	e.in.extent_start.p = (xen_pfn_t *)(uintptr_t)LISTS;
	e.out.extent_start.p = (xen_pfn_t *)(uintptr_t)(LISTS + 8);
	memcpy(w->guest + (LISTS - GUEST_BUFFER), lists, sizeof(lists));
	return e;
}

static int64_t exchange(struct world *w, struct mmu_vcpu *v,
			const struct xen_memory_exchange *e)
{
	memcpy(w->guest, e, sizeof(*e));
	return call(v, hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0, 0);
}

static int64_t exchange_nobodys(struct world *w, struct mmu_vcpu *v,
				uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.in.domid = NOBODY;
	e.out.domid = NOBODY;
	return exchange(w, v, &e);
}

static int64_t exchange_with_nobody(struct world *w, struct mmu_vcpu *v,
				    uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.out.domid = NOBODY;
	return exchange(w, v, &e);
}

static int64_t exchange_for_more(struct world *w, struct mmu_vcpu *v,
				 uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.out.nr_extents = 2;
	return exchange(w, v, &e);
}

static int64_t exchange_large_in(struct world *w, struct mmu_vcpu *v,
				 uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.in.extent_order = LARGE_ORDER;
	return exchange(w, v, &e);
}

static int64_t exchange_large_out(struct world *w, struct mmu_vcpu *v,
				  uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.out.extent_order = LARGE_ORDER;
	return exchange(w, v, &e);
}

/* As many as there are numbers, and all are exchanged: nothing is left. */
static int64_t exchange_of_all_numbers(struct world *w, struct mmu_vcpu *v,
				       uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);
	int64_t rc;

	e.in.nr_extents = ~0ul;
	e.out.nr_extents = ~0ul;
	e.nr_exchanged = ~0ul;
	rc = exchange(w, v, &e);
	return rc == 0 ? -XEN_EINVAL : rc == -XEN_ERESTART ? rc : 0;
}

static int64_t physmap_of_nobody(struct world *w, struct mmu_vcpu *v,
				 uint64_t frame)
{
	struct xen_add_to_physmap x = {.domid = NOBODY, .gpfn = frame};

	memcpy(w->guest, &x, sizeof(x));
	return call(v, hc_memory_op, XENMEM_add_to_physmap, GUEST_BUFFER, 0, 0);
}

static int64_t exchange_beyond_its_end(struct world *w, struct mmu_vcpu *v,
				       uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.nr_exchanged = 2;
	return exchange(w, v, &e);
}

static int64_t exchange_on_a_node(struct world *w, struct mmu_vcpu *v,
				  uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.out.mem_flags = XENMEMF_node(1) | XENMEMF_exact_node_request;
	return exchange(w, v, &e);
}

static int64_t exchange_at_an_address_that_is_none(struct world *w,
						   struct mmu_vcpu *v,
						   uint64_t frame)
{
	struct xen_memory_exchange e = one_for_one(w, frame);

	e.out.extent_start.p = (xen_pfn_t *)(uintptr_t)8;
	return exchange(w, v, &e);
}

/* --- all of them ----------------------------------------------------------
 */

static const struct {
	const char *name;
	odd_fn *fn;
	/* Xen's, where something else would refuse it, too; or 0. */
	int64_t rc;
} rows[] = {
	{"mmu_update between two entries", update_between, 0},
	{"mmu_update for another domain", update_of_nobody, 0},
	{"mmu_update in another domain's table", update_in_nobody, 0},
	{"machphys_update of the hypervisor's frame", name_xens, 0},
	{"machphys_update beyond RAM", name_none, 0},
	{"mmu_update, an empty list in the hole", list_in_the_hole, 0},
	{"mmu_update, a list that cannot be read", list_beyond, -XEN_EFAULT},
	{"a multicall in a multicall", nested_multicall, 0},
	{"update_va_mapping for another domain", va_of_nobody, 0},
	{"a grant between two entries", grant_between, 0},
	{"a grant's entry moved to where it is", grant_moved_nowhere, 0},
	{"a direct write between two entries", direct_between, 0},
	{"mmuext_op for another domain", flush_for_nobody, 0},
	{"flush_cache_global", flush_devices, 0},
	{"mark_super", mark_super, 0},
	{"no command of mmuext_op", no_command, 0},
	{"an LDT in the midst of a page", ldt_between, 0},
	{"an LDT that is too long", ldt_too_long, 0},
	{"an LDT where no address is", ldt_in_the_hole, 0},
	{"a GDT that is too long", gdt_too_long, 0},
	{"update_descriptor between two", descriptor_between, 0},
	{"memory for another domain", grow_nobody, 0},
	{"an extent that is too large", grow_too_large, 0},
	{"too many extents", grow_too_often, 0},
	{"memory of one node", grow_on_a_node, 0},
	{"another domain's size", size_of_nobody, 0},
	{"exchange for another domain", exchange_nobodys, 0},
	{"exchange with another domain", exchange_with_nobody, 0},
	{"exchange of one for two", exchange_for_more, 0},
	{"exchange of an extent that is too large", exchange_large_in,
	 -XEN_EPERM},
	{"exchange for an extent that is too large", exchange_large_out,
	 -XEN_EPERM},
	{"exchange of all numbers, already done", exchange_of_all_numbers, 0},
	{"add_to_physmap for another domain", physmap_of_nobody, -XEN_ESRCH},
	{"exchange beyond its end", exchange_beyond_its_end, 0},
	{"exchange for one node", exchange_on_a_node, 0},
	{"exchange, told at no address", exchange_at_an_address_that_is_none,
	 0},
};

int64_t request_odd(struct world *w, struct mmu_vcpu *v,
		    const struct request *r)
{
	int64_t rc = rows[r->level].fn(w, v, request_frame(w, r->frame));

	if (rc < 0 && rc != -XEN_ERESTART && rows[r->level].rc != 0 &&
	    rc != rows[r->level].rc && v->dom->dying_head == 0) {
		world_fault(w, "it was refused with %ld and not %ld", rc,
			    rows[r->level].rc);
	}
	return rc;
}

unsigned int request_odd_nr(void)
{
	return sizeof(rows) / sizeof(*rows);
}

const char *request_odd_name(unsigned int row)
{
	return rows[row].name;
}
