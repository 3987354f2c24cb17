/* SPDX-License-Identifier: MIT */
/*
 * Frames of others in a domain's tables: by a grant, by a right over their
 * owner, lent by the hypervisor.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define SLOT 100
#define SLOT_VA ((uint64_t)SLOT << PAGE_SHIFT)

static uint64_t l1_slot(unsigned int index)
{
	return entry_at(dom_frame(L1_FRAME), index);
}

static mfn_t their_page(struct machine *m)
{
	mfn_t f = m->other_vcpu.kernel_root;

	for (unsigned int level = 4; level > 0; level--) {
		f = pte_mfn(entry_of(m, f, 0));
	}
	return f;
}

static void a_granted_frame_returns_to_its_owner(void **state)
{
	struct machine *m = *state;
	struct granted g = {.owner = &m->other, .address = SLOT_VA};
	struct frame *fr;
	uint32_t count;

	machine_second_domain(m);
	g.frame = their_page(m);
	fr = frame_of(&m->mmu, g.frame);
	count = fr->count;
	/* Over a mapping of the domain's own, whose references go. */
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT),
					 pte_make(dom_frame(60), RO_FLAGS).v),
			 0);
	assert_int_equal(mmu_grant_map(&m->vcpu, &g), 0);
	machine_check(m);
	assert_int_equal(fr->count, count + 1);
	assert_int_equal(m->frames[dom_frame(60).v].count, 1);
	assert_int_equal(mmu_grant_unmap(&m->vcpu, &g), 0);
	machine_check(m);
	assert_int_equal(fr->count, count);
}

static int64_t update_of_theirs(struct machine *m, uint64_t ptr, uint64_t val,
				uint16_t domid)
{
	const struct mmu_update u = {.ptr = ptr, .val = val};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, domid};

	memcpy(m->guest, &u, sizeof(u));
	return hc_mmu_update(&m->vcpu, arg);
}

/* Another's frame is mapped by a right over just that domain, or not at all. */
static void a_right_over_a_domain_maps_its_frames(void **state)
{
	struct machine *m = *state;
	const uint16_t theirs = TEST_DOMID + 1;
	uint64_t page, table;
	uint32_t count;

	machine_second_domain(m);
	page = pte_make(their_page(m), RW_FLAGS).v;
	table = m->other_vcpu.kernel_root.v;
	count = m->frames[table].count;
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT), page, theirs),
			 -XEN_EPERM);
	assert_int_equal(m->dom.refusal.rule, RULE_FOREIGN_DOMAIN);
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT), page, theirs + 1),
			 -XEN_ESRCH);
	mmu_may_map(&m->dom, &m->other);
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT), page, theirs), 0);
	machine_check(m);
	assert_true(mfn_eq(pte_mfn(entry_of(m, dom_frame(L1_FRAME), SLOT)),
			   their_page(m)));
	/* Not as its own, nor as anybody's but the one that owns it. */
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT + 1), page,
					  DOMID_SELF),
			 -XEN_EBUSY);
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT + 1),
					  pte_make(dom_frame(60), RO_FLAGS).v,
					  theirs),
			 -XEN_EINVAL);
	/* A table of its is read, not written. */
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT + 1),
					  pte_make(mfn(table), RW_FLAGS).v,
					  theirs),
			 -XEN_EBUSY);
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT + 1),
					  pte_make(mfn(table), RO_FLAGS).v,
					  theirs),
			 0);
	machine_check(m);
	/* Flags are judged, other kinds of table and of update refused. */
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT + 2), page | PTE_PWT,
					  theirs),
			 -XEN_EINVAL);
	assert_int_equal(update_of_theirs(m,
					  entry_at(dom_frame(L2_FRAME), SLOT),
					  page, theirs),
			 -XEN_EINVAL);
	assert_int_equal(update_of_theirs(m,
					  (page & ~UINT64_C(4095)) |
						  MMU_MACHPHYS_UPDATE,
					  1, theirs),
			 -XEN_EPERM);
	machine_check(m);
	/* More than can be counted would look like none. */
	m->dom.foreign[0].entries = UINT32_MAX;
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT + 2), page, theirs),
			 -XEN_ENOSPC);
	m->dom.foreign[0].entries = 1;
	machine_check(m);
	/* It goes as any entry does. */
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT), 0, theirs), 0);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT + 1), 0), 0);
	machine_check(m);
	assert_int_equal(m->frames[table].count, count);
}

