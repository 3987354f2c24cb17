/* SPDX-License-Identifier: MIT */
/*
 * The reference kernel: the guest library, step by step, on a machine. What
 * it prints is what it found; then it does one of these, and powers off:
 *
 *   (nothing)  tests itself, "N passed, N failed" (selftest.c)
 *   bench      counts instructions, "bench: NAME COUNT" lines (bench.c)
 *   diff       random operations and a digest of what they did (diff.c)
 *
 * On the command line, p2m=tree|linear chooses the P2M's form.
 */
#include "kernels/reference/reference.h"

extern const char image_start[], image_end[], text_start[], text_end[];
extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
void kernel_main(uint64_t start_info);

static uint8_t windows[GUEST_WINDOWS * PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE)));
static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static struct kernel the_kernel;

_Noreturn void fail(struct kernel *k, const char *step)
{
	say("kernel: %s: %s", step, k->guest.message);
	shut_down(SHUTDOWN_crash);
}

static pfn_t image_pfn(const char *at)
{
	return pfn(((uintptr_t)at - (uintptr_t)virt_base) >> PAGE_SHIFT);
}

static bool cpu_has_nx(void)
{
	return cpuid(0x80000000).eax > 0x80000000 &&
	       (cpuid(0x80000001).edx & 1u << 20) != 0;
}

static struct guest_config config(void)
{
	return (struct guest_config){
		.geometry = &KERNEL_GEOMETRY,
		.cpu = {.nx = cpu_has_nx()},
		.virt_base = vaddr((uintptr_t)virt_base),
		.kernel_start = image_pfn(image_start),
		.kernel_end = image_pfn(image_end),
		.text_start = image_pfn(text_start),
		.text_end = image_pfn(text_end),
		.direct_base = vaddr(DIRECT_BASE),
		.memory_limit =
			pfn(KERNEL_DIRECT_END == 0
				    ? 0
				    : (KERNEL_DIRECT_END - DIRECT_BASE) >>
					      PAGE_SHIFT),
		.windows = vaddr((uintptr_t)windows),
	};
}

static void say_memory(struct guest *g)
{
	for (unsigned int i = 0; i < g->e820.nr; i++) {
		const struct guest_e820_entry *e = &g->e820.entry[i];

		say("memory: %lx to %lx, %s", e->addr, e->addr + e->size,
		    e->type == GUEST_E820_RAM ? "RAM" : "not RAM");
	}
	say("memory: %lu frames, %lu of them free",
	    guest_memblock_nr_memory(&g->memblock),
	    guest_memblock_nr_free(&g->memblock));
}

static void say_boot(const struct guest_boot *b)
{
	say("boot: %lu pages, command line \"%s\"", b->nr_pages, b->cmdline);
	say("boot: initial mapping to pfn %lx, tables %lx to %lx",
	    b->mapped_end.v, b->tables_start.v, b->tables_end.v);
	say("boot: P2M at %lx, frames %lx to %lx", b->p2m_list.v,
	    b->p2m_start.v, b->p2m_end.v);
}

/* shared_info shows where a page fault was. */
static void map_shared(struct kernel *k, uint64_t at)
{
	uint64_t e =
		k->guest.boot.shared_info.v | PTE_P | PTE_RW | PTE_A | PTE_D;

	if (ask_mapping(at, e) != 0) {
		die("shared_info cannot be mapped");
	}
	k->shared = (struct shared_info *)(uintptr_t)at;
	traps_init(k->shared);
}

/* A direct map that has the image's addresses has them for its frames. */
static void move_shared(struct kernel *k)
{
	struct guest *g = &k->guest;

	if (KERNEL_DIRECT_END == 0) {
		return;
	}
	/* For the sake of its tables. */
	must(k,
	     guest_map(g, &g->kernel, vaddr(KERNEL_DIRECT_END),
		       image_pfn((const char *)shared_page), PTE_P | PTE_A),
	     "a place for shared_info");
	map_shared(k, KERNEL_DIRECT_END);
}

static void step(struct kernel *k, const char *name, int error)
{
	if (error != 0) {
		fail(k, name);
	}
	say("start: %s", name);
}

