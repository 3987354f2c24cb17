/* SPDX-License-Identifier: MIT */
/*
 * Mapping many frames at once: the direct map, and any other contiguous
 * stretch. One recursion over the levels serves every geometry. Tables are
 * filled before they are hooked, the lowest first, so that what becomes
 * reachable is complete; an L1 of 512 entries is made in the context and
 * copied to its frame whole. Entries of tables that are in use already are
 * changed one by one, in batches.
 *
 * Addresses follow from frames (base + pfn * 4096), so that loops run over
 * frames and cannot wrap around at the end of the address space.
 */
#include "guest/table/table.h"

static vaddr_t stretch_va(const struct stretch *s, pfn_t frame)
{
	return vaddr_add(s->base, frame.v << PAGE_SHIFT);
}

/* The first frame that the next entry of the level maps, or the end. */
static pfn_t next_entry(const struct guest *g, const struct stretch *s,
			unsigned int level, pfn_t at, pfn_t end)
{
	uint64_t span = guest_span_frames(g, level);
	uint64_t inside = (stretch_va(s, at).v >> PAGE_SHIFT) & (span - 1);

	return end.v - at.v < span - inside ? end : pfn_add(at, span - inside);
}

static bool is_text(const struct guest *g, const struct stretch *s, pfn_t frame)
{
	return s->base.v == g->config.virt_base.v &&
	       frame.v >= g->config.text_start.v &&
	       frame.v < g->config.text_end.v;
}

static uint64_t ram_flags(struct guest *g, const struct stretch *s, pfn_t frame)
{
	uint64_t flags = s->flags;

	if (g->config.geometry->has_nx && g->config.cpu.nx &&
	    !is_text(g, s, frame)) {
		flags |= PTE_NX;
	}
	return flags;
}

static uint64_t leaf_flags(struct guest *g, const struct stretch *s,
			   pfn_t frame, pte_t existing)
{
	uint64_t flags = ram_flags(g, s, frame);

	if (!s->direct || !g->ops->hypervisor) {
		return flags;
	}
	return g->config.policy->flags(g, frame, flags, existing);
}

static bool is_window(const struct guest *g, vaddr_t va)
{
	return va.v - g->config.windows.v < GUEST_WINDOWS * PAGE_SIZE;
}

/* The windows are in the block of an entry, which must stay in 4 KiB. */
static bool has_windows(const struct guest *g, vaddr_t va, uint64_t bytes)
{
	return g->config.windows.v - va.v < bytes;
}

static bool large_fits(struct guest *g, const struct stretch *s,
		       unsigned int level, pfn_t at, pfn_t end, pte_t existing)
{
	uint64_t span = guest_span_frames(g, level);
	vaddr_t va = stretch_va(s, at);
	bool has = level == 2 ? g->config.cpu.large
			      : level == 3 && g->config.cpu.huge;

	if (g->ops->hypervisor || !s->direct || !has ||
	    level > g->config.geometry->large_level || end.v - at.v != span ||
	    (at.v & (span - 1)) != 0) {
		return false;
	}
	if (pte_present(existing) && g->config.policy->keeps) {
		return false;
	}
	if (!s->windows && has_windows(g, va, span << PAGE_SHIFT)) {
		return false;
	}
	/* One permission for all of it. */
	return s->base.v != g->config.virt_base.v ||
	       end.v <= g->config.text_start.v ||
	       at.v >= g->config.text_end.v ||
	       (at.v >= g->config.text_start.v &&
		end.v <= g->config.text_end.v);
}

/* Tables that a large page has replaced. */
static int free_replaced(struct guest *g, unsigned int level, pte_t e)
{
	pfn_t table = guest_p2m_find(g, guest_entry_mfn(g, e));
	int error = 0;

	if (!pte_present(e) || guest_entry_is_leaf(g, level, e)) {
		return 0;
	}
	for (unsigned int i = 0;
	     level > 2 && error == 0 &&
	     i < g->config.geometry->level[level - 1].nr_entries;
	     i++) {
		struct guest_slot slot = {level - 1, table, i};
		pte_t child;

		error = guest_read_entry(g, slot, &child);
		if (error == 0) {
			error = free_replaced(g, level - 1, child);
		}
	}
	if (error == 0) {
		error = guest_region_remove(&g->tables, table,
					    pfn_add(table, 1));
	}
	if (error == 0) {
		guest_delete_table(g, table);
	}
	return error;
}

