/* SPDX-License-Identifier: MIT */
/*
 * Making a request, once, in the way in which the guest or the hypervisor
 * would: by the decoders, with arguments in the guest's memory.
 */
#include <string.h>

#include "engine/request/hypercall.h"
#include "tests/explore/request.h"

static unsigned int slot_of(const struct world *w, const struct request *r)
{
	return w->scope->slot[r->slot];
}

static uint64_t place_of(const struct world *w, const struct request *r)
{
	return (request_frame(w, r->frame) << PAGE_SHIFT) +
	       slot_of(w, r) * sizeof(pte_t);
}

#define LIST_OFFSET 128 /* of lists of frames, in the guest's memory */

/* --- one function for each kind --------------------------------------------
 */

typedef int64_t make_fn(struct world *w, struct mmu_vcpu *v,
			const struct request *r);

/* Where it stops, the engine moves the arguments on. */
static int64_t hypercall(struct world *w, struct mmu_vcpu *v, hypercall_fn *fn,
			 uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t *arg = w->again.arg;

	memset(arg, 0, sizeof(w->again.arg));
	arg[0] = a0;
	arg[1] = a1;
	arg[2] = a2;
	arg[3] = a3;
	w->again.fn = fn;
	return fn(v, arg);
}

static int64_t update(struct world *w, struct mmu_vcpu *v,
		      const struct request *r)
{
	struct mmu_update u = {
		.ptr = place_of(w, r) |
		       (r->kind == REQUEST_UPDATE_AD ? MMU_PT_UPDATE_PRESERVE_AD
						     : MMU_NORMAL_PT_UPDATE),
		.val = request_entry(w, r).v,
	};

	memcpy(w->guest, &u, sizeof(u));
	return hypercall(w, v, hc_mmu_update, GUEST_BUFFER, 1, 0, DOMID_SELF);
}

/* An update that names the second domain as the frame's owner. */
static int64_t others(struct world *w, struct mmu_vcpu *v,
		      const struct request *r)
{
	struct mmu_update u = {.ptr = place_of(w, r) | MMU_NORMAL_PT_UPDATE,
			       .val = request_entry(w, r).v};

	if (r->level != 0) {
		return hypercall(w, v, hc_update_va_mapping_otherdomain,
				 request_address(w, slot_of(w, r)), u.val,
				 UVMF_NONE, w->dom[1].domid);
	}
	memcpy(w->guest, &u, sizeof(u));
	return hypercall(w, v, hc_mmu_update, GUEST_BUFFER, 1, 0,
			 w->dom[1].domid);
}

static int64_t updates(struct world *w, struct mmu_vcpu *v,
		       const struct request *r)
{
	struct mmu_update u[UPDATES_IN_A_LIST];

	for (unsigned int i = 0; i < UPDATES_IN_A_LIST; i++) {
		u[i].ptr = place_of(w, r) | MMU_NORMAL_PT_UPDATE;
		u[i].val = request_entry(w, r).v;
	}
	memcpy(w->guest, u, sizeof(u));
	return hypercall(w, v, hc_mmu_update, GUEST_BUFFER, UPDATES_IN_A_LIST,
			 0, DOMID_SELF);
}

static int64_t store(struct world *w, struct mmu_vcpu *v,
		     const struct request *r)
{
	(void)v;
	frame_ptes(&w->mmu, mfn(request_frame(w, r->frame)))[slot_of(w, r)] =
		request_entry(w, r);
	return 0;
}

static int64_t va_mapping(struct world *w, struct mmu_vcpu *v,
			  const struct request *r)
{
	static const uint64_t flags[] = {
		[FLUSHES_NOTHING] = UVMF_NONE,
		[FLUSHES_EVERYTHING] = UVMF_TLB_FLUSH | UVMF_ALL,
		[FLUSHES_PAGE] = UVMF_INVLPG | UVMF_ALL,
	};

	return hypercall(w, v, hc_update_va_mapping,
			 request_address(w, slot_of(w, r)),
			 request_entry(w, r).v, flags[r->level], 0);
}

static int64_t direct_find(struct world *w, struct mmu_vcpu *v,
			   const struct request *r)
{
	struct direct_write found;

	return mmu_direct_find(v, vaddr(request_address(w, slot_of(w, r))),
			       &found);
}

