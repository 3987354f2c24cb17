/* SPDX-License-Identifier: MIT */
/*
 * Entries and permissions, in every world: under the hypervisor and natively
 * with each geometry. Held against the page walk of the CPU, the engine's
 * types, and a TLB that forgets nothing it is not told to.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagewarden/port.h"
#include "sim/cpu.h"
#include "tests/unit/support/rig.h"

#define LOOKUPS 400

static vaddr_t some_va(struct rig *r, struct sim_random *random)
{
	uint64_t page = sim_random_below(random, RIG_PAGES + 64);
	uint64_t bits = r->config.geometry->va_bits;
	uint64_t va = sim_random_next(random) >> (64 - bits);

	switch (sim_random_below(random, 4)) {
	case 0:
		va = r->config.virt_base.v + (page << PAGE_SHIFT);
		break;
	case 1:
		va = r->config.direct_base.v + (page << PAGE_SHIFT);
		break;
	case 2:
		va = r->free_va.v + (page << PAGE_SHIFT);
		break;
	default:
		break;
	}
	va += sim_random_below(random, PAGE_SIZE);
	if (bits == 48) {
		return vaddr((uint64_t)((int64_t)(va << 16) >> 16));
	}
	return vaddr(va & UINT32_MAX);
}

/* --- look-ups ----------------------------------------------------------------
 */

static void look_up(struct rig *r)
{
	struct sim_random random = sim_random_seed(5);
	struct guest *g = r->g;
	unsigned int found = 0;
	unsigned int large = 0;
	pte_t e;

	assert_int_equal(guest_map(g, &g->kernel, r->free_va, pfn(RIG_TEXT_END),
				   RIG_RW),
			 0);
	assert_int_equal(guest_flush(g), 0);
	for (unsigned int i = 0; i < LOOKUPS; i++) {
		vaddr_t va = i == 0 ? r->free_va : some_va(r, &random);
		struct guest_slot slot;
		struct walk w;
		int error = guest_lookup(g, g->kernel.root, va, &slot, &e);
		pte_t again;

		cpu_peek(r->s, va, &w);
		assert_int_equal(error, w.mapped ? 0 : -XEN_ENOENT);
		assert_int_equal(slot.level, w.end);
		assert_int_equal(slot.index, w.step[w.end].index);
		/* Reading sets A. */
		assert_int_equal((e.v ^ w.step[w.end].entry) & ~PTE_A, 0);
		assert_int_equal(rig_entry(r, slot), w.step[w.end].entry);
		assert_int_equal(guest_read_entry(g, slot, &again), 0);
		assert_int_equal((again.v ^ e.v) & ~PTE_A, 0);
		found += error == 0;
		large += error == 0 && slot.level == 2;
	}
	assert_true(found > LOOKUPS / 4 && found < LOOKUPS);
	/* The CPU has large pages, and a PV guest has none. */
	assert_int_equal(large != 0, !rig_xen(r));
}

static void a_lookup_finds_the_entry_that_the_cpu_comes_to(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_NOTHING, look_up);
	rig_run_all(TLB_KEEP_ALL, look_up);
}

/* --- setting and storing
 * ------------------------------------------------------ */

/* A page at free_va, with its L1 in use. */
static struct guest_slot page_new(struct rig *r, pfn_t frame, uint64_t flags)
{
	struct guest *g = r->g;
	struct guest_slot slot = {.level = 0};
	pte_t e;

	assert_int_equal(guest_map(g, &g->kernel, r->free_va, frame, flags), 0);
	assert_int_equal(guest_flush(g), 0);
	assert_int_equal(guest_lookup(g, g->kernel.root, r->free_va, &slot, &e),
			 0);
	assert_int_equal(slot.level, 1);
	return slot;
}

static void set_entries(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t frame = rig_frame(r);
	struct guest_slot slot = page_new(r, frame, RIG_RW);
	uint64_t wanted = guest_make_pte(g, frame, RIG_RO).v;
	bool queued = g->ops->queue;

	/* Queued requests go out by a flush, or before an entry is read. */
	assert_int_equal(guest_set_entry(g, slot, pte(0)), 0);
	assert_int_equal(rig_entry(r, slot) != 0, queued);
	assert_int_equal(guest_flush(g), 0);
	assert_int_equal(rig_entry(r, slot), 0);
	assert_int_equal(guest_set_entry(g, slot, pte(wanted)), 0);
	assert_int_equal(rig_entry(r, slot) != 0, !queued);
	{
		pte_t e;

		assert_int_equal(guest_read_entry(g, slot, &e), 0);
		assert_int_equal(rig_essence(e.v), rig_essence(wanted));
	}
	assert_int_equal(rig_essence(rig_entry(r, slot)), rig_essence(wanted));
}

