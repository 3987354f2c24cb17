/* SPDX-License-Identifier: MIT */
/*
 * Any memory map, with holes and room for more, any memory size from 8 MiB to 1
 * TiB, any load address: after the start of day, when what was in holes has
 * been moved and frames have come and gone, the direct map is complete and
 * exact, no table is writable, no frame is lost, and the audit finds no
 * difference. Each boot is made from a seed; a failure prints it, and PW_SEED=N
 * runs that one alone. PW_BOOTS=N makes N boots.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lab/check.h"
#include "lab/history.h"
#include "lab/kernel.h"
#include "sim/check.h"
#include "sim/domain.h"
#include "sim/fault.h"
#include "sim/machine.h"
#include "sim/random.h"
#include "sim/sim.h"

#define MIB_PAGES UINT64_C(256)
#define GIB_PAGES (1024 * MIB_PAGES)
#define SMALLEST (8 * MIB_PAGES)
#define LARGEST (1024 * GIB_PAGES)
/* More RAM than this in a map would take the test too long. */
#define MOST_RAM (512 * MIB_PAGES)
#define BOOTS 150
#define BIG_BOOTS 4

struct boot {
	uint64_t seed;
	struct sim_random random;
	struct sim_domain domain;
	struct lab_kernel kernel;
	struct sim *s;
	char note[256]; /* what it is, for a failure's message */
};

static bool chance(struct boot *b, unsigned int percent)
{
	return sim_random_below(&b->random, 100) < percent;
}

static uint64_t between(struct boot *b, uint64_t low, uint64_t high)
{
	return sim_random_between(&b->random, low, high);
}

/* Each power of two as likely as the next. */
static uint64_t log_uniform(struct boot *b, uint64_t low, uint64_t high)
{
	unsigned int low_bits = 63 - (unsigned int)__builtin_clzll(low);
	unsigned int high_bits = 63 - (unsigned int)__builtin_clzll(high);
	uint64_t size = UINT64_C(1) << between(b, low_bits, high_bits);

	size += sim_random_below(&b->random, size);
	return size < low ? low : size > high ? high : size;
}

/* A base for the initial mapping: page-aligned, anywhere that a guest has. */
static uint64_t load_base(struct boot *b)
{
	switch (sim_random_below(&b->random, 5)) {
	case 0:
		return UINT64_C(0xffffffff80000000);
	case 1:
		return UINT64_C(0xffffffff00000000) -
		       (between(b, 0, 255) << 30);
	case 2: /* the lower half, not aligned to a table */
		return UINT64_C(0x100000000000) + (between(b, 1, 4000) << 12);
	case 3:
		return 0;
	default:
		return UINT64_C(0xffff900000000000) + (between(b, 0, 63) << 39);
	}
}

static void choose_kernel(struct boot *b, uint64_t pages)
{
	uint64_t most = pages / 8;
	uint64_t size = between(b, 64, most < 2048 ? most : 2048);
	/* One in four begins at once: there is nothing below it. */
	uint64_t start = chance(b, 25) ? 0 : between(b, 1, pages / 4);

	if (start > 4096) {
		start = 4096;
	}
	b->domain.kernel = (struct sim_kernel){
		.virt_base = vaddr(load_base(b)),
		.start = pfn(start),
		.end = pfn(start + size),
		.has_init_p2m = chance(b, 60),
		/* Below the bases of load_base(), but for 0. */
		.init_p2m = vaddr(between(b, 1, 31) << 39),
	};
}

static void choose_policies(struct boot *b, uint64_t pages)
{
	const char *const right[] = {"table-high/publish-free",
				     "table-high/rw-past", "template/query"};
	const struct sim_kernel *k = &b->domain.kernel;
	bool over = k->virt_base.v >> 39 != 0 && chance(b, 25);

	b->kernel = (struct lab_kernel){
		.config =
			{
				.geometry = &guest_geometry_4level,
				.cpu = {.nx = chance(b, 75)},
				.virt_base = k->virt_base,
				.kernel_start = k->start,
				.kernel_end = k->end,
				.text_start = k->start,
				.text_end =
					pfn_add(k->start, between(b, 1, 30)),
				.direct_base =
					over ? k->virt_base
					     : vaddr(UINT64_C(
						       0xffffc00000000000)),
				.windows =
					vaddr_add(k->virt_base,
						  (k->end.v - between(b, 4, 32))
							  << PAGE_SHIFT),
				.policy =
					lab_find_policy(right[between(b, 0, 2)])
						->map,
			},
		.top_taken = chance(b, 50) ? between(b, 1, pages / 64) : 0,
	};
}

