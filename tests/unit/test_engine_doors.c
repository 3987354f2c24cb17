/* SPDX-License-Identifier: MIT */
/*
 * Every door of the engine, each with something in its way: the frame that it
 * is about, or a table above, is half-way up or half-way down when it is
 * entered, on a machine with two vCPUs and two domains. Whatever it is and
 * wherever it is interrupted, it must come to its end, with the result that it
 * has when nothing is in its way; a refusal must bear its name; and at every
 * return, -XEN_ERESTART included, all counts are right, no flush is owed, and
 * no CPU reaches what its domain lost, while another domain takes every frame
 * that it can get.
 *
 * The doors are a table with a row for each operation that the engine names, so
 * a new one without a row fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

/* Frames of the domain: the table in the way, and those below it. */
#define VICTIM 40
#define BELOW(n) (VICTIM + (n))
#define BESIDE 45 /* the second child of an upper table */
#define READ 46   /* what a full L1 maps but for its first entry */
/* Mapped by the L1 at the bottom alone; the reservation has let it go. */
#define LOST 47

#define FREE_SLOT 100
#define SLOT_VA(slot) ((uint64_t)(slot) << PAGE_SHIFT)
#define LIST (GUEST_BUFFER + 512)

struct call {
	struct machine *m;
	uint64_t arg[6];
	struct granted granted;
	unsigned int number; /* of the row */
};

struct door {
	enum mmu_operation named; /* what a refusal says, if not the row's */
	unsigned int number;
	/* A hypercall; or a function, asked with the same again. */
	hypercall_fn *hypercall;
	int (*enter)(struct call *c);
	void (*prepare)(struct call *c);
	/* A half-way table is in use, and so refused. */
	bool needs_unused;
};

static uint64_t victim(void)
{
	return dom_frame(VICTIM).v;
}

static uint64_t victim_entry(void)
{
	return pte_make(dom_frame(VICTIM), RW_FLAGS).v;
}

/* --- the doors ----------------------------------------------------------- */

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

static const struct door doors[MMU_OPERATIONS] = {
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

/* --- what is in the way -------------------------------------------------- */

/*
 * A table of this level with others below it; the L1 at the bottom is all that
 * maps LOST. As the table asked for it is longer than one stretch.
 */
static void raw_tables(struct machine *m, unsigned int level)
{
	mfn_t bottom = dom_frame(BELOW(level - 1));

	for (unsigned int i = 0; i + 1 < level; i++) {
		raw_entry(m, dom_frame(BELOW(i)), 0,
			  pte_make(dom_frame(BELOW(i + 1)), TABLE_FLAGS));
	}
	if (level > 1) {
		raw_entry(m, dom_frame(VICTIM), 1,
			  pte_make(dom_frame(BESIDE), TABLE_FLAGS));
	}
	raw_entry(m, bottom, 0, pte_make(dom_frame(LOST), RW_FLAGS));
	for (unsigned int i = 1; level == 1 && i < PT_ENTRIES; i++) {
		raw_entry(m, bottom, i, pte_make(dom_frame(READ), RO_FLAGS));
	}
}

/*
 * LOST leaves the reservation, and the mapping by which all CPUs have cached
 * it leaves the tables: neither flushes, as a mapping below the table stays.
 */
static void lose(struct machine *m)
{
	uint64_t slot = entry_at(dom_frame(L1_FRAME), FREE_SLOT + 1);
	struct xen_memory_reservation r = {.nr_extents = 1,
					   .domid = DOMID_SELF};
	uint64_t f = dom_frame(LOST).v;

	assert_int_equal(call_mmu_update(m, slot, pte_make(mfn(f), RW_FLAGS).v),
			 0);
	set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)LIST);
	memcpy(m->guest, &r, sizeof(r));
	memcpy(m->guest + 512, &f, sizeof(f));
	assert_int_equal(machine_call(m, hc_memory_op,
				      XENMEM_decrease_reservation, GUEST_BUFFER,
				      0, 0),
			 1);
	assert_int_equal(call_mmu_update(m, slot, 0), 0);
	assert_int_equal(m->frames[f].owner, TEST_TAG);
}

