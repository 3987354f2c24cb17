/* SPDX-License-Identifier: MIT */
/* How each operation is asked: see doors.h. */
#include "tests/unit/support/doors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint64_t victim(void)
{
	return dom_frame(VICTIM).v;
}

static uint64_t victim_entry(void)
{
	return pte_make(dom_frame(VICTIM), RW_FLAGS).v;
}

static void update(struct call *c)
{
	const struct mmu_update u = {
		.ptr = entry_at(dom_frame(L1_FRAME), FREE_SLOT),
		.val = victim_entry(),
	};

	memcpy(c->m->guest, &u, sizeof(u));
	c->arg[0] = GUEST_BUFFER;
	c->arg[1] = 1;
	c->arg[3] = DOMID_SELF;
}

static void va_mapping(struct call *c)
{
	c->arg[0] = SLOT_VA(FREE_SLOT);
	c->arg[1] = victim_entry();
	c->arg[3] = DOMID_SELF;
}

static void multicall(struct call *c)
{
	const struct multicall_entry e = {
		.op = __HYPERVISOR_update_va_mapping,
		.args = {SLOT_VA(FREE_SLOT), victim_entry(), 0},
	};

	memcpy(c->m->guest, &e, sizeof(e));
	c->arg[0] = GUEST_BUFFER;
	c->arg[1] = 1;
}

static void gdt(struct call *c)
{
	uint64_t f = victim();

	memcpy(c->m->guest, &f, sizeof(f));
	c->arg[0] = GUEST_BUFFER;
	c->arg[1] = 8;
}

static void descriptor(struct call *c)
{
	c->arg[0] = victim() << PAGE_SHIFT;
}

static void mmuext(struct call *c)
{
	static const uint8_t both_vcpus = 3;
	struct mmuext_op op = {.cmd = c->number};
	uint64_t arg2 = LIST;

	op.arg1.mfn = victim();
	if (c->number == MMUEXT_COPY_PAGE) {
		arg2 = dom_frame(DATA_FRAME).v;
	} else if (c->number == MMUEXT_SET_LDT) {
		op.arg1.linear_addr = SLOT_VA(FREE_SLOT);
		arg2 = 8;
	}
	memcpy(&op.arg2, &arg2, sizeof(arg2));
	memcpy(c->m->guest, &op, sizeof(op));
	memcpy(c->m->guest + 512, &both_vcpus, sizeof(both_vcpus));
	c->arg[0] = GUEST_BUFFER;
	c->arg[1] = 1;
	c->arg[3] = DOMID_SELF;
}

static void memory(struct call *c)
{
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t f = victim();

	set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)LIST);
	memcpy(c->m->guest, &r, sizeof(r));
	memcpy(c->m->guest + 512, &f, sizeof(f));
	c->arg[0] = c->number;
	c->arg[1] = GUEST_BUFFER;
}

static void memory_size(struct call *c)
{
	domid_t self = DOMID_SELF;

	memcpy(c->m->guest, &self, sizeof(self));
	c->arg[0] = c->number;
	c->arg[1] = GUEST_BUFFER;
}

static void exchange(struct call *c)
{
	struct xen_memory_exchange e = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};
	uint64_t f = victim();

	set_xen_guest_handle(e.in.extent_start, (void *)(uintptr_t)LIST);
	set_xen_guest_handle(e.out.extent_start,
			     (void *)(uintptr_t)(LIST + sizeof(f)));
	memcpy(c->m->guest, &e, sizeof(e));
	memcpy(c->m->guest + 512, &f, sizeof(f));
	c->arg[0] = XENMEM_exchange;
	c->arg[1] = GUEST_BUFFER;
}

/* Into a free slot; or out of the one that maps the first data frame. */
static void grant(struct call *c)
{
	bool map = c->number == GNTTABOP_map_grant_ref;

	c->granted = (struct granted){
		.owner = &c->m->dom,
		.address = map ? SLOT_VA(FREE_SLOT) : 0,
		.writable = true,
		.frame = map ? dom_frame(VICTIM) : dom_frame(DATA_FRAME),
	};
}

static int grant_map(struct call *c)
{
	return mmu_grant_map(c->m->caller, &c->granted);
}

static int grant_unmap(struct call *c)
{
	return mmu_grant_unmap(c->m->caller, &c->granted);
}

