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
#include "guest/internal.h"

#define RAM_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define BELOW_4G (UINT64_C(1) << (32 - PAGE_SHIFT))

struct job {
	vaddr_t base;   /* where pfn 0 would be */
	uint64_t flags; /* of ordinary memory */
	bool direct;    /* policies apply, large pages are wanted */
	bool windows;   /* the windows' addresses may change as well */
};

static vaddr_t job_va(const struct job *job, pfn_t frame)
{
	return vaddr_add(job->base, frame.v << PAGE_SHIFT);
}

/* Frames that an entry of a level maps. */
static uint64_t span_frames(const struct guest *g, unsigned int level)
{
	return geometry_span(g->config.geometry, level) >> PAGE_SHIFT;
}

/* The first frame that the next entry of the level maps, or the end. */
static pfn_t next_entry(const struct guest *g, const struct job *job,
			unsigned int level, pfn_t at, pfn_t end)
{
	uint64_t span = span_frames(g, level);
	uint64_t inside = (job_va(job, at).v >> PAGE_SHIFT) & (span - 1);

	return end.v - at.v < span - inside ? end : pfn_add(at, span - inside);
}

static bool is_text(const struct guest *g, const struct job *job, pfn_t frame)
{
	return job->base.v == g->config.virt_base.v &&
	       frame.v >= g->config.text_start.v &&
	       frame.v < g->config.text_end.v;
}

static uint64_t ram_flags(struct guest *g, const struct job *job, pfn_t frame)
{
	uint64_t flags = job->flags;

	if (g->config.geometry->has_nx && g->config.cpu.nx &&
	    !is_text(g, job, frame)) {
		flags |= PTE_NX;
	}
	return flags;
}

