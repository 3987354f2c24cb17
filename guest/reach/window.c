/* SPDX-License-Identifier: MIT */
/*
 * How the library reaches a frame. Three ways, in this order: the direct map,
 * once the range is complete; the initial mapping; and a window, a page of
 * the kernel's image whose L1 entry is borrowed.
 *
 * A window is a mapping as any other: while one shows a frame writable, the
 * frame cannot become a table. So guest_window_forget comes before every such
 * change, and a window shows a frame read-only unless it is to be written.
 */
#include "guest/reach/reach.h"

#define WINDOW_FLAGS (PTE_P | PTE_A | PTE_D)

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
	int error;

	g->stats.windows++;
	error = g->ops->set_window(g, window_va(g, i), g->window[i].slot,
				   value);
	if (error != 0) {
		return guest_fail(g, -error,
				  "window: %lx cannot be mapped: error %lu",
				  value.v, (uint64_t)-error);
	}
	return 0;
}

void guest_windows_find(struct guest *g)
{
	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		struct guest_slot slot;
		pte_t e;
		int error = guest_lookup_present(g, g->kernel.root,
						 window_va(g, i), &slot, &e);

		if ((error != 0 && error != -XEN_ENOENT) || slot.level != 1) {
			slot = (struct guest_slot){.level = 0};
		}
		g->window[i].slot = slot;
	}
}

static void window_shows(struct guest *g, unsigned int i, pfn_t frame,
			 bool writable)
{
	g->window[i].frame = frame;
	g->window[i].writable = writable;
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

static uint64_t window_flags(struct guest *g, pfn_t frame, bool write)
{
	const struct guest_policy *policy = g->config.policy;
	uint64_t flags = WINDOW_FLAGS | (write ? PTE_RW : 0);

	return g->ops->hypervisor && policy->window != NULL
		       ? policy->window(g, frame, flags)
		       : flags;
}

static int window_show(struct guest *g, pfn_t frame, bool write, vaddr_t *ret)
{
	uint64_t flags = window_flags(g, frame, write);
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
		window_shows(g, i, frame, (flags & PTE_RW) != 0);
		*ret = window_va(g, i);
	}
	return error;
}

void guest_window_forget(struct guest *g, pfn_t frame)
{
	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		if (pfn_eq(g->window[i].frame, frame) &&
		    window_set(g, i, pte(0)) == 0) {
			window_shows(g, i, PFN_INVALID, false);
		}
	}
}

int guest_windows_close(struct guest *g)
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
		window_shows(g, i, PFN_INVALID, false);
	}
	return 0;
}

int guest_frame_reach(struct guest *g, pfn_t frame, bool write, vaddr_t *ret)
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
