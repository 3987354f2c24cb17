/* SPDX-License-Identifier: MIT */
/*
 * Batches: each request has its own outcome, and what the library records is
 * what the hypervisor accepted.
 */
#include "kernels/reference/selftest.h"

/* An L1 table at TEST_BASE, and frames to put there. */
struct rig {
	struct guest_slot slot;
	pfn_t a;
	pfn_t b;
};

static uint64_t entry_of(struct kernel *k, pfn_t frame, uint64_t flags)
{
	return pte_make(frame_mfn(k, frame), flags).v;
}

static struct rig rig_new(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct rig r = {.a = frame_new(k), .b = frame_new(k)};
	pte_t e;

	if (guest_map(g, &g->kernel, vaddr(TEST_BASE), r.a, FLAGS_RW) != 0 ||
	    guest_lookup(g, g->kernel.root, vaddr(TEST_BASE), &r.slot, &e) !=
		    0) {
		fail(k, "a page for a test");
	}
	return r;
}

static void clear(struct kernel *k, const struct rig *r, unsigned int nr)
{
	struct guest_slot slot = r->slot;

	for (slot.index = 0; slot.index < nr; slot.index++) {
		must(k, guest_set_entry(&k->guest, slot, pte(0)), "an entry");
	}
	if (guest_flush_tlb(&k->guest) != 0 || guest_flush(&k->guest) != 0) {
		fail(k, "entries of a test cannot be cleared");
	}
}

static maddr_t place(struct kernel *k, const struct rig *r, unsigned int i)
{
	return maddr(mfn_to_maddr(frame_mfn(k, r->slot.table)).v +
		     (uint64_t)i * 8);
}

static uint64_t shown(struct kernel *k, unsigned int i)
{
	return walk_leaf(k, TEST_BASE + i * PAGE_SIZE);
}

/* Four entries in one call; the third is refused. */
static void one_call(struct kernel *k, const struct rig *r)
{
	struct guest *g = &k->guest;
	struct guest_batch_error e = {.nr_refused = 0};
	uint64_t good = entry_of(k, r->a, FLAGS_RW);
	uint64_t bad = entry_of(k, g->kernel.root, FLAGS_RW);

	for (unsigned int i = 0; i < 4; i++) {
		guest_batch_entry(g, place(k, r, i), pte(i == 2 ? bad : good));
	}
	check_value(k, guest_batch_flush(g, &e), -XEN_EBUSY,
		    "batch: the third of four entries is refused");
	check(k,
	      e.nr_refused == 1 && e.nr_not_attempted == 1 &&
		      e.request.kind == GUEST_BATCH_ENTRY &&
		      e.request.call == 0 && e.request.index == 2 &&
		      e.request.value == bad &&
		      e.request.where == place(k, r, 2).v &&
		      e.request.result == -XEN_EBUSY,
	      "batch: and it is the third that is named");
	check(k, says(g, "refused: setting the entry") && says(g, "request 2"),
	      "batch: also in words");
	check(k,
	      guest_batch_result(g, 0) == 0 && guest_batch_result(g, 1) == 0 &&
		      guest_batch_result(g, 2) == -XEN_EBUSY &&
		      guest_batch_result(g, 3) == GUEST_BATCH_NOT_ATTEMPTED &&
		      guest_batch_result(g, 4) == -XEN_EINVAL,
	      "batch: each has its own result");
	check(k,
	      shown(k, 1) == (good & ENTRY_MASK) && shown(k, 2) == 0 &&
		      shown(k, 3) == 0,
	      "batch: the first two are set, the others are not");
	check_value(k, guest_batch_flush(g, &e), 0,
		    "batch: it is reported once");
	check_value(k, (int64_t)e.nr_refused, 0, "batch: and then forgotten");
	clear(k, r, 4);
}

/* Several calls: the one after the refused one is executed. */
static void several_calls(struct kernel *k, const struct rig *r)
{
	struct guest *g = &k->guest;
	struct guest_batch_error e = {.nr_refused = 0};
	uint64_t good = entry_of(k, r->a, FLAGS_RW);
	uint64_t bad = entry_of(k, g->kernel.root, FLAGS_RW);

	guest_batch_entry(g, place(k, r, 0), pte(bad));
	guest_batch_entry(g, place(k, r, 1), pte(good));
	guest_batch_extended(g, MMUEXT_TLB_FLUSH_LOCAL, 0);
	guest_batch_extended(g, MMUEXT_UNPIN_TABLE, frame_mfn(k, r->a).v);
	guest_batch_extended(g, MMUEXT_TLB_FLUSH_LOCAL, 0);
	guest_batch_mapping(g, vaddr(TEST_BASE + 2 * PAGE_SIZE), pte(good), 0);
	guest_batch_mapping(g, vaddr(TEST_BASE + 3 * PAGE_SIZE), pte(bad), 0);
	guest_batch_entry(g, place(k, r, 4), pte(good));
	check_value(k, guest_batch_flush(g, &e), -XEN_EBUSY,
		    "batch: three calls of five have a refusal");
	check(k,
	      e.nr_refused == 3 && e.nr_not_attempted == 2 &&
		      e.request.call == 0 && e.request.index == 0,
	      "batch: all are counted, and the first is named");
	check(k,
	      guest_batch_result(g, 0) == -XEN_EBUSY &&
		      guest_batch_result(g, 1) == GUEST_BATCH_NOT_ATTEMPTED &&
		      guest_batch_result(g, 2) == 0 &&
		      guest_batch_result(g, 3) == -XEN_EINVAL &&
		      guest_batch_result(g, 4) == GUEST_BATCH_NOT_ATTEMPTED &&
		      guest_batch_result(g, 5) == 0 &&
		      guest_batch_result(g, 6) == -XEN_EBUSY &&
		      guest_batch_result(g, 7) == 0,
	      "batch: each request has its own result");
	check(k,
	      shown(k, 1) == 0 && shown(k, 2) == (good & ENTRY_MASK) &&
		      shown(k, 3) == 0 && shown(k, 4) == (good & ENTRY_MASK),
	      "batch: the later calls are executed");
	clear(k, r, 5);
}

