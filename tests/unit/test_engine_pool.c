/* SPDX-License-Identifier: MIT */
/*
 * The free pool against a plain search of all frames: every run that exists is
 * found, whatever the size of the memory, and comes clean. Clearing stops where
 * it is asked to, and loses nothing by it.
 */
#include "tests/unit/support/machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/mman.h>

#include "engine/domain/pool.h"

#define SMALL (UINT64_C(1) << 12)
#define LARGE (UINT64_C(1) << 18)
#define STEPS 4000
#define DIRT UINT64_C(0xa5a5a5a5a5a5a5a5)

/* xorshift64: repeatable is all it has to be. */
static uint64_t below(uint64_t *state, uint64_t n)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state % n;
}

/* A machine of its own size; the domain has no page yet. */
static struct machine *sized_machine(uint64_t nr_frames)
{
	struct machine *m = calloc(1, sizeof(*m));
	void *ram = mmap(NULL, nr_frames << PAGE_SHIFT, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_non_null(m);
	assert_true(ram != MAP_FAILED);
	m->mmu = (struct mmu){
		.ram = ram,
		.frames = calloc(nr_frames, sizeof(struct frame)),
		.m2p = calloc(nr_frames, sizeof(uint64_t)),
		.nr_frames = nr_frames,
	};
	assert_non_null(m->mmu.frames);
	assert_non_null(m->mmu.m2p);
	mmu_domain_init(&m->dom, &m->mmu, TEST_TAG, TEST_DOMID);
	return m;
}

static void sized_free(struct machine *m)
{
	munmap(m->mmu.ram, m->mmu.nr_frames << PAGE_SHIFT);
	free(m->mmu.frames);
	free(m->mmu.m2p);
	free(m);
}

static void fill(struct machine *m, mfn_t f)
{
	uint64_t *words = frame_data(&m->mmu, f);

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		words[i] = DIRT;
	}
}

static bool is_clean(struct machine *m, mfn_t f)
{
	const uint64_t *words = frame_data(&m->mmu, f);

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		if (words[i] != 0) {
			return false;
		}
	}
	return true;
}

static bool free_run_exists(const struct machine *m, unsigned int order)
{
	uint64_t nr = UINT64_C(1) << order;

	for (uint64_t at = 0; at + nr <= m->mmu.nr_frames; at += nr) {
		uint64_t i = 0;

		while (i < nr && m->mmu.frames[at + i].owner == OWNER_FREE) {
			i++;
		}
		if (i == nr) {
			return true;
		}
	}
	return false;
}

static void give_back(struct machine *m, mfn_t f)
{
	fill(m, f);
	pool_free(&m->dom, f);
	mmu_pay_flushes(&m->dom);
}

static void take_one(struct machine *m, unsigned int order)
{
	uint64_t nr = UINT64_C(1) << order;
	uint64_t nr_free = m->mmu.nr_free;
	bool there = free_run_exists(m, order);
	mfn_t first;
	int rc = pool_alloc(&m->dom, order, &first);

	assert_int_equal(rc, there ? 0 : -XEN_ENOMEM);
	if (rc != 0) {
		return;
	}
	assert_int_equal(first.v % nr, 0);
	assert_int_equal(m->mmu.nr_free, nr_free - nr);
	for (uint64_t i = 0; i < nr; i++) {
		const struct frame *fr = &m->mmu.frames[first.v + i];

		assert_int_equal(fr->owner, TEST_TAG);
		assert_int_equal(fr->count, 1);
		assert_int_equal(fr->type_count, 0);
		assert_int_equal(fr->flags, FRAME_ALLOCATED);
		assert_true(is_clean(m, mfn_add(first, i)));
		fill(m, mfn_add(first, i));
	}
}

static void every_run_that_exists_is_found_and_clean(void **state)
{
	struct machine *m = sized_machine(SMALL);
	uint64_t random = 7;

	(void)state;
	for (uint64_t f = 0; f < SMALL; f++) {
		fill(m, mfn(f));
	}
	/* Frame 0 is nobody's, nor is a hole; the end is no round number. */
	pool_add(&m->mmu, mfn(0), 700);
	pool_add(&m->mmu, mfn(700), 324);
	pool_add(&m->mmu, mfn(1500), 2300);
	assert_int_equal(m->mmu.nr_free, 699 + 324 + 2300);
	for (unsigned int i = 0; i < STEPS; i++) {
		uint64_t f = below(&random, SMALL);

		if (below(&random, 20) == 0) {
			unsigned int order =
				(unsigned int)below(&random,
						    POOL_MAX_ORDER + 1);

			take_one(m, order);
		} else if (m->mmu.frames[f].owner == TEST_TAG) {
			give_back(m, mfn(f));
		}
	}
	for (uint64_t f = 0; f < SMALL; f++) {
		if (m->mmu.frames[f].owner == TEST_TAG) {
			give_back(m, mfn(f));
		}
	}
	/* All has come back, and is as large as it was. */
	assert_int_equal(m->mmu.nr_free, 699 + 324 + 2300);
	take_one(m, POOL_MAX_ORDER);
	sized_free(m);
}