static int grant_replace(struct call *c)
{
	return mmu_grant_replace(c->m->caller, &c->granted, SLOT_VA(1));
}

/* The other domain maps the frame, whose owner is asked for it. */
static int loan(struct call *c)
{
	return mmu_grant_map(&c->m->other_vcpu, &c->granted);
}

static void loan_back(struct call *c)
{
	grant(c);
	c->granted.address = SLOT_VA(FREE_SLOT);
	assert_int_equal(mmu_grant_map(&c->m->other_vcpu, &c->granted), 0);
	machine_check(c->m);
}

static int return_loan(struct call *c)
{
	return mmu_grant_unmap(&c->m->other_vcpu, &c->granted);
}

/* The borrowed frame is the victim, which may be a table half-way. */
static int borrow(struct call *c)
{
	int rc = mmu_borrow(&c->m->dom, dom_frame(VICTIM), true);

	if (rc == 0) {
		mmu_give_back(&c->m->dom, dom_frame(VICTIM), true);
	}
	return rc;
}

static int direct_write(struct call *c)
{
	vaddr_t va =
		vaddr(SLOT_VA(RO_ENTRY + L1_FRAME) + FREE_SLOT * sizeof(pte_t));
	uint64_t old;

	return call_direct(c->m, va, DIRECT_WRITE, &old, victim_entry());
}

static int load_cr3(struct call *c)
{
	return mmu_load_cr3(c->m->caller, dom_frame(VICTIM));
}

static void ldt(struct call *c)
{
	assert_int_equal(
		call_va_mapping(c->m, SLOT_VA(FREE_SLOT),
				pte_make(dom_frame(VICTIM), RO_FLAGS).v, 0),
		0);
	assert_int_equal(call_mmuext(c->m, MMUEXT_SET_LDT, SLOT_VA(FREE_SLOT),
				     8),
			 0);
}

static int ldt_fault(struct call *c)
{
	return mmu_ldt_fault(c->m->caller, 0);
}

static int hypercall_page(struct call *c)
{
	static const uint8_t page[PAGE_SIZE];

	return mmu_write_hypercall_page(c->m->caller, dom_frame(VICTIM), page);
}

static int start(struct call *c)
{
	return mmu_start(c->m->caller, dom_frame(VICTIM));
}

static int start_vcpu(struct call *c)
{
	return mmu_start_vcpu(c->m->caller, &c->m->second, dom_frame(VICTIM),
			      mfn(0), NULL, 0);
}

static int hold(struct call *c)
{
	return mmu_hold(&c->m->dom, dom_frame(VICTIM));
}

static int unshare(struct call *c)
{
	return mmu_unshare(&c->m->dom, mfn(SHARED_FRAME), 1);
}

static int die(struct call *c)
{
	machine_stop(c->m);
	return mmu_domain_destroy(&c->m->dom);
}

#define MMUEXT(command)                                       \
	{                                                     \
		.hypercall = hc_mmuext_op, .prepare = mmuext, \
		.number = (command)                           \
	}
#define MEMORY(op)                                                           \
	{                                                                    \
		.hypercall = hc_memory_op, .prepare = memory, .number = (op) \
	}

