/* SPDX-License-Identifier: MIT */
/*
 * The region allocator against a model that cannot be wrong in the same way:
 * two bytes for each frame, and a search that tries every place. Any sequence
 * of operations leaves both with the same memory; one that does not fit is
 * refused exactly when the model has more stretches than the array, and then
 * not a byte has changed. PW_SEED=N runs one sequence alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "pagewarden/memblock.h"
#include "sim/random.h"

/* Single frames of these, each taken or not, are more than the array holds. */
#define FRAMES 1300
#define OPERATIONS 4000
#define SEEDS 6
#define NOWHERE pfn(12345)

/* Frame `base + i` is memory[i], reserved[i]. */
struct model {
	uint64_t base;
	bool memory[FRAMES];
	bool reserved[FRAMES];
};

struct pair {
	struct sim_random random;
	struct model model;
	struct guest_memblock m;
	uint64_t longest;     /* range of a change */
	unsigned int refused; /* operations that did not fit */
	unsigned int found;
	unsigned int lost;
};

static uint64_t below(struct pair *p, uint64_t n)
{
	return sim_random_below(&p->random, n);
}

static unsigned int stretches(const bool *is)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < FRAMES; i++) {
		nr += is[i] && (i == 0 || !is[i - 1]);
	}
	return nr;
}

/* Sorted, apart, none empty, and the same frames as the model. */
static void check_list(const struct guest_region_list *list, const bool *is,
		       uint64_t base)
{
	unsigned int n = 0;
	unsigned int i = 0;

	assert_int_equal(list->nr, stretches(is));
	while (i < FRAMES) {
		unsigned int start = i;

		while (i < FRAMES && is[i] == is[start]) {
			i++;
		}
		if (is[start]) {
			assert_int_equal(list->region[n].start.v, base + start);
			assert_int_equal(list->region[n].end.v, base + i);
			n++;
		}
	}
}

static bool model_free(const struct model *m, unsigned int i)
{
	return m->memory[i] && !m->reserved[i];
}

static void check_counts(const struct pair *p)
{
	const struct model *model = &p->model;
	uint64_t memory = 0;
	uint64_t nr_free = 0;
	uint64_t end = 0;

	for (unsigned int i = 0; i < FRAMES; i++) {
		pfn_t frame = pfn(model->base + i);

		assert_int_equal(guest_memblock_is_memory(&p->m, frame),
				 model->memory[i]);
		assert_int_equal(guest_memblock_is_reserved(&p->m, frame),
				 model->reserved[i]);
		memory += model->memory[i];
		nr_free += model_free(model, i);
		if (model->memory[i]) {
			end = frame.v + 1;
		}
	}
	assert_int_equal(guest_memblock_nr_memory(&p->m), memory);
	assert_int_equal(guest_memblock_nr_free(&p->m), nr_free);
	assert_int_equal(guest_memblock_end(&p->m).v, end);
	assert_false(guest_memblock_is_memory(&p->m, PFN_INVALID));
	assert_false(guest_memblock_is_reserved(&p->m, PFN_INVALID));
}

/* The iterator from a place on: the model's stretches, and then the end. */
static void check_iterator(struct pair *p, bool free_only)
{
	const struct model *model = &p->model;
	unsigned int i = (unsigned int)below(p, FRAMES);
	pfn_t cursor = pfn(model->base + i);
	struct guest_region r;

	for (;;) {
		unsigned int start;
		bool more;

		while (i < FRAMES &&
		       !(free_only ? model_free(model, i) : model->memory[i])) {
			i++;
		}
		start = i;
		while (i < FRAMES &&
		       (free_only ? model_free(model, i) : model->memory[i])) {
			i++;
		}
		more = free_only
			       ? guest_memblock_next_free(&p->m, &cursor, &r)
			       : guest_memblock_next_memory(&p->m, &cursor, &r);
		assert_int_equal(more, start < FRAMES);
		if (!more) {
			return;
		}
		assert_int_equal(r.start.v, model->base + start);
		assert_int_equal(r.end.v, model->base + i);
		assert_int_equal(cursor.v, r.end.v);
	}
}

static bool model_fits(const struct model *m, uint64_t at, uint64_t high,
		       uint64_t nr, uint64_t align)
{
	if (nr > high || at > high - nr || (m->base + at) % align != 0) {
		return false;
	}
	for (uint64_t i = 0; i < nr; i++) {
		if (!model_free(m, (unsigned int)(at + i))) {
			return false;
		}
	}
	return true;
}

static bool model_find(const struct model *m, uint64_t low, uint64_t high,
		       uint64_t nr, uint64_t align,
		       enum guest_memblock_from from, uint64_t *ret)
{
	bool found = false;

	for (uint64_t at = low; at < high; at++) {
		if (model_fits(m, at, high, nr, align)) {
			*ret = m->base + at;
			found = true;
			if (from == GUEST_MEMBLOCK_LOW) {
				break;
			}
		}
	}
	return found;
}