static int64_t direct(struct world *w, struct mmu_vcpu *v,
		      const struct request *r)
{
	struct direct_write d = {.where = maddr(place_of(w, r))};
	pte_t *p = frame_ptes(&w->mmu, mfn(request_frame(w, r->frame)));
	uint64_t old = p[slot_of(w, r)].v;
	enum direct_kind kind = DIRECT_WRITE;

	if (r->kind == REQUEST_CMPXCHG) {
		kind = DIRECT_CMPXCHG;
		/* .level: what is expected is not there. */
		old ^= r->level != 0 ? PTE_A : 0;
	}
	return mmu_direct_write(v, &d, kind, &old, request_entry(w, r).v);
}

static int64_t mmuext(struct world *w, struct mmu_vcpu *v, unsigned int cmd,
		      uint64_t arg1, uint64_t arg2)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	memcpy(&op.arg2, &arg2, sizeof(arg2));
	memcpy(w->guest, &op, sizeof(op));
	return hypercall(w, v, hc_mmuext_op, GUEST_BUFFER, 1, 0, DOMID_SELF);
}

static int64_t ext(struct world *w, struct mmu_vcpu *v, const struct request *r)
{
	static const unsigned int cmd[REQUEST_KINDS] = {
		[REQUEST_UNPIN] = MMUEXT_UNPIN_TABLE,
		[REQUEST_BASEPTR] = MMUEXT_NEW_BASEPTR,
		[REQUEST_USER_BASEPTR] = MMUEXT_NEW_USER_BASEPTR,
		[REQUEST_CLEAR_PAGE] = MMUEXT_CLEAR_PAGE,
		[REQUEST_COPY_PAGE] = MMUEXT_COPY_PAGE,
		[REQUEST_FLUSH_ALL] = MMUEXT_TLB_FLUSH_ALL,
		[REQUEST_FLUSH_LOCAL] = MMUEXT_TLB_FLUSH_LOCAL,
		[REQUEST_INVLPG_ALL] = MMUEXT_INVLPG_ALL,
	};
	unsigned int c = cmd[r->kind];

	if (r->kind == REQUEST_INVLPG_ALL && r->level != 0) {
		return mmuext(w, v, c, UINT64_C(1) << 48, 0);
	}
	if (r->kind == REQUEST_PIN) {
		c = MMUEXT_PIN_L1_TABLE + r->level - 1u;
	}
	return mmuext(w, v, c, request_frame(w, r->frame),
		      request_frame(w, r->other));
}

/* Of the vCPUs in .level, whose set is in the guest's memory. */
static int64_t flush_set(struct world *w, struct mmu_vcpu *v,
			 const struct request *r)
{
	uint64_t set = r->level;

	memcpy(w->guest + LIST_OFFSET, &set, sizeof(set));
	return mmuext(w, v,
		      r->kind == REQUEST_FLUSH_MULTI ? MMUEXT_TLB_FLUSH_MULTI
						     : MMUEXT_INVLPG_MULTI,
		      0, GUEST_BUFFER + LIST_OFFSET);
}

static int64_t load_cr3(struct world *w, struct mmu_vcpu *v,
			const struct request *r)
{
	return mmu_load_cr3(v, mfn(request_frame(w, r->frame)));
}

static int64_t set_gdt(struct world *w, struct mmu_vcpu *v,
		       const struct request *r)
{
	uint64_t frames[2] = {request_frame(w, r->frame),
			      request_frame(w, r->other)};
	unsigned int entries = r->other != OPERAND_NONE   ? PT_ENTRIES + 8
			       : r->frame != OPERAND_NONE ? 8
							  : 0;

	memcpy(w->guest, frames, sizeof(frames));
	return hypercall(w, v, hc_set_gdt, GUEST_BUFFER, entries, 0, 0);
}

static int64_t set_ldt(struct world *w, struct mmu_vcpu *v,
		       const struct request *r)
{
	return mmuext(w, v, MMUEXT_SET_LDT, 0, r->level != 0 ? 8 : 0);
}

static int64_t ldt_fault(struct world *w, struct mmu_vcpu *v,
			 const struct request *r)
{
	(void)w;
	(void)r;
	return mmu_ldt_fault(v, 0);
}

static int64_t descriptor(struct world *w, struct mmu_vcpu *v,
			  const struct request *r)
{
	return hypercall(w, v, hc_update_descriptor, place_of(w, r),
			 request_entry(w, r).v, 0, 0);
}

