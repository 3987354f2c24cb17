/* SPDX-License-Identifier: MIT */
/*
 * The memory map, and what in it is taken from the start. A frame that is
 * not reserved here can become a page table a moment later, so the list errs
 * on the side of reserving: what can be given back is given back by the
 * steps that drop it.
 */
#include "guest/start/start.h"

static int fetch(struct guest *g)
{
	struct xen_memory_map map = {.nr_entries = GUEST_E820_MAX_ENTRIES};
	int64_t error;

	guest_set_handle(&map.buffer, g->e820.entry);
	error = guest_hypercall(g, __HYPERVISOR_memory_op, XENMEM_memory_map,
				(uintptr_t)&map, 0, 0);
	if (error == -XEN_ENOSYS) {
		g->e820.nr = 1;
		g->e820.entry[0] = (struct guest_e820_entry){
			.addr = 0,
			.size = g->boot.nr_pages << PAGE_SHIFT,
			.type = GUEST_E820_RAM,
		};
		return 0;
	}
	if (error < 0) {
		return guest_fail(g, (int)-error,
				  "XENMEM_memory_map: error %lu",
				  (uint64_t)-error);
	}
	g->e820.nr = map.nr_entries;
	return 0;
}

static int reserve(struct guest *g, const char *what, pfn_t start, pfn_t end)
{
	const struct guest_region *r;
	int error;

	if (start.v >= end.v) {
		return 0;
	}
	r = guest_region_find(&g->memblock.memory, start);
	if (r == NULL || r->end.v < end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "%s at pfn %lx to %lx: not all is RAM", what,
				  start.v, end.v - 1);
	}
	error = guest_memblock_reserve(&g->memblock, start, end);
	if (error != 0) {
		return guest_fail(g, -error, "no room to reserve %s", what);
	}
	return 0;
}

static int reserve_frame(struct guest *g, const char *what, mfn_t frame)
{
	pfn_t own = guest_p2m_find(g, frame);

	if (pfn_eq(own, PFN_INVALID)) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: the %s mfn %lx is not ours",
				  what, frame.v);
	}
	return reserve(g, what, own, pfn_add(own, 1));
}

static int reserve_builders(struct guest *g)
{
	const struct guest_boot *b = &g->boot;
	pfn_t stack_end = pfn_add(b->tables_end, 1);
	int error = 0;

	if (g->ops->hypervisor) {
		error = reserve(g, "start_info", b->start_info,
				b->tables_start);
		if (error == 0) {
			error = reserve(g, "the P2M", b->p2m_start, b->p2m_end);
		}
		/*
		 * Inside the initial mapping all from the list to pt_base is
		 * the builder's: for a 32-bit domain of a 64-bit hypervisor
		 * the first two tables lie before pt_base.
		 */
		if (error == 0 && !b->p2m_outside) {
			error = reserve(g, "the builder's frames", b->p2m_start,
					b->tables_start);
		}
		if (error == 0 && b->store.v != 0) {
			error = reserve_frame(g, "store", b->store);
		}
		if (error == 0 && !mfn_eq(b->console, MFN_INVALID) &&
		    b->console.v != 0) {
			error = reserve_frame(g, "console", b->console);
		}
	} else {
		stack_end = b->tables_end;
	}
	if (error == 0) {
		error = reserve(g, "the builder's tables and stack",
				b->tables_start, stack_end);
	}
	return error;
}

/* All frames of RAM must have one behind them, and tables must be RAM. */
static int check_memory(struct guest *g)
{
	const struct guest_boot *b = &g->boot;
	pfn_t cursor = pfn(0);
	struct guest_region r;

	while (guest_memblock_next_memory(&g->memblock, &cursor, &r)) {
		for (pfn_t at = r.start; at.v < r.end.v;) {
			uint64_t left = r.end.v - at.v;
			unsigned int nr = left < PT_ENTRIES ? (unsigned int)left
							    : PT_ENTRIES;

			guest_p2m_get_many(g, at, g->scratch_other, nr);
			for (unsigned int i = 0; i < nr; i++) {
				if (g->scratch_other[i] == INVALID_FRAME) {
					return guest_fail(
						g, XEN_EINVAL,
						"the memory map says that pfn "
						"%lx is RAM, but the P2M has "
						"no frame for it",
						at.v + i);
				}
			}
			at = pfn_add(at, nr);
		}
	}
	for (pfn_t at = b->tables_start; at.v < b->tables_end.v;
	     at = pfn_add(at, 1)) {
		if (!guest_memblock_is_memory(&g->memblock, at)) {
			return guest_fail(g, XEN_EINVAL,
					  "the table at pfn %lx is not in RAM",
					  at.v);
		}
	}
	return 0;
}