/* What the hypervisor refuses, the P2M does not know. */
static void p2m_follows(struct kernel *k, const struct rig *r)
{
	struct guest *g = &k->guest;
	struct guest_batch_error e = {.nr_refused = 0};
	mfn_t of_a = frame_mfn(k, r->a);
	mfn_t of_b = frame_mfn(k, r->b);
	mfn_t foreign = pte_mfn(
		pte(walk(k, g->kernel.root, MACH2PHYS_VIRT_START, SLOT_LEVEL)));

	guest_batch_m2p(g, r->a, foreign);
	guest_batch_m2p(g, r->b, of_a);
	check_value(k, guest_batch_flush(g, &e), -XEN_EINVAL,
		    "batch: a frame is not given the hypervisor's");
	check(k,
	      e.request.kind == GUEST_BATCH_M2P && e.request.where == r->a.v &&
		      e.request.value == foreign.v && e.nr_not_attempted == 1,
	      "batch: and the request is named");
	check(k,
	      frame_mfn(k, r->a).v == of_a.v && m2p(of_a) == r->a.v &&
		      frame_mfn(k, r->b).v == of_b.v && m2p(of_b) == r->b.v,
	      "batch: neither it nor the next changes P2M or M2P");
	guest_batch_m2p(g, r->a, of_b);
	guest_batch_m2p(g, r->b, foreign);
	check(k,
	      guest_batch_flush(g, NULL) == -XEN_EINVAL &&
		      m2p(of_b) == r->a.v && frame_mfn(k, r->a).v == of_b.v &&
		      frame_mfn(k, r->b).v == of_b.v,
	      "batch: what came before it does");
	guest_batch_m2p(g, r->b, of_b);
	guest_batch_m2p(g, r->a, of_a);
	check(k,
	      guest_batch_flush(g, NULL) == 0 && frame_sound(k, r->a) &&
		      frame_sound(k, r->b),
	      "batch: and is undone");
}

/* More requests, and more calls, than one batch has room for. */
static void overflow(struct kernel *k, const struct rig *r)
{
	struct guest *g = &k->guest;
	struct guest_batch_error e = {.nr_refused = 0};
	uint64_t good = entry_of(k, r->a, FLAGS_RO);
	uint64_t bad = entry_of(k, g->kernel.root, FLAGS_RW);
	uint64_t hypercalls = g->stats.hypercalls;
	bool all = true;

	for (unsigned int i = 0; i < 3 * GUEST_BATCH_MAX_REQUESTS; i++) {
		guest_batch_entry(g, place(k, r, i), pte(i == 7 ? bad : good));
	}
	check(k,
	      guest_batch_flush(g, &e) == -XEN_EBUSY && e.request.index == 7 &&
		      e.nr_not_attempted == GUEST_BATCH_MAX_REQUESTS - 8,
	      "batch: an error is kept while more is queued");
	check_value(k, (int64_t)(g->stats.hypercalls - hypercalls), 3,
		    "batch: three times its room is three hypercalls");
	for (unsigned int i = 8; i < 3 * GUEST_BATCH_MAX_REQUESTS; i++) {
		all = all && shown(k, i) == (i < GUEST_BATCH_MAX_REQUESTS
						     ? 0
						     : good & ENTRY_MASK);
	}
	check(k, all, "batch: the batches after it are executed");
	clear(k, r, 3 * GUEST_BATCH_MAX_REQUESTS);
	hypercalls = g->stats.hypercalls;
	for (unsigned int i = 0; i < GUEST_BATCH_MAX_CALLS + 8; i++) {
		guest_batch_mapping(g, vaddr(TEST_BASE + i * PAGE_SIZE),
				    pte(good), 0);
	}
	check(k,
	      guest_batch_flush(g, NULL) == 0 &&
		      g->stats.hypercalls - hypercalls == 2,
	      "batch: more calls than there is room for are two hypercalls");
	for (unsigned int i = 0; i < GUEST_BATCH_MAX_CALLS + 8; i++) {
		all = all && shown(k, i) == (good & ENTRY_MASK);
	}
	check(k, all, "batch: and all are executed");
	clear(k, r, GUEST_BATCH_MAX_CALLS + 8);
}

static void empty(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t hypercalls = g->stats.hypercalls;

	check(k,
	      guest_batch_flush(g, NULL) == 0 && guest_flush(g) == 0 &&
		      g->stats.hypercalls == hypercalls,
	      "batch: an empty one is no hypercall");
	guest_batch_extended(g, MMUEXT_TLB_FLUSH_LOCAL, 0);
	check(k,
	      guest_batch_flush(g, NULL) == 0 &&
		      g->stats.hypercalls == hypercalls + 1,
	      "batch: and one request is one");
}

void test_batch(struct kernel *k)
{
	struct rig r = rig_new(k);

	clear(k, &r, 1);
	empty(k);
	one_call(k, &r);
	several_calls(k, &r);
	p2m_follows(k, &r);
	overflow(k, &r);
	drop_tables(k, TEST_BASE);
	frame_free(k, r.b);
	frame_free(k, r.a);
}