static void an_entry_is_set_when_its_request_goes_out(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 2 * RIG_WORLDS; i++) {
		const struct rig_options o = {
			.world = (enum rig_world)(i / 2),
			.keep = TLB_KEEP_ALL,
			.stage = i % 2 != 0 ? RIG_RUN_TIME : RIG_MAPPED,
		};

		rig_run(&o, set_entries);
	}
}

static void filter(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t frame = rig_frame(r);
	struct guest_slot slot = page_new(r, frame, RIG_RW);
	const uint64_t flags[] = {0, RIG_RO, RIG_RW, PTE_A | PTE_RW};

	/* From each of these to each of these. */
	for (unsigned int i = 0; i < 16; i++) {
		uint64_t from = flags[i / 4];
		uint64_t to = flags[i % 4];
		uint64_t expected = to;
		uint64_t e;

		if ((from & PTE_P) != 0 && (from & PTE_RW) == 0) {
			expected &= ~PTE_RW;
		}
		assert_int_equal(guest_set_entry(g, slot,
						 guest_make_pte(g, frame,
								from)),
				 0);
		assert_int_equal(guest_set_entry_init(g, slot,
						      guest_make_pte(g, frame,
								     to)),
				 0);
		assert_int_equal(guest_flush(g), 0);
		e = rig_entry(r, slot);
		assert_int_equal(e & (PTE_P | PTE_RW),
				 expected & (PTE_P | PTE_RW));
		assert_int_equal(pte_mfn(pte(e)).v, rig_behind(r, frame).v);
	}
}

static void the_init_time_form_keeps_read_only_what_is(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, filter);
}

static void store_entries(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t frame = rig_frame(r);
	pfn_t unused = rig_frame(r);
	struct guest_slot used = page_new(r, frame, RIG_RW);
	struct guest_slot slot = {1, unused, 77};
	uint64_t value = guest_make_pte(g, frame, RIG_RO).v;
	uint64_t before = rig_entry(r, used);

	assert_int_equal(guest_store_entry(g, slot, pte(value)), 0);
	assert_int_equal(rig_entry(r, slot), value);
	slot.index = 76;
	assert_int_equal(rig_entry(r, slot), 0);
	slot.index = 78;
	assert_int_equal(rig_entry(r, slot), 0);
	/* One that is in use is the hypervisor's to write. */
	assert_int_equal(guest_store_entry(g, used, pte(value)),
			 rig_xen(r) ? -XEN_EINVAL : 0);
	assert_int_equal(rig_entry(r, used), rig_xen(r) ? before : value);
}

static void a_store_reaches_tables_that_are_not_in_use(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_NOTHING, store_entries);
}

/* --- permissions
 * ---------------------------------------------------------------- */

static void both_ways(struct rig *r)
{
	struct guest *g = r->g;
	/* One of the direct map alone, and one of the image, mapped twice. */
	pfn_t frame[] = {rig_frame(r), pfn(RIG_TEXT_END + 3)};

	for (unsigned int i = 0; i < 2; i++) {
		vaddr_t alias = vaddr_add(r->config.virt_base,
					  frame[i].v << PAGE_SHIFT);
		uint64_t rw = rig_direct(r, frame[i]);
		uint32_t mapped =
			i == 0 || alias.v == guest_direct_va(g, frame[i]).v ? 1
									    : 2;

		assert_true((rw & PTE_RW) != 0);
		assert_int_equal(guest_make_readonly(g, frame[i]), 0);
		assert_int_equal(guest_flush(g), 0);
		if (!rig_xen(r)) {
			/* There is nothing to protect it from. */
			assert_int_equal(rig_direct(r, frame[i]), rw);
			continue;
		}
		assert_int_equal(rig_direct(r, frame[i]) & PTE_RW, 0);
		assert_true(i == 0 || (rig_leaf(r, alias) & PTE_RW) == 0);
		assert_true(rig_typed(r, frame[i], FRAME_WRITABLE, 0));
		/* The engine agrees: it could be a table now. */
		assert_int_equal(guest_make_readwrite(g, frame[i], GUEST_FLUSH),
				 0);
		assert_int_equal(guest_flush(g), 0);
		assert_int_equal(rig_direct(r, frame[i]), rw);
		assert_true(i == 0 || (rig_leaf(r, alias) & PTE_RW) != 0);
		assert_true(rig_typed(r, frame[i], FRAME_WRITABLE, mapped));
	}
}

