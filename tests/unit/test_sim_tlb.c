/* SPDX-License-Identifier: MIT */
/*
 * sim/tlb.c: each kind of retention keeps what it should and forgets what it
 * should; flushes hit all they name and nothing else; and over long random
 * sequences the TLB agrees with a list that is searched from end to end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/tlb.h"

#define SIZE 16

static struct translation page_4k(uint64_t frame, uint64_t flags)
{
	return (struct translation){maddr(frame << 12), 12, flags};
}

static void put(struct tlb *t, uint64_t page, uint64_t flags)
{
	struct translation to = page_4k(page + 1000, flags);

	assert_int_equal(tlb_insert(t, vaddr(page << 12), &to), 0);
}

static bool has(struct tlb *t, uint64_t page)
{
	struct tlb_entry *e = tlb_find(t, vaddr((page << 12) + 0x123));

	return e != NULL && e->to.page.v == (page + 1000) << 12;
}

static struct tlb make(enum tlb_keep keep, uint64_t seed)
{
	const struct tlb_config c = {keep, SIZE};
	struct tlb t;

	assert_int_equal(tlb_init(&t, c, seed), 0);
	return t;
}

static void nothing_is_kept_if_nothing_shall_be(void **state)
{
	struct tlb t = make(TLB_KEEP_NOTHING, 1);

	(void)state;
	put(&t, 7, PTE_RW);
	assert_false(has(&t, 7));
	tlb_fini(&t);
}

static void the_least_recently_used_goes(void **state)
{
	struct tlb t = make(TLB_KEEP_LRU, 1);

	(void)state;
	for (uint64_t p = 0; p < SIZE; p++) {
		put(&t, p, 0);
	}
	assert_true(has(&t, 0)); /* now page 1 is the oldest */
	put(&t, 100, 0);
	assert_false(has(&t, 1));
	assert_true(has(&t, 0));
	assert_true(has(&t, 2));
	assert_int_equal(t.evicted, 1);
	tlb_fini(&t);
}

static void random_eviction_follows_the_seed(void **state)
{
	unsigned int same = 0;
	struct tlb a = make(TLB_KEEP_RANDOM, 1);
	struct tlb b = make(TLB_KEEP_RANDOM, 1);
	struct tlb c = make(TLB_KEEP_RANDOM, 2);

	(void)state;
	for (uint64_t p = 0; p < 100 * SIZE; p++) {
		put(&a, p, 0);
		put(&b, p, 0);
		put(&c, p, 0);
		assert_int_equal(a.nr, p < SIZE ? p + 1 : SIZE);
	}
	for (uint64_t p = 0; p < 100 * SIZE; p++) {
		bool kept = has(&a, p);

		assert_int_equal(kept, has(&b, p));
		same += kept && has(&c, p);
	}
	assert_true(same < SIZE);
	tlb_fini(&a);
	tlb_fini(&b);
	tlb_fini(&c);
}

static void all_is_kept_until_it_is_flushed(void **state)
{
	struct tlb t = make(TLB_KEEP_ALL, 1);

	(void)state;
	for (uint64_t p = 0; p < 5000; p++) {
		put(&t, p, p % 3 == 0 ? PTE_G : 0);
	}
	tlb_flush_page(&t, vaddr((17 << 12) + 5));
	tlb_flush_page(&t, vaddr(18 << 12)); /* a global one */
	for (uint64_t p = 0; p < 5000; p++) {
		assert_int_equal(has(&t, p), p != 17 && p != 18);
	}
	tlb_flush(&t, false);
	for (uint64_t p = 0; p < 5000; p++) {
		assert_int_equal(has(&t, p), p % 3 == 0 && p != 18);
	}
	tlb_flush(&t, true);
	assert_int_equal(t.nr, 0);
	assert_false(has(&t, 0));
	tlb_fini(&t);
}

