/* SPDX-License-Identifier: MIT */
/*
 * Rows of pages that are as nearly all are: free memory, whose entries follow
 * each other in one table. Of such a page it is enough to ask its entry and its
 * frame's record for what they must be; one that has not all of that, and what
 * is text, no RAM or the builder's, is left to who puts together what each page
 * is (check.c).
 */
#include "lab/checker.h"

#include "sim/cpu.h"

static bool overlap(pfn_t start, pfn_t end, pfn_t from, pfn_t to)
{
	return start.v < to.v && from.v < end.v;
}

static bool meets_part(const struct checker *c, enum layout_part part,
		       pfn_t start, pfn_t end)
{
	const struct layout_range *r = &c->s->layout.part[part];

	return overlap(start, end, r->pfn, pfn_add(r->pfn, r->nr));
}

static bool all_ram(const struct sim *s, pfn_t start, pfn_t end)
{
	const uint64_t from = pfn_to_paddr(start).v;
	const uint64_t to = pfn_to_paddr(end).v;

	for (unsigned int i = 0; s->has_e820 && i < s->e820.nr; i++) {
		const struct guest_e820_entry *e = &s->e820.entry[i];

		if (e->type == GUEST_E820_RAM && from >= e->addr &&
		    to <= e->addr + e->size) {
			return true;
		}
	}
	return !s->has_e820;
}

/* RAM, of which nothing special is asked. */
static bool all_ordinary(const struct checker *c, pfn_t start, pfn_t end)
{
	const struct guest_config *g = &c->k->config;

	return all_ram(c->s, start, end) &&
	       !overlap(start, end, g->text_start, g->text_end) &&
	       !meets_part(c, LAYOUT_P2M, start, end) &&
	       !meets_part(c, LAYOUT_P2M_TABLES, start, end);
}

/* Has the entry what the page that it maps must have, and is that no table? */
static bool is_ordinary(struct sim *s, pfn_t at, uint64_t entry, uint64_t must)
{
	const mfn_t f = pte_mfn(pte(entry));

	return (entry & must) == must && is_behind(s, at, f) &&
	       !is_table_frame(s, f);
}

uint64_t lab_ordinary_pages(struct checker *c, pfn_t at)
{
	vaddr_t va = vaddr_add(c->k->config.direct_base, at.v << PAGE_SHIFT);
	uint64_t index = va.v >> PAGE_SHIFT & c->last_entry;
	uint64_t must = PTE_P | PTE_RW;
	struct walk_step *step = &c->w.step[1];
	uint64_t most = c->last_entry + 1 - index;
	const uint8_t *next;
	uint64_t nr = 0;

	most = most < c->end - at.v ? most : c->end - at.v;
	if (!c->s->config.hypervisor || !c->walked || index == 0 ||
	    c->w.end != 1 || (c->upper_rights & PTE_RW) == 0 ||
	    !all_ordinary(c, at, pfn_add(at, most))) {
		return 0;
	}
	if (c->k->config.cpu.nx && c->k->config.geometry->has_nx &&
	    (c->upper_rights & PTE_NX) == 0) {
		must |= PTE_NX;
	}
	next = sim_ram(c->s).at + step->at.v;
	while (nr < most &&
	       is_ordinary(c->s, pfn_add(at, nr),
			   load_entry(next + (nr + 1) * sizeof(pte_t),
				      sizeof(pte_t)),
			   must)) {
		nr++;
	}
	step->at = maddr(step->at.v + nr * sizeof(pte_t));
	return nr;
}
