/* SPDX-License-Identifier: MIT */
/*
 * Batches of requests: which of them a refusal is put down to, wherever in a
 * batch it is, and that what the library records (P2M, pins, the root) is what
 * the engine has done, however often it was preempted on the way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim/machine.h"
#include "tests/unit/support/bench.h"

#define FOREIGN mfn(SIM_ZERO_FRAME)

enum kind { ENTRY, MAPPING, M2P, PIN, UNPIN, KINDS };

static const char *const kind_name[KINDS] = {
	[ENTRY] = "entry", [MAPPING] = "mapping", [M2P] = "M2P",
	[PIN] = "pin",     [UNPIN] = "unpin",
};

static void prepare(struct bench *b, enum kind kind, unsigned int nr,
		    unsigned int bad)
{
	struct guest *g = b->r->g;

	bench_reset(b);
	for (unsigned int i = 0; i < nr; i++) {
		/* One that is pinned already cannot be, nor the reverse. */
		if ((kind == PIN && i == bad) || (kind == UNPIN && i != bad)) {
			guest_batch_extended(g, MMUEXT_PIN_L1_TABLE,
					     b->table_behind[i].v);
		}
	}
	assert_int_equal(guest_batch_flush(g, NULL), 0);
}

static void queue(struct bench *b, enum kind kind, unsigned int i, bool bad)
{
	struct guest *g = b->r->g;
	mfn_t table = b->table_behind[i];

	switch (kind) {
	case ENTRY:
		guest_batch_entry(g, bench_maddr(b, i),
				  bad ? bench_bad(b) : bench_good(b, i));
		break;
	case MAPPING:
		guest_batch_mapping(g, bench_va(b, i),
				    bad ? bench_bad(b) : bench_good(b, i), 0);
		break;
	case M2P:
		guest_batch_m2p(g, b->frame[i],
				bad ? FOREIGN
				    : b->behind[(i + 1) % BENCH_PLACES]);
		break;
	case PIN:
		guest_batch_extended(g, MMUEXT_PIN_L1_TABLE, table.v);
		break;
	case UNPIN:
		guest_batch_extended(g, MMUEXT_UNPIN_TABLE, table.v);
		break;
	case KINDS:
		break;
	}
}

/* What the engine says of the i-th: done, or as it was before. */
static bool was_done(const struct bench *b, enum kind kind, unsigned int i,
		     bool bad)
{
	uint64_t entry = rig_entry(b->r, bench_slot(b, i));
	mfn_t to = b->behind[(i + 1) % BENCH_PLACES];
	bool pinned = rig_pinned(b->r, b->table[i]);

	switch (kind) {
	case ENTRY:
	case MAPPING:
		assert_true(entry == 0 ||
			    rig_essence(entry) ==
				    rig_essence(bench_good(b, i).v));
		return entry != 0;
	case M2P:
		/* And the P2M says the same. */
		if (rig_m2p(b->r, to) == b->frame[i].v) {
			assert_int_equal(guest_p2m_get(b->r->g, b->frame[i]).v,
					 to.v);
			return true;
		}
		assert_int_equal(guest_p2m_get(b->r->g, b->frame[i]).v,
				 b->behind[i].v);
		return false;
	case PIN:
		return pinned && !bad;
	case UNPIN:
		return !pinned && !bad;
	case KINDS:
		break;
	}
	return false;
}

static int errno_of(enum kind kind)
{
	return kind == ENTRY || kind == MAPPING ? -XEN_EBUSY : -XEN_EINVAL;
}

