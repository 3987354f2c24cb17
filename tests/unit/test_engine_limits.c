/* SPDX-License-Identifier: MIT */
/*
 * Where counts and sizes end: references at the limit of what can be counted,
 * reservations at what a domain may have, and numbers of domains that are not
 * the caller's, in every request that has one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"

#define LIST (GUEST_BUFFER + 512)
#define SLOT 100
/* A second L4, no part of the space. */
#define OTHER_L4 40

/* What asks for one more reference, of which kind, and how it is refused. */
struct limit {
	const char *what;
	unsigned int frame;
	bool of_type;
	unsigned int pin; /* or 0: the frame is mapped so */
	uint64_t flags;
	mfn_t table;
	unsigned int slot;
	enum rule rule;
};

static int64_t ask(struct machine *m, const struct limit *l)
{
	const struct mmu_update u = {
		.ptr = entry_at(l->table, l->slot),
		.val = pte_make(dom_frame(l->frame), l->flags).v,
	};
	const struct mmuext_op op = {.cmd = l->pin,
				     .arg1.mfn = dom_frame(l->frame).v};
	uint64_t arg[6] = {GUEST_BUFFER, 1, 0, DOMID_SELF};

	if (l->pin != 0) {
		memcpy(m->guest, &op, sizeof(op));
		return hc_mmuext_op(&m->vcpu, arg);
	}
	memcpy(m->guest, &u, sizeof(u));
	return hc_mmu_update(&m->vcpu, arg);
}

static void take_back(struct machine *m, const struct limit *l)
{
	if (l->pin != 0) {
		assert_int_equal(call_mmuext(m, MMUEXT_UNPIN_TABLE,
					     dom_frame(l->frame).v, 0),
				 0);
	} else {
		assert_int_equal(call_mmu_update(m, entry_at(l->table, l->slot),
						 0),
				 0);
	}
}

static void check_limit(struct machine *m, const struct limit *l)
{
	struct frame *fr = frame_of(&m->mmu, dom_frame(l->frame));
	uint32_t *count = l->of_type ? &fr->type_count : &fr->count;
	uint32_t kept = *count;

	/* Here is no audit: the counts are not what they say. */
	*count = FRAME_COUNT_LIMIT;
	if (ask(m, l) != -XEN_EINVAL || m->dom.refusal.rule != l->rule) {
		fail_msg("%s: %s", l->what,
			 rule_info[m->dom.refusal.rule].name);
	}
	assert_int_equal(*count, FRAME_COUNT_LIMIT);
	*count = FRAME_COUNT_LIMIT - 1;
	assert_int_equal(ask(m, l), 0);
	assert_int_equal(*count, FRAME_COUNT_LIMIT);
	*count = kept + 1;
	machine_check(m);
	take_back(m, l);
	assert_int_equal(*count, kept);
}

static void what_cannot_be_counted_is_refused(void **state)
{
	struct machine *m = *state;
	const mfn_t l1 = dom_frame(L1_FRAME);
	const mfn_t l4 = dom_frame(L4_FRAME);
	const struct limit limits[] = {
		{"a mapping", DATA_FRAME, false, 0, RO_FLAGS, l1, SLOT,
		 RULE_COUNT_OVERFLOW},
		{"a writable mapping", DATA_FRAME, true, 0, RW_FLAGS, l1, SLOT,
		 RULE_TYPE_OVERFLOW},
		{"a writable mapping's frame", DATA_FRAME, false, 0, RW_FLAGS,
		 l1, SLOT, RULE_COUNT_OVERFLOW},
		{"a pin", L3_FRAME, false, MMUEXT_PIN_L3_TABLE, 0, l1, 0,
		 RULE_COUNT_OVERFLOW},
		{"a pin's type", L3_FRAME, true, MMUEXT_PIN_L3_TABLE, 0, l1, 0,
		 RULE_TYPE_OVERFLOW},
		{"a linear entry", OTHER_L4, false, 0, RO_FLAGS, l4, 3,
		 RULE_COUNT_OVERFLOW},
		{"a linear entry's type", OTHER_L4, true, 0, RO_FLAGS, l4, 3,
		 RULE_COUNT_OVERFLOW},
	};

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE,
				     dom_frame(OTHER_L4).v, 0),
			 0);
	for (unsigned int i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		check_limit(m, &limits[i]);
	}
}