static void large_pages_are_found_from_every_address(void **state)
{
	struct tlb t = make(TLB_KEEP_ALL, 1);
	const struct translation large = {maddr(0x40000000), 21, PTE_RW};
	const struct translation huge = {maddr(0x80000000), 30, 0};
	struct tlb_entry *e;

	(void)state;
	assert_int_equal(tlb_insert(&t, vaddr(0x612345), &large), 0);
	assert_int_equal(tlb_insert(&t, vaddr(0x7fffffff), &huge), 0);
	e = tlb_find(&t, vaddr(0x7fffff));
	assert_non_null(e);
	assert_int_equal(e->to.page.v, 0x40000000);
	assert_int_equal(e->va.v, 0x600000);
	assert_non_null(tlb_find(&t, vaddr(0x40000000)));
	assert_null(tlb_find(&t, vaddr(0x800000)));
	tlb_flush_page(&t, vaddr(0x7abcde));
	assert_null(tlb_find(&t, vaddr(0x612345)));
	assert_non_null(tlb_find(&t, vaddr(0x40000000)));
	tlb_fini(&t);
}

static void an_address_has_one_entry(void **state)
{
	struct tlb t = make(TLB_KEEP_LRU, 1);
	const struct translation other = page_4k(5, PTE_RW | PTE_D);

	(void)state;
	put(&t, 3, 0);
	assert_int_equal(tlb_insert(&t, vaddr(3 << 12), &other), 0);
	assert_int_equal(t.nr, 1);
	assert_int_equal(tlb_find(&t, vaddr(3 << 12))->to.page.v, 5 << 12);
	tlb_fini(&t);
}

/* The model: pages in order of use, the newest last. */
struct model {
	unsigned int nr;
	uint64_t page[SIZE];
	uint64_t flags[SIZE];
};

static void model_remove(struct model *m, unsigned int i)
{
	m->nr--;
	for (; i < m->nr; i++) {
		m->page[i] = m->page[i + 1];
		m->flags[i] = m->flags[i + 1];
	}
}

static unsigned int model_find(const struct model *m, uint64_t page)
{
	unsigned int i = 0;

	while (i < m->nr && m->page[i] != page) {
		i++;
	}
	return i;
}

static void model_add(struct model *m, uint64_t page, uint64_t flags)
{
	if (m->nr == SIZE) {
		model_remove(m, 0);
	}
	m->page[m->nr] = page;
	m->flags[m->nr] = flags;
	m->nr++;
}

static void model_flush(struct model *m)
{
	for (unsigned int i = m->nr; i-- > 0;) {
		if ((m->flags[i] & PTE_G) == 0) {
			model_remove(m, i);
		}
	}
}

static void step(struct tlb *t, struct model *m, struct sim_random *r)
{
	uint64_t page = sim_random_below(r, 2 * SIZE);
	uint64_t flags = sim_random_below(r, 4) == 0 ? PTE_G : 0;
	unsigned int i = model_find(m, page);
	uint64_t what = sim_random_below(r, 100);

	if (what == 0) {
		tlb_flush(t, false);
		model_flush(m);
	} else if (what < 10) {
		tlb_flush_page(t, vaddr(page << 12));
		if (i < m->nr) {
			model_remove(m, i);
		}
	} else {
		assert_int_equal(has(t, page), i < m->nr);
		if (i < m->nr) {
			flags = m->flags[i];
			model_remove(m, i);
		} else {
			put(t, page, flags);
		}
		model_add(m, page, flags);
	}
	assert_int_equal(t->nr, m->nr);
}

static void it_agrees_with_the_model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct sim_random r = sim_random_seed(seed);
		struct tlb t = make(TLB_KEEP_LRU, seed);
		struct model m = {0};

		for (unsigned int n = 0; n < 5000; n++) {
			step(&t, &m, &r);
		}
		tlb_fini(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_kept_if_nothing_shall_be),
		cmocka_unit_test(the_least_recently_used_goes),
		cmocka_unit_test(random_eviction_follows_the_seed),
		cmocka_unit_test(all_is_kept_until_it_is_flushed),
		cmocka_unit_test(large_pages_are_found_from_every_address),
		cmocka_unit_test(an_address_has_one_entry),
		cmocka_unit_test(it_agrees_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
