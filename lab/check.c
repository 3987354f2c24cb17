/* SPDX-License-Identifier: MIT */
/*
 * Every page below nr_pages is looked at once, through the machine's own page
 * walk; the entries of one L1 table are read in a row. What a page should be
 * follows from the machine's memory map, from the frame table's types and from
 * the kernel's image. Neighbours with the same mistake are one line.
 */
#include "lab/check.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lab/checker.h"
#include "sim/check.h"
#include "sim/cpu.h"

/* Where each mistake is counted, and what it is called. */
static const struct {
	const char *text;
	size_t counter;
} mistakes[MISTAKES] = {
	[MISSING] = {"RAM is not mapped",
		     offsetof(struct lab_findings, missing)},
	[WRONG] = {"RAM is mapped to another frame",
		   offsetof(struct lab_findings, wrong)},
	[BEYOND] = {"mapped, and no RAM",
		    offsetof(struct lab_findings, beyond)},
	[SMALL] = {"4 KiB entries where a large page fits",
		   offsetof(struct lab_findings, small)},
	[EXECUTABLE] = {"executable, and no kernel text",
			offsetof(struct lab_findings, executable)},
	[NOT_EXECUTABLE] = {"kernel text that cannot be executed",
			    offsetof(struct lab_findings, not_executable)},
	[TABLE_WRITABLE] = {"a table that is mapped writable",
			    offsetof(struct lab_findings, table_writable)},
	[TABLE_FREE] = {"a table that is taken for free memory",
			offsetof(struct lab_findings, table_free)},
	[LEFT_READONLY] = {"memory that is left read-only",
			   offsetof(struct lab_findings, left_readonly)},
	[OLD_P2M] = {"the builder's P2M, and not free memory",
		     offsetof(struct lab_findings, old_p2m)},
	[LOST] = {"reserved, and nothing uses it",
		  offsetof(struct lab_findings, lost)},
};

static void flush_stretch(struct checker *c, enum mistake m)
{
	if (c->nr[m] == 0) {
		return;
	}
	sim_log_line(&c->f->lines, "pfn %llx to %llx: %s",
		     (unsigned long long)c->first[m].v,
		     (unsigned long long)(c->first[m].v + c->nr[m] - 1),
		     mistakes[m].text);
	c->nr[m] = 0;
}

static void note(struct checker *c, enum mistake m, pfn_t at)
{
	uint64_t *counter = (uint64_t *)((char *)c->f + mistakes[m].counter);

	if (lab_findings_total(c->f) == 0) {
		c->f->first = at;
	}
	(*counter)++;
	if (c->nr[m] != 0 && c->first[m].v + c->nr[m] == at.v) {
		c->nr[m]++;
		return;
	}
	flush_stretch(c, m);
	c->first[m] = at;
	c->nr[m] = 1;
}

static bool is_text(const struct checker *c, pfn_t at)
{
	const struct guest_config *g = &c->k->config;

	return g->direct_base.v == g->virt_base.v && at.v >= g->text_start.v &&
	       at.v < g->text_end.v;
}

/* RAM by the machine's memory map: only pages that are wholly inside. */
static bool is_ram(const struct sim *s, pfn_t at)
{
	uint64_t start = pfn_to_paddr(at).v;

	if (!s->has_e820) {
		return true;
	}
	for (unsigned int i = 0; i < s->e820.nr; i++) {
		const struct guest_e820_entry *e = &s->e820.entry[i];

		if (e->type == GUEST_E820_RAM && start >= e->addr &&
		    start + PAGE_SIZE <= e->addr + e->size) {
			return true;
		}
	}
	return false;
}

/* What the tables above level 1 grant and forbid. */
static uint64_t rights_above(const struct checker *c)
{
	/* PAE's top level has no rights. */
	unsigned int top = c->s->cpu.mode == PAGING_PAE ? 2 : c->w.top;
	uint64_t rights = PTE_RW | PTE_US;

	for (unsigned int level = top; level > 1; level--) {
		rights &= c->w.step[level].entry | PTE_NX;
		rights |= c->w.step[level].entry & PTE_NX;
	}
	return rights;
}