static void linear_entries_are_counted_as_far_as_they_can_be(void **state)
{
	struct machine *m = *state;
	const struct limit entry = {
		.frame = OTHER_L4,
		.flags = RO_FLAGS,
		.table = dom_frame(L4_FRAME),
		.slot = 3,
	};
	struct frame *from = frame_of(&m->mmu, dom_frame(L4_FRAME));
	struct frame *to = frame_of(&m->mmu, dom_frame(OTHER_L4));

	assert_int_equal(call_mmuext(m, MMUEXT_PIN_L4_TABLE,
				     dom_frame(OTHER_L4).v, 0),
			 0);
	to->table.linear = FRAME_LINEAR_MAX;
	assert_int_equal(ask(m, &entry), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_LINEAR_DEPTH);
	to->table.linear = 0;
	from->table.linear = -FRAME_LINEAR_MAX;
	assert_int_equal(ask(m, &entry), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_LINEAR_DEPTH);
	from->table.linear = 0;
	machine_check(m);
}

static void a_linear_entry_leads_to_the_domains_own_tables(void **state)
{
	struct machine *m = *state;
	const mfn_t l4 = dom_frame(L4_FRAME);
	uint64_t val;

	machine_second_domain(m);
	val = pte_make(m->other_vcpu.kernel_root, RO_FLAGS).v;
	assert_int_equal(call_mmu_update(m, entry_at(l4, 3), val), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_NOT_OWNED);
	val = pte_make(mfn(MACHINE_FRAMES), RO_FLAGS).v;
	assert_int_equal(call_mmu_update(m, entry_at(l4, 3), val), -XEN_EINVAL);
	assert_int_equal(m->dom.refusal.rule, RULE_NO_SUCH_FRAME);
}

/* --- memory_op ----------------------------------------------------------- */

static const unsigned int changes[] = {XENMEM_increase_reservation,
				       XENMEM_decrease_reservation,
				       XENMEM_populate_physmap};

static int64_t reserve(struct machine *m, unsigned int op, uint64_t nr,
		       unsigned int order, uint16_t domid)
{
	struct xen_memory_reservation r = {.nr_extents = nr,
					   .extent_order = order,
					   .domid = domid};

	set_xen_guest_handle(r.extent_start, (void *)(uintptr_t)LIST);
	memcpy(m->guest, &r, sizeof(r));
	return machine_call(m, hc_memory_op, op, GUEST_BUFFER, 0, 0);
}

static void a_reservation_changes_within_limits_alone(void **state)
{
	struct machine *m = *state;

	for (unsigned int i = 0; i < 3; i++) {
		uint64_t frames[2] = {dom_frame(60).v, dom_frame(61).v};
		uint64_t pages = m->dom.nr_pages;

		memcpy(m->guest + 512, frames, sizeof(frames));
		/* More than its own number can say how many were done of. */
		assert_int_equal(reserve(m, changes[i], UINT32_MAX / 64 + 1, 0,
					 DOMID_SELF),
				 0);
		assert_int_equal(m->dom.nr_pages, pages);
		assert_int_equal(reserve(m, changes[i], 1, 10, DOMID_SELF), 0);
		assert_int_equal(m->dom.refusal.rule, RULE_PRIVILEGED);
		assert_int_equal(m->dom.nr_pages, pages);
	}
}

static void no_domain_has_more_than_its_limit(void **state)
{
	struct machine *m = *state;
	const uint64_t list[3] = {200, 201, 202};

	m->dom.max_pages = m->dom.nr_pages + 2;
	assert_int_equal(reserve(m, XENMEM_increase_reservation, 1, 2,
				 DOMID_SELF),
			 0);
	assert_int_equal(m->dom.refusal.rule, RULE_NO_MEMORY);
	memcpy(m->guest + 512, list, sizeof(list));
	assert_int_equal(reserve(m, XENMEM_populate_physmap, 3, 0, DOMID_SELF),
			 2);
	assert_int_equal(m->dom.nr_pages, m->dom.max_pages);
	/* Should it have been given less since, nothing wraps. */
	m->dom.max_pages -= 5;
	assert_int_equal(reserve(m, XENMEM_increase_reservation, 1, 0,
				 DOMID_SELF),
			 0);
}

static int64_t exchange(struct machine *m, uint16_t domid, uint64_t nr,
			uint64_t done)
{
	struct xen_memory_exchange e = {
		.in = {.nr_extents = nr, .domid = domid},
		.out = {.nr_extents = nr, .domid = domid},
		.nr_exchanged = done,
	};
	uint64_t f = dom_frame(60).v;

	set_xen_guest_handle(e.in.extent_start,
			     (void *)(uintptr_t)(LIST + sizeof(f)));
	set_xen_guest_handle(e.out.extent_start,
			     (void *)(uintptr_t)(LIST + 64));
	memcpy(m->guest, &e, sizeof(e));
	memcpy(m->guest + 512, &f, sizeof(f));
	memcpy(m->guest + 512 + sizeof(f), &f, sizeof(f));
	return machine_call(m, hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0,
			    0);
}

