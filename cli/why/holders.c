/* SPDX-License-Identifier: MIT */
/*
 * Holders are found by looking through every table of the domain that is in
 * use, which is what the hypervisor does not do while a guest waits. The same
 * look, one level up, tells by which address an entry is reached.
 *
 * A table counts as the engine counts it: whole when it is validated, up to
 * nr_validated when it is half done.
 */
#include "cli/why/holders.h"

#include "abi/xen.h"
#include "cli/why/words.h"

#define INDENT "             "

static bool is_domain(uint16_t owner)
{
	return owner != OWNER_NONE && owner < OWNER_FREED;
}

/* Entries of a frame that hold references; 0 if it is no table in use. */
static unsigned int live_entries(const struct why_machine *m, uint64_t mfn,
				 unsigned int *ret_level)
{
	const struct frame *f = why_frame(m, mfn);

	if (f == NULL || !is_domain(f->owner) || !frame_is_table(f->type) ||
	    frame_type_refs(f) == 0) {
		return 0;
	}
	*ret_level = frame_level(f->type);
	if ((f->flags & (FRAME_PARTIAL | FRAME_DYING)) != 0) {
		return f->table.nr_validated > PT_ENTRIES
			       ? PT_ENTRIES
			       : f->table.nr_validated;
	}
	/* What follows in such a table is the hypervisor's. */
	return f->type == FRAME_L2_XEN ? XEN_L2_FIRST : PT_ENTRIES;
}

/* A 32-bit guest's root: its fourth entry leads to the hypervisor's slots. */
static bool is_root_32(const struct why_machine *m, uint64_t table)
{
	const pte_t *e = why_entries(m, table);
	const struct frame *f;

	if (e == NULL || !pte_present(e[3])) {
		return false;
	}
	f = why_frame(m, pte_mfn(e[3]).v);
	return f != NULL && f->type == FRAME_L2_XEN;
}

static bool is_ours(unsigned int level, unsigned int slot)
{
	return level == 4 && slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST;
}

static uint16_t owner_of(const struct why_machine *m, uint64_t mfn)
{
	const struct frame *f = why_frame(m, mfn);

	return f == NULL ? OWNER_NONE : f->owner;
}

/* The first entry of a table of `level`, of its owner, that refers to `mfn`. */
static bool find_parent(const struct why_machine *m, uint64_t mfn,
			unsigned int level, uint64_t *ret_table,
			unsigned int *ret_slot)
{
	for (uint64_t t = 0; t < m->nr_frames; t++) {
		unsigned int found = 0;
		unsigned int nr = live_entries(m, t, &found);
		bool possible = nr != 0 && found == level &&
				owner_of(m, t) == owner_of(m, mfn);
		const pte_t *e = possible ? why_entries(m, t) : NULL;

		for (unsigned int i = 0; e != NULL && i < nr; i++) {
			if (pte_present(e[i]) && !is_ours(level, i) &&
			    pte_mfn(e[i]).v == mfn) {
				*ret_table = t;
				*ret_slot = i;
				return true;
			}
		}
	}
	return false;
}

/* By which address is the holder's entry reached? */
static void find_address(const struct why_machine *m, struct holder *h)
{
	uint64_t table = h->table;
	uint64_t va = (uint64_t)h->slot << pt_shift(h->level);
	unsigned int level = h->level;
	unsigned int slot;

	while (level < 4 && !(level == 3 && is_root_32(m, table))) {
		if (!find_parent(m, table, level + 1, &table, &slot)) {
			return;
		}
		h->hooked = true;
		level++;
		va |= (uint64_t)slot << pt_shift(level);
	}
	h->reached = true;
	h->root = table;
	/* Canonical: bit 47 goes on. */
	h->va = (uint64_t)((int64_t)(va << 16) >> 16);
}

static void keep(struct holders *h, struct holder found)
{
	bool writable = pte_writable(found.entry) && found.level == 1;

	if (h->nr < HOLDERS_KEPT) {
		h->list[h->nr++] = found;
		return;
	}
	for (unsigned int i = 0; writable && i < HOLDERS_KEPT; i++) {
		if (!pte_writable(h->list[i].entry)) {
			h->list[i] = found;
			return;
		}
	}
}

