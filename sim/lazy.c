/* SPDX-License-Identifier: MIT */
/*
 * A page of the M2P that has not been filled holds zeros, but for entries
 * that the engine has set meanwhile; these stay. Entry 0 for "pfn 0" cannot
 * be told from an unfilled one, but the engine writes it only for the frame
 * behind pfn 0, which it is filled with anyway, or in an exchange that looks
 * up both frames first.
 */
#include "sim/lazy.h"

#include <stdlib.h>
#include <string.h>

#include "builder/guest_memory.h"
#include "sim/memory.h"

#define PER_PAGE (PAGE_SIZE / sizeof(uint64_t))

static bool get_bit(const uint8_t *map, uint64_t n)
{
	return (map[n / 8] >> (n % 8) & 1) != 0;
}

static void set_bit(uint8_t *map, uint64_t n)
{
	map[n / 8] = (uint8_t)(map[n / 8] | 1u << (n % 8));
}

static struct build_memory memory_of(const struct sim *s)
{
	return (struct build_memory){s->mmu.ram, s->runs, s->nr_runs};
}

/* What the M2P says of a frame from the start: its run's number, or none. */
static uint64_t from_runs(const struct sim *s, uint64_t frame)
{
	for (unsigned int i = 0; i < s->nr_runs; i++) {
		const struct pfn_run *r = &s->runs[i];

		if (frame - r->mfn.v < r->nr) {
			return r->pfn.v + (frame - r->mfn.v);
		}
	}
	return INVALID_FRAME;
}

int lazy_assign(struct sim *s)
{
	const struct frame one = {.count = 1,
				  .owner = s->dom.tag,
				  .flags = FRAME_ALLOCATED};

	s->m2p_filled = calloc(s->mmu.nr_frames / PER_PAGE / 8 + 1, 1);
	if (s->m2p_filled == NULL) {
		return -XEN_ENOMEM;
	}
	for (unsigned int i = 0; i < s->nr_runs; i++) {
		const struct pfn_run *r = &s->runs[i];

		if (memory_repeat(frame_of(&s->mmu, r->mfn),
				  r->nr * sizeof(one), &one,
				  sizeof(one)) != 0) {
			return -XEN_ENOMEM;
		}
		s->dom.nr_pages += r->nr;
	}
	return 0;
}

static uint64_t words_bytes(const struct sim *s)
{
	return s->layout.part[LAYOUT_P2M].nr * sizeof(*s->p2m_words);
}

int lazy_p2m(struct sim *s)
{
	s->p2m_made = calloc(s->layout.part[LAYOUT_P2M].nr / 8 + 1, 1);
	s->p2m_words = memory_reserve(words_bytes(s));
	return s->p2m_made == NULL || s->p2m_words == NULL ? -XEN_ENOMEM : 0;
}

void lazy_fini(struct sim *s)
{
	free(s->m2p_filled);
	free(s->p2m_made);
	memory_release(s->p2m_words, words_bytes(s));
}

uint64_t sim_m2p(struct sim *s, mfn_t frame)
{
	uint64_t page = frame.v / PER_PAGE;
	uint64_t end = (page + 1) * PER_PAGE;

	if (s->m2p_filled != NULL && !get_bit(s->m2p_filled, page)) {
		set_bit(s->m2p_filled, page);
		if (end > s->mmu.nr_frames) {
			end = s->mmu.nr_frames;
		}
		for (uint64_t f = page * PER_PAGE; f < end; f++) {
			if (s->mmu.m2p[f] == 0) {
				s->mmu.m2p[f] = from_runs(s, f);
			}
		}
	}
	return s->mmu.m2p[frame.v];
}

/* The page of the list that is at a machine address; false: none is. */
static bool list_page(const struct sim *s, maddr_t at, uint64_t *ret)
{
	const struct layout_range *list = &s->layout.part[LAYOUT_P2M];

	if (s->p2m_made == NULL) {
		return false;
	}
	*ret = from_runs(s, maddr_to_mfn(at).v) - list->pfn.v;
	return *ret < list->nr && !get_bit(s->p2m_made, *ret);
}

/* nr entries of the list from one on. */
static void generate(const struct sim *s, uint64_t first, uint64_t *to,
		     uint64_t nr)
{
	struct build_memory memory = memory_of(s);
	uint64_t end = s->layout.nr_pages;

	for (uint64_t i = first; i < first + nr;) {
		struct guest_cursor c;
		uint64_t n;

		if (i >= end) {
			*to++ = INVALID_FRAME;
			i++;
			continue;
		}
		c = guest_cursor_at(&memory, pfn(i));
		n = c.run->nr - c.offset;
		n = n < first + nr - i ? n : first + nr - i;
		n = n < end - i ? n : end - i;
		for (uint64_t j = 0; j < n; j++) {
			*to++ = guest_cursor_mfn(&c).v + j;
		}
		i += n;
	}
}

/* The same of one page, as it is by now. */
static void generate_page(const struct sim *s, uint64_t page, uint64_t first,
			  uint64_t *to, uint64_t nr)
{
	const struct lazy_word *w = &s->p2m_words[page];

	generate(s, page * PER_PAGE + first, to, nr);
	if (w->written && w->index - first < nr) {
		to[w->index - first] = w->value;
	}
}

bool lazy_read(struct sim *s, void *to, maddr_t at, uint64_t bytes)
{
	uint64_t entry[PER_PAGE];
	uint64_t offset = page_offset(at.v);
	uint64_t first = offset / sizeof(uint64_t);
	uint64_t page;

	if (!list_page(s, at, &page)) {
		return false;
	}
	generate_page(s, page, first, entry,
		      (offset + bytes + sizeof(uint64_t) - 1) /
				      sizeof(uint64_t) -
			      first);
	memcpy(to, (uint8_t *)entry + offset % sizeof(uint64_t), bytes);
	return true;
}

/* The one word of a page that is written without the page. */
static bool write_word(struct lazy_word *w, maddr_t at, const void *from,
		       uint64_t bytes)
{
	uint16_t index = (uint16_t)(page_offset(at.v) / sizeof(w->value));

	if (from == NULL || bytes != sizeof(w->value) ||
	    at.v % sizeof(w->value) != 0 || (w->written && w->index != index)) {
		return false;
	}
	w->written = true;
	w->index = index;
	memcpy(&w->value, from, sizeof(w->value));
	return true;
}

bool lazy_write(struct sim *s, maddr_t at, const void *from, uint64_t bytes)
{
	uint64_t page;

	if (!list_page(s, at, &page)) {
		return false;
	}
	if (write_word(&s->p2m_words[page], at, from, bytes)) {
		return true;
	}
	if (bytes != PAGE_SIZE) {
		generate_page(s, page, 0, frame_data(&s->mmu, maddr_to_mfn(at)),
			      PER_PAGE);
	}
	set_bit(s->p2m_made, page);
	return false;
}