static int set_large(struct guest *g, const struct stretch *s,
		     struct guest_slot slot, pfn_t at, pte_t existing)
{
	uint64_t flags = ram_flags(g, s, at);
	int error;

	error = guest_slot_store(g, slot,
				 guest_make_pte(g, at, flags | PTE_PS));
	if (error == 0 && pte_present(existing)) {
		error = g->ops->flush_tlb(g);
	}
	if (error == 0 &&
	    has_windows(g, stretch_va(s, at),
			guest_span_frames(g, slot.level) << PAGE_SHIFT)) {
		guest_windows_find(g);
	}
	return error == 0 ? free_replaced(g, slot.level, existing) : error;
}

/*
 * What the entries of [at, end) shall be: replaces in g->scratch, from index
 * on, what they are, which goes to the beginning of g->scratch_other.
 */
static void compute(struct guest *g, const struct stretch *s,
		    unsigned int index, pfn_t at, pfn_t end)
{
	guest_p2m_get_many(g, at, g->scratch_other,
			   (unsigned int)(end.v - at.v));
	for (unsigned int i = 0; at.v < end.v; i++, at = pfn_add(at, 1)) {
		pte_t existing = pte(g->scratch[index + i]);
		pte_t wanted = pte_make(mfn(g->scratch_other[i]),
					leaf_flags(g, s, at, existing));

		g->scratch_other[i] = existing.v;
		if (!s->direct || !pte_present(existing) ||
		    !g->config.policy->keeps) {
			g->scratch[index + i] = wanted.v;
		}
	}
}

static int change(struct guest *g, struct guest_slot slot, vaddr_t va,
		  pte_t from, pte_t to)
{
	int error;

	if (g->ops->hypervisor) {
		guest_batch_entry(g, guest_slot_maddr(g, slot), to);
		return 0;
	}
	error = guest_slot_store(g, slot, to);
	if (error == 0 && pte_present(from)) {
		error = g->ops->flush_address(g, va);
	}
	return error;
}

/* Entries of an L1 that is in use. */
static int fill_used(struct guest *g, const struct stretch *s, pfn_t table,
		     pfn_t start, pfn_t end)
{
	unsigned int first = guest_geometry_index(g->config.geometry,
						  stretch_va(s, start), 1);
	struct guest_slot slot = {1, table, first};
	int error = guest_table_load(g, 1, table, g->scratch);

	for (unsigned int i = 0; i < end.v - start.v; i++) {
		if (error == 0 && !s->direct &&
		    pte_present(pte(g->scratch[first + i]))) {
			error = guest_fail(g, XEN_EEXIST,
					   "%lx is mapped already",
					   stretch_va(s, pfn_add(start, i)).v);
		}
	}
	if (error != 0) {
		return error;
	}
	compute(g, s, first, start, end);
	for (unsigned int i = 0; error == 0 && i < end.v - start.v; i++) {
		vaddr_t va = stretch_va(s, pfn_add(start, i));

		slot.index = first + i;
		if (g->scratch[first + i] == g->scratch_other[i] ||
		    (!s->windows && is_window(g, va))) {
			continue;
		}
		error = change(g, slot, va, pte(g->scratch_other[i]),
			       pte(g->scratch[first + i]));
	}
	return error == 0 ? guest_batch_flush(g, NULL) : error;
}

static int fill_new(struct guest *g, const struct stretch *s, pfn_t table,
		    pfn_t start, pfn_t end)
{
	unsigned int first = guest_geometry_index(g->config.geometry,
						  stretch_va(s, start), 1);

	__builtin_memset(g->scratch, 0, sizeof(g->scratch));
	compute(g, s, first, start, end);
	g->stats.entry_writes += end.v - start.v;
	return guest_table_store(g, 1, table, g->scratch);
}

static int map_level(struct guest *g, const struct stretch *s,
		     struct guest_slot slot, bool used, pfn_t start, pfn_t end);

