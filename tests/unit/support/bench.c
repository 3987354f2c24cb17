/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/support/bench.h"

void bench_new(struct bench *b, struct rig *r)
{
	struct guest *g = r->g;
	pte_t e;

	b->r = r;
	for (unsigned int i = 0; i < BENCH_PLACES; i++) {
		b->frame[i] = rig_frame(r);
		b->behind[i] = rig_behind(r, b->frame[i]);
		b->table[i] = rig_frame(r);
		b->table_behind[i] = rig_behind(r, b->table[i]);
		assert_int_equal(guest_make_readonly(g, b->table[i]), 0);
	}
	assert_int_equal(guest_map(g, &g->kernel, r->free_va, b->frame[0],
				   RIG_RO),
			 0);
	assert_int_equal(guest_flush(g), 0);
	assert_int_equal(guest_lookup(g, g->kernel.root, r->free_va, &b->slot,
				      &e),
			 0);
}

struct guest_slot bench_slot(const struct bench *b, unsigned int i)
{
	struct guest_slot slot = b->slot;

	slot.index = i;
	return slot;
}

vaddr_t bench_va(const struct bench *b, unsigned int i)
{
	return vaddr((b->r->free_va.v & ~UINT64_C(0x1fffff)) +
		     ((uint64_t)i << PAGE_SHIFT));
}

maddr_t bench_maddr(const struct bench *b, unsigned int i)
{
	return maddr(mfn_to_maddr(rig_behind(b->r, b->slot.table)).v + i * 8);
}

void bench_reset(struct bench *b)
{
	struct guest *g = b->r->g;
	uint64_t every = b->r->s->preempt_every;

	b->r->s->preempt_every = 0;
	for (unsigned int i = 0; i < BENCH_PLACES; i++) {
		guest_batch_entry(g, bench_maddr(b, i), pte(0));
		guest_batch_m2p(g, b->frame[i], b->behind[i]);
		if (rig_pinned(b->r, b->table[i])) {
			guest_batch_extended(g, MMUEXT_UNPIN_TABLE,
					     b->table_behind[i].v);
		}
	}
	assert_int_equal(guest_batch_flush(g, NULL), 0);
	b->r->s->preempt_every = every;
}

pte_t bench_good(const struct bench *b, unsigned int i)
{
	return pte_make(b->behind[i], RIG_RO);
}

pte_t bench_bad(const struct bench *b)
{
	return pte_make(rig_behind(b->r, b->r->g->kernel.root), RIG_RW);
}