/* However many frames a flush was paid for, the next one to be had is the
 * same: what is recorded is replayed with flushes at other times. */
static void frames_freed_together_come_back_in_their_order(void **state)
{
	struct machine *m = sized_machine(SMALL);
	mfn_t f[4], together[2], apart[2];

	(void)state;
	pool_add(&m->mmu, mfn(512), 512);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(pool_alloc(&m->dom, 0, &f[i]), 0);
	}
	/* No neighbours, which would be a run. */
	pool_free(&m->dom, f[0]);
	pool_free(&m->dom, f[2]);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pool_alloc(&m->dom, 0, &together[i]), 0);
	}
	give_back(m, f[0]);
	give_back(m, f[2]);
	for (unsigned int i = 0; i < 2; i++) {
		assert_int_equal(pool_alloc(&m->dom, 0, &apart[i]), 0);
		assert_true(mfn_eq(apart[i], together[i]));
	}
	sized_free(m);
}

/* Frames that are given back in a row, in a machine where many are free. */
static void free_row(struct machine *m, uint64_t *random, bool together)
{
	uint64_t f = 1 + below(random, SMALL - 1);
	uint64_t nr = 1 + below(random, 300);

	for (; nr != 0 && f < SMALL; nr--, f++) {
		if (m->mmu.frames[f].owner != TEST_TAG) {
			continue;
		}
		pool_free(&m->dom, mfn(f));
		if (!together) {
			mmu_pay_flushes(&m->dom);
		}
	}
	mmu_pay_flushes(&m->dom);
}

static struct machine *machine_of_rows(bool together)
{
	struct machine *m = sized_machine(SMALL);
	uint64_t random = 11;
	mfn_t got;

	pool_add(&m->mmu, mfn(0), SMALL);
	while (pool_take(&m->dom, 0, &got) == 0) {
	}
	for (unsigned int i = 0; i < 400; i++) {
		free_row(m, &random, together);
		for (uint64_t n = below(&random, 60); n > 0; n--) {
			unsigned int order = (unsigned int)below(&random, 4);

			(void)!pool_take(&m->dom, order, &got);
		}
	}
	return m;
}

/* Whether they come into the pool one by one or in a row is not to be seen. */
static void frames_in_a_row_are_found_as_if_they_came_alone(void **state)
{
	struct machine *m[2] = {machine_of_rows(false), machine_of_rows(true)};

	(void)state;
	assert_memory_equal(m[0]->mmu.free_run, m[1]->mmu.free_run,
			    sizeof(m[0]->mmu.free_run));
	assert_int_equal(m[0]->mmu.nr_free, m[1]->mmu.nr_free);
	assert_in_range(m[0]->mmu.nr_free, 100, SMALL - 100);
	for (uint64_t f = 0; f < SMALL; f++) {
		const struct frame *a = &m[0]->mmu.frames[f];
		const struct frame *b = &m[1]->mmu.frames[f];

		assert_int_equal(a->owner, b->owner);
		assert_int_equal(a->flags, b->flags);
		if ((a->flags & FRAME_RUN) != 0) {
			assert_memory_equal(a, b, sizeof(*a));
		}
	}
	sized_free(m[0]);
	sized_free(m[1]);
}

static void a_run_is_found_however_far_away(void **state)
{
	struct machine *m = sized_machine(LARGE);
	uint64_t far = LARGE - 2;
	mfn_t first;

	(void)state;
	/* Every second frame, and one pair at the other end. */
	for (uint64_t f = 2; f < far; f += 2) {
		pool_add(&m->mmu, mfn(f), 1);
	}
	pool_add(&m->mmu, mfn(far), 2);
	assert_int_equal(pool_alloc(&m->dom, 1, &first), 0);
	assert_int_equal(first.v, far);
	assert_int_equal(pool_alloc(&m->dom, 1, &first), -XEN_ENOMEM);
	sized_free(m);
}