enum way { CLEAR, GOING_DOWN, HALF_UP };

static int64_t pin_once(struct machine *m, unsigned int cmd)
{
	struct mmuext_op op = {.cmd = cmd, .arg1.mfn = victim()};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};
	int64_t rc;

	memcpy(m->guest, &op, sizeof(op));
	rc = hc_mmuext_op(m->caller, arg);
	machine_check(m);
	return rc;
}

/* A table that was an L4 says so by the hypervisor's entries. */
static void forget_xen_slots(struct machine *m)
{
	for (unsigned int i = XEN_L4_FIRST; i <= XEN_L4_LAST; i++) {
		raw_entry(m, dom_frame(VICTIM), i, pte(0));
	}
}

static void put_in_way(struct machine *m, enum way way, unsigned int level)
{
	const struct frame *fr = &m->frames[victim()];
	unsigned int pin = MMUEXT_PIN_L1_TABLE + level - 1;

	if (way != HALF_UP) {
		assert_int_equal(pin_once(m, pin), 0);
		lose(m);
		m->preempt_after = way == GOING_DOWN;
		(void)pin_once(m, MMUEXT_UNPIN_TABLE);
		assert_int_equal(fr->flags & FRAME_DYING,
				 way == GOING_DOWN ? FRAME_DYING : 0);
		if (level == 4) {
			forget_xen_slots(m);
		}
	} else {
		m->preempt_after = 1;
		assert_int_equal(pin_once(m, pin), -XEN_ERESTART);
		assert_int_equal(fr->flags & FRAME_PARTIAL, FRAME_PARTIAL);
		assert_true(fr->table.nr_validated > 0);
		m->preempt_after = 0;
		lose(m);
	}
	m->preempt_after = 0;
}

/* --- entering ------------------------------------------------------------ */

struct outcome {
	int64_t rc;
	enum rule rule; /* RULE_NONE: it was not refused */
	unsigned int asked;
	uint64_t numbers; /* that operations got meanwhile */
};

static struct machine *machine_with(enum mmu_operation id, struct call *c,
				    enum way way, unsigned int level)
{
	struct machine *m = machine_new();

	standard_space(m);
	machine_second_vcpu(m);
	machine_second_domain(m);
	*c = (struct call){.m = m, .number = doors[id].number};
	raw_tables(m, level);
	/* What is prepared in the tables comes first, what is in buffers last.
	 */
	if (doors[id].enter != NULL && doors[id].prepare != NULL) {
		doors[id].prepare(c);
	}
	put_in_way(m, way, level);
	if (doors[id].enter == NULL) {
		doors[id].prepare(c);
	}
	return m;
}

static struct outcome go_through(struct machine *m, enum mmu_operation id,
				 struct call *c)
{
	const struct door *door = &doors[id];
	enum mmu_operation named =
		door->named != MMU_OP_NONE ? door->named : id;
	uint64_t refused = m->dom.stats.refused;
	uint64_t serial = m->dom.serial;
	struct outcome o = {.rc = -XEN_ERESTART};

	m->preempt_asked = 0;
	for (unsigned int i = 0; o.rc == -XEN_ERESTART; i++) {
		if (i == 2000) {
			fail_msg("%s goes on for ever",
				 operation_info[id].name);
		}
		o.rc = door->enter != NULL ? door->enter(c)
					   : door->hypercall(m->caller, c->arg);
		if (machine_fault(m) != NULL) {
			fail_msg("%s, return %u (%ld): %s",
				 operation_info[id].name, i, (long)o.rc,
				 machine_fault(m));
		}
	}
	o.asked = m->preempt_asked;
	o.numbers = m->dom.serial - serial;
	if (m->dom.stats.refused != refused) {
		o.rule = m->dom.refusal.rule;
		if (m->dom.refusal.op.id != named) {
			fail_msg("a refusal of %s names %s",
				 operation_info[named].name,
				 operation_info[m->dom.refusal.op.id].name);
		}
	}
	return o;
}