/* Walks, or reads the next entry of the table that the last walk found. */
static void look(struct checker *c, vaddr_t va)
{
	struct walk_step *step = &c->w.step[1];
	struct walk_ram ram = sim_ram(c->s);
	uint64_t index = va.v >> PAGE_SHIFT & c->last_entry;
	uint64_t entry;

	if (!c->walked || index == 0 || c->w.end != 1) {
		walk_tables(&ram, &c->s->cpu, c->s->cr3, va, &c->w);
		c->upper_rights = rights_above(c);
		c->walked = true;
		return;
	}
	step->at = maddr(step->at.v + c->entry_bytes);
	step->index = (unsigned int)index;
	entry = load_entry(ram.at + step->at.v, c->entry_bytes);
	step->entry = entry;
	c->w.mapped = (entry & PTE_P) != 0;
	c->w.to = (struct translation){
		.page = maddr(entry & PTE_FRAME_MASK),
		.shift = PAGE_SHIFT,
		.flags = (entry & c->upper_rights & (PTE_RW | PTE_US)) |
			 ((entry | c->upper_rights) & PTE_NX),
	};
}

/* Does a large page fit the block that begins here? */
static bool block_fits(const struct checker *c, pfn_t first)
{
	uint64_t end = first.v + c->large_pages;
	bool text = is_text(c, first);

	if (end > c->end) {
		return false;
	}
	for (pfn_t at = first; at.v < end; at = pfn_add(at, 1)) {
		if (!is_ram(c->s, at) || is_text(c, at) != text) {
			return false;
		}
	}
	return true;
}

static void check_rights(struct checker *c, pfn_t at, mfn_t behind)
{
	const struct guest_config *g = &c->k->config;
	uint64_t flags = c->w.to.flags;
	bool table = c->s->config.hypervisor && is_table_frame(c->s, behind);
	bool has_nx = g->cpu.nx && g->geometry->has_nx;

	if (has_nx && (flags & PTE_NX) == 0 && !is_text(c, at)) {
		note(c, EXECUTABLE, at);
	}
	if ((flags & PTE_NX) != 0 && is_text(c, at)) {
		note(c, NOT_EXECUTABLE, at);
	}
	if (table && (flags & PTE_RW) != 0) {
		note(c, TABLE_WRITABLE, at);
	}
	if (table && !guest_memblock_is_reserved(&c->s->guest.memblock, at)) {
		note(c, TABLE_FREE, at);
	}
	if (!table && (flags & PTE_RW) == 0) {
		note(c, LEFT_READONLY, at);
	}
}

static bool is_old_p2m(const struct layout *l, pfn_t at)
{
	return layout_range_has(&l->part[LAYOUT_P2M], at) ||
	       layout_range_has(&l->part[LAYOUT_P2M_TABLES], at);
}

/* Frames of the builder's P2M must be ordinary, free memory by now. */
static void check_old_p2m(struct checker *c, pfn_t at, mfn_t behind)
{
	if (!is_old_p2m(&c->s->layout, at) || !c->s->config.hypervisor) {
		return;
	}
	if ((c->w.to.flags & PTE_RW) == 0 || is_table_frame(c->s, behind) ||
	    (frame_of(&c->s->mmu, behind)->flags & FRAME_PINNED) != 0 ||
	    guest_memblock_is_reserved(&c->s->guest.memblock, at)) {
		note(c, OLD_P2M, at);
	}
}

/* With tables that nothing else shows, the windows stay in use. */
static bool is_slot(const struct checker *c, vaddr_t va)
{
	return c->k->low_end.v != 0 &&
	       va.v - c->k->config.windows.v < GUEST_WINDOWS * PAGE_SIZE;
}

