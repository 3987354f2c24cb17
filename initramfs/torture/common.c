/* SPDX-License-Identifier: MIT */
/*
 * A page that all threads of a process write, each a word of its own, and
 * that one of them at a time closes to writing, or takes away, while the
 * others go on. From the moment the system call returns no processor may write
 * it: what changes after that was written through a translation that should
 * have been forgotten.
 */
#include "torture.h"

#include <string.h>
#include <sys/mman.h>

#define WRITES 20000
#define LOOKS 200

static void *page_at(void *at)
{
	void *page =
		mmap(at, PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | (at != NULL ? MAP_FIXED : 0),
		     -1, 0);

	if (page == MAP_FAILED) {
		fail("mmap of the common page");
	}
	return page;
}

void common_init(struct team *t)
{
	t->common = page_at(NULL);
	t->aside = page_at(NULL);
}

void common_write(struct worker *w)
{
	struct team *t = w->team;

	add_many(&t->common[w->index * 8], WRITES);
	tally_add(DEED_COMMON_WRITE);
}

static bool take(struct team *t)
{
	return !__atomic_exchange_n(&t->common_taken, true, __ATOMIC_ACQUIRE);
}

static void give_back(struct team *t)
{
	__atomic_store_n(&t->common_taken, false, __ATOMIC_RELEASE);
}

/* Nobody writes it any more. */
static void watch(const volatile uint64_t *page)
{
	uint64_t first[THREADS];

	for (unsigned int i = 0; i < THREADS; i++) {
		first[i] = page[i * 8];
	}
	for (unsigned int n = 0; n < LOOKS; n++) {
		for (unsigned int i = 0; i < THREADS; i++) {
			if (page[i * 8] != first[i]) {
				fail("a store to a page that was closed");
			}
		}
	}
}

void common_close(struct worker *w)
{
	struct team *t = w->team;
	void *page = (void *)t->common;

	if (!take(t)) {
		return;
	}
	if (mprotect(page, PAGE, PROT_READ) != 0) {
		fail("mprotect of the common page");
	}
	watch(t->common);
	if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0) {
		fail("mprotect of the common page");
	}
	give_back(t);
	tally_add(DEED_COMMON_CLOSE);
}

/* The page goes aside; a new one takes its place. */
void common_take(struct worker *w)
{
	struct team *t = w->team;
	void *page = (void *)t->common;

	if (!take(t)) {
		return;
	}
	if (mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, t->aside) !=
	    t->aside) {
		fail("mremap of the common page");
	}
	watch((volatile uint64_t *)t->aside);
	page_at(page);
	watch((volatile uint64_t *)t->aside);
	give_back(t);
	tally_add(DEED_COMMON_TAKE);
}