static void a_permission_changes_in_every_mapping_of_a_frame(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, both_ways);
}

static void two_changes(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t frame = rig_frame(r);
	vaddr_t va = guest_direct_va(g, frame);

	/* Neither is issued before both are queued. */
	assert_int_equal(guest_protect(g, g->kernel.root, va, 0, PTE_NX,
				       GUEST_FLUSH),
			 0);
	assert_int_equal(guest_make_readonly(g, frame), 0);
	assert_int_equal(guest_flush(g), 0);
	assert_int_equal(rig_direct(r, frame) & (PTE_RW | PTE_NX), 0);
	assert_int_equal(guest_make_readwrite(g, frame, GUEST_FLUSH), 0);
	assert_int_equal(guest_protect(g, g->kernel.root, va, PTE_NX, 0,
				       GUEST_FLUSH),
			 0);
	assert_int_equal(guest_flush(g), 0);
	assert_true((rig_direct(r, frame) & PTE_RW) != 0);
	assert_true((rig_direct(r, frame) & PTE_NX) != 0);
	/* What is unmapped does not come back. */
	assert_int_equal(guest_unmap(g, &g->kernel, va), 0);
	assert_int_equal(guest_make_readonly(g, frame), -XEN_ENOENT);
	assert_int_equal(guest_flush(g), 0);
	assert_int_equal(rig_direct(r, frame), 0);
}

static void a_change_that_is_queued_is_not_undone_by_the_next(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN, TLB_KEEP_ALL, two_changes);
}

/* --- the TLB -----------------------------------------------------------------
 */

/* A fault that only a stale translation made is gone when it is repeated. */
static bool repeat(struct sim *s, vaddr_t va, uint32_t code)
{
	const struct access access = {.write = (code & PF_WRITE) != 0,
				      .user = s->user};
	struct walk now;

	cpu_peek(s, va, &now);
	return now.mapped && walk_check(&s->cpu, now.to.flags, access) == 0;
}

/* The permission was too small, and the kernel grows it now. */
static bool grow(struct sim *s, vaddr_t va, uint32_t code)
{
	return guest_protect(&s->guest, s->guest.kernel.root, va, PTE_RW, 0,
			     GUEST_FLUSH) == 0 &&
	       guest_flush(&s->guest) == 0 && repeat(s, va, code);
}

static void protect(struct rig *r, uint64_t set, uint64_t clear,
		    enum guest_flush flush)
{
	assert_int_equal(guest_protect(r->g, r->g->kernel.root, r->free_va, set,
				       clear, flush),
			 0);
	assert_int_equal(guest_flush(r->g), 0);
}

/* A wider permission is denied by the TLB exactly when no flush was asked. */
static void widen(struct rig *r, enum guest_flush flush)
{
	const struct sim_stats *stats = &r->s->stats;
	uint64_t denied = stats->stale_denied;
	uint64_t uses = stats->stale_uses;
	uint64_t faults = stats->faults;
	unsigned int late = flush == GUEST_NO_FLUSH;

	r->s->fault_handler = repeat;
	assert_int_equal(guest_port_load64(r->g, r->free_va), 0);
	protect(r, PTE_RW, 0, flush);
	guest_port_store64(r->g, r->free_va, 0);
	assert_int_equal(stats->stale_denied - denied, late);
	assert_int_equal(stats->stale_uses - uses, late);
	assert_int_equal(stats->faults - faults, late);
	r->s->fault_handler = NULL;
}

/* A smaller one is not obeyed exactly when no flush was asked. */
static void narrow(struct rig *r, enum guest_flush flush)
{
	const struct sim_stats *stats = &r->s->stats;
	uint64_t allowed = stats->stale_allowed;
	uint64_t faults = stats->faults;
	unsigned int late = flush == GUEST_NO_FLUSH;

	guest_port_store64(r->g, r->free_va, 0);
	protect(r, 0, PTE_RW, flush);
	r->s->fault_handler = grow;
	guest_port_store64(r->g, r->free_va, 0);
	assert_int_equal(stats->stale_allowed - allowed, late);
	assert_int_equal(stats->faults - faults, !late);
	r->s->fault_handler = NULL;
	assert_int_equal(guest_flush_address(r->g, r->free_va), 0);
	assert_int_equal(guest_flush(r->g), 0);
	protect(r, 0, PTE_RW, GUEST_FLUSH);
}

