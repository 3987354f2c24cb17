/* SPDX-License-Identifier: MIT */
/*
 * A walk of the guest's tables as the CPU does it, table by table and address
 * by address: a table that is reached twice is walked twice. A guest can make
 * that many addresses, so it has an end.
 *
 * Linux fills the holes of its P2M with one page, for gigabytes of addresses:
 * of a page that follows itself only the first is told.
 */
#include "cli/core/view.h"

#include <stdlib.h>

#include "abi/xen.h"

#define LEAVES_MAX (UINT64_C(1) << 28)
#define RUNS_MAX ((size_t)1 << 20)
#define FIRST_HIGH (PT_ENTRIES / 2)

bool core_view_init(struct core_view *v, const struct core_frames *f, bool low)
{
	*v = (struct core_view){
		.frames = f,
		.low = low,
		.last = UINT64_MAX,
		.mapped = calloc(f->nr_pfns / 8 + 1, 1),
	};
	return v->mapped != NULL;
}

void core_view_free(struct core_view *v)
{
	free(v->run);
	free(v->mapped);
	*v = (struct core_view){.frames = NULL};
}

static void append(struct core_view *v, uint64_t va, uint64_t pfn)
{
	struct core_run *last = v->nr == 0 ? NULL : &v->run[v->nr - 1];
	size_t room = v->room == 0 ? 256 : 2 * v->room;
	void *p;

	if (last != NULL && last->pfn + last->nr == pfn &&
	    (va == CORE_NO_VA ? last->va == CORE_NO_VA
			      : last->va + (last->nr << PAGE_SHIFT) == va)) {
		last->nr++;
		return;
	}
	if (v->nr == RUNS_MAX) {
		v->cut = true;
		return;
	}
	if (v->run == NULL || v->nr == v->room) {
		p = realloc(v->run, room * sizeof(*v->run));
		if (p == NULL) {
			v->short_of_memory = true;
			return;
		}
		v->run = p;
		v->room = room;
	}
	v->run[v->nr++] = (struct core_run){.va = va, .pfn = pfn, .nr = 1};
}

static void leaf(struct core_view *v, uint64_t va, pte_t e)
{
	uint64_t pfn;

	if (v->leaves++ == LEAVES_MAX) {
		v->cut = true;
	}
	if (core_frames_pfn(v->frames, pte_mfn(e).v, &pfn)) {
		if (pfn != v->last) {
			append(v, va, pfn);
		}
		v->last = pfn;
		v->mapped[pfn / 8] =
			(uint8_t)(v->mapped[pfn / 8] | 1u << (pfn % 8));
	}
}

/* Four levels at most. A guest has no large pages: such a one is ours. */
static void walk(struct core_view *v, uint64_t table, unsigned int level,
		 uint64_t va)
{
	const pte_t *e = why_entries(v->frames->machine, table);

	for (unsigned int i = 0; e != NULL && i < PT_ENTRIES; i++) {
		const uint64_t at = va | (uint64_t)i << pt_shift(level);

		if (!pte_present(e[i]) || v->cut || v->short_of_memory ||
		    (level > 1 && (e[i].v & PTE_PS) != 0)) {
			continue;
		}
		if (level == 1) {
			leaf(v, at, e[i]);
		} else {
			walk(v, pte_mfn(e[i]).v, level - 1, at);
		}
	}
}

static bool was_walked(const struct core_view *v, unsigned int slot, pte_t e)
{
	for (unsigned int i = 0; i < v->nr_roots; i++) {
		const pte_t *root = why_entries(v->frames->machine, v->root[i]);

		if (root != NULL && mfn_eq(pte_mfn(root[slot]), pte_mfn(e))) {
			return true;
		}
	}
	return false;
}

/* The root of a 32-bit domain is an L3, of which four entries are its. */
static bool is_narrow(const struct core_view *v, uint64_t root)
{
	const struct frame *f = why_frame(v->frames->machine, root);

	return f != NULL && f->type == FRAME_L3;
}

void core_view_add(struct core_view *v, uint64_t root)
{
	const pte_t *e = why_entries(v->frames->machine, root);
	const bool narrow = is_narrow(v, root);
	const unsigned int level = narrow ? 3 : 4;
	const unsigned int end = narrow ? 4 : PT_ENTRIES;

	if (e == NULL || v->nr_roots == sizeof(v->root) / sizeof(*v->root)) {
		return;
	}
	for (unsigned int i = narrow || v->low ? 0 : FIRST_HIGH; i < end; i++) {
		const uint64_t va = (uint64_t)i << pt_shift(level);
		const bool ours =
			!narrow && i >= XEN_L4_FIRST && i <= XEN_L4_LAST;

		if (!ours && pte_present(e[i]) && !was_walked(v, i, e[i])) {
			walk(v, pte_mfn(e[i]).v, level - 1,
			     (uint64_t)((int64_t)(va << 16) >> 16));
		}
	}
	v->narrow = v->narrow || narrow;
	v->root[v->nr_roots++] = root;
}

void core_view_finish(struct core_view *v)
{
	v->nr_mapped = v->nr;
	for (uint64_t pfn = 0; pfn < v->frames->nr_pfns; pfn++) {
		if (v->frames->mfn[pfn] != 0 &&
		    (v->mapped[pfn / 8] >> (pfn % 8) & 1) == 0) {
			append(v, CORE_NO_VA, pfn);
		}
	}
}
