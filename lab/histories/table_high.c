/* SPDX-License-Identifier: MIT */
/* 2010-2011: the direct map covers the buffer that its tables come from. */
#include <stddef.h>

#include "lab/histories/histories.h"
#include "pagewarden/port.h"

/* Where something is mapped already, its permission is the right one. */
static uint64_t kept_or(pte_t existing, bool readonly, uint64_t flags)
{
	if (pte_present(existing)) {
		readonly = !pte_writable(existing);
	}
	return readonly ? flags & ~PTE_RW : flags;
}

static uint64_t used_only_flags(struct guest *g, pfn_t frame, uint64_t flags,
				pte_t existing)
{
	return kept_or(existing, guest_is_table(g, frame), flags);
}

/*
 * rw-past has to find out from inside the entry writer that a range is done:
 * its first page is then seen reserved.
 */
static void watch_range(struct guest *g)
{
	struct lab_notes *n = lab_notes(g);
	const struct guest_directmap *d = &g->directmap;

	if (!n->watching) {
		n->watched = d->now;
		n->watching = true;
		return;
	}
	if (!guest_memblock_is_reserved(&g->memblock, n->watched.start)) {
		n->watched.end = d->now.end;
		n->watched.top = d->now.top;
		return;
	}
	if (!pfn_eq(n->watched.start, d->now.start)) {
		if (guest_make_range_readwrite(g, n->watched.end,
					       n->watched.top) != 0) {
			lab_say(g, g->message);
		}
		n->watched = d->now;
	}
}

static uint64_t rw_past_flags(struct guest *g, pfn_t frame, uint64_t flags,
			      pte_t existing)
{
	if (frame.v != 0 && g->directmap.building) {
		watch_range(g);
	}
	return guest_policy_flags(g, frame, flags, existing);
}

/* Or the last range would be forgotten. */
static int rw_past_last_pass(struct guest *g)
{
	struct lab_notes *n = lab_notes(g);
	pfn_t end;

	if (!n->watching) {
		return 0;
	}
	n->watching = false;
	/* Reserved by now: what is reserved of it is what was used. */
	end = n->watched.start;
	while (end.v < n->watched.top.v &&
	       guest_memblock_is_reserved(&g->memblock, end)) {
		end = pfn_add(end, 1);
	}
	return guest_make_range_readwrite(g, end, n->watched.top);
}

/* remember: what could not be made read-only when it was taken. */
static void remember_frame(struct guest *g, pfn_t frame)
{
	struct lab_notes *n = lab_notes(g);

	if (g->directmap.building && n->nr_remembered < LAB_MAX_REMEMBERED) {
		if (n->nr_remembered == 0 || frame.v < n->lowest.v) {
			n->lowest = frame;
		}
		if (n->nr_remembered == 0 || frame.v > n->highest.v) {
			n->highest = frame;
		}
		n->remembered[n->nr_remembered++] = frame;
	}
}

/* Asked of every page: nearly all are beside the few stretches of tables. */
static bool is_remembered(const struct lab_notes *n, pfn_t frame)
{
	bool is = false;

	if (frame.v < n->lowest.v || frame.v > n->highest.v) {
		return false;
	}
	for (unsigned int i = 0; i < n->nr_remembered; i++) {
		is = is || pfn_eq(n->remembered[i], frame);
	}
	return is;
}

static uint64_t remember_flags(struct guest *g, pfn_t frame, uint64_t flags,
			       pte_t existing)
{
	return kept_or(existing,
		       guest_is_table(g, frame) ||
			       is_remembered(lab_notes(g), frame),
		       flags);
}

/* Whether the table that is read is in use by now. */
enum hooking { UNHOOKED, HOOKED };

/*
 * Does the frame look like a table? The P2M, which takes longer to read than
 * all else, is asked only if the M2P says so.
 */
static bool maps_table(struct guest *g, pte_t e)
{
	pfn_t own;

	return guest_port_m2p(g, pte_mfn(e), &own) && guest_is_table(g, own) &&
	       pfn_eq(guest_p2m_find(g, pte_mfn(e)), own);
}