static void add_entry(struct sim *s, uint64_t *at, uint64_t nr, uint32_t type)
{
	struct guest_e820_entry *e = &s->e820.entry[s->e820.nr];

	if (nr == 0) {
		return;
	}
	*e = (struct guest_e820_entry){*at << PAGE_SHIFT, nr << PAGE_SHIFT,
				       type};
	*at += nr;
	s->e820.nr++;
}

/* One boot in two: RAM from nr_pages on, with or without a gap before it. */
static void choose_room(struct boot *b, uint64_t at)
{
	for (unsigned int i = 0; i < 2 && chance(b, 70); i++) {
		at += chance(b, 50) ? log_uniform(b, 1, GIB_PAGES) : 0;
		add_entry(b->s, &at, log_uniform(b, 1, 4096), GUEST_E820_RAM);
	}
}

/*
 * Frames that come, some of them only for a while: from the top down, so that
 * the last are among what the holes' frames were moved to.
 */
static int come_and_go(struct guest *g)
{
	const struct sim *s = sim_of_guest(g);
	uint64_t may = s->dom.max_pages - s->dom.nr_pages;
	pfn_t at = g->room_end;
	int error = 0;

	may = may < SIM_SPARE_FRAMES ? may : SIM_SPARE_FRAMES;
	while (error == 0 && may > 0 && at.v > g->boot.nr_pages) {
		at = pfn(at.v - 1);
		if (!pfn_eq(guest_e820_next_ram(&g->e820, at), at) ||
		    guest_memblock_is_memory(&g->memblock, at)) {
			continue;
		}
		error = guest_take_frame(g, at);
		if (error == 0 && may % 2 == 0) {
			error = guest_give_frame(g, at);
		}
		if (error == 0 && may % 2 == 0) {
			error = guest_take_frame(g, at);
		}
		if (error == 0) {
			error = guest_free_frames(g, at, 1);
		}
		may--;
	}
	return error;
}

static int holes_and_room(struct guest *g, struct lab_kernel *k)
{
	int error = guest_move_holes(g, NULL);

	(void)k;
	return error == 0 ? come_and_go(g) : error;
}

static const struct lab_deed holes_deed = {LAB_DEED, holes_and_room};

/* RAM under all that the builder places; then stretches as they come. */
static void choose_e820(struct boot *b)
{
	struct sim *s = b->s;
	uint64_t pages = b->domain.nr_pages;
	const struct layout_range *last = &s->layout.part[LAYOUT_FREE];
	uint64_t placed = last->nr != 0 ? last->pfn.v : pages;
	/* Tables and P2M need free RAM: a 64th of all, and something. */
	uint64_t ram = placed + pages / 32 + 1024;
	uint64_t most = ram + MOST_RAM;
	uint64_t at = 0;

	b->kernel.deed = &holes_deed;
	s->e820.nr = 0;
	s->has_e820 = chance(b, 80) || pages > MOST_RAM;
	add_entry(s, &at, ram < pages ? ram : pages, GUEST_E820_RAM);
	/*
	 * Two ranges, each with room for its tables. Not with rw-past, which
	 * goes wrong if the second takes them from the first's tail.
	 */
	if (at < pages && chance(b, 40) &&
	    b->kernel.config.policy !=
		    lab_find_policy("table-high/rw-past")->map) {
		b->kernel.split = pfn(between(b, at, pages));
	}
	while (at < pages) {
		uint64_t left = pages - at;
		uint64_t nr = s->e820.nr > 40 ? left : log_uniform(b, 1, left);
		bool is_ram = chance(b, 50) && ram + nr < most;

		if (s->e820.nr < 40 && chance(b, 20)) {
			at += nr < left ? nr : left; /* nobody's */
			continue;
		}
		add_entry(s, &at, nr < left ? nr : left,
			  is_ram ? GUEST_E820_RAM : (uint32_t)between(b, 2, 5));
		ram += is_ram ? nr : 0;
	}
	choose_room(b, at);
}

