/* SPDX-License-Identifier: MIT */
/*
 * Frames that belong to nobody. A freed frame owes its old owner a flush, and
 * waits in that domain's list until it is paid; only then is it in the pool,
 * where any domain may get it (I9).
 *
 * Free frames stand in runs: 2^order of them, aligned to their size, none with
 * a free neighbour that would make a larger one of the two. A run is found at
 * the head of its order's list and a larger one is split, so that taking and
 * giving back cost the same few steps however large the memory is (I10).
 *
 * What a frame held is nobody else's to see. A frame comes into the pool as
 * FRAME_DIRTY and is cleared before it is given away, so that nothing leaks
 * between domains, nor from what ran on the machine before. Clearing is the
 * long part of giving: it stops where it is asked to, and what is clean by then
 * stays so in the pool, where the re-issued request finds it again.
 */
#include "engine/domain/pool.h"

#include "engine/port.h"
#include "engine/report/event.h"
#include "engine/request/lock.h"
#include "engine/table/flush.h"
#include "engine/table/refs.h"

/* Frames cleared between two questions of whether to stop. */
#define SCRUB_GROUP 16

/* Frames that one flush may wait for: collecting them is one stretch (I10). */
#define FREED_MAX 256

static void pool_lock(struct mmu_domain *d)
{
	lock_order_take(d->m, LOCK_POOL);
	if (unlikely(!fair_lock_try(&d->m->pool_lock))) {
		mmu_lock_wait(d, &d->m->pool_lock);
	}
}

static void pool_unlock(struct mmu_domain *d)
{
	lock_order_drop(d->m, LOCK_POOL);
	fair_lock_give_up(&d->m->pool_lock);
}

static void run_link(struct mmu *m, uint64_t first, unsigned int order)
{
	struct frame *fr = &m->frames[first];
	uint32_t next = m->free_run[order];

	fr->count = 0;
	fr->type_count = next;
	fr->epoch = order;
	fr->flags |= FRAME_RUN;
	if (next != 0) {
		m->frames[next].count = (uint32_t)first;
	}
	m->free_run[order] = (uint32_t)first;
}

static void run_unlink(struct mmu *m, uint64_t first)
{
	struct frame *fr = &m->frames[first];
	uint32_t prev = fr->count;
	uint32_t next = fr->type_count;

	if (prev != 0) {
		m->frames[prev].type_count = next;
	} else {
		m->free_run[fr->epoch] = next;
	}
	if (next != 0) {
		m->frames[next].count = prev;
	}
	fr->flags &= (uint8_t)~FRAME_RUN;
}

static bool is_run(const struct mmu *m, uint64_t first, unsigned int order)
{
	return first != 0 && first < m->nr_frames &&
	       m->frames[first].owner == OWNER_FREE &&
	       (m->frames[first].flags & FRAME_RUN) != 0 &&
	       m->frames[first].epoch == order;
}

/* Free frames become a run, or a part of the largest that they complete. */
static void run_add(struct mmu *m, uint64_t first, unsigned int order)
{
	while (order < POOL_MAX_ORDER) {
		uint64_t neighbour = first ^ UINT64_C(1) << order;

		if (!is_run(m, neighbour, order)) {
			break;
		}
		run_unlink(m, neighbour);
		first &= neighbour;
		order++;
	}
	run_link(m, first, order);
}

/* A run of just this order, taken out of the smallest that holds one. */
static bool run_take(struct mmu *m, unsigned int order, uint64_t *ret_first)
{
	unsigned int from = order;
	uint64_t first;

	while (from <= POOL_MAX_ORDER && m->free_run[from] == 0) {
		from++;
	}
	if (from > POOL_MAX_ORDER) {
		return false;
	}
	first = m->free_run[from];
	run_unlink(m, first);
	while (from-- > order) {
		run_link(m, first + (UINT64_C(1) << from), from);
	}
	*ret_first = first;
	return true;
}

static void make_free(struct mmu *m, mfn_t f, uint8_t flags)
{
	*frame_of(m, f) = (struct frame){.owner = OWNER_FREE, .flags = flags};
	m2p_set(m, f, INVALID_FRAME);
	m->nr_free++;
}

void pool_add(struct mmu *m, mfn_t first, uint64_t nr)
{
	uint64_t start = first.v == 0 && nr != 0 ? 1 : first.v;
	uint64_t end = first.v + nr;

	for (uint64_t f = start; f < end; f++) {
		make_free(m, mfn(f), FRAME_DIRTY);
	}
	/* From the last down, so that the lowest run is taken first. */
	while (end > start) {
		unsigned int order = 0;

		while (order < POOL_MAX_ORDER && (end >> order & 1) == 0 &&
		       end - start >= UINT64_C(2) << order) {
			order++;
		}
		end -= UINT64_C(1) << order;
		run_add(m, end, order);
	}
}

bool mmu_pool_take(struct mmu_domain *d, unsigned int order, mfn_t *ret_first)
{
	const uint64_t nr = UINT64_C(1) << order;
	uint64_t first;
	bool found;

	pool_lock(d);
	found = run_take(d->m, order, &first);
	d->m->nr_free -= found ? nr : 0;
	pool_unlock(d);
	for (uint64_t i = 0; found && i < nr; i++) {
		d->m->frames[first + i] = (struct frame){.owner = OWNER_XEN};
		*ret_first = mfn(first);
	}
	return found;
}