/* One writable entry that maps a table loses RW, where it is. */
static int raw_entry(struct guest *g, struct guest_slot slot,
		     enum hooking hooking, pte_t e)
{
	if (!pte_present(e) || !pte_writable(e) || !maps_table(g, e)) {
		return 0;
	}
	g->stats.made_readonly++;
	e.v &= ~PTE_RW;
	return hooking == HOOKED ? guest_set_entry(g, slot, e)
				 : guest_store_entry(g, slot, e);
}

static int raw_walk_l1(struct guest *g, pfn_t table, enum hooking hooking)
{
	struct guest_slot slot = {.level = 1, .table = table};
	unsigned int nr = g->config.geometry->level[1].nr_entries;
	int rc = guest_read_table(g, 1, table, g->scratch);

	for (; rc == 0 && slot.index < nr; slot.index++) {
		rc = raw_entry(g, slot, hooking, pte(g->scratch[slot.index]));
	}
	return rc;
}

static int raw_walk_table(struct guest *g, unsigned int level, pfn_t table,
			  enum hooking hooking)
{
	struct guest_slot slot = {.level = level, .table = table};
	unsigned int nr = g->config.geometry->level[level].nr_entries;
	int rc = 0;

	if (level == 1) {
		return raw_walk_l1(g, table, hooking);
	}
	g->stats.pages_walked++;
	for (; rc == 0 && slot.index < nr; slot.index++) {
		pte_t e;
		pfn_t child;

		rc = guest_read_entry(g, slot, &e);
		if (rc != 0 || !pte_present(e)) {
			continue;
		}
		child = guest_p2m_find(g, pte_mfn(e));
		if (!pfn_eq(child, PFN_INVALID)) {
			/* What hangs below was hooked when it was made. */
			rc = raw_walk_table(g, level - 1, child, HOOKED);
		}
	}
	return rc;
}

static int raw_walk_hooking(struct guest *g, unsigned int level, pfn_t table)
{
	return g->directmap.building ? raw_walk_table(g, level, table, UNHOOKED)
				     : 0;
}

/*
 * A page of the buffer is filled through a fixmap slot, the library's window,
 * before anything else maps it. masked-slot: what the direct map is told, the
 * slot is told too.
 */
static uint64_t masked_window(struct guest *g, pfn_t frame, uint64_t flags)
{
	return guest_may_be_table(g, frame) ? flags & ~PTE_RW : flags;
}

/* But the page that was taken last: it is no table yet, and to be cleared. */
static uint64_t newest_window(struct guest *g, pfn_t frame, uint64_t flags)
{
	const struct guest_directmap *d = &g->directmap;
	bool newest = d->building && frame.v + 1 == d->now.end.v;

	return newest ? flags : masked_window(g, frame, flags);
}

/* Whoever maps a page in passing may want to write it. */
static uint64_t writable_window(struct guest *g, pfn_t frame, uint64_t flags)
{
	(void)g;
	(void)frame;
	return flags | PTE_RW;
}

static const struct guest_policy used_only = {
	.recycle = GUEST_FLUSH,
	.flags = used_only_flags,
};
static const struct guest_policy ro_forever = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
};
static const struct guest_policy rw_past = {
	.recycle = GUEST_FLUSH,
	.flags = rw_past_flags,
	.last_pass = rw_past_last_pass,
};
static const struct guest_policy remember = {
	.recycle = GUEST_FLUSH,
	.flags = remember_flags,
	.unreachable = remember_frame,
};
static const struct guest_policy raw_walk = {
	.recycle = GUEST_FLUSH,
	.flags = used_only_flags,
	.hooking = raw_walk_hooking,
};

static const struct guest_policy open_slot = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
	.strays = true,
	.range_done = guest_policy_range_done,
};
static const struct guest_policy writable_slot = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
	.window = writable_window,
	.range_done = guest_policy_range_done,
};
static const struct guest_policy masked_slot = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
	.window = masked_window,
	.range_done = guest_policy_range_done,
};
static const struct guest_policy newest_slot = {
	.recycle = GUEST_FLUSH,
	.flags = guest_policy_flags,
	.window = newest_window,
	.range_done = guest_policy_range_done,
};

