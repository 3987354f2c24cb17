/* SPDX-License-Identifier: MIT */
/*
 * Areas of a thread's own: mapped at places of its arena, which nobody else
 * maps anything in, and filled with words that tell area and page. What has
 * been unmapped or protected must fault, what has been moved must be whole. A
 * place is 2 MiB and has a table of its own, so that an area that fills one
 * may be moved with its table.
 */
#include "torture.h"

#include <sys/mman.h>

#define SMALL_PAGES 48
#define BIG_STRIDE 16

void area_init(struct worker *w)
{
	unsigned char *at =
		mmap(NULL, (SPOTS + 2) * SPOT_SIZE, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED) {
		fail("mmap of an arena");
	}
	w->arena = at + (SPOT_SIZE - (uintptr_t)at % SPOT_SIZE) % SPOT_SIZE;
}

static volatile uint64_t *word(const struct slot *s, size_t page)
{
	return (uint64_t *)(s->at + page * PAGE + page * 8 % PAGE);
}

static uint64_t wanted(const struct slot *s, size_t page)
{
	return s->stamp ^ page * 0x9e3779b97f4a7c15;
}

static void fill(const struct slot *s, size_t from)
{
	for (size_t i = from; i < s->pages; i += s->stride) {
		*word(s, i) = wanted(s, i);
	}
}

static void check(const struct slot *s)
{
	for (size_t i = 0; i < s->pages; i += s->stride) {
		if (*word(s, i) != wanted(s, i)) {
			fail("an area does not hold what was written");
		}
	}
}

static unsigned int free_spot(struct worker *w)
{
	unsigned int at = random_below(w, SPOTS);

	/* There are more places than areas. */
	while (w->spot_used[at]) {
		at = (at + 1) % SPOTS;
	}
	return at;
}

/* An area that is mapped, or NULL. */
static struct slot *some(struct worker *w)
{
	unsigned int at = random_below(w, SLOTS);

	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *s = &w->slot[(at + i) % SLOTS];

		if (s->at != NULL) {
			return s;
		}
	}
	return NULL;
}

static void make(struct worker *w, struct slot *s)
{
	bool big = random_below(w, 32) == 0;

	s->spot = free_spot(w);
	s->pages = big ? SPOT_PAGES : 1 + random_below(w, SMALL_PAGES);
	s->stride = big ? BIG_STRIDE : 1;
	s->stamp = random_next(&w->random);
	s->at = mmap(w->arena + s->spot * SPOT_SIZE, s->pages * PAGE,
		     PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (s->at == MAP_FAILED) {
		fail("mmap of an area");
	}
	w->spot_used[s->spot] = true;
	for (size_t i = 0; i < s->pages; i += s->stride) {
		if (*word(s, i) != 0) {
			fail("new memory is not clear");
		}
	}
	fill(s, 0);
}

static void unmake(struct worker *w, struct slot *s)
{
	unsigned char *at = s->at;

	check(s);
	if (munmap(at, s->pages * PAGE) != 0) {
		fail("munmap of an area");
	}
	w->spot_used[s->spot] = false;
	s->at = NULL;
	if (!load_faults(at) || !store_faults(at, 1)) {
		fail("an area that was unmapped is there");
	}
}

void area_map(struct worker *w)
{
	struct slot *s = &w->slot[random_below(w, SLOTS)];

	if (s->at != NULL) {
		unmake(w, s);
		tally_add(DEED_UNMAP);
	}
	make(w, s);
	tally_add(DEED_MAP);
}

void area_check(struct worker *w)
{
	const struct slot *s = some(w);

	if (s != NULL) {
		check(s);
		tally_add(DEED_CHECK);
	}
}

void area_check_all(struct worker *w)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		if (w->slot[i].at != NULL) {
			check(&w->slot[i]);
		}
	}
}

/* Other words in all of them: a child's, of which its parent sees nothing. */
void area_spoil_all(struct worker *w)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *s = &w->slot[i];

		if (s->at != NULL) {
			s->stamp = ~s->stamp;
			fill(s, 0);
		}
	}
	area_check_all(w);
}

static void allow(const struct slot *s, int what)
{
	if (mprotect(s->at, s->pages * PAGE, what) != 0) {
		fail("mprotect of an area");
	}
}

void area_protect(struct worker *w)
{
	struct slot *s = some(w);
	size_t page;

	if (s == NULL) {
		return;
	}
	page = random_below(w, (unsigned int)s->pages) / s->stride * s->stride;
	allow(s, PROT_READ);
	if (!store_faults((volatile unsigned char *)word(s, page), 1)) {
		fail("a store to an area that is read-only");
	}
	check(s);
	if (random_below(w, 2) == 0) {
		allow(s, PROT_NONE);
		if (!load_faults((volatile unsigned char *)word(s, page))) {
			fail("a load from an area that is not to be read");
		}
	}
	allow(s, PROT_READ | PROT_WRITE);
	check(s);
	s->stamp++;
	fill(s, 0);
	tally_add(DEED_PROTECT);
}

/* To another place, in one piece; nothing is left behind. */
void area_move(struct worker *w)
{
	struct slot *s = some(w);
	unsigned char *old;
	unsigned int to;

	if (s == NULL) {
		return;
	}
	old = s->at;
	to = free_spot(w);
	s->at = mremap(old, s->pages * PAGE, s->pages * PAGE,
		       MREMAP_MAYMOVE | MREMAP_FIXED,
		       w->arena + to * SPOT_SIZE);
	if (s->at == MAP_FAILED) {
		fail("mremap of an area");
	}
	w->spot_used[s->spot] = false;
	w->spot_used[to] = true;
	s->spot = to;
	if (!load_faults(old)) {
		fail("an area that was moved is where it was");
	}
	check(s);
	tally_add(DEED_MOVE);
}

/* Smaller or larger where it is. */
void area_resize(struct worker *w)
{
	struct slot *s = some(w);
	size_t pages = 1 + random_below(w, SMALL_PAGES);
	size_t old;

	if (s == NULL || s->stride != 1) {
		return;
	}
	old = s->pages;
	/* An area of the arena's own lies behind it, unmapped or not. */
	if (pages > old &&
	    munmap(s->at + old * PAGE, (pages - old) * PAGE) != 0) {
		fail("munmap behind an area");
	}
	if (mremap(s->at, old * PAGE, pages * PAGE, 0) != s->at) {
		fail("mremap in place");
	}
	s->pages = pages;
	if (pages > old) {
		fill(s, old);
	} else if (pages < old && !load_faults(s->at + pages * PAGE)) {
		fail("the cut end of an area is there");
	}
	check(s);
	tally_add(DEED_RESIZE);
}

void area_unmap(struct worker *w)
{
	struct slot *s = some(w);

	if (s != NULL) {
		unmake(w, s);
		tally_add(DEED_UNMAP);
	}
}
