/* SPDX-License-Identifier: MIT */
/*
 * Frames as runs: of a map, what changed since the one before it; at the end
 * their counts and pseudo-physical numbers. Tables are their present entries,
 * each as the frame's distance from the next after the last one's, and its
 * flags as a number of the few there are.
 */
#include <string.h>

#include "cli/report/collect.h"
#include "engine/table/level.h"

static bool is_p2m(const struct collect *c, uint64_t f)
{
	return (c->p2m[f / 8] >> f % 8 & 1) != 0;
}

static enum frame_class class_now(const struct collect *c, uint64_t f)
{
	const struct frame *fr = &replay_machine(c->r)->frames[f];

	switch (fr->owner) {
	case OWNER_NONE:
		return CLASS_HOLE;
	case OWNER_XEN:
		return CLASS_OURS;
	case OWNER_FREE:
	case OWNER_FREED:
		return CLASS_FREE;
	default:
		break;
	}
	if ((fr->flags & FRAME_SHARED) != 0) {
		return CLASS_LENT;
	}
	if (frame_type_refs(fr) != 0 && fr->type != FRAME_WRITABLE) {
		return fr->type == FRAME_DESC
			       ? CLASS_DESC
			       : (enum frame_class)(
					 CLASS_L1 +
					 frame_level(
						 (enum frame_type)fr->type) -
					 1);
	}
	if (is_p2m(c, f)) {
		return CLASS_P2M;
	}
	return frame_type_refs(fr) != 0 ? CLASS_WRITABLE : CLASS_UNTYPED;
}

/* A frame that became something else is P2M no more. */
static void forget_p2m(struct collect *c, uint64_t f, enum frame_class class)
{
	if (class != CLASS_P2M && class != CLASS_WRITABLE) {
		c->p2m[f / 8] &= (uint8_t) ~(1 << f % 8);
	}
}

void collect_snapshot(struct collect *c)
{
	struct snapshot *s = &c->snapshot[c->nr_snapshots];
	uint64_t nr = collect_nr_frames(c);
	uint64_t written = 0;
	uint64_t f = 0;

	if (c->nr_snapshots == COLLECT_SNAPSHOTS_MAX) {
		return;
	}
	c->nr_snapshots++;
	*s = (struct snapshot){c->operations, c->time};
	while (f < nr) {
		uint64_t first = f;
		uint8_t class = (uint8_t)class_now(c, f);

		if (class == c->class_of[f]) {
			f++;
			continue;
		}
		while (f < nr && class != c->class_of[f] &&
		       class == (uint8_t)class_now(c, f)) {
			c->class_of[f] = class;
			forget_p2m(c, f, (enum frame_class) class);
			f++;
		}
		/* Never 0 frames: that is the end. */
		pack_number(&c->changes, f - first);
		pack_number(&c->changes, first - written);
		pack_byte(&c->changes, class);
		written = f;
	}
	pack_number(&c->changes, 0);
}

static void frames_at_end(struct collect *c)
{
	const struct mmu *m = replay_machine(c->r);
	uint64_t nr = collect_nr_frames(c);

	for (uint64_t f = 0; f < nr;) {
		const struct frame *fr = &m->frames[f];
		uint64_t first = f;
		bool counted =
			fr->owner != OWNER_NONE && fr->owner < OWNER_FREED;

		while (f < nr && m->frames[f].owner == fr->owner &&
		       (!counted || (m->frames[f].count == fr->count &&
				     frame_type_refs(&m->frames[f]) ==
					     frame_type_refs(fr) &&
				     m->frames[f].flags == fr->flags))) {
			f++;
		}
		pack_number(&c->frames, f - first);
		pack_number(&c->frames, counted ? fr->count : 0);
		pack_number(&c->frames, counted ? frame_type_refs(fr) : 0);
		pack_byte(&c->frames, counted ? fr->flags & FRAME_PINNED : 0);
	}
}