enum {
	USED_ONLY,
	RO_FOREVER,
	RW_PAST,
	PUBLISH_FREE,
	REMEMBER,
	RAW_WALK,
	OPEN_SLOT,
	WRITABLE_SLOT,
	MASKED_SLOT,
	NEWEST_SLOT,
};

static const struct lab_policy policies[] = {
	[USED_ONLY] = {.history = "table-high",
		       .name = "used-only",
		       .title = "RO what is in use when its entry is set",
		       .map = &used_only},
	[RO_FOREVER] = {.history = "table-high",
			.name = "ro-forever",
			.title = "RO all of the buffer, and leave it so",
			.map = &ro_forever},
	[RW_PAST] = {.history = "table-high",
		     .name = "rw-past",
		     .title = "RO all; the tail to RW when seen reserved",
		     .map = &rw_past},
	[PUBLISH_FREE] = {.history = "table-high",
			  .name = "publish-free",
			  .title = "RO all; the tail is given back",
			  .map = &guest_policy_default},
	[REMEMBER] = {.history = "table-high",
		      .name = "remember",
		      .title = "used-only, and note what came too late",
		      .map = &remember},
	[RAW_WALK] = {.history = "table-high",
		      .name = "raw-walk",
		      .title = "used-only, and read the table being hooked",
		      .map = &raw_walk},
	[OPEN_SLOT] = {.history = "table-high",
		       .name = "open-slot",
		       .title = "the fixmap slot still shows what is pinned",
		       .map = &open_slot},
	[WRITABLE_SLOT] = {.history = "table-high",
			   .name = "writable-slot",
			   .title = "RW in the fixmap, whatever it shows",
			   .map = &writable_slot},
	[MASKED_SLOT] = {.history = "table-high",
			 .name = "masked-slot",
			 .title = "RO all of the buffer, in the fixmap too",
			 .map = &masked_slot},
	[NEWEST_SLOT] = {.history = "table-high",
			 .name = "newest-slot",
			 .title = "masked-slot, but for the page taken last",
			 .map = &newest_slot},
};

static const struct lab_world one_range = {.name = "one range",
					   LAB_UNDER_HYPERVISOR,
					   .on_metal = true,
					   .noted = true};
static const struct lab_world two_ranges = {.name = "two ranges",
					    LAB_UNDER_HYPERVISOR,
					    .on_metal = true,
					    .noted = true,
					    .two_ranges = true,
					    .memory = LAB_MEMORY_TWO};

/* A 32-bit kernel, whose memory lies below its last gigabyte's end. */
static const struct lab_world one_range_pae = {.name = "one range PAE",
					       LAB_UNDER_HYPERVISOR,
					       .on_metal = true,
					       .tables = LAB_PAE,
					       .memory = LAB_MEMORY_LOW};
static const struct lab_world two_ranges_pae = {.name = "two ranges PAE",
						LAB_UNDER_HYPERVISOR,
						.on_metal = true,
						.two_ranges = true,
						.tables = LAB_PAE,
						.memory = LAB_MEMORY_LOW};

/* And one that takes the tables from memory which it has no addresses for. */
static const struct lab_world high_pae = {.name = "high PAE",
					  LAB_UNDER_HYPERVISOR,
					  .on_metal = true,
					  .high_tables = true,
					  .tables = LAB_PAE,
					  .memory = LAB_MEMORY_LOW};

static const struct lab_blame writable_table = {
	.title = "BAD_TYPE",
	.asker = "map_level",
	.holder = LAB_HELD_WRITABLE,
	.maker = "map_level",
};
static const struct lab_blame left_readonly = {
	.title = "PAGE_FAULT",
	.asker = "guest_alloc_frames",
	.holder = LAB_HELD_READONLY,
	.maker = "map_level",
};
static const struct lab_blame stray_slot = {
	.title = "BAD_TYPE",
	.asker = "map_level",
	.holder = LAB_HELD_WRITABLE,
	.maker = "guest_new_table",
};
static const struct lab_blame table_in_use = {
	.title = "NOT_WRITABLE",
	.asker = "change_alias",
	.holder = LAB_HELD_AS_TABLE,
	.maker = "map_level",
};
static const struct lab_blame readonly_slot = {
	.title = "PAGE_FAULT",
	.asker = "guest_new_table",
	.holder = LAB_HELD_READONLY,
	.maker = "guest_new_table",
};