static uint64_t leaf_flags(struct guest *g, const struct job *job, pfn_t frame,
			   pte_t existing)
{
	uint64_t flags = ram_flags(g, job, frame);

	if (!job->direct) {
		return flags;
	}
	policy_writing(g, frame);
	return policy_flags(g, frame, flags, existing);
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

static bool large_fits(struct guest *g, const struct job *job,
		       unsigned int level, pfn_t at, pfn_t end, pte_t existing)
{
	uint64_t span = span_frames(g, level);
	vaddr_t va = job_va(job, at);
	bool has = level == 2 ? g->config.cpu.large
			      : level == 3 && g->config.cpu.huge;

	if (g->ops->hypervisor || !job->direct || !has ||
	    level > g->config.geometry->large_level || end.v - at.v != span ||
	    (at.v & (span - 1)) != 0) {
		return false;
	}
	if (pte_present(existing) &&
	    g->config.policies.template == TEMPLATE_KEEP) {
		return false;
	}
	if (!job->windows && has_windows(g, va, span << PAGE_SHIFT)) {
		return false;
	}
	/* One permission for all of it. */
	return job->base.v != g->config.virt_base.v ||
	       end.v <= g->config.text_start.v ||
	       at.v >= g->config.text_end.v ||
	       (at.v >= g->config.text_start.v &&
		end.v <= g->config.text_end.v);
}

/* Tables that a large page has replaced. */
static int free_replaced(struct guest *g, unsigned int level, pte_t e)
{
	pfn_t table = p2m_find(g, entry_mfn(g, e));
	int error = 0;

	if (!pte_present(e) || entry_is_leaf(g, level, e)) {
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
		error = region_remove(&g->tables, table, pfn_add(table, 1));
	}
	if (error == 0) {
		guest_delete_table(g, table);
	}
	return error;
}

static int set_large(struct guest *g, const struct job *job,
		     struct guest_slot slot, pfn_t at, pte_t existing)
{
	uint64_t flags = ram_flags(g, job, at);
	int error;

	flags = policy_flags(g, at, flags, existing);
	error = slot_store(g, slot, guest_make_pte(g, at, flags | PTE_PS));
	if (error == 0 && pte_present(existing)) {
		error = g->ops->flush_tlb(g);
	}
	return error == 0 ? free_replaced(g, slot.level, existing) : error;
}

/*
 * What the entries of [at, end) shall be: replaces in g->scratch, from index
 * on, what they are, which goes to the beginning of g->scratch_mfn.
 */
static void compute(struct guest *g, const struct job *job, unsigned int index,
		    pfn_t at, pfn_t end)
{
	p2m_get_many(g, at, g->scratch_mfn, (unsigned int)(end.v - at.v));
	for (unsigned int i = 0; at.v < end.v; i++, at = pfn_add(at, 1)) {
		pte_t existing = pte(g->scratch[index + i]);
		pte_t wanted = pte_make(mfn(g->scratch_mfn[i]),
					leaf_flags(g, job, at, existing));

		g->scratch_mfn[i] = existing.v;
		if (!job->direct || !pte_present(existing) ||
		    g->config.policies.template != TEMPLATE_KEEP) {
			g->scratch[index + i] = wanted.v;
		}
	}
}

static int change(struct guest *g, struct guest_slot slot, vaddr_t va,
		  pte_t from, pte_t to)
{
	int error;

	if (g->ops->hypervisor) {
		batch_entry(g, slot_maddr(g, slot), to);
		return 0;
	}
	error = slot_store(g, slot, to);
	if (error == 0 && pte_present(from)) {
		error = g->ops->flush_address(g, va);
	}
	return error;
}

/* Entries of an L1 that is in use. */
static int fill_used(struct guest *g, const struct job *job, pfn_t table,
		     pfn_t start, pfn_t end)
{
	unsigned int first =
		geometry_index(g->config.geometry, job_va(job, start), 1);
	struct guest_slot slot = {1, table, first};
	int error = table_load(g, 1, table, g->scratch);

	for (unsigned int i = 0; i < end.v - start.v; i++) {
		if (error == 0 && !job->direct &&
		    pte_present(pte(g->scratch[first + i]))) {
			error = guest_fail(g, XEN_EEXIST,
					   "%lx is mapped already",
					   job_va(job, pfn_add(start, i)).v);
		}
	}
	if (error != 0) {
		return error;
	}
	compute(g, job, first, start, end);
	for (unsigned int i = 0; error == 0 && i < end.v - start.v; i++) {
		vaddr_t va = job_va(job, pfn_add(start, i));

		slot.index = first + i;
		if (g->scratch[first + i] == g->scratch_mfn[i] ||
		    (!job->windows && is_window(g, va))) {
			continue;
		}
		error = change(g, slot, va, pte(g->scratch_mfn[i]),
			       pte(g->scratch[first + i]));
	}
	return error == 0 ? batch_flush(g, NULL) : error;
}

static int fill_new(struct guest *g, const struct job *job, pfn_t table,
		    pfn_t start, pfn_t end)
{
	unsigned int first =
		geometry_index(g->config.geometry, job_va(job, start), 1);

	__builtin_memset(g->scratch, 0, sizeof(g->scratch));
	compute(g, job, first, start, end);
	g->stats.entry_writes += end.v - start.v;
	return table_store(g, 1, table, g->scratch);
}

static int map_level(struct guest *g, const struct job *job,
		     struct guest_slot slot, bool used, pfn_t start, pfn_t end);

/* A large page becomes a table of the next smaller ones. */
static int split(struct guest *g, struct guest_slot slot, pte_t e)
{
	unsigned int level = slot.level - 1;
	uint64_t span = geometry_span(g->config.geometry, level);
	uint64_t flags = e.v & ~g->config.geometry->frame_mask;
	uint64_t first = e.v & g->config.geometry->frame_mask &
			 ~(geometry_span(g->config.geometry, slot.level) - 1);
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
	error = table_store(g, level, table, g->scratch);
	if (error == 0) {
		error = slot_store(g, slot,
				   guest_make_pte(g, table,
						  table_flags(g, slot.level)));
	}
	return error == 0 ? g->ops->flush_tlb(g) : error;
}

/* One entry that is not present gets a table, filled before it is hooked. */
static int map_below_new(struct guest *g, const struct job *job,
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
	error = map_level(g, job, child, false, start, end);
	if (error == 0) {
		error = g->ops->alloc_table(g, child.level, child.table);
		given = error == 0;
	}
	e = guest_make_pte(g, child.table, table_flags(g, slot.level));
	if (error == 0 && !used) {
		return slot_store(g, slot, e);
	}
	if (error == 0) {
		error = g->ops->set_entry(g, slot, e);
	}
	if (error == 0) {
		error = batch_flush(g, NULL);
	}
	if (error != 0) {
		guest_discard_tables(g, child.level, child.table, given);
	}
	return error;
}

/* What one entry of an upper table maps of [start, end). */
static int map_entry(struct guest *g, const struct job *job,
		     struct guest_slot slot, bool used, pfn_t start, pfn_t end)
{
	struct guest_slot child = {.level = slot.level - 1};
	pte_t e;
	int error = guest_read_entry(g, slot, &e);

	if (error != 0) {
		return error;
	}
	if (large_fits(g, job, slot.level, start, end, e)) {
		return set_large(g, job, slot, start, e);
	}
	if (!pte_present(e)) {
		return map_below_new(g, job, slot, used, start, end);
	}
	if (entry_is_leaf(g, slot.level, e)) {
		if (g->config.policies.template == TEMPLATE_KEEP) {
			return 0;
		}
		error = split(g, slot, e);
		if (error == 0) {
			error = guest_read_entry(g, slot, &e);
		}
	}
	if (error != 0) {
		return error;
	}
	child.table = p2m_find(g, entry_mfn(g, e));
	if (pfn_eq(child.table, PFN_INVALID)) {
		return guest_fail(g, XEN_EFAULT,
				  "entry %lx is no table of ours", e.v);
	}
	return map_level(g, job, child, used, start, end);
}

/* slot.table is of slot.level; slot.index is not used. */
static int map_level(struct guest *g, const struct job *job,
		     struct guest_slot slot, bool used, pfn_t start, pfn_t end)
{
	int error = 0;

	if (slot.level == 1) {
		return used ? fill_used(g, job, slot.table, start, end)
			    : fill_new(g, job, slot.table, start, end);
	}
	while (error == 0 && start.v < end.v) {
		pfn_t next = next_entry(g, job, slot.level, start, end);

		slot.index = geometry_index(g->config.geometry,
					    job_va(job, start), slot.level);
		error = map_entry(g, job, slot, used, start, next);
		start = next;
	}
	return error;
}

static int map_from_root(struct guest *g, const struct job *job, pfn_t start,
			 pfn_t end)
{
	struct guest_slot root = {.level = g->config.geometry->levels,
				  .table = g->kernel.root};

	return map_level(g, job, root, true, start, end);
}

int guest_map_pages(struct guest *g, vaddr_t va, pfn_t first, uint64_t nr,
		    uint64_t flags)
{
	struct job job = {
		.base = vaddr(va.v - (first.v << PAGE_SHIFT)),
		.flags = flags,
	};
	int error = batch_flush(g, NULL);

	if (error == 0) {
		error = map_from_root(g, &job, first, pfn_add(first, nr));
	}
	return error == 0 ? batch_flush(g, NULL) : error;
}

/* All memory of [start, end). */
static int map_memory(struct guest *g, const struct job *job, pfn_t start,
		      pfn_t end)
{
	pfn_t cursor = start;
	struct region r;
	int error = 0;

	while (error == 0 && memblock_next_memory(&g->memblock, &cursor, &r) &&
	       r.start.v < end.v) {
		if (r.end.v > end.v) {
			r.end = end;
		}
		error = map_from_root(g, job, r.start, r.end);
	}
	return error;
}

/*
 * Tables of one level that so many bytes can need, wherever they begin: one
 * more than they fill at each end.
 */
static uint64_t estimate_level(const struct guest *g, unsigned int level,
			       uint64_t bytes)
{
	unsigned int shift = g->config.geometry->level[level + 1].shift;
	uint64_t full = (bytes >> shift) + 2;
	uint64_t edges = 2 * (uint64_t)g->memblock.memory.nr + 8;
	bool large = !g->ops->hypervisor &&
		     g->config.policies.template != TEMPLATE_KEEP &&
		     (level == 1 ? g->config.cpu.large
				 : level == 2 && g->config.cpu.huge &&
					   g->config.geometry->large_level > 2);

	return large && edges < full ? edges : full;
}

uint64_t directmap_estimate(const struct guest *g, uint64_t bytes)
{
	uint64_t nr = 0;

	for (unsigned int l = 1; l < g->config.geometry->levels; l++) {
		nr += estimate_level(g, l, bytes);
	}
	return nr;
}

static struct job direct_job(const struct guest *g)
{
	bool global = !g->ops->hypervisor && g->config.cpu.global;

	return (struct job){
		.base = g->config.direct_base,
		.flags = RAM_FLAGS | (global ? PTE_G : 0),
		.direct = true,
	};
}

/*
 * The windows' own addresses, if they are part of the direct map: now that
 * all of the range can be reached, they are mapped as everything else.
 */
static int map_windows(struct guest *g, pfn_t start, pfn_t end)
{
	struct job job = direct_job(g);
	uint64_t span = span_frames(g, g->config.cpu.huge ? 3 : 2);
	pfn_t at = pfn((g->config.windows.v - job.base.v) >> PAGE_SHIFT);
	pfn_t first = pfn(at.v & ~(span - 1));
	pfn_t last = pfn_add(first, span);
	int error;

	if (at.v < start.v || at.v >= end.v) {
		return 0;
	}
	error = windows_close(g);
	if (error != 0) {
		return error;
	}
	job.windows = true;
	return map_memory(g, &job, first.v < start.v ? start : first,
			  last.v > end.v ? end : last);
}

static int finish_range(struct guest *g, pfn_t start, pfn_t end)
{
	struct directmap *d = &g->directmap;
	int error = 0;

	d->building = false;
	d->buffer[d->nr_buffers++] = d->now;
	if (d->now.start.v < d->now.end.v) {
		error = memblock_reserve(&g->memblock, d->now.start,
					 d->now.end);
		if (error == 0) {
			error = region_add(&g->tables, d->now.start,
					   d->now.end);
		}
	}
	if (error == 0) {
		d->mapped[d->nr_mapped++] = (struct region){start, end};
		error = policy_range_done(g);
	}
	return error == 0 ? map_windows(g, start, end) : error;
}

int guest_map_range(struct guest *g, pfn_t start, pfn_t end, pfn_t limit)
{
	struct directmap *d = &g->directmap;
	struct job job = direct_job(g);
	uint64_t nr;
	pfn_t buffer;
	int error;

	if (start.v >= end.v) {
		return 0;
	}
	if (d->nr_mapped == DIRECTMAP_MAX_RANGES || d->building) {
		return guest_fail(g, XEN_ENOSPC, "direct map: too many ranges");
	}
	nr = directmap_estimate(g, (end.v - start.v) << PAGE_SHIFT);
	error = memblock_find(&g->memblock, pfn(0), limit, nr, 1, MEMBLOCK_HIGH,
			      &buffer);
	if (error != 0) {
		return guest_fail(g, -error,
				  "direct map: no %lu contiguous free frames "
				  "for tables below pfn %lx",
				  nr, limit.v);
	}
	d->now = (struct table_buffer){buffer, buffer, pfn_add(buffer, nr)};
	d->building = true;
	error = map_memory(g, &job, start, end);
	return error == 0 ? finish_range(g, start, end) : error;
}

int guest_direct_map(struct guest *g)
{
	pfn_t end = memblock_end(&g->memblock);
	pfn_t middle;
	int error;

	/* 32-bit kernels: what fits between the base and the end. */
	if (g->config.geometry->va_bits == 32) {
		uint64_t room =
			((UINT64_C(1) << 32) - g->config.direct_base.v) >>
			PAGE_SHIFT;

		if (end.v > room) {
			end = pfn(room);
		}
	}
	middle = end.v < BELOW_4G ? end : pfn(BELOW_4G);
	error = guest_map_range(g, pfn(0), middle, middle);
	return error == 0 ? guest_map_range(g, middle, end, end) : error;
}
