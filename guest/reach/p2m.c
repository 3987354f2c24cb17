/* SPDX-License-Identifier: MIT */
/*
 * Looking up entries of the P2M, whatever its form. Below the form there is
 * one question: at which address is the entry of a frame.
 */
#include "guest/reach/reach.h"

vaddr_t guest_p2m_tree_entry(struct guest *g, pfn_t frame, vaddr_t *ret_mid)
{
	const struct guest_p2m *p = &g->p2m;
	uint64_t top = frame.v / (GUEST_P2M_PER_PAGE * GUEST_P2M_PER_PAGE);
	uint64_t middle = frame.v / GUEST_P2M_PER_PAGE % GUEST_P2M_PER_PAGE;
	pfn_t mid;
	pfn_t leaf;

	mid = pfn(guest_port_load64(g, vaddr_add(guest_direct_va(g, p->top),
						 top * 8)));
	*ret_mid = vaddr_add(guest_direct_va(g, mid), middle * 8);
	leaf = pfn(guest_port_load64(g, *ret_mid));
	return vaddr_add(guest_direct_va(g, leaf),
			 frame.v % GUEST_P2M_PER_PAGE * 8);
}

/* The builder's list has the guest's words; what is our own has 8 bytes. */
static unsigned int entry_bytes(const struct guest *g)
{
	return g->p2m.kind == GUEST_P2M_LIST ? g->config.geometry->word : 8;
}

vaddr_t guest_p2m_entry_va(struct guest *g, pfn_t frame)
{
	vaddr_t mid;

	if (g->p2m.kind == GUEST_P2M_TREE) {
		return guest_p2m_tree_entry(g, frame, &mid);
	}
	return vaddr_add(g->p2m.list, frame.v * entry_bytes(g));
}

static uint64_t from_word(uint32_t word)
{
	return word == UINT32_MAX ? INVALID_FRAME : word;
}

uint64_t guest_list_load(struct guest *g, vaddr_t at)
{
	return g->config.geometry->word == 4
		       ? from_word(guest_port_load32(g, at))
		       : guest_port_load64(g, at);
}

void guest_list_store(struct guest *g, vaddr_t at, uint64_t value)
{
	if (g->config.geometry->word == 4) {
		/* Frame numbers of such a guest have no more than 32 bits. */
		guest_port_store32(g, at, (uint32_t)value);
	} else {
		guest_port_store64(g, at, value);
	}
}

/*
 * Words of 4 bytes are read into the end of the buffer, and spread from its
 * beginning on: what is written never comes up with what is still to be read.
 */
void guest_list_read(struct guest *g, uint64_t *to, vaddr_t from,
		     unsigned int nr)
{
	const unsigned int word = g->config.geometry->word;
	uint8_t *end = (uint8_t *)(to + nr);

	guest_port_read(g, end - (size_t)nr * word, from, (size_t)nr * word);
	for (unsigned int i = 0; word == 4 && i < nr; i++) {
		uint32_t value;

		__builtin_memcpy(&value, end - (size_t)(nr - i) * word, word);
		to[i] = from_word(value);
	}
}

void guest_p2m_entry_store(struct guest *g, vaddr_t at, uint64_t value)
{
	if (g->p2m.kind == GUEST_P2M_LIST) {
		guest_list_store(g, at, value);
	} else {
		guest_port_store64(g, at, value);
	}
}

static void read_entries(struct guest *g, uint64_t *to, vaddr_t from,
			 unsigned int nr)
{
	if (g->p2m.kind == GUEST_P2M_LIST) {
		guest_list_read(g, to, from, nr);
	} else {
		guest_port_read(g, to, from, nr * sizeof(*to));
	}
}

mfn_t guest_p2m_get(struct guest *g, pfn_t frame)
{
	if (frame.v >= g->p2m.nr) {
		return MFN_INVALID;
	}
	if (g->p2m.kind == GUEST_P2M_IDENTITY) {
		return mfn(frame.v);
	}
	if (g->p2m.kind == GUEST_P2M_LIST) {
		return mfn(guest_list_load(g, guest_p2m_entry_va(g, frame)));
	}
	return mfn(guest_port_load64(g, guest_p2m_entry_va(g, frame)));
}

void guest_p2m_get_many(struct guest *g, pfn_t frame, uint64_t *ret_mfns,
			unsigned int nr)
{
	unsigned int i = 0;

	while (i < nr) {
		pfn_t at = pfn_add(frame, i);
		uint64_t in_page =
			GUEST_P2M_PER_PAGE - at.v % GUEST_P2M_PER_PAGE;
		unsigned int step =
			nr - i < in_page ? nr - i : (unsigned int)in_page;

		if (g->p2m.kind == GUEST_P2M_IDENTITY || at.v >= g->p2m.nr ||
		    g->p2m.nr - at.v < step) {
			ret_mfns[i++] = guest_p2m_get(g, at).v;
			continue;
		}
		read_entries(g, &ret_mfns[i], guest_p2m_entry_va(g, at), step);
		i += step;
	}
}

pfn_t guest_p2m_find(struct guest *g, mfn_t frame)
{
	pfn_t own;

	if (g->p2m.kind == GUEST_P2M_IDENTITY) {
		return frame.v < g->p2m.nr ? pfn(frame.v) : PFN_INVALID;
	}
	if (!guest_port_m2p(g, frame, &own) ||
	    !mfn_eq(guest_p2m_get(g, own), frame)) {
		return PFN_INVALID;
	}
	return own;
}
