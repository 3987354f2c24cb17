/* SPDX-License-Identifier: MIT */
/*
 * Memory for requests. Lists and arguments are kept apart: what a call writes
 * goes to the arguments, so a list, once made, is issued as it was drawn.
 * Behind each page of either lies one that is not mapped, where every count
 * that is too high comes to its end.
 */
#include "kernels/bad-hypercalls/random.h"

#define ARGS_PAGES 2
#define ARGS_WORDS (ARGS_PAGES * PAGE_SIZE / 8)

static uint8_t lists[LIST_ENTRIES + 1][2][PAGE_SIZE]
	__attribute__((aligned(4096)));
static uint8_t args[ARGS_PAGES + 1][PAGE_SIZE] __attribute__((aligned(4096)));

static void unmap(void *page)
{
	if (hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, 0,
		      UVMF_INVLPG | UVMF_ALL, 0, 0) != 0) {
		die("a guard page stays mapped");
	}
}

void lists_init(const struct bad *b)
{
	(void)b;
	for (unsigned int i = 0; i <= LIST_ENTRIES; i++) {
		unmap(lists[i][1]);
	}
	unmap(args[ARGS_PAGES]);
}

void args_fill(void)
{
	uint64_t *words = (uint64_t *)args;

	for (unsigned int i = 0; i < ARGS_WORDS; i++) {
		words[i] = box_value();
	}
}

uint64_t *args_words(unsigned int nr)
{
	return (uint64_t *)args + chance(ARGS_WORDS - nr);
}

uint64_t args_pointer(void)
{
	if (one_in(8)) {
		return box_bad_pointer();
	}
	if (one_in(16)) {
		/* Into the guard page. */
		return (uintptr_t)args[ARGS_PAGES] - chance(8) * 8;
	}
	return (uintptr_t)args_words(1) + (one_in(16) ? chance(8) : 0);
}

void *list_room(unsigned int which, unsigned int nr, size_t size)
{
	return lists[which][1] - nr * size;
}

uint64_t list_count(unsigned int nr)
{
	switch (chance(16)) {
	case 0:
		return 0;
	case 1:
		return nr + chance(64);
	case 2:
		return chance(UINT64_C(1) << 31);
	case 3:
		return UINT64_C(1) << chance(64);
	default:
		return nr;
	}
}