static struct tlb_config choose_tlb(struct boot *b)
{
	const enum tlb_keep keep[] = {TLB_KEEP_NOTHING, TLB_KEEP_LRU,
				      TLB_KEEP_RANDOM, TLB_KEEP_ALL};

	return (struct tlb_config){keep[between(b, 0, 3)],
				   (unsigned int)between(b, 1, 64)};
}

/* The memory map is checked on its own, and then the boot begins again. */
static void check_reserved(struct sim *s, const struct lab_kernel *k)
{
	const enum layout_part parts[] = {
		LAYOUT_KERNEL,     LAYOUT_P2M,   LAYOUT_P2M_TABLES,
		LAYOUT_START_INFO, LAYOUT_STORE, LAYOUT_CONSOLE,
		LAYOUT_TABLES,     LAYOUT_STACK,
	};
	struct guest *g = &s->guest;

	assert_int_equal(guest_start(g, &k->config, k->start_info), 0);
	assert_int_equal(guest_memory_map(g), 0);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct layout_range *r = &s->layout.part[parts[i]];

		for (uint64_t n = 0; n < r->nr; n++) {
			assert_true(
				guest_memblock_is_reserved(&g->memblock,
							   pfn_add(r->pfn, n)));
		}
	}
}

static int guest(struct sim *s, void *argument)
{
	int error;

	check_reserved(s, argument);
	error = lab_boot(&s->guest, argument);

	if (error != 0) {
		fault_invalid_opcode(s);
	}
	return error;
}

/* False: the builder has no place for it, which is its right to say. */
static bool start(struct boot *b, uint64_t pages, bool lazy)
{
	const struct sim_config config = {
		.nr_frames = sim_frames_for(pages),
		.seed = b->seed,
		.hypervisor = true,
		.cpu = sim_cpu(PAGING_4LEVEL),
		.tags = b->seed & (TAGS_PCID | TAGS_INVPCID | TAGS_GLOBAL),
		.tlb = choose_tlb(b),
	};
	struct build_error e = {""};

	b->s = sim_create(&config, &e);
	assert_non_null(b->s);
	b->domain.nr_pages = pages;
	b->domain.scattered = chance(b, 70);
	b->domain.lazy = lazy;
	b->domain.p2m = chance(b, 80) ? LAYOUT_P2M_AS_NOTED : LAYOUT_P2M_INSIDE;
	(void)snprintf(b->note, sizeof(b->note),
		       "PW_SEED=%llu: %llu pages, image %llx to %llx at %llx",
		       (unsigned long long)b->seed, (unsigned long long)pages,
		       (unsigned long long)b->domain.kernel.start.v,
		       (unsigned long long)b->domain.kernel.end.v,
		       (unsigned long long)b->domain.kernel.virt_base.v);
	if (sim_start_domain(b->s, &b->domain, &e) != 0) {
		assert_true(e.text[0] != '\0');
		sim_destroy(b->s);
		return false;
	}
	b->kernel.start_info = b->s->built.start_info;
	return true;
}

static void finish(struct boot *b)
{
	struct lab_findings f;
	enum sim_end end = sim_run(b->s, guest, &b->kernel);
	struct tlb_entry e;

	if (end != SIM_RETURNED) {
		fail_msg("%s: %s at %s: %s\n%s", b->note, sim_end_name[end],
			 lab_step_name[b->kernel.step], b->s->why,
			 sim_log_text(&b->s->log));
	}
	lab_check(b->s, &b->kernel, &f);
	/* Each is behind RAM now, whatever the map was. */
	if (b->kernel.deed == &holes_deed &&
	    guest_memblock_nr_memory(&b->s->guest.memblock) !=
		    b->s->dom.nr_pages) {
		fail_msg("%s: %llu frames of %llu are memory", b->note,
			 (unsigned long long)guest_memblock_nr_memory(
				 &b->s->guest.memblock),
			 (unsigned long long)b->s->dom.nr_pages);
	}
	if (lab_findings_total(&f) != 0) {
		fail_msg("%s: %llu mistakes, audit %llu\n%s", b->note,
			 (unsigned long long)lab_findings_total(&f),
			 (unsigned long long)f.audit, sim_log_text(&f.lines));
	}
	if (!check_tlb(b->s, &e) || b->s->stats.stale_allowed != 0 ||
	    b->s->stats.stale_denied != 0) {
		fail_msg("%s: %llu stale uses, the last of %llx", b->note,
			 (unsigned long long)b->s->stats.stale_allowed,
			 (unsigned long long)b->s->last_stale.va.v);
	}
	lab_findings_fini(&f);
	sim_destroy(b->s);
}