#define BAD_TYPE                                                           \
	LAB_REFUSED, LAB_DIRECT_MAP,                                       \
		"Bad type (saw 7400000000000001 != exp 1000000000000000)", \
		&writable_table
#define FAULT \
	LAB_FAULT, LAB_P2M, "unhandled page fault (ec=0003)", &left_readonly

static const struct lab_case cases[] = {
	{&policies[USED_ONLY], &one_range, BAD_TYPE},
	{&policies[USED_ONLY], &one_range_pae, LAB_CASE_RIGHT},
	{&policies[USED_ONLY], &two_ranges, BAD_TYPE},
	{&policies[USED_ONLY], &high_pae, LAB_CASE_RIGHT},
	{&policies[USED_ONLY], &two_ranges_pae, LAB_CASE_RIGHT},
	{&policies[RO_FOREVER], &one_range, FAULT},
	{&policies[RO_FOREVER], &one_range_pae, FAULT},
	{&policies[RO_FOREVER], &two_ranges, FAULT},
	{&policies[RO_FOREVER], &high_pae, LAB_CASE_RIGHT},
	{&policies[RO_FOREVER], &two_ranges_pae, FAULT},
	{&policies[RW_PAST], &one_range, LAB_CASE_RIGHT},
	{&policies[RW_PAST], &one_range_pae, LAB_CASE_RIGHT},
	{&policies[RW_PAST], &two_ranges, LAB_CASE_RIGHT},
	{&policies[RW_PAST], &high_pae, LAB_CASE_RIGHT},
	{&policies[RW_PAST], &two_ranges_pae, LAB_CASE_RIGHT},
	{&policies[PUBLISH_FREE], &one_range, LAB_CASE_RIGHT},
	{&policies[PUBLISH_FREE], &one_range_pae, LAB_CASE_RIGHT},
	{&policies[PUBLISH_FREE], &two_ranges, LAB_CASE_RIGHT},
	{&policies[PUBLISH_FREE], &high_pae, LAB_CASE_RIGHT},
	{&policies[PUBLISH_FREE], &two_ranges_pae, LAB_CASE_RIGHT},
	{&policies[REMEMBER], &one_range, BAD_TYPE},
	{&policies[REMEMBER], &one_range_pae, LAB_CASE_RIGHT},
	{&policies[REMEMBER], &two_ranges, BAD_TYPE},
	{&policies[REMEMBER], &high_pae, LAB_CASE_RIGHT},
	{&policies[REMEMBER], &two_ranges_pae, LAB_CASE_RIGHT},
	{&policies[RAW_WALK], &one_range, BAD_TYPE},
	{&policies[RAW_WALK], &one_range_pae, LAB_CASE_RIGHT},
	{&policies[RAW_WALK], &two_ranges, BAD_TYPE},
	{&policies[RAW_WALK], &high_pae, LAB_CASE_RIGHT},
	{&policies[RAW_WALK], &two_ranges_pae, LAB_CASE_RIGHT},
	{&policies[OPEN_SLOT], &one_range_pae, LAB_REFUSED, LAB_DIRECT_MAP,
	 "Bad type (saw 7400000000000001 != exp 1000000000000000)",
	 &stray_slot},
	{&policies[OPEN_SLOT], &high_pae, LAB_REFUSED, LAB_DIRECT_MAP,
	 "Bad type (saw 7400000000000001 != exp 1000000000000000)",
	 &stray_slot},
	{&policies[WRITABLE_SLOT], &high_pae, LAB_REFUSED, LAB_PROTECT,
	 "!= exp 7000000000000000)", &table_in_use},
	{&policies[WRITABLE_SLOT], &one_range_pae, LAB_REFUSED, LAB_DIRECT_MAP,
	 "!= exp 7000000000000000)", &table_in_use},
	{&policies[MASKED_SLOT], &high_pae, LAB_FAULT, LAB_DIRECT_MAP,
	 "unhandled page fault (ec=0003)", &readonly_slot},
	{&policies[MASKED_SLOT], &one_range_pae, LAB_FAULT, LAB_DIRECT_MAP,
	 "unhandled page fault (ec=0003)", &readonly_slot},
	{&policies[NEWEST_SLOT], &one_range_pae, LAB_CASE_RIGHT},
	{&policies[NEWEST_SLOT], &high_pae, LAB_CASE_RIGHT},
	{&policies[NEWEST_SLOT], &two_ranges_pae, LAB_CASE_RIGHT},
};

