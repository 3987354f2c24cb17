/* SPDX-License-Identifier: MIT */
/*
 * From the builder's tables to our own. The lower tables of the initial
 * mapping stay, and are grafted under a root and a second level of our own;
 * the root gets every other slot that the builder filled (the P2M's, if it
 * has one), but not the hypervisor's. The builder's two tables are then no
 * longer used, and are the first memory that changes from table to ordinary:
 * that needs the TLB entry flushed, because the CPU may have read them
 * through the read-only mapping a moment ago.
 */
#include "guest/start/start.h"

/* A frame inside the initial mapping, where it can be written at once. */
static int boot_frame(struct guest *g, pfn_t *ret)
{
	int error = guest_memblock_alloc(&g->memblock, g->boot.mapped_start,
					 g->boot.mapped_end, 1, 1,
					 GUEST_MEMBLOCK_HIGH, ret);

	if (error != 0) {
		return guest_fail(g, -error,
				  "no free frame in the initial mapping, "
				  "which ends at pfn %lx",
				  g->boot.mapped_end.v);
	}
	g->stats.tables++;
	return guest_region_add(&g->tables, *ret, pfn_add(*ret, 1));
}

/* What the hypervisor has put into its own slots is not the guest's to copy. */
static void forget_hypervisors(struct guest *g, unsigned int level)
{
	for (unsigned int i = 0;
	     i < g->config.geometry->level[level].nr_entries; i++) {
		if (hypervisors_slot(g, level, i)) {
			g->scratch[i] = 0;
		}
	}
}

/* The new second level has what the builder's has; the root a bit more. */
static int copy_builders(struct guest *g, pfn_t root, pfn_t second,
			 pfn_t old_second)
{
	unsigned int levels = g->config.geometry->levels;
	unsigned int slot = guest_geometry_index(g->config.geometry,
						 g->config.virt_base, levels);
	int error = guest_table_load(g, levels - 1, old_second, g->scratch);

	if (error == 0) {
		forget_hypervisors(g, levels - 1);
		error = guest_table_store(g, levels - 1, second, g->scratch);
	}
	if (error == 0) {
		error = guest_table_load(g, levels, g->boot.root, g->scratch);
	}
	if (error != 0) {
		return error;
	}
	forget_hypervisors(g, levels);
	g->scratch[slot] =
		guest_make_pte(g, second, guest_table_flags(g, levels)).v;
	return guest_table_store(g, levels, root, g->scratch);
}

static int go_over(struct guest *g, pfn_t root, pfn_t second)
{
	int error = guest_make_readonly(g, second);

	if (error == 0) {
		error = guest_make_readonly(g, root);
	}
	if (error == 0) {
		error = g->ops->pin(g, g->config.geometry->levels, root);
	}
	if (error == 0) {
		error = guest_load_root(g, root);
	}
	return error == 0 ? g->ops->unpin(g, g->boot.root) : error;
}

static int recycle(struct guest *g, pfn_t frame)
{
	int error = guest_make_readwrite(g, frame, g->config.policy->recycle);

	if (error == 0) {
		error = guest_clear_frame(g, frame);
	}
	if (error == 0) {
		error = guest_region_remove(&g->tables, frame,
					    pfn_add(frame, 1));
	}
	if (error == 0) {
		error = guest_memblock_free(&g->memblock, frame,
					    pfn_add(frame, 1));
	}
	return error;
}

/*
 * Nothing that we use may still hang on a builder's table alone: every entry
 * of it must be in ours, with the same value but for the one we replaced.
 */
static int check_left(struct guest *g, unsigned int level, pfn_t old,
		      pfn_t ours, unsigned int replaced)
{
	unsigned int nr = g->config.geometry->level[level].nr_entries;
	int error = guest_table_load(g, level, ours, g->scratch);

	if (error == 0) {
		error = guest_table_load(g, level, old, g->scratch_other);
	}
	for (unsigned int i = 0; error == 0 && i < nr; i++) {
		uint64_t differ = (g->scratch[i] ^ g->scratch_other[i]) &
				  (PTE_FRAME_MASK | PTE_P);

		if (differ != 0 && i != replaced &&
		    !hypervisors_slot(g, level, i)) {
			error = guest_fail(
				g, XEN_EINVAL,
				"entry %lu of our L%lu table is %lx, "
				"of the builder's %lx",
				(uint64_t)i, (uint64_t)level, g->scratch[i],
				g->scratch_other[i]);
		}
	}
	return error;
}

/*
 * Each is looked at once more before it is given up. So the CPU has just read
 * it through the read-only mapping when that becomes a writable one.
 */
static int give_up(struct guest *g, pfn_t old_root, pfn_t root,
		   unsigned int slot, pfn_t old_second, pfn_t second)
{
	unsigned int levels = g->config.geometry->levels;
	int error = check_left(g, levels, old_root, root, slot);

	if (error == 0) {
		error = recycle(g, old_root);
	}
	if (error == 0) {
		error = check_left(g, levels - 1, old_second, second,
				   PT_ENTRIES);
	}
	return error == 0 ? recycle(g, old_second) : error;
}

int guest_own_tables(struct guest *g)
{
	unsigned int levels = g->config.geometry->levels;
	struct guest_slot slot = {
		.level = levels,
		.table = g->boot.root,
		.index = guest_geometry_index(g->config.geometry,
					      g->config.virt_base, levels),
	};
	pfn_t old_second;
	pfn_t root;
	pfn_t second;
	pte_t e;
	int error;

	if (!g->ops->hypervisor) {
		return 0;
	}
	error = guest_read_entry(g, slot, &e);
	if (error != 0) {
		return error;
	}
	old_second = guest_p2m_find(g, guest_entry_mfn(g, e));
	if (!pte_present(e) || pfn_eq(old_second, PFN_INVALID)) {
		return guest_fail(g, XEN_EINVAL,
				  "the builder's root has %lx for the kernel",
				  e.v);
	}
	error = boot_frame(g, &root);
	if (error == 0) {
		error = boot_frame(g, &second);
	}
	if (error == 0) {
		error = copy_builders(g, root, second, old_second);
	}
	if (error == 0) {
		error = go_over(g, root, second);
	}
	return error == 0 ? give_up(g, g->boot.root, root, slot.index,
				    old_second, second)
			  : error;
}
