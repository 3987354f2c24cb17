/* SPDX-License-Identifier: MIT */
/*
 * The policies of the direct map: what permission a frame is mapped with
 * while the map's own tables are being made, and what is done about frames
 * that were mapped with another one. docs/histories.md tells where each
 * comes from, and which of them hold.
 *
 * Under a hypervisor a frame that is a table, or is about to become one, must
 * not be writable anywhere. Without one there is nothing to protect.
 */
#include "guest/internal.h"

const char *const template_policy_name[TEMPLATE_NR] = {
	[TEMPLATE_OVERWRITE] = "overwrite", [TEMPLATE_ASK] = "ask",
	[TEMPLATE_QUERY] = "query",         [TEMPLATE_KEEP] = "keep",
	[TEMPLATE_FILTER] = "filter",
};

const char *const buffer_policy_name[BUFFER_NR] = {
	[BUFFER_USED_ONLY] = "used-only",
	[BUFFER_RO_FOREVER] = "ro-forever",
	[BUFFER_RW_PAST] = "rw-past",
	[BUFFER_PUBLISH_FREE] = "publish-free",
	[BUFFER_REMEMBER] = "remember",
	[BUFFER_RAW_WALK] = "raw-walk",
};

const char *const recycle_policy_name[RECYCLE_NR] = {
	[RECYCLE_FLUSH] = "flush",
	[RECYCLE_NO_FLUSH] = "no-flush",
};

bool policy_is_table(const struct guest *g, pfn_t frame)
{
	const struct directmap *d = &g->directmap;

	if (d->building && frame.v >= d->now.start.v &&
	    frame.v < d->now.end.v) {
		return true;
	}
	return region_has(&g->tables, frame);
}

static bool remembered(const struct guest *g, pfn_t frame)
{
	for (unsigned int i = 0; i < g->directmap.nr_remembered; i++) {
		if (pfn_eq(g->directmap.remembered[i], frame)) {
			return true;
		}
	}
	return false;
}

/* Must the buffer policy see this frame read-only now? */
static bool buffer_readonly(const struct guest *g, pfn_t frame)
{
	const struct directmap *d = &g->directmap;

	if (policy_is_table(g, frame)) {
		return true;
	}
	switch (g->config.policies.buffer) {
	case BUFFER_RO_FOREVER:
	case BUFFER_RW_PAST:
	case BUFFER_PUBLISH_FREE:
		return d->building && frame.v >= d->now.start.v &&
		       frame.v < d->now.top.v;
	case BUFFER_REMEMBER:
		return remembered(g, frame);
	case BUFFER_USED_ONLY:
	case BUFFER_RAW_WALK:
	case BUFFER_NR:
		break;
	}
	return false;
}

/*
 * Where something is mapped already, the template policy alone decides;
 * `filter` knows no more than the entry that it replaces.
 */
static bool template_readonly(const struct guest *g, pfn_t frame,
			      pte_t existing)
{
	switch (g->config.policies.template) {
	case TEMPLATE_OVERWRITE:
	case TEMPLATE_ASK: /* the callback has said it */
		return false;
	case TEMPLATE_FILTER:
		return !pte_writable(existing);
	case TEMPLATE_QUERY:
	case TEMPLATE_KEEP: /* not written at all */
	case TEMPLATE_NR:
		break;
	}
	return buffer_readonly(g, frame);
}

uint64_t policy_flags(struct guest *g, pfn_t frame, uint64_t flags,
		      pte_t existing)
{
	bool readonly = false;

	if (pte_present(existing) && g->config.ask != NULL &&
	    g->config.policies.template == TEMPLATE_ASK) {
		flags = g->config.ask(g, frame, flags);
	}
	if (g->ops->hypervisor) {
		readonly = pte_present(existing)
				   ? template_readonly(g, frame, existing)
				   : buffer_readonly(g, frame);
	}
	return readonly ? flags & ~PTE_RW : flags;
}