static bool tests_itself(const struct kernel *k)
{
	const char *cmdline = k->guest.boot.cmdline;

	return !cmdline_has(cmdline, "bench") && !cmdline_has(cmdline, "diff");
}

/* The P2M as it would have been without holes: the tests count its frames. */
static void build_anew(struct kernel *k, bool linear)
{
	struct guest *g = &k->guest;

	step(k, "own P2M, anew", guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)));
	if (linear) {
		step(k, "and linear",
		     guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(LINEAR_P2M)));
	}
}

static void start_of_day(struct kernel *k, uint64_t start_info)
{
	struct guest_config c = config();
	struct guest *g = &k->guest;
	const char *cmdline = g->boot.cmdline;
	uint64_t moved = 0;
	bool linear;

	if (guest_start(g, &c, vaddr(start_info)) != 0) {
		fail(k, "start_info");
	}
	say_boot(&g->boot);
	map_shared(k, (uintptr_t)shared_page);
	linear = word_is(cmdline_text(cmdline, "p2m"), "linear");
	step(k, "memory map", guest_memory_map(g));
	say_memory(g);
	step(k, "own tables", guest_own_tables(g));
	step(k, "direct map", guest_direct_map(g));
	move_shared(k);
	step(k, "own P2M",
	     guest_p2m_build(g, linear ? GUEST_P2M_LINEAR : GUEST_P2M_TREE,
			     vaddr(LINEAR_P2M)));
	if (tests_itself(k)) {
		selftest_early(k);
	}
	step(k, "run time", guest_run_time(g));
	step(k, "builder's P2M dropped", guest_drop_p2m(g));
	step(k, "initial mapping's surplus dropped", guest_drop_surplus(g));
	step(k, "holes emptied", guest_move_holes(g, &moved));
	say("start: %lu frames moved out of holes", moved);
	if (moved != 0) {
		build_anew(k, linear);
	}
	say("start: %lu frames free, %lu hypercalls, %lu entries written",
	    guest_memblock_nr_free(&g->memblock), g->stats.hypercalls,
	    g->stats.entry_writes);
}

bool check(struct kernel *k, bool ok, const char *sentence)
{
	unsigned int nr =
		ok ? ++k->passed + k->failed : k->passed + ++k->failed;

	say("%s %lu - %s", ok ? "ok" : "not ok", (uint64_t)nr, sentence);
	return ok;
}

bool check_value(struct kernel *k, int64_t is, int64_t expected,
		 const char *sentence)
{
	if (is != expected) {
		say("# is %ld, expected %ld", is, expected);
	}
	return check(k, is == expected, sentence);
}

pfn_t frame_new(struct kernel *k)
{
	pfn_t frame;

	if (guest_alloc_frames(&k->guest, 1, &frame) != 0) {
		fail(k, "a frame for a test");
	}
	return frame;
}

void must(struct kernel *k, int error, const char *what)
{
	if (error != 0) {
		fail(k, what);
	}
}

void frame_free(struct kernel *k, pfn_t frame)
{
	must(k, guest_free_frames(&k->guest, frame, 1), "a frame given back");
}

uint64_t *frame_ptr(struct kernel *k, pfn_t frame)
{
	return (uint64_t *)(uintptr_t)guest_direct_va(&k->guest, frame).v;
}

mfn_t frame_mfn(struct kernel *k, pfn_t frame)
{
	return guest_p2m_get(&k->guest, frame);
}

static void run_mode(struct kernel *k)
{
	const char *cmdline = k->guest.boot.cmdline;

	if (cmdline_has(cmdline, "bench")) {
		benchmarks(k);
	} else if (cmdline_has(cmdline, "diff")) {
		differential(k);
	} else {
		selftest(k);
		say("%lu passed, %lu failed", (uint64_t)k->passed,
		    (uint64_t)k->failed);
	}
}

void kernel_main(uint64_t start_info)
{
	struct kernel *k = &the_kernel;

	say("Pagewarden reference kernel");
	start_of_day(k, start_info);
	run_mode(k);
	shut_down(SHUTDOWN_poweroff);
}