const struct lab_history history_table_high = {
	.name = "table-high",
	.title = "the direct map covers the buffer that its own tables come "
		 "from",
	.source =
		"December 2010 to May 2011, \"x86-64, mm: Put early page table "
		"high\", and the workaround for it in the Xen port",
	.story =
		"The direct map takes its tables from a buffer at the top "
		"of memory, so it maps that buffer, and with it pages that "
		"are no tables yet. Mapping read-only what is a table *at "
		"that moment* (`used-only`) leaves a page writable that is "
		"taken as a table a moment later; it cannot be made "
		"read-only then, because the table that maps it is not yet "
		"reachable, and the hypervisor says `Bad type (saw "
		"7400000000000001 != exp 1000000000000000)`: it sees one "
		"writable mapping, validated, where a level-1 table is "
		"wanted. Mapping the whole buffer read-only and leaving it "
		"so (`ro-forever`) boots, and faults when the unused tail "
		"is handed out. The workaround (`rw-past`) maps all of it "
		"read-only and, from inside the entry writer, watches the "
		"reserved-memory list for the moment when the range is "
		"done. `publish-free` is the interface that was asked for: "
		"the builder of the map says what it used. `remember` (note "
		"what came too late, do it when an entry for it is written) "
		"and `raw-walk` (read the table that is being hooked) were "
		"discussed; the lab shows that both fail exactly as "
		"used-only does, because the entry that hurts stands in a "
		"table that is already pinned, and what raw-walk costs on "
		"the way: twice the hypercalls. The random boots of the "
		"test suite found a window of rw-past as well: if the "
		"second range takes its tables from the tail of the first, "
		"it does so before the first entry of the second is "
		"written, and so before the tail is writable.\n\n"
		"In the worlds of a 32-bit kernel the direct map ends with its "
		"addresses, at 856 MiB, and all L2 tables of a root are there "
		"from the first. So a table is reachable as soon as it is "
		"full, a page that is taken after that can be made read-only, "
		"and `used-only` is right there, with whatever was added to "
		"it; what `ro-forever` forgets is memory that is handed out, "
		"whatever the width.\n\n"
		"What a 32-bit kernel has to mind is the other mapping. A page "
		"of the buffer is cleared and filled before the direct map "
		"shows it, through a fixmap slot (here the library's windows); "
		"and one in high memory (`high PAE`: the direct map ends "
		"before it), as Linux had L1 tables there, is shown by nothing "
		"else, then or later. If the slot still shows it when it is "
		"pinned (`open-slot`), that is the writable mapping of which "
		"`Bad type` speaks, and the report names the slot and who set "
		"it. If slots are writable whatever they show "
		"(`writable-slot`), the first look at a table in use is "
		"refused. Linux drops such strays before a highmem table is "
		"used, and maps those in use read-only. But if the entry "
		"writer masks RW for all of the buffer, in the fixmap too "
		"(`masked-slot`), the first store that clears a page faults: "
		"it is no table yet. The exception of 2011 is the page that "
		"was taken last (`newest-slot`): it alone is writable in a "
		"slot, and the slot is emptied before the page is hooked. Of "
		"the policies before these none fails in `high PAE`: there is "
		"no entry of the direct map to be wrong, and what the buffer "
		"did not use is handed out to nobody.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
