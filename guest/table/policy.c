/* SPDX-License-Identifier: MIT */
/*
 * The library's policy for the direct map. What is mapped already has the
 * builder's permission, which is right, and must only not be extended. What
 * is not mapped yet is a table by the library's own records, or may become
 * one as long as the range is built; whoever builds it says when it is done.
 */
#include "guest/table/table.h"

bool guest_is_table(const struct guest *g, pfn_t frame)
{
	const struct guest_directmap *d = &g->directmap;

	return (d->building && frame.v >= d->now.start.v &&
		frame.v < d->now.end.v) ||
	       guest_region_has(&g->tables, frame);
}

bool guest_may_be_table(const struct guest *g, pfn_t frame)
{
	const struct guest_directmap *d = &g->directmap;

	return guest_is_table(g, frame) ||
	       (d->building && frame.v >= d->now.start.v &&
		frame.v < d->now.top.v);
}

uint64_t guest_policy_flags(struct guest *g, pfn_t frame, uint64_t flags,
			    pte_t existing)
{
	bool readonly = pte_present(existing) ? !pte_writable(existing)
					      : guest_may_be_table(g, frame);

	return readonly ? flags & ~PTE_RW : flags;
}

int guest_make_range_readwrite(struct guest *g, pfn_t start, pfn_t end)
{
	int error = 0;

	for (; error == 0 && start.v < end.v; start = pfn_add(start, 1)) {
		error = guest_make_readwrite(g, start, GUEST_FLUSH);
		if (error == -XEN_ENOENT) {
			error = 0; /* not mapped yet */
		}
	}
	return error;
}

int guest_policy_range_done(struct guest *g)
{
	const struct guest_directmap *d = &g->directmap;

	return g->ops->hypervisor
		       ? guest_make_range_readwrite(g, d->now.end, d->now.top)
		       : 0;
}

const struct guest_policy guest_policy_default = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
	.range_done = guest_policy_range_done,
};