/* A large page becomes a table of the next smaller ones. */
static int split(struct guest *g, struct guest_slot slot, pte_t e)
{
	unsigned int level = slot.level - 1;
	uint64_t span = guest_geometry_span(g->config.geometry, level);
	uint64_t flags = e.v & ~g->config.geometry->frame_mask;
	uint64_t first =
		e.v & g->config.geometry->frame_mask &
		~(guest_geometry_span(g->config.geometry, slot.level) - 1);
	pfn_t table;
	int error = guest_new_table(g, &table);

	if (error != 0) {
		return error;
	}
	if (level == 1) {
		flags &= ~PTE_PS;
	}
	for (unsigned int i = 0;
	     i < g->config.geometry->level[level].nr_entries; i++) {
		g->scratch[i] = (first + i * span) | flags;
	}
	error = guest_table_store(g, level, table, g->scratch);
	if (error == 0) {
		error = guest_slot_store(
			g, slot,
			guest_make_pte(g, table,
				       guest_table_flags(g, slot.level)));
	}
	return error == 0 ? g->ops->flush_tlb(g) : error;
}

/* One entry that is not present gets a table, filled before it is hooked. */
static int map_below_new(struct guest *g, const struct stretch *s,
			 struct guest_slot slot, bool used, pfn_t start,
			 pfn_t end)
{
	struct guest_slot child = {.level = slot.level - 1};
	int error = guest_new_table(g, &child.table);
	bool given = false;
	pte_t e;

	if (error != 0) {
		return error;
	}
	error = map_level(g, s, child, false, start, end);
	if (error == 0) {
		error = g->ops->alloc_table(g, child.level, child.table);
		given = error == 0;
	}
	e = guest_make_pte(g, child.table, guest_table_flags(g, slot.level));
	if (error == 0 && !used) {
		return guest_slot_store(g, slot, e);
	}
	if (error == 0) {
		error = g->ops->set_entry(g, slot, e);
	}
	if (error == 0) {
		error = guest_batch_flush(g, NULL);
	}
	if (error != 0) {
		guest_discard_tables(g, child.level, child.table, given);
	}
	return error;
}

/* What one entry of an upper table maps of [start, end). */
static int map_entry(struct guest *g, const struct stretch *s,
		     struct guest_slot slot, bool used, pfn_t start, pfn_t end)
{
	struct guest_slot child = {.level = slot.level - 1};
	pte_t e;
	int error = guest_read_entry(g, slot, &e);

	if (error != 0) {
		return error;
	}
	if (large_fits(g, s, slot.level, start, end, e)) {
		return set_large(g, s, slot, start, e);
	}
	if (!pte_present(e)) {
		return map_below_new(g, s, slot, used, start, end);
	}
	if (guest_entry_is_leaf(g, slot.level, e)) {
		error = guest_check_leaf(g, slot.level, stretch_va(s, start),
					 e);
		if (error != 0 || g->config.policy->keeps) {
			return error;
		}
		error = split(g, slot, e);
		if (error == 0) {
			guest_windows_find(g);
			error = guest_read_entry(g, slot, &e);
		}
	}
	if (error != 0) {
		return error;
	}
	error = guest_entry_table(g, e, &child.table);
	return error == 0 ? map_level(g, s, child, used, start, end) : error;
}

/* slot.table is of slot.level; slot.index is not used. */
static int map_level(struct guest *g, const struct stretch *s,
		     struct guest_slot slot, bool used, pfn_t start, pfn_t end)
{
	int error = 0;

	if (slot.level == 1) {
		return used ? fill_used(g, s, slot.table, start, end)
			    : fill_new(g, s, slot.table, start, end);
	}
	while (error == 0 && start.v < end.v) {
		pfn_t next = next_entry(g, s, slot.level, start, end);

		slot.index =
			guest_geometry_index(g->config.geometry,
					     stretch_va(s, start), slot.level);
		error = map_entry(g, s, slot, used, start, next);
		start = next;
	}
	return error;
}

int guest_fill(struct guest *g, const struct stretch *s, pfn_t start, pfn_t end)
{
	struct guest_slot root = {.level = g->config.geometry->levels,
				  .table = g->kernel.root};

	return map_level(g, s, root, true, start, end);
}

int guest_map_pages(struct guest *g, vaddr_t va, pfn_t first, uint64_t nr,
		    uint64_t flags)
{
	struct stretch s = {
		.base = vaddr(va.v - (first.v << PAGE_SHIFT)),
		.flags = flags,
	};
	int error = guest_batch_flush(g, NULL);

	if (error == 0) {
		error = guest_fill(g, &s, first, pfn_add(first, nr));
	}
	return error == 0 ? guest_batch_flush(g, NULL) : error;
}