static void check_error(const struct bench *b, enum kind kind, unsigned int nr,
			unsigned int bad, const struct guest_batch_error *e)
{
	static const enum guest_batch_kind of[KINDS] = {GUEST_BATCH_ENTRY,
							GUEST_BATCH_MAPPING,
							GUEST_BATCH_M2P,
							GUEST_BATCH_EXTENDED,
							GUEST_BATCH_EXTENDED};
	char words[64];

	if (bad >= nr) {
		assert_int_equal(e->nr_refused, 0);
		assert_int_equal(e->nr_not_attempted, 0);
		return;
	}
	assert_int_equal(e->nr_refused, 1);
	assert_int_equal(e->nr_not_attempted,
			 kind == MAPPING ? 0 : nr - 1 - bad);
	assert_int_equal(e->request.kind, of[kind]);
	assert_int_equal(e->request.result, errno_of(kind));
	assert_int_equal(e->request.call, kind == MAPPING ? bad : 0);
	assert_int_equal(e->request.index, kind == MAPPING ? 0 : bad);
	(void)snprintf(words, sizeof(words), "request %u of call %u",
		       e->request.index, e->request.call);
	assert_non_null(strstr(b->r->g->message, words));
}

static void one_refused(struct bench *b, enum kind kind, unsigned int nr,
			unsigned int bad)
{
	struct guest *g = b->r->g;
	struct guest_batch_error e;
	int error;

	prepare(b, kind, nr, bad);
	for (unsigned int i = 0; i < nr; i++) {
		queue(b, kind, i, i == bad);
	}
	error = guest_batch_flush(g, &e);
	assert_int_equal(error, bad < nr ? errno_of(kind) : 0);
	check_error(b, kind, nr, bad, &e);
	for (unsigned int i = 0; i < nr; i++) {
		bool after = i > bad && kind != MAPPING;
		int expected = i == bad ? errno_of(kind)
			       : after  ? GUEST_BATCH_NOT_ATTEMPTED
					: 0;

		assert_int_equal(guest_batch_result(g, i), expected);
		if (was_done(b, kind, i, i == bad) != (expected == 0)) {
			fail_msg("%s %u of %u, with %u refused",
				 kind_name[kind], i, nr, bad);
		}
	}
	assert_int_equal(guest_batch_result(g, nr), -XEN_EINVAL);
	/* Said once. */
	assert_int_equal(guest_batch_flush(g, &e), 0);
	assert_int_equal(e.nr_refused, 0);
}

static void refuse_each(struct rig *r)
{
	struct bench b;

	bench_new(&b, r);
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		for (unsigned int nr = 1; nr <= BENCH_PLACES; nr++) {
			for (unsigned int bad = 0; bad <= nr; bad++) {
				one_refused(&b, (enum kind)kind, nr, bad);
			}
		}
	}
	bench_reset(&b);
	assert_true(rig_p2m_true(r));
}

static void a_refusal_is_put_down_to_its_request_at_any_place(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN, TLB_KEEP_ALL, refuse_each);
}

static void so_it_is_when_the_hypervisor_is_preempted_on_the_way(void **state)
{
	(void)state;
	for (uint64_t every = 1; every <= 4; every++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.preempt = every,
		};

		rig_run(&o, refuse_each);
	}
}

/* --- more than there is room for ----------------------------------------- */

static void overflow(struct rig *r)
{
	struct guest *g = r->g;
	uint64_t before;
	struct bench b;

	bench_new(&b, r);
	bench_reset(&b);
	before = g->stats.hypercalls;
	for (unsigned int i = 0; i < GUEST_BATCH_MAX_REQUESTS; i++) {
		guest_batch_entry(g, bench_maddr(&b, i), bench_good(&b, 0));
	}
	assert_int_equal(g->stats.hypercalls, before);
	assert_int_equal(rig_entry(r, bench_slot(&b, 0)), 0);
	guest_batch_entry(g, bench_maddr(&b, GUEST_BATCH_MAX_REQUESTS),
			  bench_good(&b, 0));
	assert_int_equal(g->stats.hypercalls, before + 1);
	for (unsigned int i = 0; i < GUEST_BATCH_MAX_REQUESTS; i++) {
		assert_true(rig_entry(r, bench_slot(&b, i)) != 0);
	}
	assert_int_equal(rig_entry(r, bench_slot(&b, GUEST_BATCH_MAX_REQUESTS)),
			 0);
	assert_int_equal(guest_batch_flush(g, NULL), 0);
	assert_true(rig_entry(r, bench_slot(&b, GUEST_BATCH_MAX_REQUESTS)) !=
		    0);
	before = g->stats.hypercalls;
	for (unsigned int i = 0; i <= GUEST_BATCH_MAX_CALLS; i++) {
		guest_batch_mapping(g, bench_va(&b, i), pte(0), 0);
	}
	assert_int_equal(g->stats.hypercalls, before + 1);
	assert_int_equal(rig_entry(r,
				   bench_slot(&b, GUEST_BATCH_MAX_CALLS - 1)),
			 0);
	assert_true(rig_entry(r, bench_slot(&b, GUEST_BATCH_MAX_CALLS)) != 0);
	assert_int_equal(guest_batch_flush(g, NULL), 0);
}