/* What is the hypervisor's own ends with the owner, whoever maps it. */
static void a_lent_frame_is_lent_to_nobody_else(void **state)
{
	struct machine *m = *state;
	struct granted g = {.owner = &m->other,
			    .address = SLOT_VA,
			    .frame = mfn(SHARED_FRAME + 1)};
	struct frame *fr = frame_of(&m->mmu, g.frame);

	machine_second_domain(m);
	mmu_share(&m->other, g.frame, true);
	for (unsigned int writable = 0; writable < 2; writable++) {
		g.writable = writable != 0;
		assert_int_equal(mmu_grant_map(&m->vcpu, &g), -XEN_EINVAL);
		assert_int_equal(m->other.refusal.rule, RULE_LENT);
		assert_int_equal(mmu_borrow(&m->other, g.frame, g.writable),
				 -XEN_EINVAL);
		machine_check(m);
		assert_int_equal(fr->count, 1);
	}
}

/* A copy holds both frames for its time, and nothing afterwards. */
static void a_borrowed_frame_is_given_back(void **state)
{
	struct machine *m = *state;
	mfn_t f;
	struct frame before;

	machine_second_domain(m);
	f = their_page(m);
	before = *frame_of(&m->mmu, f);
	assert_int_equal(mmu_borrow(&m->other, f, true), 0);
	assert_int_equal(frame_of(&m->mmu, f)->count, before.count + 1);
	assert_int_equal(frame_of(&m->mmu, f)->type, FRAME_WRITABLE);
	mmu_give_back(&m->other, f, true);
	machine_check(m);
	assert_int_equal(frame_of(&m->mmu, f)->count, before.count);
	/* A table may be read by a copy, and not written. */
	f = m->other_vcpu.kernel_root;
	assert_int_equal(mmu_borrow(&m->other, f, true), -XEN_EBUSY);
	assert_int_equal(mmu_borrow(&m->other, f, false), 0);
	mmu_give_back(&m->other, f, false);
	machine_check(m);
	/* What is not the owner's is not had by its leave. */
	assert_int_equal(mmu_borrow(&m->other, dom_frame(60), false),
			 -XEN_EINVAL);
	assert_int_equal(mmu_borrow(&m->other, MFN_INVALID, false),
			 -XEN_EINVAL);
	machine_check(m);
}

/* However an entry goes, its owner gets the frame when no CPU reaches it. */
static void an_update_takes_a_granted_frame_away(void **state)
{
	struct machine *m = *state;
	struct granted g = {.owner = &m->other,
			    .address = SLOT_VA,
			    .writable = true};

	machine_second_domain(m);
	g.frame = their_page(m);
	assert_int_equal(mmu_grant_map(&m->vcpu, &g), 0);
	machine_check(m);
	assert_int_equal(call_mmu_update(m, l1_slot(SLOT), 0), 0);
}

static void a_right_that_is_refused_tells_of_no_list(void **state)
{
	static const uint64_t arg[6] = {GUEST_BUFFER, 7};
	static const struct request_list gone = {.count = 7, .arg = arg};
	const uint16_t theirs = TEST_DOMID + 1;
	struct machine *m = *state;
	uint64_t page;

	machine_second_domain(m);
	mmu_may_map(&m->dom, &m->other);
	page = pte_make(their_page(m), RW_FLAGS).v;
	m->dom.op.list = &gone;
	assert_int_equal(update_of_theirs(m, l1_slot(SLOT), page | PTE_PWT,
					  theirs),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.of, 0);
	assert_int_equal(m->dom.refusal.source, 0);
	m->dom.op.list = &gone;
	/* A frame that is not the domain's own holds no table of its. */
	assert_int_equal(update_of_theirs(m, entry_at(their_page(m), 0), 0,
					  theirs),
			 -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.of, 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_granted_frame_returns_to_its_owner),
		TEST(a_right_over_a_domain_maps_its_frames),
		TEST(a_lent_frame_is_lent_to_nobody_else),
		TEST(a_borrowed_frame_is_given_back),
		TEST(an_update_takes_a_granted_frame_away),
		TEST(a_right_that_is_refused_tells_of_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