static void check_page(struct checker *c, pfn_t at)
{
	vaddr_t va = vaddr_add(c->k->config.direct_base, at.v << PAGE_SHIFT);
	uint64_t in_page;
	mfn_t behind;

	/* A power of two: a division for each page would be felt. */
	if ((at.v & (c->large_pages - 1)) == 0) {
		c->block_fits = c->large_pages > 1 && block_fits(c, at);
	}
	look(c, va);
	if (!is_ram(c->s, at)) {
		if (c->w.mapped) {
			note(c, BEYOND, at);
		}
		return;
	}
	if (!c->w.mapped) {
		note(c, MISSING, at);
		return;
	}
	if (is_slot(c, va)) {
		return;
	}
	in_page = va.v & ((UINT64_C(1) << c->w.to.shift) - 1);
	behind = maddr_to_mfn(maddr(c->w.to.page.v + in_page));
	if (!is_behind(c->s, at, behind)) {
		note(c, WRONG, at);
		return;
	}
	if (c->block_fits && c->w.to.shift == PAGE_SHIFT) {
		note(c, SMALL, at);
	}
	check_rights(c, at, behind);
	check_old_p2m(c, at, behind);
}

static void check_pages(struct checker *c)
{
	pfn_t at = pfn(0);

	while (at.v < c->end) {
		uint64_t nr = lab_ordinary_pages(c, at);

		if (nr == 0) {
			check_page(c, at);
			nr = 1;
		}
		at = pfn_add(at, nr);
	}
}

/* Eight bytes at an address of the guest's, by the tables as they are. */
static uint64_t read_word(const struct sim *s, vaddr_t va)
{
	struct walk w;
	uint64_t at;
	uint64_t value;

	cpu_peek(s, va, &w);
	at = w.to.page.v | (va.v & ((UINT64_C(1) << w.to.shift) - 1));
	if (!w.mapped || at >= s->ram_bytes) {
		return INVALID_FRAME;
	}
	memcpy(&value, s->mmu.ram + at, sizeof(value));
	return value;
}

static void mark(struct checker *c, uint64_t frame)
{
	if (frame < c->end) {
		c->in_p2m[frame] = true;
	}
}

/* The frames of the library's P2M tree. */
static void mark_p2m(struct checker *c)
{
	const struct guest *g = &c->s->guest;

	if (g->p2m.kind != GUEST_P2M_TREE) {
		return;
	}
	mark(c, g->p2m.missing_leaf.v);
	mark(c, g->p2m.missing_mid.v);
	for (uint64_t t = 0; t < g->p2m.nr_top; t++) {
		mark(c, g->p2m.top.v + t);
	}
	for (uint64_t i = 0; i < g->p2m.nr_top * GUEST_P2M_PER_PAGE; i++) {
		vaddr_t top = guest_direct_va(g, g->p2m.top);
		pfn_t mid = pfn(read_word(c->s, vaddr_add(top, i * 8)));

		mark(c, mid.v);
		for (unsigned int j = 0;
		     j < GUEST_P2M_PER_PAGE && !pfn_eq(mid, g->p2m.missing_mid);
		     j++) {
			mark(c,
			     read_word(c->s, vaddr_add(guest_direct_va(g, mid),
						       j * UINT64_C(8))));
		}
	}
}

/*
 * Reserved memory, and what of it somebody uses: the image, the ISA hole, the
 * initrd's place, store and console pages, tables, the library's P2M.
 */
static bool is_used(const struct checker *c, pfn_t at, mfn_t behind)
{
	const struct guest *g = &c->s->guest;

	return (at.v >= c->k->config.kernel_start.v &&
		at.v < c->k->config.kernel_end.v) ||
	       (at.v >= 0xa0 && at.v < 0x100) || (at.v >= c->top_taken.v) ||
	       mfn_eq(behind, g->boot.store) ||
	       mfn_eq(behind, g->boot.console) || c->in_p2m[at.v] ||
	       is_table_frame(c->s, behind);
}

static void check_reserved(struct checker *c)
{
	const struct guest_region_list *r = &c->s->guest.memblock.reserved;

	for (unsigned int i = 0; i < r->nr; i++) {
		for (pfn_t at = r->region[i].start; at.v < r->region[i].end.v;
		     at = pfn_add(at, 1)) {
			struct walk w;
			vaddr_t va = vaddr_add(c->k->config.direct_base,
					       at.v << PAGE_SHIFT);

			if (!is_ram(c->s, at) || at.v >= c->end) {
				continue;
			}
			cpu_peek(c->s, va, &w);
			if (w.mapped &&
			    !is_used(c, at, maddr_to_mfn(w.to.page))) {
				note(c, LOST, at);
			}
		}
	}
}