void mmu_pool_give(struct mmu_domain *d, mfn_t first, uint64_t nr)
{
	pool_lock(d);
	pool_add(d->m, first, nr);
	pool_unlock(d);
}

void pool_free(struct mmu_domain *d, mfn_t f)
{
	d->nr_pages--;
	/* Even without a type: its next owner's data is not to be read. */
	flush_owe(d, FLUSH_FREED);
	event_frame(d, MMU_EVENT_FREED, f, FRAME_NONE);
	*frame_of(d->m, f) = (struct frame){.owner = OWNER_FREED,
					    .type_count = d->freed_head};
	m2p_set(d->m, f, INVALID_FRAME);
	d->freed_head = (uint32_t)f.v;
	if (++d->nr_freed == FREED_MAX) {
		mmu_pay_flushes(d);
	}
}

/*
 * From the list's head, where the last one freed is: the first now. In what
 * order frames come into the pool is then the same, however many of them one
 * flush was paid for; a recording that is replayed rests on that.
 */
static uint32_t first_freed(struct mmu *m, uint32_t head)
{
	uint32_t first = 0;

	while (head != 0) {
		uint32_t next = m->frames[head].type_count;

		m->frames[head].type_count = first;
		first = head;
		head = next;
	}
	return first;
}

/* The largest run that begins at a frame and ends before another. */
static unsigned int largest_order(uint64_t first, uint64_t end)
{
	unsigned int order = 0;

	while (order < POOL_MAX_ORDER && (first >> order & 1) == 0 &&
	       end - first >= UINT64_C(2) << order) {
		order++;
	}
	return order;
}

/*
 * Free frames in a row. A run joins a neighbour when its last frame comes, and
 * is found where it would be had they come one by one.
 */
static void row_add(struct mmu *m, uint64_t first, uint64_t end)
{
	while (first < end) {
		unsigned int order = largest_order(first, end);

		run_add(m, first, order);
		first += UINT64_C(1) << order;
	}
}

/* Frame f and those behind it in the list that follow it in memory: the next
 * of the list is returned. */
static uint32_t collect_row(struct mmu *m, uint32_t f)
{
	const uint32_t first = f;
	uint32_t end = f;

	while (f == end) {
		f = m->frames[end].type_count;
		make_free(m, mfn(end), FRAME_DIRTY);
		end++;
	}
	row_add(m, first, end);
	return f;
}

void pool_collect(struct mmu_domain *d)
{
	uint32_t f = first_freed(d->m, d->freed_head);

	if (f == 0) {
		return;
	}
	pool_lock(d);
	while (f != 0) {
		f = collect_row(d->m, f);
	}
	pool_unlock(d);
	d->freed_head = 0;
	d->nr_freed = 0;
}

int pool_take(struct mmu_domain *d, unsigned int order, mfn_t *ret_first)
{
	uint64_t nr = UINT64_C(1) << order;
	uint64_t first;
	bool found;

	/* What this operation freed is to be had, too. */
	mmu_pay_flushes(d);
	pool_lock(d);
	found = run_take(d->m, order, &first);
	d->m->nr_free -= found ? nr : 0;
	pool_unlock(d);
	if (!found) {
		return -XEN_ENOMEM;
	}
	for (uint64_t i = 0; i < nr; i++) {
		struct frame *fr = &d->m->frames[first + i];

		*fr = (struct frame){.count = 1,
				     .owner = d->tag,
				     .flags = FRAME_ALLOCATED |
					      (fr->flags & FRAME_DIRTY)};
		event_frame(d, MMU_EVENT_GIVEN, mfn(first + i), FRAME_NONE);
	}
	d->nr_pages += nr;
	*ret_first = mfn(first);
	return 0;
}

void pool_return(struct mmu_domain *d, mfn_t first, unsigned int order)
{
	uint64_t nr = UINT64_C(1) << order;

	pool_lock(d);
	for (uint64_t i = 0; i < nr; i++) {
		mfn_t f = mfn_add(first, i);

		event_frame(d, MMU_EVENT_FREED, f, FRAME_NONE);
		make_free(d->m, f, frame_of(d->m, f)->flags & FRAME_DIRTY);
	}
	run_add(d->m, first.v, order);
	pool_unlock(d);
	d->nr_pages -= nr;
}

int pool_scrub(struct mmu_domain *d, mfn_t first, unsigned int order)
{
	for (uint64_t i = 0; i < UINT64_C(1) << order; i++) {
		mfn_t f = mfn_add(first, i);
		struct frame *fr = frame_of(d->m, f);

		if ((fr->flags & FRAME_DIRTY) == 0) {
			continue;
		}
		__builtin_memset(frame_data(d->m, f), 0, PAGE_SIZE);
		fr->flags &= (uint8_t)~FRAME_DIRTY;
		if (++d->stats.scrubbed % SCRUB_GROUP == 0 && port_preempt(d)) {
			return -XEN_ERESTART;
		}
	}
	return 0;
}

int pool_alloc(struct mmu_domain *d, unsigned int order, mfn_t *ret_first)
{
	int rc = pool_take(d, order, ret_first);

	if (rc != 0) {
		return rc;
	}
	rc = pool_scrub(d, *ret_first, order);
	if (rc != 0) {
		pool_return(d, *ret_first, order);
	}
	return rc;
}