/* The last extent done, of as many as there are numbers: nothing is left. */
static void an_exchanges_count_does_not_wrap(void **state)
{
	struct machine *m = *state;
	struct xen_memory_exchange e;

	assert_int_equal(exchange(m, DOMID_SELF, UINT64_MAX, UINT64_MAX), 0);
	memcpy(&e, m->guest, sizeof(e));
	assert_int_equal(e.nr_exchanged, UINT64_MAX);
	assert_int_equal(m->frames[dom_frame(60).v].owner, TEST_TAG);
}

static int64_t size_of(struct machine *m, unsigned int op, uint16_t domid)
{
	memcpy(m->guest, &domid, sizeof(domid));
	return machine_call(m, hc_memory_op, op, GUEST_BUFFER, 0, 0);
}

static int64_t add_to_physmap(struct machine *m, uint16_t domid)
{
	struct xen_add_to_physmap x = {.domid = domid};

	memcpy(m->guest, &x, sizeof(x));
	return machine_call(m, hc_memory_op, XENMEM_add_to_physmap,
			    GUEST_BUFFER, 0, 0);
}

static void memory_is_asked_for_oneself_alone(void **state)
{
	static const struct {
		uint16_t domid;
		int64_t rc;
		enum rule rule;
	} others[] = {
		{TEST_DOMID + 1, -XEN_ESRCH, RULE_NO_SUCH_DOMAIN},
		{DOMID_IO, -XEN_EPERM, RULE_FOREIGN_DOMAIN},
		{DOMID_XEN, -XEN_EPERM, RULE_FOREIGN_DOMAIN},
	};
	struct machine *m = *state;
	uint64_t pages = m->dom.nr_pages;

	for (unsigned int i = 0; i < 3; i++) {
		uint16_t domid = others[i].domid;

		assert_int_equal(size_of(m, XENMEM_current_reservation, domid),
				 others[i].rc);
		assert_int_equal(size_of(m, XENMEM_maximum_reservation, domid),
				 others[i].rc);
		assert_int_equal(size_of(m, XENMEM_maximum_gpfn, domid),
				 others[i].rc);
		assert_int_equal(add_to_physmap(m, domid), others[i].rc);
		assert_int_equal(exchange(m, domid, 1, 0), others[i].rc);
		assert_int_equal(m->dom.refusal.rule, others[i].rule);
		for (unsigned int k = 0; k < 3; k++) {
			assert_int_equal(reserve(m, changes[k], 1, 0, domid),
					 0);
			assert_int_equal(m->dom.refusal.rule, others[i].rule);
		}
	}
	assert_int_equal(m->dom.nr_pages, pages);
	assert_int_equal(m->frames[dom_frame(60).v].owner, TEST_TAG);
}

static void a_domain_is_told_how_large_it_is(void **state)
{
	struct machine *m = *state;

	m->dom.max_pages = 300;
	assert_int_equal(size_of(m, XENMEM_current_reservation, TEST_DOMID),
			 DOM_FRAMES);
	assert_int_equal(size_of(m, XENMEM_maximum_reservation, DOMID_SELF),
			 300);
	assert_int_equal(size_of(m, XENMEM_maximum_gpfn, DOMID_SELF),
			 DOM_FRAMES - 1);
	assert_int_equal(add_to_physmap(m, DOMID_SELF), -XEN_EACCES);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_maximum_ram_page,
				      0, 0, 0),
			 MACHINE_FRAMES);
	assert_int_equal(machine_call(m, hc_memory_op, 60, 0, 0, 0),
			 -XEN_ENOSYS);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_set_memory_map, 0,
				      0, 0),
			 -XEN_EPERM);
}

/* What the guest gets that asks for so many entries: how many it is told. */
static unsigned int map_told(struct machine *m, unsigned int room,
			     struct mmu_map_entry told[4])
{
	struct xen_memory_map map = {.nr_entries = room};

	set_xen_guest_handle(map.buffer, (void *)(uintptr_t)LIST);
	memcpy(m->guest, &map, sizeof(map));
	memset(m->guest + 512, 0x5a, 4 * sizeof(told[0]));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_memory_map,
				      GUEST_BUFFER, 0, 0),
			 0);
	memcpy(&map, m->guest, sizeof(map));
	memcpy(told, m->guest + 512, 4 * sizeof(told[0]));
	return map.nr_entries;
}