/* Who asks for the type that a table is half-way to goes on with it. */
static bool went_on(const struct machine *m, unsigned int level)
{
	const struct frame *fr = &m->frames[victim()];

	return fr->type == level && fr->type_count != 0 &&
	       (fr->flags & FRAME_VALIDATED) != 0;
}

static void same_outcome(enum mmu_operation id, enum way way,
			 unsigned int level, struct outcome o)
{
	struct call c;
	struct machine *m = machine_with(id, &c, CLEAR, level);
	struct outcome clear = go_through(m, id, &c);

	machine_free(m);
	if (doors[id].needs_unused && way == HALF_UP) {
		assert_int_equal(o.rule, RULE_EXCHANGE_FRAME);
		return;
	}
	if (o.rc != clear.rc || o.rule != clear.rule) {
		fail_msg("%s of an L%u, %s: %ld (%s), else %ld (%s)",
			 operation_info[id].name, level,
			 way == HALF_UP ? "half-way up" : "going down",
			 (long)o.rc, rule_info[o.rule].name, (long)clear.rc,
			 rule_info[clear.rule].name);
	}
	/* However often it is stopped, it keeps its number. */
	if (o.numbers != clear.numbers) {
		fail_msg("%s of an L%u, %s: %lu numbers, else %lu",
			 operation_info[id].name, level,
			 way == HALF_UP ? "half-way up" : "going down",
			 (unsigned long)o.numbers,
			 (unsigned long)clear.numbers);
	}
}

static void every_operation_is_a_door_of_the_table(void **state)
{
	(void)state;
	for (unsigned int id = MMU_OP_NONE + 1; id < MMU_OPERATIONS; id++) {
		if ((doors[id].enter == NULL) ==
		    (doors[id].hypercall == NULL)) {
			fail_msg("no row for %s", operation_info[id].name);
		}
	}
}

/* Interrupted at every question that it asks. */
static void enter_all(enum way way)
{
	for (unsigned int id = MMU_OP_NONE + 1; id < MMU_OPERATIONS; id++) {
		for (unsigned int level = 1; level <= 4; level++) {
			struct call c;
			struct machine *m = machine_with(id, &c, way, level);
			struct outcome o;

			m->preempt_after = 1;
			m->other_takes = true;
			o = go_through(m, id, &c);
			if (!went_on(m, level)) {
				same_outcome(id, way, level, o);
			}
			machine_free(m);
		}
	}
}

static void every_door_settles_what_is_going_down(void **state)
{
	(void)state;
	enter_all(GOING_DOWN);
}

static void no_door_is_stopped_by_a_table_half_way_up(void **state)
{
	(void)state;
	enter_all(HALF_UP);
}

/* At the first question alone, at the second, and so on. */
static void interrupt_each(enum mmu_operation id, enum way way,
			   unsigned int level)
{
	for (unsigned int at = 0;; at++) {
		struct call c;
		struct machine *m = machine_with(id, &c, way, level);
		struct outcome o;

		m->preempt_at = at;
		m->other_takes = true;
		o = go_through(m, id, &c);
		if (!went_on(m, level)) {
			same_outcome(id, way, level, o);
		}
		machine_free(m);
		if (at >= o.asked) {
			return;
		}
	}
}

static void all_is_paid_wherever_it_stops(void **state)
{
	(void)state;
	for (unsigned int id = MMU_OP_NONE + 1; id < MMU_OPERATIONS; id++) {
		interrupt_each(id, GOING_DOWN, 1);
		interrupt_each(id, GOING_DOWN, 3);
		interrupt_each(id, HALF_UP, 1);
		interrupt_each(id, HALF_UP, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_operation_is_a_door_of_the_table),
		cmocka_unit_test(every_door_settles_what_is_going_down),
		cmocka_unit_test(no_door_is_stopped_by_a_table_half_way_up),
		cmocka_unit_test(all_is_paid_wherever_it_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