/* Back to writable, page by page: [start, end) of a buffer's tail. */
static int tail_writable(struct guest *g, pfn_t start, pfn_t end)
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

/*
 * rw-past has to find out from inside the entry writer that a range is done:
 * its first page is then seen reserved.
 */
static void watch(struct guest *g)
{
	struct directmap *d = &g->directmap;

	if (!d->watching) {
		d->watched = d->now;
		d->watching = true;
		return;
	}
	if (!memblock_is_reserved(&g->memblock, d->watched.start)) {
		d->watched.end = d->now.end;
		d->watched.top = d->now.top;
		return;
	}
	if (!pfn_eq(d->watched.start, d->now.start)) {
		if (tail_writable(g, d->watched.end, d->watched.top) != 0) {
			port_log(g, g->message);
		}
		d->watched = d->now;
	}
}

void policy_writing(struct guest *g, pfn_t frame)
{
	if (g->config.policies.buffer == BUFFER_RW_PAST && frame.v != 0 &&
	    g->directmap.building && g->ops->hypervisor) {
		watch(g);
	}
}

int policy_last_pass(struct guest *g)
{
	struct directmap *d = &g->directmap;
	pfn_t end;

	if (g->config.policies.buffer != BUFFER_RW_PAST || !d->watching) {
		return 0;
	}
	d->watching = false;
	/* Reserved by now: what is reserved of it is what was used. */
	end = d->watched.start;
	while (end.v < d->watched.top.v &&
	       memblock_is_reserved(&g->memblock, end)) {
		end = pfn_add(end, 1);
	}
	return tail_writable(g, end, d->watched.top);
}

int policy_range_done(struct guest *g)
{
	const struct directmap *d = &g->directmap;

	if (g->config.policies.buffer != BUFFER_PUBLISH_FREE ||
	    !g->ops->hypervisor) {
		return 0;
	}
	return tail_writable(g, d->now.end, d->now.top);
}

void policy_unreachable(struct guest *g, pfn_t frame)
{
	struct directmap *d = &g->directmap;

	if (g->config.policies.buffer == BUFFER_REMEMBER && d->building &&
	    d->nr_remembered < DIRECTMAP_MAX_REMEMBERED) {
		d->remembered[d->nr_remembered++] = frame;
	}
}

/* One writable entry that maps a table loses RW, where it is. */
static int raw_entry(struct guest *g, struct guest_slot slot, bool hooked,
		     pte_t e)
{
	if (!pte_present(e) || !pte_writable(e) ||
	    !policy_is_table(g, p2m_find(g, entry_mfn(g, e)))) {
		return 0;
	}
	g->stats.made_readonly++;
	e.v &= ~PTE_RW;
	return hooked ? g->ops->set_entry(g, slot, e) : slot_store(g, slot, e);
}

static int raw_walk(struct guest *g, unsigned int level, pfn_t table,
		    bool hooked)
{
	struct guest_slot slot = {.level = level, .table = table};
	unsigned int nr = g->config.geometry->level[level].nr_entries;
	int error = 0;

	g->stats.pages_walked++;
	for (; error == 0 && slot.index < nr; slot.index++) {
		pte_t e;
		pfn_t child;

		error = guest_read_entry(g, slot, &e);
		if (error != 0 || !pte_present(e)) {
			continue;
		}
		if (level == 1) {
			error = raw_entry(g, slot, hooked, e);
			continue;
		}
		child = p2m_find(g, entry_mfn(g, e));
		if (!pfn_eq(child, PFN_INVALID)) {
			/* What hangs below was hooked when it was made. */
			error = raw_walk(g, level - 1, child, true);
		}
	}
	return error;
}

int policy_hooking(struct guest *g, unsigned int level, pfn_t table)
{
	int error;

	if (g->config.policies.buffer != BUFFER_RAW_WALK ||
	    !g->directmap.building) {
		return 0;
	}
	error = raw_walk(g, level, table, false);
	window_forget(g, table);
	return error;
}