static void clearing_stops_where_asked_and_goes_on(void **state)
{
	struct machine *m = sized_machine(SMALL);
	unsigned int stops = 0;
	mfn_t first;
	int rc;

	(void)state;
	for (uint64_t f = 0; f < SMALL; f++) {
		fill(m, mfn(f));
	}
	pool_add(&m->mmu, mfn(512), 512);
	m->preempt_after = 1;
	while ((rc = pool_alloc(&m->dom, 9, &first)) == -XEN_ERESTART) {
		assert_int_equal(m->mmu.nr_free, 512);
		assert_int_equal(m->dom.nr_pages, 0);
		assert_true(++stops <= 64);
	}
	assert_int_equal(rc, 0);
	assert_true(stops >= 16);
	for (uint64_t i = 0; i < 512; i++) {
		assert_true(is_clean(m, mfn_add(first, i)));
	}
	/* Each frame is cleared once, however often it was begun. */
	assert_int_equal(m->dom.stats.scrubbed, 512);
	sized_free(m);
}

#define PAGES 24
#define BASE 60

/* 24 pages for 24 others, stopped at every question. */
static void an_exchange_stops_and_goes_on(void **state)
{
	struct machine *m = machine_new();
	struct xen_memory_exchange e = {
		.in = {.nr_extents = PAGES, .domid = DOMID_SELF},
		.out = {.nr_extents = PAGES / 8,
			.extent_order = 3,
			.domid = DOMID_SELF},
	};
	uint64_t list[PAGES];
	uint64_t out[PAGES / 8];

	(void)state;
	for (unsigned int i = 0; i < PAGES; i++) {
		list[i] = dom_frame(BASE + i).v;
	}
	for (unsigned int i = 0; i < POOL_FRAMES; i++) {
		fill(m, dom_frame(DOM_FRAMES + i));
	}
	for (unsigned int i = 0; i < PAGES / 8; i++) {
		out[i] = BASE + i * 8;
	}
	set_xen_guest_handle(e.in.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	set_xen_guest_handle(e.out.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 1024));
	memcpy(m->guest, &e, sizeof(e));
	memcpy(m->guest + 512, list, sizeof(list));
	memcpy(m->guest + 1024, out, sizeof(out));
	m->preempt_after = 1;
	assert_int_equal(machine_call(m, hc_memory_op, XENMEM_exchange,
				      GUEST_BUFFER, 0, 0),
			 0);
	assert_true(m->restarts > 0);
	memcpy(out, m->guest + 1024, sizeof(out));
	for (unsigned int i = 0; i < PAGES; i++) {
		mfn_t f = mfn(out[i / 8] + i % 8);

		assert_true(is_clean(m, f));
		assert_int_equal(m->m2p[f.v], BASE + i);
	}
	assert_int_equal(m->mmu.nr_free, POOL_FRAMES);
	machine_free(m);
}

/* To make a domain of: nobody's, in no account, and dirty when they return. */
static void frames_can_be_taken_for_a_new_domain(void **state)
{
	struct machine *m = sized_machine(SMALL);
	mfn_t first;
	mfn_t again;

	(void)state;
	pool_add(&m->mmu, mfn(512), 512);
	assert_true(mmu_pool_take(&m->dom, 3, &first));
	assert_int_equal(m->mmu.nr_free, 504);
	assert_int_equal(m->dom.nr_pages, 0);
	for (unsigned int i = 0; i < 8; i++) {
		const struct frame *fr = frame_of(&m->mmu, mfn_add(first, i));

		assert_int_equal(fr->owner, OWNER_XEN);
		assert_int_equal(fr->count, 0);
		assert_int_equal(fr->flags, 0);
		fill(m, mfn_add(first, i));
	}
	assert_false(mmu_pool_take(&m->dom, 9, &again));
	mmu_pool_give(&m->dom, first, 8);
	assert_int_equal(m->mmu.nr_free, 512);
	/* One run again, and nothing of what it held is to be seen. */
	assert_int_equal(pool_alloc(&m->dom, 9, &again), 0);
	assert_true(is_clean(m, first));
	sized_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_run_that_exists_is_found_and_clean),
		cmocka_unit_test(
			frames_freed_together_come_back_in_their_order),
		cmocka_unit_test(
			frames_in_a_row_are_found_as_if_they_came_alone),
		cmocka_unit_test(a_run_is_found_however_far_away),
		cmocka_unit_test(clearing_stops_where_asked_and_goes_on),
		cmocka_unit_test(an_exchange_stops_and_goes_on),
		cmocka_unit_test(frames_can_be_taken_for_a_new_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