static bool boot_one(uint64_t seed)
{
	struct boot b = {.seed = seed, .random = sim_random_seed(seed)};
	uint64_t pages = log_uniform(&b, SMALLEST, 2 * MOST_RAM);

	choose_kernel(&b, pages);
	choose_policies(&b, pages);
	if (!start(&b, pages, false)) {
		return false;
	}
	choose_e820(&b);
	finish(&b);
	return true;
}

static bool boot_big(uint64_t seed)
{
	struct boot b = {.seed = seed, .random = sim_random_seed(seed)};
	uint64_t pages = log_uniform(&b, 16 * GIB_PAGES, LARGEST);
	uint64_t p2m = pages / 512;

	choose_kernel(&b, 64 * MIB_PAGES);
	b.domain.kernel.has_init_p2m = true;
	b.domain.kernel.virt_base = vaddr(UINT64_C(0xffffffff80000000));
	choose_policies(&b, 64 * MIB_PAGES);
	/* As with mem=: what holds the P2M, and some. */
	b.kernel.config.memory_limit =
		pfn(p2m + p2m / 64 + 128 * MIB_PAGES + between(&b, 0, 65536));
	if (!start(&b, pages, true)) {
		return false;
	}
	finish(&b);
	return true;
}

static bool from_environment(const char *name, uint64_t *ret)
{
	const char *text = getenv(name);

	if (text != NULL) {
		*ret = strtoull(text, NULL, 0);
	}
	return text != NULL;
}

static void any_boot_leaves_a_right_machine(void **state)
{
	uint64_t boots = BOOTS;
	uint64_t nr = 0;
	uint64_t seed;

	(void)state;
	(void)from_environment("PW_BOOTS", &boots);
	if (from_environment("PW_SEED", &seed)) {
		assert_true(boot_one(seed));
		return;
	}
	for (seed = 1; seed <= boots; seed++) {
		nr += boot_one(seed);
	}
	/* Not many may be refused, or this tests nothing. */
	print_message("%llu of %llu boots were possible\n",
		      (unsigned long long)nr, (unsigned long long)boots);
	assert_true(nr > boots / 2);
}

static void so_does_a_big_one(void **state)
{
	unsigned int nr = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= BIG_BOOTS; seed++) {
		nr += boot_big(seed);
	}
	assert_true(nr > 0);
}

/* Frames between the list and pt_base that nothing names: tables, perhaps. */
static int reserve_between(struct sim *s, void *argument)
{
	const struct lab_kernel *k = argument;
	struct guest *g = &s->guest;

	assert_int_equal(guest_start(g, &k->config, k->start_info), 0);
	assert_int_equal(guest_memory_map(g), 0);
	assert_true(g->boot.p2m_end.v <
		    s->layout.part[LAYOUT_START_INFO].pfn.v);
	for (pfn_t at = g->boot.p2m_start; at.v < g->boot.tables_end.v;
	     at = pfn_add(at, 1)) {
		assert_true(guest_memblock_is_reserved(&g->memblock, at));
	}
	return 0;
}

static void all_from_the_list_to_pt_base_is_reserved(void **state)
{
	struct boot b = {.seed = 1, .random = sim_random_seed(1)};
	struct start_info *si;

	(void)state;
	choose_kernel(&b, 64 * MIB_PAGES);
	choose_policies(&b, 64 * MIB_PAGES);
	b.domain.kernel.has_init_p2m = false;
	assert_true(start(&b, 64 * MIB_PAGES, false));
	/* A list of two frames less than the builder made room for. */
	si = frame_data(&b.s->mmu, b.s->built.start_info_frame);
	si->nr_pages -= 1024;
	b.s->dom.nr_pfns = si->nr_pages;
	assert_int_equal(sim_run(b.s, reserve_between, &b.kernel),
			 SIM_RETURNED);
	sim_destroy(b.s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_boot_leaves_a_right_machine),
		cmocka_unit_test(so_does_a_big_one),
		cmocka_unit_test(all_from_the_list_to_pt_base_is_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