static void a_full_queue_goes_out_before_the_next_request(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN, TLB_KEEP_ALL, overflow);
}

/* --- any batch, against a model of it --------------------------------------
 */

#define MODEL_REQUESTS 400
#define MODEL_BATCHES 60

/* What the engine and the library's records should hold. */
struct model {
	struct bench *b;
	struct sim_random random;
	uint64_t entry[BENCH_PLACES];
	uint64_t m2p[BENCH_PLACES]; /* of behind[i] */
	uint64_t p2m[BENCH_PLACES]; /* of frame[i] */
	bool pinned[BENCH_PLACES];
	/* The queue, as the calls that it will be. */
	unsigned int nr_requests;
	unsigned int nr_calls;
	unsigned int call_kind; /* of the last: 1 update, 2 mapping, 3 ext */
	unsigned int index;     /* in it */
	bool call_failed;
	struct guest_batch_error error;
};

/* The model's place for one more request: as batch.h says they are packed. */
static void model_place(struct model *m, unsigned int call_kind)
{
	bool extend =
		m->nr_calls > 0 && call_kind != 2 && m->call_kind == call_kind;

	if (m->nr_requests == GUEST_BATCH_MAX_REQUESTS ||
	    (!extend && m->nr_calls == GUEST_BATCH_MAX_CALLS)) {
		m->nr_requests = 0;
		m->nr_calls = 0;
		extend = false;
	}
	if (!extend) {
		m->nr_calls++;
		m->index = 0;
		m->call_failed = false;
	} else {
		m->index++;
	}
	m->call_kind = call_kind;
	m->nr_requests++;
}

/* Is the request executed? Notes what is told of it if not. */
static bool model_accepts(struct model *m, bool refused, int error)
{
	if (m->call_failed) {
		m->error.nr_not_attempted++;
		return false;
	}
	if (!refused) {
		return true;
	}
	m->call_failed = true;
	if (m->error.nr_refused++ == 0) {
		m->error.request.result = error;
		m->error.request.call = m->nr_calls - 1;
		m->error.request.index = m->index;
	}
	return false;
}

static void model_entry(struct model *m, unsigned int i, bool bad, bool mapping)
{
	uint64_t value = bad ? bench_bad(m->b).v : bench_good(m->b, i).v;

	model_place(m, mapping ? 2 : 1);
	if (mapping) {
		guest_batch_mapping(m->b->r->g, bench_va(m->b, i), pte(value),
				    0);
	} else {
		guest_batch_entry(m->b->r->g, bench_maddr(m->b, i), pte(value));
	}
	if (model_accepts(m, bad, -XEN_EBUSY)) {
		m->entry[i] = rig_essence(value);
	}
}

static void model_m2p(struct model *m, unsigned int i, unsigned int to,
		      bool bad)
{
	model_place(m, 1);
	guest_batch_m2p(m->b->r->g, m->b->frame[i],
			bad ? FOREIGN : m->b->behind[to]);
	if (model_accepts(m, bad, -XEN_EINVAL)) {
		m->m2p[to] = m->b->frame[i].v;
		m->p2m[i] = m->b->behind[to].v;
	}
}

