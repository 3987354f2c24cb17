/* SPDX-License-Identifier: MIT */
/*
 * The first step: the context is made, and everything that it is told, by the
 * kernel and by start_info, is checked before it is believed.
 */
#include "guest/start/start.h"

static int check_config(struct guest *g)
{
	const struct guest_config *c = &g->config;

	if (page_offset(c->virt_base.v | c->direct_base.v | c->windows.v)) {
		return guest_fail(g, XEN_EINVAL,
				  "config: an address is not page-aligned");
	}
	if (c->kernel_start.v >= c->kernel_end.v ||
	    c->kernel_end.v > g->boot.nr_pages) {
		return guest_fail(g, XEN_EINVAL,
				  "config: the kernel's image, pfn %lx to %lx, "
				  "is not in %lu pages",
				  c->kernel_start.v, c->kernel_end.v,
				  g->boot.nr_pages);
	}
	return 0;
}

/*
 * A 32-bit kernel shares the L2 of its last gigabyte with the hypervisor, and
 * no two roots may have that one: we make one of our own if the kernel is
 * there, and would have none for another root if it were elsewhere.
 */
static int check_last_gigabyte(struct guest *g)
{
	const struct guest_geometry *s = g->config.geometry;

	if (s->xen_level == s->levels ||
	    va_slot(g, g->config.virt_base.v) ==
		    s->level[s->levels].nr_entries - 1) {
		return 0;
	}
	return guest_fail(g, XEN_EINVAL,
			  "config: a 32-bit kernel at %lx, which is not in the "
			  "last gigabyte",
			  g->config.virt_base.v);
}

static void guest_init(struct guest *g, const struct guest_config *config,
		       const struct guest_ops *ops)
{
	__builtin_memset(g, 0, sizeof(*g));
	g->config = *config;
	if (config->policy == NULL) {
		g->config.policy = &guest_policy_default;
	}
	g->ops = ops;
	guest_memblock_init(&g->memblock);
	g->directmap.base = config->direct_base;
	for (unsigned int i = 0; i < GUEST_WINDOWS; i++) {
		g->window[i].frame = PFN_INVALID;
	}
	g->kernel.end_slot =
		config->geometry->level[config->geometry->levels].nr_entries;
}

int guest_start(struct guest *g, const struct guest_config *config,
		vaddr_t start_info)
{
	struct guest_start_info si;
	int error;

	guest_init(g, config, &guest_ops_xen_boot);
	if (config->geometry->word == 0) {
		return guest_fail(g, XEN_EINVAL,
				  "config: geometry %s under "
				  "a 64-bit hypervisor",
				  config->geometry->name);
	}
	if (page_offset(start_info.v) != 0) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: address %lx makes no sense",
				  start_info.v);
	}
	error = check_last_gigabyte(g);
	if (error != 0) {
		return error;
	}
	guest_start_info_load(g, &si, start_info);
	error = guest_start_info_read(g, &si, start_info);
	if (error == 0) {
		error = check_config(g);
	}
	if (error == 0) {
		error = guest_start_info_check_overlaps(g);
	}
	if (error != 0) {
		return error;
	}
	g->p2m.kind = GUEST_P2M_LIST;
	g->p2m.list = g->boot.p2m_list;
	g->p2m.nr = g->boot.nr_pages;
	g->kernel.root = g->boot.root;
	g->kernel.pinned = true;
	error = guest_initial_check_p2m(g);
	if (error != 0) {
		return error;
	}
	if (!pfn_eq(guest_p2m_find(g, guest_p2m_get(g, g->boot.root)),
		    g->boot.root)) {
		return guest_fail(g, XEN_EINVAL,
				  "start_info: P2M and M2P do not agree on "
				  "the frame of pt_base, pfn %lx",
				  g->boot.root.v);
	}
	error = guest_initial_find_tables(g);
	return error == 0 ? guest_initial_find_end(g) : error;
}

int guest_start_native(struct guest *g, const struct guest_config *config,
		       const struct guest_native *native)
{
	guest_init(g, config, &guest_ops_native);
	if (native->nr_pages == 0 || native->nr_pages > MAX_PAGES ||
	    native->mapped_end.v > native->nr_pages ||
	    native->tables_start.v >= native->tables_end.v ||
	    native->tables_end.v > native->mapped_end.v) {
		return guest_fail(g, XEN_EINVAL,
				  "native: the boot tables or the boot "
				  "mapping are beyond nr_pages %lu",
				  native->nr_pages);
	}
	g->boot.nr_pages = native->nr_pages;
	g->boot.mapped_end = native->mapped_end;
	g->boot.tables_start = native->tables_start;
	g->boot.tables_end = native->tables_end;
	g->boot.root = native->root;
	g->boot.console = MFN_INVALID;
	g->p2m.kind = GUEST_P2M_IDENTITY;
	g->p2m.nr = native->nr_pages;
	g->kernel.root = native->root;
	g->kernel.pinned = true;
	g->e820 = native->e820;
	return check_config(g);
}