/* Frames that the direct map has addresses for; an end of 0 is that of 64. */
static uint64_t addresses(const struct guest *g)
{
	return (g->config.geometry->guest_end - g->config.direct_base.v) >>
	       PAGE_SHIFT;
}

/* A 32-bit kernel uses what its direct map has addresses for. */
static void limit_to_addresses(struct guest *g)
{
	pfn_t *limit = &g->config.memory_limit;
	uint64_t room = addresses(g);

	if (g->ops->hypervisor && g->config.geometry->guest_end != 0 &&
	    room < g->boot.nr_pages && (limit->v == 0 || room < limit->v)) {
		*limit = pfn(room);
	}
}

static int apply_limit(struct guest *g)
{
	pfn_t end = guest_memblock_end(&g->memblock);
	pfn_t limit;
	int error;

	limit_to_addresses(g);
	limit = g->config.memory_limit;
	if (limit.v == 0 || limit.v >= end.v) {
		return 0;
	}
	error = guest_memblock_remove(&g->memblock, limit, end);
	if (error != 0) {
		return guest_fail(g, -error, "no room for the limit at pfn %lx",
				  limit.v);
	}
	if (g->boot.mapped_end.v > limit.v || g->boot.p2m_end.v > limit.v ||
	    g->boot.module_end.v > limit.v) {
		return guest_fail(g, XEN_EINVAL,
				  "the memory limit at pfn %lx is below what "
				  "the builder placed",
				  limit.v);
	}
	return 0;
}

/*
 * RAM from nr_pages on is where frames may be that come later: as far as the
 * pages at the top of a P2M reach that there must be anyway, and the addresses.
 */
static pfn_t room_end(const struct guest *g)
{
	uint64_t per_page = (uint64_t)GUEST_P2M_PER_PAGE * GUEST_P2M_PER_PAGE *
			    GUEST_P2M_PER_PAGE;
	uint64_t end = (g->boot.nr_pages | (per_page - 1)) + 1;
	uint64_t room = addresses(g);
	uint64_t limit = g->config.memory_limit.v;
	pfn_t ram;

	end = room != 0 && room < end ? room : end;
	end = limit != 0 && limit < end ? limit : end;
	ram = guest_e820_ram_end(&g->e820, pfn(end));
	return ram.v > g->boot.nr_pages ? ram : pfn(g->boot.nr_pages);
}

int guest_memory_map(struct guest *g)
{
	const struct guest_boot *b = &g->boot;
	int error = g->ops->hypervisor ? fetch(g) : 0;

	if (error == 0) {
		error = guest_e820_sanitise(g, &g->e820);
	}
	if (error == 0) {
		g->room_end = g->ops->hypervisor ? room_end(g) : pfn(0);
		error = guest_e820_to_memblock(g, &g->e820, b->nr_pages,
					       &g->memblock);
	}
	if (error == 0) {
		error = apply_limit(g);
	}
	if (error == 0) {
		error = check_memory(g);
	}
	if (error == 0) {
		error = reserve(g, "the kernel", g->config.kernel_start,
				g->config.kernel_end);
	}
	if (error == 0) {
		error = reserve(g, "the module", b->module_start,
				b->module_end);
	}
	if (error == 0) {
		error = reserve_builders(g);
	}
	if (error == 0) {
		error = guest_region_add(&g->tables, b->tables_start,
					 b->tables_end);
	}
	/* The tables of a P2M outside are among its frames: all read-only. */
	if (error == 0 && b->p2m_outside) {
		error = guest_region_add(&g->tables, b->p2m_start, b->p2m_end);
	}
	if (error == 0 && b->p2m_outside) {
		error = guest_check_p2m_frames(g);
	}
	if (error == 0 && !g->ops->hypervisor) {
		guest_windows_find(g);
	}
	return error;
}