static void a_memory_map_is_told_as_far_as_it_is_asked_for(void **state)
{
	/* Two of RAM with a hole between them, and one beyond its frames. */
	static const struct mmu_map_entry own[3] = {
		{0, 0x20000, MMU_MAP_RAM},
		{0x30000, 0x10000, 2},
		{UINT64_C(1) << 32, 0x40000, MMU_MAP_RAM},
	};
	struct machine *m = *state;
	struct mmu_map_entry untouched;
	struct mmu_map_entry told[4];

	memset(&untouched, 0x5a, sizeof(untouched));
	assert_int_equal(map_told(m, 4, told), 1);
	assert_int_equal(told[0].addr, 0);
	assert_int_equal(told[0].size, DOM_FRAMES << PAGE_SHIFT);
	assert_int_equal(told[0].type, MMU_MAP_RAM);
	assert_memory_equal(&told[1], &untouched, sizeof(untouched));
	m->dom.map = own;
	m->dom.nr_map = 3;
	for (unsigned int room = 0; room <= 4; room++) {
		const unsigned int nr = room < 3 ? room : 3;

		assert_int_equal(map_told(m, room, told), nr);
		assert_memory_equal(told, own, nr * sizeof(own[0]));
		for (unsigned int i = nr; i < 4; i++) {
			assert_memory_equal(&told[i], &untouched,
					    sizeof(untouched));
		}
	}
	/* A map is no leave to have more: that is the most it may have. */
	assert_int_equal(size_of(m, XENMEM_maximum_reservation, DOMID_SELF),
			 m->dom.max_pages);
	m->dom.map = NULL;
	m->dom.nr_map = 0;
}

static void a_memory_map_goes_nowhere_else(void **state)
{
	static const struct mmu_map_entry own[2] = {{0, 0x20000, MMU_MAP_RAM},
						    {0x30000, 0x10000, 2}};
	struct machine *m = *state;
	struct xen_memory_map map = {.nr_entries = 2};

	m->dom.map = own;
	m->dom.nr_map = 2;
	/* What the guest cannot write: the hypervisor's, and nothing at all. */
	set_xen_guest_handle(map.buffer,
			     (void *)(uintptr_t)HYPERVISOR_VIRT_START);
	memcpy(m->guest, &map, sizeof(map));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_memory_map,
				      GUEST_BUFFER, 0, 0),
			 -XEN_EFAULT);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_memory_map, 0, 0,
				      0),
			 -XEN_EFAULT);
	m->dom.map = NULL;
	m->dom.nr_map = 0;
}

static void the_m2p_is_told_in_frames_of_two_mebibytes(void **state)
{
	struct machine *m = *state;
	struct xen_machphys_mfn_list list = {.max_extents = 4};
	struct xen_machphys_mapping mapping;
	uint64_t kept[4] = {7, 7, 7, 7};

	/* As the hypervisor has it: in the memory that it sees at ram. */
	m->mmu.m2p = frame_data(&m->mmu, mfn(3));
	set_xen_guest_handle(list.extent_start, (void *)(uintptr_t)LIST);
	memcpy(m->guest, &list, sizeof(list));
	memcpy(m->guest + 512, kept, sizeof(kept));
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_machphys_mfn_list,
				      GUEST_BUFFER, 0, 0),
			 0);
	memcpy(&list, m->guest, sizeof(list));
	memcpy(kept, m->guest + 512, sizeof(kept));
	assert_int_equal(list.nr_extents, 1);
	assert_int_equal(kept[0], 3);
	assert_int_equal(kept[1], 7);
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_machphys_mapping,
				      GUEST_BUFFER, 0, 0),
			 0);
	memcpy(&mapping, m->guest, sizeof(mapping));
	assert_int_equal(mapping.max_mfn, MACHINE_FRAMES - 1);
	m->mmu.m2p = m->m2p;
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, space_set_up, machine_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_cannot_be_counted_is_refused),
		TEST(linear_entries_are_counted_as_far_as_they_can_be),
		TEST(a_linear_entry_leads_to_the_domains_own_tables),
		TEST(a_reservation_changes_within_limits_alone),
		TEST(no_domain_has_more_than_its_limit),
		TEST(an_exchanges_count_does_not_wrap),
		TEST(memory_is_asked_for_oneself_alone),
		TEST(a_domain_is_told_how_large_it_is),
		TEST(a_memory_map_is_told_as_far_as_it_is_asked_for),
		TEST(a_memory_map_goes_nowhere_else),
		TEST(the_m2p_is_told_in_frames_of_two_mebibytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
