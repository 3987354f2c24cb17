/* SPDX-License-Identifier: MIT */
/*
 * The audit itself: each thing that it holds the records against is falsified
 * by hand, and it must say which, of which frame, and what it counted instead.
 * All the other tests rely on it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

static uint64_t audit(struct machine *m, struct audit_report *report)
{
	struct mmu_domain *doms[] = {&m->dom};

	return mmu_audit(&m->mmu, doms, 1, m->tally, report);
}

/* The first difference, and that there is one at all. */
static void expect(struct machine *m, const char *what, enum audit_kind kind,
		   mfn_t f, uint64_t seen, uint64_t expected)
{
	struct audit_report r;
	const struct audit_difference *d = &r.first[0];

	if (audit(m, &r) == 0) {
		fail_msg("%s is not seen", what);
	}
	if (d->kind != kind || !mfn_eq(d->frame, f) || d->seen != seen ||
	    d->expected != expected) {
		fail_msg("%s: %s of frame %#lx: %#lx, %#lx", what,
			 audit_kind_name(d->kind), d->frame.v, d->seen,
			 d->expected);
	}
}

static void a_count_that_is_wrong_is_reported(void **state)
{
	struct machine *m = *state;
	mfn_t data = dom_frame(DATA_FRAME);
	struct frame *fr = frame_of(&m->mmu, data);

	fr->count++;
	expect(m, "a general reference", AUDIT_COUNT, data, 3, 2);
	fr->count--;
	fr->type_count++;
	expect(m, "a type reference", AUDIT_TYPE_COUNT, data, 2, 1);
	fr->type_count--;
	machine_check(m);
}

static void a_type_that_nobody_relies_on_is_reported(void **state)
{
	struct machine *m = *state;
	mfn_t data = dom_frame(DATA_FRAME);
	struct frame *fr = frame_of(&m->mmu, data);

	fr->type = FRAME_DESC;
	expect(m, "another type", AUDIT_TYPE, data, FRAME_DESC,
	       1u << FRAME_WRITABLE);
	fr->type = FRAME_WRITABLE;
	machine_check(m);
}

static void linear_entries_are_recounted(void **state)
{
	struct machine *m = *state;
	mfn_t l4 = dom_frame(L4_FRAME);
	mfn_t other = dom_frame(40);
	struct frame *fr = frame_of(&m->mmu, other);

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE, other.v, 0), 0);
	assert_int_equal(call_mmu_update(m, entry_at(l4, 3),
					 pte_make(other, RO_FLAGS).v),
			 0);
	fr->table.linear++;
	expect(m, "a linear entry", AUDIT_LINEAR, other, 2, 1);
	fr->table.linear--;
	raw_entry(m, l4, 3, pte_make(other, RW_FLAGS));
	expect(m, "a writable linear entry", AUDIT_ENTRY, l4,
	       pte_make(other, RW_FLAGS).v, 0);
	raw_entry(m, l4, 3, pte_make(other, RO_FLAGS));
	raw_entry(m, l4, 4, pte_make(l4, RW_FLAGS));
	expect(m, "a writable self-mapping", AUDIT_ENTRY, l4,
	       pte_make(l4, RW_FLAGS).v, 0);
	raw_entry(m, l4, 4, pte(0));
	machine_check(m);
}

static void an_entry_that_may_not_be_is_reported(void **state)
{
	struct machine *m = *state;
	mfn_t l1 = dom_frame(L1_FRAME);
	pte_t kept = entry_of(m, l1, 0);
	const pte_t bad[] = {
		pte(kept.v | PTE_PCD),
		pte_make(mfn(5), RO_FLAGS),
		pte_make(mfn(MACHINE_FRAMES), RO_FLAGS),
	};

	for (unsigned int i = 0; i < 3; i++) {
		raw_entry(m, l1, 0, bad[i]);
		expect(m, "an entry", AUDIT_ENTRY, l1, bad[i].v, 1);
	}
	raw_entry(m, l1, 0, kept);
	machine_check(m);
}

static void flags_that_contradict_each_other_are_reported(void **state)
{
	static const struct {
		unsigned int frame;
		uint8_t flags;
	} rows[] = {
		{L2_FRAME, FRAME_ALLOCATED},
		{L2_FRAME, FRAME_ALLOCATED | FRAME_VALIDATED | FRAME_PARTIAL},
		{DATA_FRAME, FRAME_ALLOCATED | FRAME_VALIDATED | FRAME_PARTIAL},
	};
	struct machine *m = *state;

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		mfn_t f = dom_frame(rows[i].frame);
		struct frame *fr = frame_of(&m->mmu, f);
		uint8_t kept = fr->flags;
		struct audit_report r;
		bool seen = false;

		fr->flags = rows[i].flags;
		assert_true(audit(m, &r) > 0);
		for (uint64_t k = 0; k < r.total && k < AUDIT_KEPT; k++) {
			seen = seen || (r.first[k].kind == AUDIT_STATE &&
					mfn_eq(r.first[k].frame, f) &&
					r.first[k].seen == rows[i].flags);
		}
		assert_true(seen);
		fr->flags = kept;
	}
	/* Not in use, and yet validated. */
	frame_of(&m->mmu, dom_frame(60))->type = FRAME_L1;
	frame_of(&m->mmu, dom_frame(60))->flags |= FRAME_VALIDATED;
	expect(m, "an unused table", AUDIT_STATE, dom_frame(60),
	       FRAME_ALLOCATED | FRAME_VALIDATED, 0);
	frame_of(&m->mmu, dom_frame(60))->flags = FRAME_ALLOCATED;
	machine_check(m);
}

