/* SPDX-License-Identifier: MIT */
/*
 * The explored machine, its start, and its TLBs.
 *
 * A TLB is a set: for each frame, as what the vCPU may have it cached. It takes
 * in all that the vCPU's tables allow and forgets nothing but by a full flush,
 * which is the worst that a real one can do: whatever a real TLB holds is in
 * this one. What a rule forbids for a smaller one is forbidden for this, so one
 * state stands for all choices of what is cached. Pages that are flushed one by
 * one stay: no invariant may rest on that (docs/engine.md, Flushes).
 */
#include "tests/explore/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/domain/pool.h"
#include "engine/table/refs.h"
#include "tests/explore/scope.h"

void world_fault(struct world *w, const char *format, ...)
{
	va_list args;

	if (w->fault[0] != '\0') {
		return;
	}
	va_start(args, format);
	vsnprintf(w->fault, sizeof(w->fault), format, args);
	va_end(args);
}

unsigned int name_of(const struct world *w, uint64_t frame)
{
	uint64_t name = (frame - FIRST_NAMED) / 2;

	if (frame < FIRST_NAMED || (frame - FIRST_NAMED) % 2 != 0 ||
	    name >= w->nr_named) {
		return ~0u;
	}
	return (unsigned int)name;
}

/* --- what the CPUs cache --------------------------------------------------
 */

struct walk {
	struct world *w;
	uint16_t *cached;   /* the vCPU's */
	unsigned int shift; /* CACHED_BY_USER: from the user's root */
};

static void walk(const struct walk *k, mfn_t table, unsigned int level,
		 bool writable)
{
	struct world *w = k->w;
	static const uint8_t as_table[5] = {
		[2] = CACHED_L1, [3] = CACHED_L2, [4] = CACHED_L3};
	const pte_t *entries = frame_ptes(&w->mmu, table);
	bool is_l4 = frame_of(&w->mmu, table)->type == FRAME_L4;

	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		unsigned int slot = w->scope->slot[i];
		pte_t e = entries[slot];
		uint8_t as;

		if (!pte_present(e) ||
		    (is_l4 && slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST)) {
			continue;
		}
		if (!mfn_valid(&w->mmu, pte_mfn(e))) {
			world_fault(w, "I3: a table leads out of memory");
			continue;
		}
		as = as_table[level];
		if (level == 1) {
			as = writable && pte_writable(e)
				     ? CACHED_READ | CACHED_WRITE
				     : CACHED_READ;
		}
		k->cached[pte_mfn(e).v] |= (uint16_t)(as << k->shift);
		if (level > 1) {
			walk(k, pte_mfn(e), level - 1,
			     writable && pte_writable(e));
		}
	}
}

static void look_at_window(struct world *w, unsigned int vcpu)
{
	for (unsigned int i = 0; i < DESC_WINDOW_ENTRIES; i++) {
		pte_t e = w->window[vcpu][i];

		if (pte_present(e) && !mfn_eq(pte_mfn(e), w->mmu.zero_frame)) {
			w->cached[vcpu][pte_mfn(e).v] |= CACHED_DESC;
		}
	}
}

void world_run_cpus(struct world *w)
{
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		const struct mmu_vcpu *v = &w->vcpu[i];
		struct walk k = {w, w->cached[i], 0};

		/* Without a root it has not been started. */
		if (w->dead[v->dom - w->dom] || v->kernel_root.v == 0) {
			continue;
		}
		look_at_window(w, i);
		walk(&k, v->kernel_root, 4, true);
		if (v->user_root.v != 0) {
			k.shift = CACHED_BY_USER;
			walk(&k, v->user_root, 4, true);
		}
	}
}

bool world_may_store(const struct world *w, mfn_t f)
{
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		if (!w->dead[w->vcpu[i].dom - w->dom] &&
		    (world_cached(w, i, f.v) & CACHED_WRITE) != 0) {
			return true;
		}
	}
	return false;
}

void world_stop(struct world *w, unsigned int dom)
{
	w->dead[dom] = true;
}

/* --- the start ------------------------------------------------------------
 */

static void set_entry(struct world *w, mfn_t table, mfn_t child)
{
	frame_ptes(&w->mmu, table)[w->scope->slot[0]] =
		pte_make(child, RW_ENTRY);
}

static void must(int rc)
{
	if (rc != 0) {
		fprintf(stderr, "explore: the start is refused: %d\n", rc);
		exit(2);
	}
}

static unsigned int nr_fixed(enum start start)
{
	switch (start) {
	case START_BARE:
		return 1;
	case START_LEAF:
		return 3;
	case START_MAPPED:
		return 4;
	}
	return 0;
}

unsigned int world_last_fixed(const struct world *w)
{
	return w->nr_named - 1 - (w->scope->nr_doms > 1);
}

unsigned int world_biased(const struct world *w)
{
	return w->scope->held != 0 ? 0 : world_last_fixed(w);
}

void world_bias(struct world *w, bool there)
{
	struct frame *fr = frame_of(&w->mmu, named(world_biased(w)));
	int sign = there ? 1 : -1;

	if ((w->scope->groups & GROUP_LIMIT) != 0) {
		fr->count += (uint32_t)sign * w->bias.count;
		fr->type_count += (uint32_t)sign * w->bias.type;
		if (w->bias.linear != 0) {
			fr->table.linear = (int16_t)(fr->table.linear +
						     sign * w->bias.linear);
		}
	}
}

