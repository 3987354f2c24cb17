/* SPDX-License-Identifier: MIT */
/*
 * A walk over the tables as the CPU's is, with the rights of the levels above
 * taken along. A table is walked once; the memory that it is in is the guest's,
 * so nothing of it is believed but that it is there.
 */
#include "cli/why/reach.h"

#include <stdlib.h>

#include "abi/xen.h"

struct place {
	uint64_t va;
	bool writable;
	bool executable;
};

bool reach_init(struct reach *r, const struct why_machine *m)
{
	*r = (struct reach){
		.machine = m,
		.seen = calloc(m->nr_frames / 8 + 1, 1),
	};
	return r->seen != NULL;
}

void reach_fini(struct reach *r)
{
	free(r->seen);
	r->seen = NULL;
}

bool reach_saw(const struct reach *r, uint64_t mfn)
{
	return mfn < r->machine->nr_frames &&
	       (r->seen[mfn / 8] >> (mfn % 8) & 1) != 0;
}

/* Marks it. False: it had been seen, or is none of the domain's tables. */
static bool enter(struct reach *r, uint64_t mfn, unsigned int level)
{
	const struct frame *f = why_frame(r->machine, mfn);

	if (f == NULL || f->owner != r->machine->tag || f->type != level ||
	    reach_saw(r, mfn)) {
		return false;
	}
	r->seen[mfn / 8] = (uint8_t)(r->seen[mfn / 8] | 1u << (mfn % 8));
	return true;
}

static void tell(const struct reach *r, uint64_t table, unsigned int slot,
		 pte_t e, const struct place *p)
{
	const struct reach_entry entry = {
		.va = p->va,
		.table = table,
		.slot = slot,
		.entry = e,
		.writable = p->writable,
		.executable = p->executable,
	};

	if (r->entry != NULL && (int64_t)p->va < 0) {
		r->entry(r->context, &entry);
	}
}

static bool is_ours(unsigned int level, unsigned int slot)
{
	return level == 4 && slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST;
}

/* Four levels at most. */
static void walk(struct reach *r, uint64_t table, unsigned int level,
		 const struct place *above)
{
	const pte_t *e = why_entries(r->machine, table);

	if (e == NULL || !enter(r, table, level)) {
		return;
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		struct place p = *above;

		if (!pte_present(e[i]) || is_ours(level, i)) {
			continue;
		}
		p.va |= (uint64_t)i << pt_shift(level);
		if (level == 4) {
			p.va = (uint64_t)((int64_t)(p.va << 16) >> 16);
		}
		p.writable &= pte_writable(e[i]);
		p.executable &= (e[i].v & PTE_NX) == 0;
		if (level == 1) {
			tell(r, table, i, e[i], &p);
		} else {
			walk(r, pte_mfn(e[i]).v, level - 1, &p);
		}
	}
}

void reach_walk(struct reach *r, uint64_t root)
{
	walk(r, root, 4, &(struct place){.writable = true, .executable = true});
}