/* Whether it is refused follows from what came before. */
static void model_pin(struct model *m, unsigned int i, bool pin)
{
	model_place(m, 3);
	guest_batch_extended(m->b->r->g,
			     pin ? MMUEXT_PIN_L1_TABLE : MMUEXT_UNPIN_TABLE,
			     m->b->table_behind[i].v);
	if (model_accepts(m, m->pinned[i] == pin, -XEN_EINVAL)) {
		m->pinned[i] = pin;
	}
}

static void model_request(struct model *m)
{
	unsigned int i =
		(unsigned int)sim_random_below(&m->random, BENCH_PLACES);
	unsigned int j =
		(unsigned int)sim_random_below(&m->random, BENCH_PLACES);
	bool bad = sim_random_below(&m->random, 12) == 0;

	switch (sim_random_below(&m->random, 8)) {
	case 0:
	case 1:
	case 2:
		model_entry(m, i, bad, false);
		break;
	case 3:
		model_entry(m, i, bad, true);
		break;
	case 4:
	case 5:
		model_m2p(m, i, j, bad);
		break;
	default:
		model_pin(m, i, !m->pinned[i] != bad);
		break;
	}
}

static void model_compare(const struct model *m)
{
	const struct bench *b = m->b;

	for (unsigned int i = 0; i < BENCH_PLACES; i++) {
		uint64_t entry = rig_essence(rig_entry(b->r, bench_slot(b, i)));

		assert_int_equal(entry, m->entry[i]);
		assert_int_equal(rig_m2p(b->r, b->behind[i]), m->m2p[i]);
		assert_int_equal(guest_p2m_get(b->r->g, b->frame[i]).v,
				 m->p2m[i]);
		assert_int_equal(
			(frame_of(&b->r->s->mmu, b->table_behind[i])->flags &
			 FRAME_PINNED) != 0,
			m->pinned[i]);
	}
}

static void model_batch(struct model *m)
{
	uint64_t nr = 1 + sim_random_below(&m->random, MODEL_REQUESTS);
	struct guest_batch_error e;
	int error;

	m->nr_requests = 0;
	m->nr_calls = 0;
	m->error = (struct guest_batch_error){.nr_refused = 0};
	/* Most are short. */
	nr = sim_random_below(&m->random, 4) != 0 ? 1 + nr % 20 : nr;
	for (uint64_t i = 0; i < nr; i++) {
		model_request(m);
	}
	error = guest_batch_flush(m->b->r->g, &e);
	assert_int_equal(error, m->error.request.result);
	assert_int_equal(e.nr_refused, m->error.nr_refused);
	assert_int_equal(e.nr_not_attempted, m->error.nr_not_attempted);
	if (error != 0) {
		assert_int_equal(e.request.call, m->error.request.call);
		assert_int_equal(e.request.index, m->error.request.index);
	}
	model_compare(m);
}

static void model_run(struct rig *r)
{
	const uint64_t *seed = r->argument;
	struct model m = {.random = sim_random_seed(*seed)};
	struct bench b;

	bench_new(&b, r);
	bench_reset(&b);
	m.b = &b;
	for (unsigned int i = 0; i < BENCH_PLACES; i++) {
		m.m2p[i] = b.frame[i].v;
		m.p2m[i] = b.behind[i].v;
	}
	for (unsigned int i = 0; i < MODEL_BATCHES; i++) {
		model_batch(&m);
	}
	bench_reset(&b);
	assert_true(rig_p2m_true(r));
}

static void any_batch_leaves_what_a_model_of_it_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		const struct rig_options o = {
			.world = RIG_XEN,
			.keep = TLB_KEEP_ALL,
			.stage = RIG_RUN_TIME,
			.preempt = seed % 4,
			.no_check = true,
			.argument = &seed,
		};

		rig_run(&o, model_run);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_refusal_is_put_down_to_its_request_at_any_place),
		cmocka_unit_test(
			so_it_is_when_the_hypervisor_is_preempted_on_the_way),
		cmocka_unit_test(a_full_queue_goes_out_before_the_next_request),
		cmocka_unit_test(any_batch_leaves_what_a_model_of_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
