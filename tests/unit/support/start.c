/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sim/domain.h"
#include "tests/unit/support/start.h"

mfn_t start_behind(const struct start *t, uint64_t frame)
{
	const struct build_memory m = {t->s->mmu.ram, t->s->runs,
				       t->s->nr_runs};

	return build_mfn(&m, pfn(frame));
}

void *start_page(const struct start *t, uint64_t frame)
{
	return frame_data(&t->s->mmu, start_behind(t, frame));
}

uint64_t *start_entry(const struct start *t, uint64_t frame)
{
	uint64_t *page = start_page(t, t->p2m + frame / PT_ENTRIES);

	return &page[frame % PT_ENTRIES];
}

/* The rows of the tests name frames by number: they must be these. */
static void check_layout(const struct start *t, bool inside)
{
	const struct layout_range *part = t->s->layout.part;

	assert_int_equal(part[LAYOUT_P2M].pfn.v,
			 inside ? START_P2M_INSIDE : START_P2M_OUTSIDE);
	assert_int_equal(part[LAYOUT_P2M].nr, START_P2M_PAGES);
	assert_int_equal(part[LAYOUT_P2M_TABLES].nr,
			 inside ? 0 : START_P2M_FRAMES - START_P2M_PAGES);
	assert_int_equal(part[LAYOUT_START_INFO].pfn.v, t->first);
	assert_int_equal(part[LAYOUT_STORE].pfn.v, t->first + START_STORE);
	assert_int_equal(part[LAYOUT_CONSOLE].pfn.v, t->first + START_CONSOLE);
	assert_int_equal(part[LAYOUT_TABLES].pfn.v, t->first + START_TABLES);
	assert_int_equal(part[LAYOUT_TABLES].nr, START_NR_TABLES);
	assert_int_equal(part[LAYOUT_STACK].pfn.v, t->first + START_STACK);
}

static struct guest_config config_of(void)
{
	return (struct guest_config){
		.geometry = &guest_geometry_4level,
		.cpu = {.nx = true},
		.virt_base = vaddr(START_BASE),
		.kernel_start = pfn(START_KERNEL),
		.kernel_end = pfn(START_KERNEL_END),
		.text_start = pfn(START_KERNEL),
		.text_end = pfn(START_KERNEL + 8),
		.direct_base = vaddr(0xffffc00000000000),
		.windows = vaddr(START_VA(START_KERNEL_END - GUEST_WINDOWS)),
	};
}

struct start start_make(bool inside)
{
	const struct sim_config config = {
		.nr_frames = sim_frames_for(START_PAGES),
		.seed = 7,
		.hypervisor = true,
		.cpu = sim_cpu(PAGING_4LEVEL),
		.tlb = {TLB_KEEP_ALL, 16},
		.check_always = true,
	};
	const struct sim_domain domain = {
		.kernel = {vaddr(START_BASE), pfn(START_KERNEL),
			   pfn(START_KERNEL_END), !inside,
			   vaddr(START_P2M_BASE)},
		.nr_pages = START_PAGES,
		.scattered = true,
		.cmdline = "a command line",
	};
	struct build_error e = {""};
	struct start t = {.config = config_of()};

	t.s = sim_create(&config, &e);
	assert_non_null(t.s);
	assert_int_equal(sim_start_domain(t.s, &domain, &e), 0);
	t.g = &t.s->guest;
	t.start_info = t.s->built.start_info;
	t.si = frame_data(&t.s->mmu, t.s->built.start_info_frame);
	t.p2m = inside ? START_P2M_INSIDE : START_P2M_OUTSIDE;
	t.first = START_P2M_INSIDE + (inside ? START_P2M_PAGES : 0);
	check_layout(&t, inside);
	t.si->mod_start = START_VA(START_MODULE_FRAME);
	t.si->mod_len = START_MODULE_BYTES;
	t.kept = malloc(t.s->ram_bytes);
	assert_non_null(t.kept);
	return t;
}

void start_destroy(struct start *t)
{
	free(t->kept);
	sim_destroy(t->s);
}

static int guest(struct sim *s, void *argument)
{
	const struct start *t = argument;
	int error = guest_start(&s->guest, &t->config, t->start_info);

	return error == 0 ? guest_memory_map(&s->guest) : error;
}

void start_run(struct start *t)
{
	memcpy(t->kept, t->s->mmu.ram, t->s->ram_bytes);
	t->end = sim_run(t->s, guest, t);
}

/* A word of the table whose entries are the windows. */
static bool is_window(const struct start *t, uint64_t word)
{
	uint64_t l1 = start_behind(t, t->first + START_TABLES + 3).v;
	uint64_t first = l1 * PT_ENTRIES + START_KERNEL_END - GUEST_WINDOWS;

	return word >= first && word < first + GUEST_WINDOWS;
}

/* But for what the CPU notes in the entries that it uses. */
static void check_untouched(const struct start *t, const char *what)
{
	const uint64_t *now = (const uint64_t *)(const void *)t->s->mmu.ram;
	const struct guest_stats *stats = &t->g->stats;

	for (uint64_t i = 0; i < t->s->ram_bytes / sizeof(*now); i++) {
		if (((now[i] ^ t->kept[i]) & ~(PTE_A | PTE_D)) != 0 &&
		    (stats->windows == 0 || !is_window(t, i))) {
			fail_msg("%s: word %llu of mfn %llx has changed", what,
				 (unsigned long long)(i % PT_ENTRIES),
				 (unsigned long long)(i / PT_ENTRIES));
		}
	}
	assert_int_equal(stats->tables, 0);
	assert_int_equal(stats->entry_writes, stats->windows);
	assert_int_equal(stats->requests, 0);
	assert_int_equal(stats->made_readonly + stats->made_readwrite, 0);
}

/* A line of which only the beginning counts ends with a star. */
static bool same_line(const char *line, const char *says)
{
	size_t nr = strlen(says);

	if (nr > 0 && says[nr - 1] == '*') {
		return strncmp(line, says, nr - 1) == 0 &&
		       strchr(line, '\n') == NULL;
	}
	return strcmp(line, says) == 0;
}

void start_check_refused(const struct start *t, const char *what,
			 const char *says, uint64_t hypercalls)
{
	const struct guest *g = t->g;

	if (t->end != SIM_RETURNED || t->s->guest_result != -XEN_EINVAL ||
	    !same_line(g->message, says)) {
		fail_msg("%s: %s %s, %d: \"%s\"", what, sim_end_name[t->end],
			 t->s->why, t->s->guest_result, g->message);
	}
	if (g->stats.hypercalls - g->stats.windows != hypercalls) {
		fail_msg("%s: %llu hypercalls", what,
			 (unsigned long long)g->stats.hypercalls);
	}
	check_untouched(t, what);
}

void start_check_taken(const struct start *t, const char *what)
{
	if (t->end != SIM_RETURNED || t->s->guest_result != 0) {
		fail_msg("%s: %s %s, %d: \"%s\"", what, sim_end_name[t->end],
			 t->s->why, t->s->guest_result, t->g->message);
	}
	assert_int_equal(t->g->stats.hypercalls - t->g->stats.windows, 1);
	check_untouched(t, what);
}