static int64_t memory(struct world *w, struct mmu_vcpu *v,
		      const struct request *r)
{
	static const unsigned int op[REQUEST_KINDS] = {
		[REQUEST_DECREASE] = XENMEM_decrease_reservation,
		[REQUEST_INCREASE] = XENMEM_increase_reservation,
		[REQUEST_POPULATE] = XENMEM_populate_physmap,
	};
	struct xen_memory_reservation xr = {.nr_extents = 1,
					    .domid = DOMID_SELF};
	uint64_t frame = request_frame(w, r->frame);
	int64_t rc;

	xr.extent_start.p =
		(xen_pfn_t *)(uintptr_t)(GUEST_BUFFER + LIST_OFFSET);
	memcpy(w->guest, &xr, sizeof(xr));
	memcpy(w->guest + LIST_OFFSET, &frame, sizeof(frame));
	rc = hypercall(w, v, hc_memory_op, op[r->kind], GUEST_BUFFER, 0, 0);
	/* What is told is the number of extents that were done. */
	return rc == 0 ? -XEN_EINVAL : rc == 1 ? 0 : rc;
}

/* One page, or two in a list. */
static int64_t exchange(struct world *w, struct mmu_vcpu *v,
			const struct request *r)
{
	const unsigned int nr = r->other == OPERAND_NONE ? 1 : 2;
	struct xen_memory_exchange e = {
		.in = {.nr_extents = nr, .domid = DOMID_SELF},
		.out = {.nr_extents = nr, .domid = DOMID_SELF},
	};
	uint64_t lists[4] = {request_frame(w, r->frame),
			     request_frame(w, r->other)};

	e.in.extent_start.p =
		(xen_pfn_t *)(uintptr_t)(GUEST_BUFFER + LIST_OFFSET);
	e.out.extent_start.p =
		(xen_pfn_t *)(uintptr_t)(GUEST_BUFFER + LIST_OFFSET + 16);
	memcpy(w->guest, &e, sizeof(e));
	memcpy(w->guest + LIST_OFFSET, lists, sizeof(lists));
	return hypercall(w, v, hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0,
			 0);
}

static int64_t grant(struct world *w, struct mmu_vcpu *v,
		     const struct request *r)
{
	mfn_t f = mfn(request_frame(w, r->other));
	uint16_t owner = frame_of(&w->mmu, f)->owner;
	struct granted g = {
		/* The hypervisor knows whose it is; the engine asks again. */
		.owner = &w->dom[w->scope->nr_doms > 1 && owner != 1],
		.address = place_of(w, r),
		.by_pte = true,
		.writable = r->level != 0,
		.frame = f,
	};

	if (r->kind == REQUEST_GRANT_MAP) {
		return mmu_grant_map(v, &g);
	}
	if (r->kind == REQUEST_GRANT_UNMAP) {
		return mmu_grant_unmap(v, &g);
	}
	return mmu_grant_replace(v, &g, request_address(w, w->scope->slot[0]));
}

static int64_t hold(struct world *w, struct mmu_vcpu *v,
		    const struct request *r)
{
	static const uint8_t page[PAGE_SIZE];
	mfn_t f = mfn(request_frame(w, r->frame));

	return r->kind == REQUEST_HOLD ? mmu_hold(v->dom, f)
				       : mmu_write_hypercall_page(v, f, page);
}

static int64_t batch(struct world *w, struct mmu_vcpu *v,
		     const struct request *r)
{
	struct mmuext_op op[2] = {
		{.cmd = MMUEXT_UNPIN_TABLE},
		{.cmd = MMUEXT_PIN_L1_TABLE + r->level - 1u},
	};

	op[0].arg1.mfn = request_frame(w, r->frame);
	op[1].arg1.mfn = request_frame(w, r->other);
	memcpy(w->guest, op, sizeof(op));
	return hypercall(w, v, hc_mmuext_op, GUEST_BUFFER, 2, 0, DOMID_SELF);
}

/* What it says itself is that it went on; each call has its own result. */
static int64_t multicall(struct world *w, struct mmu_vcpu *v,
			 const struct request *r)
{
	const uint64_t ops = GUEST_BUFFER + LIST_OFFSET * 2;
	struct mmuext_op op[2] = {
		{.cmd = MMUEXT_UNPIN_TABLE},
		{.cmd = MMUEXT_PIN_L1_TABLE + r->level - 1u},
	};
	struct multicall_entry calls[2];

	op[0].arg1.mfn = request_frame(w, r->frame);
	op[1].arg1.mfn = request_frame(w, r->other);
	memcpy(w->guest + (ops - GUEST_BUFFER), op, sizeof(op));
	for (unsigned int i = 0; i < 2; i++) {
		calls[i] = (struct multicall_entry){
			.op = __HYPERVISOR_mmuext_op,
			.args = {ops + i * sizeof(op[0]), 1, 0, DOMID_SELF},
		};
	}
	memcpy(w->guest, calls, sizeof(calls));
	return hypercall(w, v, hc_multicall, GUEST_BUFFER, 2, 0, 0);
}