/* Finds or takes; the model says where. */
static void search(struct pair *p, bool take)
{
	struct model *model = &p->model;
	enum guest_memblock_from from =
		below(p, 2) ? GUEST_MEMBLOCK_HIGH : GUEST_MEMBLOCK_LOW;
	uint64_t low = below(p, 3) ? below(p, FRAMES) : 0;
	/* Now and then behind low: nothing fits there. */
	uint64_t high = below(p, 3) ? below(p, FRAMES + 1) : FRAMES;
	uint64_t nr = 1 + below(p, below(p, 4) ? 4 : 40);
	uint64_t align = UINT64_C(1) << below(p, 6);
	uint64_t place = 0;
	bool expect = model_find(model, low, high, nr, align, from, &place);
	pfn_t bottom = pfn(model->base + low);
	pfn_t top = pfn(model->base + high);
	pfn_t got = NOWHERE;
	int error;

	error = take ? guest_memblock_alloc(&p->m, bottom, top, nr, align, from,
					    &got)
		     : guest_memblock_find(&p->m, bottom, top, nr, align, from,
					   &got);
	if (!expect) {
		assert_int_equal(error, -XEN_ENOMEM);
		assert_int_equal(got.v, NOWHERE.v);
		p->lost++;
		return;
	}
	p->found++;
	if (take) {
		bool before[FRAMES];

		memcpy(before, model->reserved, sizeof(before));
		memset(&model->reserved[place - model->base], true, nr);
		if (stretches(model->reserved) > GUEST_MEMBLOCK_MAX_REGIONS) {
			memcpy(model->reserved, before, sizeof(before));
			assert_int_equal(error, -XEN_ENOSPC);
			assert_int_equal(got.v, NOWHERE.v);
			p->refused++;
			return;
		}
	}
	assert_int_equal(error, 0);
	assert_int_equal(got.v, place);
}

typedef int change(struct guest_memblock *m, pfn_t start, pfn_t end);

/* One of the four changes, on a range that can be a single frame. */
static void mutate(struct pair *p)
{
	static change *const changes[] = {guest_memblock_add,
					  guest_memblock_remove,
					  guest_memblock_reserve,
					  guest_memblock_free};
	unsigned int which = (unsigned int)below(p, 4);
	bool *is = which < 2 ? p->model.memory : p->model.reserved;
	uint64_t start = below(p, FRAMES);
	uint64_t most = below(p, 12) ? 1 : p->longest;
	uint64_t nr = 1 + below(p, most);
	const struct guest_memblock kept = p->m;
	bool before[FRAMES];
	int error;

	nr = nr < FRAMES - start ? nr : FRAMES - start;
	memcpy(before, is, sizeof(before));
	memset(&is[start], which % 2 == 0, nr);
	error = changes[which](&p->m, pfn(p->model.base + start),
			       pfn(p->model.base + start + nr));
	if (stretches(is) <= GUEST_MEMBLOCK_MAX_REGIONS) {
		assert_int_equal(error, 0);
		return;
	}
	p->refused++;
	assert_int_equal(error, -XEN_ENOSPC);
	assert_memory_equal(&p->m, &kept, sizeof(kept));
	memcpy(is, before, sizeof(before));
}

static void run_sequence(uint64_t seed, uint64_t base, struct pair *p)
{
	memset(p, 0, sizeof(*p));
	p->random = sim_random_seed(seed);
	p->model.base = base;
	/* Of single frames alone there come to be more than fit. */
	p->longest = (uint64_t[]){1, 8, 200}[seed % 3];
	guest_memblock_init(&p->m);
	for (unsigned int i = 0; i < OPERATIONS; i++) {
		if (below(p, 5) != 0) {
			mutate(p);
		} else {
			search(p, below(p, 2));
		}
		check_list(&p->m.memory, p->model.memory, base);
		check_list(&p->m.reserved, p->model.reserved, base);
		if (i % 8 == 0) {
			check_counts(p);
			check_iterator(p, false);
			check_iterator(p, true);
		}
	}
}

static void any_sequence_leaves_what_the_model_has(void **state)
{
	/* At the bottom, at the last frame that there is, at the last number.
	 */
	const uint64_t bases[] = {0, (UINT64_C(1) << MFN_BITS) - FRAMES,
				  UINT64_MAX - FRAMES};
	const char *one = getenv("PW_SEED");
	uint64_t first = one != NULL ? strtoull(one, NULL, 0) : 1;
	uint64_t last = one != NULL ? first : SEEDS;
	unsigned int refused = 0;
	unsigned int found = 0;
	unsigned int lost = 0;
	struct pair *p = malloc(sizeof(*p));

	(void)state;
	assert_non_null(p);
	for (uint64_t seed = first; seed <= last; seed++) {
		for (unsigned int i = 0; i < 3; i++) {
			run_sequence(seed, bases[i], p);
			refused += p->refused;
			found += p->found;
			lost += p->lost;
		}
	}
	free(p);
	print_message("%u did not fit, %u found, %u not\n", refused, found,
		      lost);
	/* Each must have come up, or this tests less than it says. */
	assert_true(one != NULL ||
		    (refused > 100 && found > 500 && lost > 500));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_sequence_leaves_what_the_model_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
