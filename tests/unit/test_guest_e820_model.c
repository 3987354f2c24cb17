/* SPDX-License-Identifier: MIT */
/*
 * Any memory map, right or wrong, against a model that compares all entries
 * with all others and looks at memory a quarter of a page at a time. What the
 * model finds wrong is refused with a line and nothing changed; of what it
 * finds right, each page is what the model says. PW_SEED=N looks at one map.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "abi/xen.h"
#include "pagewarden/e820.h"
#include "pagewarden/guest.h"
#include "sim/random.h"

#define PAGES UINT64_C(16)
/* Pages that are looked at: entries may reach beyond nr_pages. */
#define SEEN UINT64_C(36)
#define QUARTER UINT64_C(0x400)
#define MAPS 20000

struct trial {
	struct sim_random random;
	struct guest_e820_map map;
	struct guest *g;
	unsigned int right;
	unsigned int wrong;
};

static uint64_t below(struct trial *t, uint64_t n)
{
	return sim_random_below(&t->random, n);
}

static void add(struct trial *t, uint64_t addr, uint64_t end, uint64_t type)
{
	t->map.entry[t->map.nr++] =
		(struct guest_e820_entry){addr, end - addr, (uint32_t)type};
}

/* A right one: with holes, and RAM where the guest has no frames. */
static void make_map(struct trial *t)
{
	/* All in pages, or cut anywhere. */
	uint64_t unit = below(t, 3) ? QUARTER : PAGE_SIZE;
	bool holes = below(t, 2);
	uint64_t at = 0;

	memset(&t->map, 0, sizeof(t->map));
	do {
		uint64_t end;
		uint64_t type = below(t, 2) ? GUEST_E820_RAM : 2 + below(t, 3);

		at += holes && below(t, 2) ? unit * below(t, 6) : 0;
		end = at + unit * (1 + below(t, 12));
		add(t, at, end, type);
		at = end;
	} while (at < (SEEN - 3) << PAGE_SHIFT && below(t, 20));
}

/* One mistake, or what may be one. */
static void spoil(struct trial *t)
{
	unsigned int i = (unsigned int)below(t, t->map.nr);
	unsigned int j = (unsigned int)below(t, t->map.nr);
	struct guest_e820_entry *e = &t->map.entry[i];
	struct guest_e820_entry other = t->map.entry[j];

	switch (below(t, 9)) {
	case 0:
		e->size = 0;
		break;
	case 1:
		e->addr += QUARTER;
		break;
	case 2:
		e->addr -= QUARTER; /* of 0: wraps around */
		break;
	case 3:
		e->size += QUARTER;
		break;
	case 4:
		e->size -= QUARTER;
		break;
	case 5:
		e->type = GUEST_E820_RAM;
		break;
	case 6:
		t->map.entry[j] = *e;
		*e = other;
		break;
	case 7:
		e->size = -e->addr - QUARTER * below(t, 2);
		break;
	default:
		*e = t->map.entry[--t->map.nr];
		break;
	}
}