/* High memory, and tables in it, are nowhere in the direct map. */
static void check_high(struct checker *c)
{
	c->walked = false;
	for (pfn_t at = c->k->low_end;
	     at.v != 0 && at.v < c->s->guest.boot.nr_pages;
	     at = pfn_add(at, 1)) {
		look(c,
		     vaddr_add(c->k->config.direct_base, at.v << PAGE_SHIFT));
		if (c->w.mapped) {
			note(c, BEYOND, at);
		}
	}
}

/* From nr_pages on: what came is mapped as all else, and nothing besides. */
static void check_room(struct checker *c)
{
	const struct guest *g = &c->s->guest;
	pfn_t at = pfn(g->boot.nr_pages);

	c->walked = false;
	for (; at.v < g->room_end.v && at.v >= c->end; at = pfn_add(at, 1)) {
		if (guest_memblock_is_memory(&g->memblock, at)) {
			check_page(c, at);
			continue;
		}
		look(c,
		     vaddr_add(c->k->config.direct_base, at.v << PAGE_SHIFT));
		if (c->w.mapped) {
			note(c, BEYOND, at);
		}
	}
}

/* Of that which the guest began with. */
static pfn_t end_of_memory(const struct sim *s)
{
	const struct guest *g = &s->guest;
	pfn_t cursor = pfn(0);
	pfn_t end = pfn(0);
	struct guest_region r;

	while (guest_memblock_next_memory(&g->memblock, &cursor, &r) &&
	       r.start.v < g->boot.nr_pages) {
		end = r.end.v < g->boot.nr_pages ? r.end
						 : pfn(g->boot.nr_pages);
	}
	return end;
}

void lab_check(struct sim *s, const struct lab_kernel *k,
	       struct lab_findings *f)
{
	bool small = s->cpu.mode == PAGING_2LEVEL;
	struct checker c = {
		.s = s,
		.k = k,
		.f = f,
		.entry_bytes = small ? 4 : 8,
		.last_entry = PAGE_SIZE / (small ? 4 : 8) - 1,
		.large_pages = 1,
		.end = s->guest.boot.nr_pages,
	};
	struct audit_report report;

	*f = (struct lab_findings){0};
	if (k->config.memory_limit.v != 0) {
		c.end = k->config.memory_limit.v;
	}
	if (k->low_end.v != 0) {
		c.end = k->low_end.v;
	}
	if (!s->config.hypervisor && k->config.cpu.large) {
		c.large_pages = small ? 1024 : 512;
	}
	check_pages(&c);
	check_high(&c);
	check_room(&c);
	c.top_taken = k->low_end.v != 0
			      ? k->low_end
			      : pfn(end_of_memory(s).v - k->top_taken);
	c.in_p2m = calloc(c.end + 1, sizeof(*c.in_p2m));
	if (c.in_p2m == NULL) {
		/* What cannot be checked is not right. */
		sim_log_line(&f->lines, "out of memory");
		f->lost++;
	} else if (s->config.hypervisor) {
		mark_p2m(&c);
		check_reserved(&c);
		/* An audit reads all of a frame table that is hardly used. */
		f->audit = s->m2p_filled == NULL ? check_audit(s, &report) : 0;
	}
	free(c.in_p2m);
	for (enum mistake m = 0; m < MISTAKES; m++) {
		flush_stretch(&c, m);
	}
}

uint64_t lab_findings_total(const struct lab_findings *f)
{
	uint64_t total = f->audit;

	for (enum mistake m = 0; m < MISTAKES; m++) {
		total += *(const uint64_t *)((const char *)f +
					     mistakes[m].counter);
	}
	return total;
}

void lab_findings_fini(struct lab_findings *f)
{
	sim_log_fini(&f->lines);
}
