/* SPDX-License-Identifier: MIT */
/* Between the steps from the first instruction to a running kernel. */
#ifndef PW_GUEST_START_START_H
#define PW_GUEST_START_START_H

#include "guest/table/table.h"

/* Page frames fit 40 bits, so that no shift of one overflows. */
#define MAX_PAGES (UINT64_C(1) << MFN_BITS)

/* struct start_info, of either width: every number has room here. */
struct guest_start_info {
	char magic[32];
	uint64_t nr_pages;
	uint64_t shared_info;
	uint32_t flags;
	uint64_t store_mfn;
	uint32_t store_evtchn;
	uint64_t console_mfn;
	uint32_t console_evtchn;
	uint64_t pt_base;
	uint64_t nr_pt_frames;
	uint64_t mfn_list;
	uint64_t mod_start;
	uint64_t mod_len;
	uint64_t first_p2m_pfn;
	uint64_t nr_p2m_frames;
	int8_t cmd_line[GUEST_CMDLINE_SIZE];
};

/* start_info.c: from the guest's memory, in the words of its geometry; */
void guest_start_info_load(struct guest *g, struct guest_start_info *si,
			   vaddr_t at);
/* into g->boot; what it places must be apart. */
GUEST_MUST_CHECK int guest_start_info_read(struct guest *g,
					   const struct guest_start_info *si,
					   vaddr_t at);
GUEST_MUST_CHECK int guest_start_info_check_overlaps(struct guest *g);

/* initial.c: before the builder's list is read. */
GUEST_MUST_CHECK int guest_initial_check_p2m(struct guest *g);
/* Where the root is not the first of the builder's tables: where they begin. */
GUEST_MUST_CHECK int guest_initial_find_tables(struct guest *g);
GUEST_MUST_CHECK int guest_initial_find_end(struct guest *g);

/* directmap.c: how many tables mapping so much can take at most. */
uint64_t guest_directmap_estimate(const struct guest *g, uint64_t bytes);

/*
 * builders_p2m.c. A P2M outside: its list and its tables are where start_info
 * says, so that none of them is taken for free memory. Looks at them through
 * windows.
 */
GUEST_MUST_CHECK int guest_check_p2m_frames(struct guest *g);
/* The root's slots that it has, [*ret_first, *ret_last]. */
void guest_builders_p2m_slots(const struct guest *g, unsigned int *ret_first,
			      unsigned int *ret_last);
/* One of them, and the table below it. */
GUEST_MUST_CHECK int guest_builders_p2m_slot(struct guest *g,
					     unsigned int index,
					     struct guest_slot *ret_slot,
					     pfn_t *ret_table);
/* All tables and pages below one are frames of the P2M's own stretch. */
GUEST_MUST_CHECK int guest_builders_p2m_check(struct guest *g,
					      unsigned int level, pfn_t table);

/* p2m_linear.c */
GUEST_MUST_CHECK int guest_p2m_linear_build(struct guest *g,
					    struct guest_p2m *p);
/* What is mapped beyond nr_mapped is somebody else's. */
GUEST_MUST_CHECK int guest_p2m_linear_free(struct guest *g,
					   struct guest_p2m *p);

/* Is an entry of a table that may have some one of the hypervisor's? */
static inline bool hypervisors_slot(const struct guest *g, unsigned int level,
				    unsigned int index)
{
	const struct guest_geometry *s = g->config.geometry;

	return level == s->xen_level && index >= s->xen_first &&
	       index <= s->xen_last;
}

static inline unsigned int va_slot(const struct guest *g, uint64_t va)
{
	return guest_geometry_index(g->config.geometry, vaddr(va),
				    g->config.geometry->levels);
}

#endif