static int64_t borrow(struct world *w, struct mmu_vcpu *v,
		      const struct request *r)
{
	mfn_t f = mfn(request_frame(w, r->frame));
	int rc = mmu_borrow(v->dom, f, r->level != 0);

	if (rc == 0) {
		mmu_give_back(v->dom, f, r->level != 0);
	}
	return rc;
}

static int64_t take(struct world *w, struct mmu_vcpu *v,
		    const struct request *r)
{
	mfn_t f;

	(void)w;
	(void)r;
	if (!mmu_pool_take(v->dom, 0, &f)) {
		return -XEN_ENOMEM;
	}
	mmu_pool_give(v->dom, f, 1);
	return 0;
}

static int64_t start_vcpu(struct world *w, struct mmu_vcpu *v,
			  const struct request *r)
{
	uint64_t gdt = request_frame(w, r->other);

	return mmu_start_vcpu(v, &w->vcpu[w->scope->nr_vcpus - 1],
			      mfn(request_frame(w, r->frame)),
			      mfn(request_frame(w, r->to)), &gdt,
			      r->other == OPERAND_NONE ? 0 : 8);
}

static int64_t lend(struct world *w, struct mmu_vcpu *v,
		    const struct request *r)
{
	mfn_t f = mfn(request_frame(w, r->frame));

	if (r->kind == REQUEST_UNSHARE) {
		return mmu_unshare(v->dom, f, 1);
	}
	mmu_share(v->dom, f, r->level != 0);
	return 0;
}

static int64_t set_ad(struct world *w, struct mmu_vcpu *v,
		      const struct request *r)
{
	pte_t *e = frame_ptes(&w->mmu, mfn(request_frame(w, r->frame))) +
		   slot_of(w, r);

	(void)v;
	*e = pte(e->v | PTE_A | PTE_D);
	return 0;
}

static int64_t death(struct world *w, struct mmu_vcpu *v,
		     const struct request *r)
{
	(void)v;
	(void)r;
	world_stop(w, 1);
	return mmu_domain_destroy(&w->dom[1]);
}

static make_fn *const makers[REQUEST_KINDS] = {
	[REQUEST_UPDATE] = update,
	[REQUEST_UPDATE_AD] = update,
	[REQUEST_UPDATES] = updates,
	[REQUEST_STORE] = store,
	[REQUEST_VA_MAPPING] = va_mapping,
	[REQUEST_DIRECT] = direct,
	[REQUEST_CMPXCHG] = direct,
	[REQUEST_DIRECT_FIND] = direct_find,
	[REQUEST_PIN] = ext,
	[REQUEST_UNPIN] = ext,
	[REQUEST_BASEPTR] = ext,
	[REQUEST_USER_BASEPTR] = ext,
	[REQUEST_LOAD_CR3] = load_cr3,
	[REQUEST_SET_GDT] = set_gdt,
	[REQUEST_SET_LDT] = set_ldt,
	[REQUEST_LDT_FAULT] = ldt_fault,
	[REQUEST_DESCRIPTOR] = descriptor,
	[REQUEST_CLEAR_PAGE] = ext,
	[REQUEST_COPY_PAGE] = ext,
	[REQUEST_DECREASE] = memory,
	[REQUEST_INCREASE] = memory,
	[REQUEST_POPULATE] = memory,
	[REQUEST_EXCHANGE] = exchange,
	[REQUEST_GRANT_MAP] = grant,
	[REQUEST_GRANT_UNMAP] = grant,
	[REQUEST_GRANT_REPLACE] = grant,
	[REQUEST_OTHERS] = others,
	[REQUEST_BORROW] = borrow,
	[REQUEST_TAKE] = take,
	[REQUEST_HOLD] = hold,
	[REQUEST_HYPERCALL_PAGE] = hold,
	[REQUEST_FLUSH_ALL] = ext,
	[REQUEST_FLUSH_LOCAL] = ext,
	[REQUEST_BATCH] = batch,
	[REQUEST_MULTICALL] = multicall,
	[REQUEST_FLUSH_MULTI] = flush_set,
	[REQUEST_INVLPG_ALL] = ext,
	[REQUEST_INVLPG_MULTI] = flush_set,
	[REQUEST_START_VCPU] = start_vcpu,
	[REQUEST_SHARE] = lend,
	[REQUEST_UNSHARE] = lend,
	[REQUEST_CPU_AD] = set_ad,
	[REQUEST_ODD] = request_odd,
	[REQUEST_DEATH] = death,
};

int64_t request_call(struct world *w, struct mmu_vcpu *v,
		     const struct request *r)
{
	return makers[r->kind](w, v, r);
}