static void with_and_without(struct rig *r)
{
	(void)page_new(r, rig_frame(r), RIG_RO);
	for (unsigned int i = 0; i < 3; i++) {
		widen(r, GUEST_NO_FLUSH);
		protect(r, 0, PTE_RW, GUEST_FLUSH);
		widen(r, GUEST_FLUSH);
		narrow(r, GUEST_NO_FLUSH);
		widen(r, GUEST_FLUSH);
		narrow(r, GUEST_FLUSH);
	}
}

static void a_stale_translation_is_used_exactly_when_no_flush_was_asked(
	void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, with_and_without);
}

/* The same of a frame's own mapping, which becomes a table and memory again. */
static void recycle(struct rig *r)
{
	const struct sim_stats *stats = &r->s->stats;

	for (unsigned int i = 0; i < 2; i++) {
		enum guest_flush flush = i == 0 ? GUEST_NO_FLUSH : GUEST_FLUSH;
		pfn_t frame = rig_frame(r);
		vaddr_t va = guest_direct_va(r->g, frame);
		uint64_t denied = stats->stale_denied;

		guest_port_store64(r->g, va, 0);
		assert_int_equal(guest_make_readonly(r->g, frame), 0);
		assert_int_equal(guest_flush_address(r->g, va), 0);
		assert_int_equal(guest_flush(r->g), 0);
		assert_int_equal(guest_port_load64(r->g, va), 0);
		assert_int_equal(guest_make_readwrite(r->g, frame, flush), 0);
		assert_int_equal(guest_flush(r->g), 0);
		r->s->fault_handler = repeat;
		guest_port_store64(r->g, va, 0);
		r->s->fault_handler = NULL;
		assert_int_equal(stats->stale_denied - denied,
				 flush == GUEST_NO_FLUSH);
	}
}

static void a_frame_made_writable_can_be_written_if_it_was_flushed(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN, TLB_KEEP_ALL, recycle);
}

static void flush_all(struct rig *r)
{
	struct guest *g = r->g;
	uint64_t uses;

	for (unsigned int i = 0; i < 2; i++) {
		struct guest_slot slot = {.level = 0};
		pte_t e;

		if (i == 0) {
			(void)page_new(r, rig_frame(r), RIG_RW);
		}
		assert_int_equal(guest_port_load64(g, r->free_va), 0);
		assert_int_equal(guest_lookup(g, g->kernel.root, r->free_va,
					      &slot, &e),
				 0);
		assert_int_equal(guest_set_entry(g, slot,
						 guest_make_pte(g, rig_frame(r),
								RIG_RW)),
				 0);
		/* Of one address, or all. */
		assert_int_equal(i == 0 ? guest_flush_address(g, r->free_va)
					: guest_flush_tlb(g),
				 0);
		assert_int_equal(guest_flush(g), 0);
		uses = r->s->stats.stale_uses;
		assert_int_equal(guest_port_load64(g, r->free_va), 0);
		assert_int_equal(r->s->stats.stale_uses, uses);
	}
}

static void a_flush_leaves_nothing_of_what_was_mapped_before(void **state)
{
	(void)state;
	rig_run_all(TLB_KEEP_ALL, flush_all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_lookup_finds_the_entry_that_the_cpu_comes_to),
		cmocka_unit_test(an_entry_is_set_when_its_request_goes_out),
		cmocka_unit_test(the_init_time_form_keeps_read_only_what_is),
		cmocka_unit_test(a_store_reaches_tables_that_are_not_in_use),
		cmocka_unit_test(
			a_permission_changes_in_every_mapping_of_a_frame),
		cmocka_unit_test(
			a_change_that_is_queued_is_not_undone_by_the_next),
		cmocka_unit_test(
			a_stale_translation_is_used_exactly_when_no_flush_was_asked),
		cmocka_unit_test(
			a_frame_made_writable_can_be_written_if_it_was_flushed),
		cmocka_unit_test(
			a_flush_leaves_nothing_of_what_was_mapped_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