static bool overlap(const struct guest_e820_entry *a,
		    const struct guest_e820_entry *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

static bool entry_right(const struct guest_e820_map *map, unsigned int i)
{
	const struct guest_e820_entry *e = &map->entry[i];

	if (e->size == 0 || e->addr + e->size < e->addr) {
		return false;
	}
	for (unsigned int j = 0; j < i; j++) {
		if (map->entry[j].addr > e->addr ||
		    overlap(&map->entry[j], e)) {
			return false;
		}
	}
	return true;
}

/* The type at an address; 0: nothing describes it. */
static uint32_t type_at(const struct guest_e820_map *map, uint64_t at)
{
	for (unsigned int i = 0; i < map->nr; i++) {
		const struct guest_e820_entry *e = &map->entry[i];

		if (at >= e->addr && at - e->addr < e->size) {
			return e->type;
		}
	}
	return 0;
}

static bool map_right(const struct guest_e820_map *map)
{
	for (unsigned int i = 0; i < map->nr; i++) {
		if (!entry_right(map, i)) {
			return false;
		}
	}
	return map->nr > 0;
}

/* RAM if all of it is; else the first that is not RAM has the page, if any. */
static uint32_t page_type(const struct guest_e820_map *map, uint64_t page)
{
	uint32_t first = 0;
	bool all_ram = true;

	for (unsigned int i = 0; i < 4; i++) {
		uint32_t type =
			type_at(map, (page << PAGE_SHIFT) + i * QUARTER);

		all_ram = all_ram && type == GUEST_E820_RAM;
		if (first == 0 && type != GUEST_E820_RAM) {
			first = type;
		}
	}
	return all_ram ? GUEST_E820_RAM : first;
}

static void check_form(const struct guest_e820_map *map)
{
	for (unsigned int i = 0; i < map->nr; i++) {
		const struct guest_e820_entry *e = &map->entry[i];

		assert_int_equal(page_offset(e->addr | e->size), 0);
		assert_true(e->size > 0);
		if (i > 0) {
			uint64_t end = e[-1].addr + e[-1].size;

			assert_true(e->addr > end ||
				    (e->addr == end && e->type != e[-1].type));
		}
	}
}

static void check_right(struct trial *t, uint64_t seed)
{
	const struct guest_e820_map given = t->map;
	struct guest_e820_map again;
	struct guest_memblock m;

	if (guest_e820_sanitise(t->g, &t->map) != 0) {
		fail_msg("PW_SEED=%llu: %s", (unsigned long long)seed,
			 t->g->message);
	}
	check_form(&t->map);
	guest_memblock_init(&m);
	assert_int_equal(guest_e820_to_memblock(t->g, &t->map, PAGES, &m), 0);
	for (uint64_t page = 0; page < SEEN; page++) {
		uint32_t type = page_type(&given, page);

		if (type_at(&t->map, page << PAGE_SHIFT) != type ||
		    guest_memblock_is_memory(&m, pfn(page)) !=
			    (type == GUEST_E820_RAM && page < PAGES)) {
			fail_msg("PW_SEED=%llu: page %llu",
				 (unsigned long long)seed,
				 (unsigned long long)page);
		}
	}
	/* There is nothing left to mend. */
	again = t->map;
	assert_int_equal(guest_e820_sanitise(t->g, &again),
			 again.nr == 0 ? -XEN_EINVAL : 0);
	assert_memory_equal(&again, &t->map, sizeof(again));
}

static void check_wrong(struct trial *t, uint64_t seed)
{
	const struct guest_e820_map given = t->map;

	t->g->message[0] = '\0';
	if (guest_e820_sanitise(t->g, &t->map) != -XEN_EINVAL) {
		fail_msg("PW_SEED=%llu: taken", (unsigned long long)seed);
	}
	assert_memory_equal(&given, &t->map, sizeof(given));
	assert_int_equal(strncmp(t->g->message, "E820: ", 6), 0);
	assert_null(strchr(t->g->message, '\n'));
}

static void try_one(struct trial *t, uint64_t seed)
{
	t->random = sim_random_seed(seed);
	make_map(t);
	if (below(t, 4)) {
		spoil(t);
	} else {
		assert_true(map_right(&t->map));
	}
	if (map_right(&t->map)) {
		t->right++;
		check_right(t, seed);
	} else {
		t->wrong++;
		check_wrong(t, seed);
	}
}

static void any_map_is_refused_or_each_page_is_what_it_says(void **state)
{
	const char *one = getenv("PW_SEED");
	struct trial *t = calloc(1, sizeof(*t));

	(void)state;
	assert_non_null(t);
	t->g = calloc(1, sizeof(*t->g));
	assert_non_null(t->g);
	if (one != NULL) {
		try_one(t, strtoull(one, NULL, 0));
	} else {
		for (uint64_t seed = 1; seed <= MAPS; seed++) {
			try_one(t, seed);
		}
		print_message("%u maps right, %u wrong\n", t->right, t->wrong);
		/* Both must have come up often. */
		assert_true(t->right > MAPS / 3 && t->wrong > MAPS / 3);
	}
	free(t->g);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			any_map_is_refused_or_each_page_is_what_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