static void make_bias(struct world *w)
{
	const struct frame *fr = frame_of(&w->mmu, named(world_biased(w)));
	int linear = w->scope->may_add.linear;

	if ((w->scope->groups & GROUP_LIMIT) == 0) {
		return;
	}
	w->bias.count = FRAME_COUNT_LIMIT - w->scope->may_add.count - fr->count;
	w->bias.type =
		FRAME_COUNT_LIMIT - w->scope->may_add.type - fr->type_count;
	w->bias.linear = !frame_is_table(fr->type) ? 0
			 : linear > 0              ? FRAME_LINEAR_MAX - linear
						   : -FRAME_LINEAR_MAX - linear;
	world_bias(w, true);
}

static void assign(struct world *w, unsigned int dom, unsigned int name)
{
	mmu_assign(&w->dom[dom], named(name), pfn(name), 1);
}

/* Frames: the first domain's, the second's, the pool's; then the fixed ones. */
static void give_frames(struct world *w)
{
	const struct scope *s = w->scope;
	unsigned int second = s->nr_free - s->of_second - s->of_pool;
	unsigned int pool = s->nr_free - s->of_pool;

	for (unsigned int i = 0; i < w->nr_named; i++) {
		if (i >= pool && i < s->nr_free) {
			/* Somebody has left something in it. */
			set_entry(w, named(i), mfn(XEN_FRAME));
			pool_add(&w->mmu, named(i), 1);
		} else {
			assign(w, i >= second && i < pool, i);
		}
	}
	if ((s->groups & GROUP_LEND) != 0) {
		w->frames[named(s->nr_free - 1).v] =
			(struct frame){.owner = OWNER_XEN};
		w->m2p[named(s->nr_free - 1).v] = ~UINT64_C(0);
		w->dom[0].nr_pages--;
	}
	/* The second domain has a root of its own, the last frame. */
	if (s->nr_doms > 1) {
		w->frames[named(w->nr_named - 1).v] = (struct frame){0};
		w->dom[0].nr_pages--;
		assign(w, 1, w->nr_named - 1);
	}
	for (unsigned int i = 0; i < NR_DOMS; i++) {
		w->dom[i].max_pages =
			(uint64_t)((int64_t)w->dom[i].nr_pages + s->may_grow);
	}
}

static void start_vcpus(struct world *w)
{
	const struct scope *s = w->scope;
	unsigned int fixed = nr_fixed(s->start);

	for (unsigned int i = 0; i + 1 < fixed; i++) {
		set_entry(w, named(s->nr_free + i), named(s->nr_free + i + 1));
	}
	for (unsigned int i = 1;
	     (s->groups & GROUP_WIDE) != 0 && i <= WIDE_LAST; i++) {
		frame_ptes(&w->mmu, named(world_last_fixed(w)))[i] =
			pte_make(named(s->nr_free), RO_ENTRY);
	}
	/* All are there before one runs. */
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		unsigned int dom = i >= s->nr_vcpus;

		mmu_vcpu_init(&w->vcpu[i], &w->dom[dom],
			      dom == 0 ? i * (1 + s->vcpu_gap) : 0,
			      w->window[i]);
	}
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		if (i != 0 && i == s->nr_vcpus - 1 &&
		    (s->groups & GROUP_START) != 0) {
			continue; /* the first vCPU starts it */
		}
		must(mmu_start(&w->vcpu[i], i < s->nr_vcpus
						    ? named(s->nr_free)
						    : named(w->nr_named - 1)));
	}
}

void world_init(struct world *w, const struct scope *scope)
{
	memset(w, 0, sizeof(*w));
	w->scope = scope;
	w->nr_named = scope->nr_free + nr_fixed(scope->start) +
		      (scope->nr_doms > 1 ? 1 : 0);
	w->nr_vcpus = scope->nr_vcpus + (scope->nr_doms > 1 ? 1 : 0);
	w->mmu = (struct mmu){
		.ram = aligned_alloc(PAGE_SIZE, WORLD_FRAMES * PAGE_SIZE),
		.frames = w->frames,
		.m2p = w->m2p,
		.nr_frames = FIRST_NAMED + 2 * w->nr_named,
		.pte_nx = PTE_NX,
		.zero_frame = mfn(1),
	};
	if (w->mmu.ram == NULL || w->nr_named > MAX_NAMED) {
		abort();
	}
	memset(w->mmu.ram, 0, WORLD_FRAMES * PAGE_SIZE);
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		w->mmu.xen_slots[i] =
			pte_make(mfn(XEN_FRAME), PTE_P | PTE_RW | PTE_A);
	}
	for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
		w->frames[i].owner = i == DEVICE_FRAME ? OWNER_NONE : OWNER_XEN;
	}
	for (unsigned int i = 0; i < scope->nr_doms; i++) {
		mmu_domain_init(&w->dom[i], &w->mmu, (uint16_t)(i + 1),
				(uint16_t)(i + 7));
	}
	if ((scope->groups & GROUP_RIGHT) != 0) {
		mmu_may_map(&w->dom[0], &w->dom[1]);
	}
	give_frames(w);
	start_vcpus(w);
	for (unsigned int i = 0; i < scope->held; i++) {
		must(mmu_hold(&w->dom[0], named(0)));
	}
	make_bias(w);
	world_run_cpus(w);
}

void world_fini(struct world *w)
{
	free(w->mmu.ram);
}