static void pfns_at_end(struct collect *c)
{
	const struct mmu *m = replay_machine(c->r);
	uint64_t nr = collect_nr_frames(c);

	for (uint64_t f = 0; f < nr;) {
		uint64_t first = f;
		uint64_t at = m->m2p[f];
		bool none = at >= INVALID_FRAME >> 8;

		for (f++; f < nr; f++) {
			if (none ? m->m2p[f] < INVALID_FRAME >> 8
				 : m->m2p[f] != at + (f - first)) {
				break;
			}
		}
		pack_number(&c->pfns, f - first);
		pack_number(&c->pfns, none ? 0 : at + 1);
	}
}

static unsigned int flags_number(struct collect *c, uint64_t flags)
{
	unsigned int i = 0;

	while (i < c->nr_flags && c->flags[i] != flags) {
		i++;
	}
	if (i == c->nr_flags && i < COLLECT_FLAGS) {
		c->flags[c->nr_flags++] = flags;
	}
	return i;
}

static void table_at_end(struct collect *c, uint64_t f)
{
	const struct mmu *m = replay_machine(c->r);
	const pte_t *e = frame_ptes(m, mfn(f));
	const enum frame_type type = (enum frame_type)m->frames[f].type;
	/* The hypervisor's entries tell by the type alone whose they are. */
	const struct pt_width *w = type == pt_pae.xen ? &pt_pae : &pt_64;
	unsigned int last = 0;
	uint64_t next = 0;

	pack_number(&c->tables, f);
	pack_byte(&c->tables, (uint8_t)frame_level(type));
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if (!pte_present(e[i]) || is_xen_slot(w, type, i)) {
			continue;
		}
		pack_number(&c->tables, i + 1 - last);
		pack_signed(&c->tables,
			    (int64_t)pte_mfn(e[i]).v - (int64_t)next);
		pack_number(&c->tables,
			    flags_number(c,
					 pte_flags(e[i]) & ~(PTE_A | PTE_D)));
		last = i + 1;
		next = pte_mfn(e[i]).v + 1;
	}
	pack_number(&c->tables, 0);
	c->nr_tables++;
}

static void roots_at_end(struct collect *c)
{
	const struct mmu_domain *d;

	for (unsigned int i = 0; (d = replay_domain(c->r, i)) != NULL; i++) {
		for (unsigned int j = 0; j < d->nr_vcpus; j++) {
			const struct mmu_vcpu *v = d->vcpu[j];

			if (v != NULL && v->kernel_root.v != 0) {
				c->root[c->nr_roots++] =
					(struct root){d->tag, j, v->kernel_root,
						      v->user_root};
			}
		}
	}
}

void collect_end(struct collect *c)
{
	const struct mmu *m = replay_machine(c->r);

	if (c->ended) {
		return;
	}
	c->ended = true;
	collect_snapshot(c);
	c->last_snapshot = c->nr_snapshots - 1;
	roots_at_end(c);
	frames_at_end(c);
	pfns_at_end(c);
	for (uint64_t f = 0; f < collect_nr_frames(c); f++) {
		const struct frame *fr = &m->frames[f];

		if (fr->owner != OWNER_NONE && fr->owner < OWNER_FREED &&
		    frame_is_table((enum frame_type)fr->type) &&
		    frame_type_refs(fr) != 0) {
			table_at_end(c, f);
		}
	}
}

static void note_p2m(struct collect *c, mfn_t table, unsigned int level)
{
	const struct mmu *m = replay_machine(c->r);
	const pte_t *e = frame_ptes(m, table);

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		mfn_t f = pte_mfn(e[i]);

		if (!pte_present(e[i]) || !mfn_valid(m, f)) {
			continue;
		}
		if (level == 1) {
			c->p2m[f.v / 8] |= (uint8_t)(1 << f.v % 8);
		} else {
			note_p2m(c, f, level - 1);
		}
	}
}

/* The builder maps nothing in the lower half but a P2M that is not inside. */
void collect_p2m(struct collect *c, mfn_t root)
{
	const struct mmu *m = replay_machine(c->r);

	for (unsigned int i = 0; mfn_valid(m, root) && i < XEN_L4_FIRST; i++) {
		pte_t e = frame_ptes(m, root)[i];

		if (pte_present(e) && mfn_valid(m, pte_mfn(e))) {
			note_p2m(c, pte_mfn(e), 3);
		}
	}
}