const struct door doors[MMU_OPERATIONS] = {
	[MMU_OP_MMU_UPDATE] = {.hypercall = hc_mmu_update, .prepare = update},
	[MMU_OP_UPDATE_VA_MAPPING] = {.hypercall = hc_update_va_mapping,
				      .prepare = va_mapping},
	[MMU_OP_UPDATE_VA_MAPPING_OTHER] =
		{.hypercall = hc_update_va_mapping_otherdomain,
		 .prepare = va_mapping},
	[MMU_OP_MULTICALL] = {.hypercall = hc_multicall,
			      .prepare = multicall,
			      .named = MMU_OP_UPDATE_VA_MAPPING},
	[MMU_OP_SET_GDT] = {.hypercall = hc_set_gdt, .prepare = gdt},
	[MMU_OP_UPDATE_DESCRIPTOR] = {.hypercall = hc_update_descriptor,
				      .prepare = descriptor},
	[MMU_OP_MMUEXT] = MMUEXT(99),
	[MMU_OP_PIN_L1] = MMUEXT(MMUEXT_PIN_L1_TABLE),
	[MMU_OP_PIN_L2] = MMUEXT(MMUEXT_PIN_L2_TABLE),
	[MMU_OP_PIN_L3] = MMUEXT(MMUEXT_PIN_L3_TABLE),
	[MMU_OP_PIN_L4] = MMUEXT(MMUEXT_PIN_L4_TABLE),
	[MMU_OP_UNPIN] = MMUEXT(MMUEXT_UNPIN_TABLE),
	[MMU_OP_NEW_BASEPTR] = MMUEXT(MMUEXT_NEW_BASEPTR),
	[MMU_OP_TLB_FLUSH_LOCAL] = MMUEXT(MMUEXT_TLB_FLUSH_LOCAL),
	[MMU_OP_INVLPG_LOCAL] = MMUEXT(MMUEXT_INVLPG_LOCAL),
	[MMU_OP_TLB_FLUSH_MULTI] = MMUEXT(MMUEXT_TLB_FLUSH_MULTI),
	[MMU_OP_INVLPG_MULTI] = MMUEXT(MMUEXT_INVLPG_MULTI),
	[MMU_OP_TLB_FLUSH_ALL] = MMUEXT(MMUEXT_TLB_FLUSH_ALL),
	[MMU_OP_INVLPG_ALL] = MMUEXT(MMUEXT_INVLPG_ALL),
	[MMU_OP_FLUSH_CACHE] = MMUEXT(MMUEXT_FLUSH_CACHE),
	[MMU_OP_SET_LDT] = MMUEXT(MMUEXT_SET_LDT),
	[MMU_OP_NEW_USER_BASEPTR] = MMUEXT(MMUEXT_NEW_USER_BASEPTR),
	[MMU_OP_CLEAR_PAGE] = MMUEXT(MMUEXT_CLEAR_PAGE),
	[MMU_OP_COPY_PAGE] = MMUEXT(MMUEXT_COPY_PAGE),
	[MMU_OP_FLUSH_CACHE_GLOBAL] = MMUEXT(MMUEXT_FLUSH_CACHE_GLOBAL),
	[MMU_OP_MARK_SUPER] = MMUEXT(MMUEXT_MARK_SUPER),
	[MMU_OP_UNMARK_SUPER] = MMUEXT(MMUEXT_UNMARK_SUPER),
	[MMU_OP_MEMORY] = {.hypercall = hc_memory_op,
			   .prepare = memory_size,
			   .number = XENMEM_maximum_reservation},
	[MMU_OP_INCREASE_RESERVATION] = MEMORY(XENMEM_increase_reservation),
	[MMU_OP_DECREASE_RESERVATION] = MEMORY(XENMEM_decrease_reservation),
	[MMU_OP_POPULATE_PHYSMAP] = MEMORY(XENMEM_populate_physmap),
	[MMU_OP_EXCHANGE] = {.hypercall = hc_memory_op,
			     .prepare = exchange,
			     .needs_unused = true},
	[MMU_OP_GRANT_MAP] = {.enter = grant_map, .prepare = grant},
	[MMU_OP_GRANT_UNMAP] = {.enter = grant_unmap,
				.prepare = grant,
				.number = GNTTABOP_unmap_grant_ref},
	[MMU_OP_GRANT_REPLACE] = {.enter = grant_replace,
				  .prepare = grant,
				  .number = GNTTABOP_unmap_and_replace},
	[MMU_OP_LOAN] = {.enter = loan, .prepare = grant},
	[MMU_OP_BORROW] = {.enter = borrow},
	[MMU_OP_RETURN] = {.enter = return_loan,
			   .prepare = loan_back,
			   .number = GNTTABOP_unmap_grant_ref},
	[MMU_OP_DIRECT_WRITE] = {.enter = direct_write},
	[MMU_OP_LOAD_CR3] = {.enter = load_cr3},
	[MMU_OP_LDT_FAULT] = {.enter = ldt_fault, .prepare = ldt},
	[MMU_OP_HYPERCALL_PAGE] = {.enter = hypercall_page},
	[MMU_OP_START] = {.enter = start},
	[MMU_OP_START_VCPU] = {.enter = start_vcpu},
	[MMU_OP_HOLD] = {.enter = hold},
	[MMU_OP_LEND] = {.enter = unshare},
	[MMU_OP_DEATH] = {.enter = die},
};