static void count(struct holders *h, unsigned int level, pte_t e)
{
	if (level > 1) {
		h->upper++;
	} else if (pte_writable(e)) {
		h->writable++;
	} else {
		h->read_only++;
	}
}

/* What would the number be as a pfn? */
static void look_as_pfn(const struct why_machine *m, uint64_t number,
			struct holders *ret)
{
	const struct frame *f = why_frame(m, number);

	ret->foreign = f == NULL || f->owner != m->tag;
	for (uint64_t i = 1; m->m2p != NULL && i < m->nr_frames; i++) {
		f = &m->frames[i];
		if (m->m2p[i] == number && f->owner == m->tag && i != number) {
			ret->as_pfn = i;
			/* One reference is the domain's own. */
			ret->pfn_is_set =
				frame_type_refs(f) == 0 && f->count > 1;
			return;
		}
	}
}

void holders_find(const struct why_machine *m, uint64_t mfn,
		  struct holders *ret)
{
	const struct frame *f = why_frame(m, mfn);

	*ret = (struct holders){0};
	if (m->frames != NULL) {
		look_as_pfn(m, mfn, ret);
	}
	if (f == NULL) {
		return;
	}
	ret->pinned = (f->flags & FRAME_PINNED) != 0;
	ret->given_back = f->owner == m->tag &&
			  (f->flags & (FRAME_ALLOCATED | FRAME_SHARED)) == 0;
	for (uint64_t t = 0; t < m->nr_frames; t++) {
		unsigned int level = 0;
		unsigned int nr = live_entries(m, t, &level);
		const pte_t *e = nr == 0 ? NULL : why_entries(m, t);

		for (unsigned int i = 0; e != NULL && i < nr; i++) {
			if (!pte_present(e[i]) || is_ours(level, i) ||
			    pte_mfn(e[i]).v != mfn) {
				continue;
			}
			count(ret, level, e[i]);
			keep(ret,
			     (struct holder){.table = t,
					     .slot = i,
					     .level = level,
					     .other = owner_of(m, t) != m->tag,
					     .entry = e[i]});
		}
	}
	for (unsigned int i = 0; i < ret->nr; i++) {
		find_address(m, &ret->list[i]);
	}
}

static void tell_count(struct text *t, const char **between, uint64_t nr,
		       const char *what)
{
	if (nr != 0) {
		text_format(t, "%s%lu %s%s", *between, nr, what,
			    nr == 1 ? "" : "s");
		*between = ", ";
	}
}

void holder_tell(struct text *t, const struct holder *h)
{
	if (h->reached) {
		text_format(t, INDENT "%016lx ", h->va);
	} else {
		text_string(t, INDENT "no address        ");
	}
	text_format(t, "L%u mfn %lx[%03x] = %016lx ", h->level, h->table,
		    h->slot, h->entry.v);
	words_flags(t, h->entry.v);
	if (!h->reached) {
		text_string(t, h->hooked ? " (under no root)"
					 : " (table not hooked)");
	}
	if (h->other) {
		text_string(t, " (of another domain)");
	}
	text_char(t, '\n');
}

void holders_tell_count(struct text *t, const struct holders *h, uint64_t uses)
{
	const char *between = "";

	text_string(t, "  held by    ");
	if (h == NULL) {
		text_string(t, "(entries were not looked for)");
		between = ", ";
	} else {
		tell_count(t, &between, h->writable, "writable mapping");
		tell_count(t, &between, h->read_only, "read-only mapping");
		tell_count(t, &between, h->upper, "reference as a table");
	}
	if (h != NULL && h->pinned) {
		text_format(t, "%sa pin", between);
		between = ", ";
	}
	tell_count(t, &between, uses, "other use");
	text_string(t, *between == '\0' ? "no entry, no pin and no other use\n"
					: "\n");
}

void holders_tell_more(struct text *t, const struct holders *h)
{
	uint64_t all = h->writable + h->read_only + h->upper;

	if (all > h->nr) {
		text_format(t, INDENT "and %lu more\n", all - h->nr);
	}
}
