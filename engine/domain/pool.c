/* SPDX-License-Identifier: MIT */
/*
 * Frames that belong to nobody. A freed frame owes its old owner a flush,
 * which is paid before the request returns and before any frame is given away
 * (I9); a frame that is given away is cleared, so nothing leaks between
 * domains.
 */
#include "engine/domain/pool.h"

#include "engine/table/flush.h"
#include "engine/report/event.h"
#include "engine/table/refs.h"

static void pool_link(struct mmu *m, mfn_t f)
{
	struct frame *fr = frame_of(m, f);

	*fr = (struct frame){.owner = OWNER_FREE, .type_count = m->free_head};
	if (m->free_head != 0) {
		m->frames[m->free_head].count = (uint32_t)f.v;
	}
	m->free_head = (uint32_t)f.v;
	m->nr_free++;
	m->m2p[f.v] = INVALID_FRAME;
}

static void pool_unlink(struct mmu *m, mfn_t f)
{
	struct frame *fr = frame_of(m, f);
	uint32_t prev = fr->count;
	uint32_t next = fr->type_count;

	if (prev != 0) {
		m->frames[prev].type_count = next;
	} else {
		m->free_head = next;
	}
	if (next != 0) {
		m->frames[next].count = prev;
	}
	m->nr_free--;
}

void pool_add(struct mmu *m, mfn_t first, uint64_t nr)
{
	/* From the last down, so that the lowest frame is taken first. */
	for (uint64_t i = nr; i-- > 0;) {
		if (first.v + i != 0) {
			pool_link(m, mfn_add(first, i));
		}
	}
}

void pool_free(struct mmu_domain *d, mfn_t f)
{
	d->nr_pages--;
	/* Even without a type: its next owner's data is not to be read. */
	d->flush_pending = true;
	event_frame(d, MMU_EVENT_FREED, f, FRAME_NONE);
	pool_link(d->m, f);
}

static void give(struct mmu_domain *d, mfn_t f)
{
	uint64_t *words = frame_data(d->m, f);

	pool_unlink(d->m, f);
	*frame_of(d->m, f) = (struct frame){.count = 1,
					    .owner = d->tag,
					    .flags = FRAME_ALLOCATED};
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*words); i++) {
		words[i] = 0;
	}
	d->nr_pages++;
	event_frame(d, MMU_EVENT_GIVEN, f, FRAME_NONE);
}

static bool run_is_free(const struct mmu *m, mfn_t first, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		if (m->frames[first.v + i].owner != OWNER_FREE) {
			return false;
		}
	}
	return true;
}

/*
 * An aligned free run, looked for from where the last search ended (next fit).
 * One request looks at so many places and no more (I10); the next goes on.
 */
static int find_run(struct mmu *m, uint64_t nr, mfn_t *ret_first)
{
	uint64_t places = m->nr_frames / nr;

	if (places > POOL_SEARCH_MAX) {
		places = POOL_SEARCH_MAX;
	}
	for (; places > 0; places--) {
		uint64_t at = (m->pool_next + nr - 1) & ~(nr - 1);

		if (at + nr > m->nr_frames) {
			at = 0;
		}
		m->pool_next = at + nr;
		if (run_is_free(m, mfn(at), nr)) {
			*ret_first = mfn(at);
			return 0;
		}
	}
	return -XEN_ENOMEM;
}

int pool_alloc(struct mmu_domain *d, unsigned int order, mfn_t *ret_first)
{
	struct mmu *m = d->m;
	uint64_t nr = UINT64_C(1) << order;
	mfn_t first = mfn(m->free_head);

	if (nr > m->nr_free) {
		return -XEN_ENOMEM;
	}
	if (order > 0) {
		int rc = find_run(m, nr, &first);

		if (rc != 0) {
			return rc;
		}
	}
	mmu_pay_flushes(d);
	for (uint64_t i = 0; i < nr; i++) {
		give(d, mfn_add(first, i));
	}
	*ret_first = first;
	return 0;
}