static void sizes_are_recounted(void **state)
{
	struct machine *m = *state;

	m->dom.nr_pages++;
	expect(m, "the reservation", AUDIT_PAGES, mfn(0), DOM_FRAMES + 1,
	       DOM_FRAMES);
	m->dom.nr_pages--;
	m->mmu.nr_free--;
	expect(m, "the pool", AUDIT_POOL, mfn(0), POOL_FRAMES - 1, POOL_FRAMES);
	m->mmu.nr_free++;
	m->dom.nr_freed++;
	expect(m, "what waits for a flush", AUDIT_POOL, mfn(0), 1, 0);
	m->dom.nr_freed--;
	machine_check(m);
}

static void a_frame_without_an_owner_is_referred_to_by_nobody(void **state)
{
	static const uint16_t owners[] = {OWNER_NONE, OWNER_XEN, OWNER_FREED,
					  OWNER_FREE};
	struct machine *m = *state;
	mfn_t f = dom_frame(DATA_FRAME);
	struct frame *fr = frame_of(&m->mmu, f);

	for (unsigned int i = 0; i < 4; i++) {
		struct audit_report r;
		bool seen = false;

		fr->owner = owners[i];
		assert_true(audit(m, &r) > 0);
		for (uint64_t k = 0; k < r.total && k < AUDIT_KEPT; k++) {
			seen = seen || (r.first[k].kind == AUDIT_COUNT &&
					mfn_eq(r.first[k].frame, f));
		}
		assert_true(seen);
	}
	fr->owner = TEST_TAG;
	machine_check(m);
}

static void what_vcpus_and_the_hypervisor_hold_is_counted(void **state)
{
	struct machine *m = *state;
	mfn_t root = m->vcpu.kernel_root;
	uint64_t desc = dom_frame(60).v;
	struct frame *fr = frame_of(&m->mmu, root);

	assert_int_equal(call_mmuext(m, MMUEXT_NEW_USER_BASEPTR, root.v, 0), 0);
	m->vcpu.user_root = mfn(0);
	expect(m, "a user root", AUDIT_COUNT, root, fr->count, fr->count - 1);
	m->vcpu.user_root = root;
	m->vcpu.kernel_root = mfn(0);
	expect(m, "a kernel root", AUDIT_COUNT, root, fr->count, fr->count - 1);
	m->vcpu.kernel_root = root;
	memcpy(m->guest, &desc, sizeof(desc));
	assert_int_equal(machine_call(m, hc_set_gdt, GUEST_BUFFER, 16, 0, 0),
			 0);
	m->vcpu.gdt[0] = mfn(0);
	expect(m, "a GDT page", AUDIT_COUNT, mfn(desc), 2, 1);
	m->vcpu.gdt[0] = mfn(desc);
	assert_int_equal(mmu_hold(&m->dom, dom_frame(61)), 0);
	m->dom.nr_held = 0;
	expect(m, "a held page", AUDIT_COUNT, dom_frame(61), 2, 1);
	m->dom.nr_held = 1;
	fr->flags &= (uint8_t)~FRAME_PINNED;
	expect(m, "a pin", AUDIT_COUNT, root, fr->count, fr->count - 1);
	fr->flags |= FRAME_PINNED;
	machine_check(m);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, space_set_up, machine_tear_down)

/* The next one begins with it, whatever this one found. */
static void an_audit_leaves_its_memory_clear(void **state)
{
	static const struct audit_tally clear[MACHINE_FRAMES];
	struct machine *m = *state;
	struct frame *fr = frame_of(&m->mmu, dom_frame(DATA_FRAME));
	struct audit_report r;

	assert_int_equal(audit(m, &r), 0);
	assert_memory_equal(m->tally, clear, sizeof(clear));
	/* What is referred to and nobody's is reported, and forgotten, too. */
	fr->owner = OWNER_XEN;
	assert_true(audit(m, &r) > 0);
	assert_memory_equal(m->tally, clear, sizeof(clear));
	fr->owner = m->dom.tag;
	machine_check(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_count_that_is_wrong_is_reported),
		TEST(a_type_that_nobody_relies_on_is_reported),
		TEST(linear_entries_are_recounted),
		TEST(an_entry_that_may_not_be_is_reported),
		TEST(flags_that_contradict_each_other_are_reported),
		TEST(sizes_are_recounted),
		TEST(a_frame_without_an_owner_is_referred_to_by_nobody),
		TEST(what_vcpus_and_the_hypervisor_hold_is_counted),
		TEST(an_audit_leaves_its_memory_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
