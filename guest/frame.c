/* SPDX-License-Identifier: MIT */
/*
 * How the library reaches a frame. Three ways, in this order: the direct map,
 * once the range is complete; the initial mapping; and a window, a page of
 * the kernel's image whose L1 entry is borrowed.
 *
 * A window is a mapping as any other: while one shows a frame writable, the
 * frame cannot become a table. So window_forget comes before every such
 * change, and a window shows a frame read-only unless it is to be written.
 */
#include "guest/internal.h"

#define WINDOW_FLAGS (PTE_P | PTE_A | PTE_D)

bool guest_in_initial_mapping(const struct guest *g, pfn_t frame)
{
	return frame.v >= g->boot.mapped_start.v &&
	       frame.v < g->boot.mapped_end.v;
}

vaddr_t guest_initial_va(const struct guest *g, pfn_t frame)
{
	return vaddr_add(g->config.virt_base, frame.v << PAGE_SHIFT);
}

vaddr_t guest_direct_va(const struct guest *g, pfn_t frame)
{
	return vaddr_add(g->config.direct_base, frame.v << PAGE_SHIFT);
}

bool guest_direct_mapped(const struct guest *g, pfn_t frame)
{
	for (unsigned int i = 0; i < g->directmap.nr_mapped; i++) {
		if (frame.v >= g->directmap.mapped[i].start.v &&
		    frame.v < g->directmap.mapped[i].end.v) {
			return memblock_is_memory(&g->memblock, frame);
		}
	}
	return false;
}

static vaddr_t window_va(const struct guest *g, unsigned int i)
{
	return vaddr_add(g->config.windows, (uint64_t)i << PAGE_SHIFT);
}

/* The frame of the image that a window's page has of its own. */
static pfn_t window_own(const struct guest *g, unsigned int i)
{
	return pfn((window_va(g, i).v - g->config.virt_base.v) >> PAGE_SHIFT);
}

/*
 * Goes straight to the hypervisor: the queue, which may hold the reason why
 * the mapping is possible (or not), goes first.
 */
static int window_set(struct guest *g, unsigned int i, pte_t value)
{
	struct guest_slot slot;
	pte_t old;
	int error;

	g->stats.windows++;
	if (g->ops->hypervisor) {
		error = batch_mapping_now(g, window_va(g, i), value);
	} else {
		error = guest_lookup(g, g->kernel.root, window_va(g, i), &slot,
				     &old);
		if (error == -XEN_ENOENT && slot.level == 1) {
			error = 0;
		}
		if (error == 0 && slot.level != 1) {
			error = -XEN_EINVAL;
		}
		if (error == 0) {
			error = slot_store(g, slot, value);
			port_invlpg(g, window_va(g, i));
		}
	}
	if (error != 0) {
		return guest_fail(g, -error,
				  "window: %lx cannot be mapped: error %lu",
				  value.v, (uint64_t)-error);
	}
	return 0;
}

/* A window that shows nothing, or else the one that was set longest ago. */
static unsigned int window_choose(struct guest *g)
{
	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		if (pfn_eq(g->window[i].frame, PFN_INVALID)) {
			return i;
		}
	}
	g->next_window = (g->next_window + 1) % GUEST_WINDOWS;
	return g->next_window;
}

static int window_show(struct guest *g, pfn_t frame, bool write, vaddr_t *ret)
{
	uint64_t flags = WINDOW_FLAGS | (write ? PTE_RW : 0);
	unsigned int i;
	int error;

	for (i = 0; i < GUEST_WINDOWS; i++) {
		if (pfn_eq(g->window[i].frame, frame)) {
			break;
		}
	}
	if (i < GUEST_WINDOWS && (g->window[i].writable || !write)) {
		*ret = window_va(g, i);
		return 0;
	}
	if (i == GUEST_WINDOWS) {
		i = window_choose(g);
	}
	error = window_set(g, i, guest_make_pte(g, frame, flags));
	if (error == 0) {
		g->window[i] = (struct guest_window){frame, write};
		*ret = window_va(g, i);
	}
	return error;
}

void window_forget(struct guest *g, pfn_t frame)
{
	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		if (pfn_eq(g->window[i].frame, frame) &&
		    window_set(g, i, pte(0)) == 0) {
			g->window[i] =
				(struct guest_window){PFN_INVALID, false};
		}
	}
}

int windows_close(struct guest *g)
{
	bool nx = g->config.geometry->has_nx && g->config.cpu.nx;
	uint64_t flags = WINDOW_FLAGS | PTE_RW | (nx ? PTE_NX : 0);

	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		int error =
			window_set(g, i,
				   guest_make_pte(g, window_own(g, i), flags));

		if (error != 0) {
			return error;
		}
		g->window[i] = (struct guest_window){PFN_INVALID, false};
	}
	return 0;
}

int frame_reach(struct guest *g, pfn_t frame, bool write, vaddr_t *ret)
{
	if (guest_direct_mapped(g, frame)) {
		*ret = guest_direct_va(g, frame);
		return 0;
	}
	if (guest_in_initial_mapping(g, frame)) {
		*ret = guest_initial_va(g, frame);
		return 0;
	}
	if (frame.v >= g->boot.nr_pages) {
		return guest_fail(g, XEN_EINVAL,
				  "pfn %lx is beyond nr_pages %lu", frame.v,
				  g->boot.nr_pages);
	}
	return window_show(g, frame, write, ret);
}

/* A window is refused by the hypervisor; a mapping that is there is asked. */
static bool can_write(struct guest *g, pfn_t frame, vaddr_t va)
{
	struct guest_slot slot;
	pte_t e;

	if (!g->ops->hypervisor || (!guest_direct_mapped(g, frame) &&
				    !guest_in_initial_mapping(g, frame))) {
		return true;
	}
	return guest_lookup(g, g->kernel.root, va, &slot, &e) == 0 &&
	       pte_writable(e);
}

int guest_frame_va(struct guest *g, pfn_t frame, bool write, vaddr_t *ret)
{
	vaddr_t va = vaddr(0);
	int error;

	if (g->ops->hypervisor && frame.v < g->p2m.nr &&
	    mfn_eq(p2m_get(g, frame), MFN_INVALID)) {
		return guest_fail(g, XEN_EINVAL, "nothing is behind pfn %lx",
				  frame.v);
	}
	error = frame_reach(g, frame, write, &va);
	if (write &&
	    (error == -XEN_EBUSY || (error == 0 && !can_write(g, frame, va)))) {
		return guest_fail(g, XEN_EINVAL,
				  "pfn %lx is a table: it cannot be written",
				  frame.v);
	}
	if (error == 0) {
		*ret = va;
	}
	return error;
}

int guest_clear_frame(struct guest *g, pfn_t frame)
{
	vaddr_t va = vaddr(0);
	int error = frame_reach(g, frame, true, &va);

	if (error == 0) {
		port_clear_page(g, va);
	}
	return error;
}
