/* SPDX-License-Identifier: MIT */
/*
 * Micro-benchmarks: what one request to the hypervisor costs, with as little
 * as possible of the guest around it. The time-stamp counter is read before
 * and after; under QEMU's `-icount shift=0` it advances by one for each
 * instruction, whether the kernel's or the hypervisor's, so the numbers are
 * counts of instructions and repeat. On a machine without that they are
 * cycles of the counter.
 *
 * Every row puts back what it changed; at the end as many frames must be free
 * as were at the start.
 */
#include "kernels/reference/bench.h"

#define WARM_UP 10

/*
 * A hypervisor may answer an unpin before it has let go of every table below,
 * and do the rest with the next request. An empty one waits for that, so that
 * a row pays for all it began and for nothing that was begun before.
 */
static void settle(void)
{
	struct mmu_update none;

	bench_must(hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&none, 0, 0,
			     DOMID_SELF, 0) == 0,
		   "an empty mmu_update");
}

void bench_measure(const char *name, bench_op op, void *what,
		   unsigned int repeat)
{
	uint64_t start;
	uint64_t took;

	for (unsigned int i = 0; i < repeat / WARM_UP + 1; i++) {
		op(what);
	}
	settle();
	start = rdtsc();
	for (unsigned int i = 0; i < repeat; i++) {
		op(what);
	}
	settle();
	took = rdtsc() - start;
	say("bench: %s %lu", name, (took + repeat / 2) / repeat);
}

void bench_must(bool ok, const char *what)
{
	if (!ok) {
		say("kernel: benchmark: %s failed", what);
		die("a benchmark could not be done");
	}
}

void bench_readonly(struct kernel *k, pfn_t first, uint64_t nr)
{
	struct guest *g = &k->guest;

	for (uint64_t i = 0; i < nr; i++) {
		if (guest_make_readonly(g, pfn_add(first, i)) != 0) {
			fail(k, "tables made read-only");
		}
	}
	/* What the TLB still holds as writable must not serve as a table. */
	if (guest_flush_tlb(g) != 0 || guest_flush(g) != 0) {
		fail(k, "tables made read-only");
	}
}

void bench_readwrite(struct kernel *k, pfn_t first, uint64_t nr)
{
	struct guest *g = &k->guest;

	for (uint64_t i = 0; i < nr; i++) {
		if (guest_make_readwrite(g, pfn_add(first, i), GUEST_FLUSH)) {
			fail(k, "tables made writable");
		}
	}
	if (guest_flush(g) != 0) {
		fail(k, "tables made writable");
	}
}

static void null_hypercall(void *what)
{
	(void)what;
	bench_must(hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0,
			     0) > 0,
		   "xen_version");
}

void benchmarks(struct kernel *k)
{
	uint64_t nr_free = guest_memblock_nr_free(&k->guest.memblock);

	bench_measure("null-hypercall", null_hypercall, NULL, 10000);
	bench_entries(k);
	bench_pins(k);
	bench_traps(k);
	bench_must(guest_memblock_nr_free(&k->guest.memblock) == nr_free,
		   "giving back every frame");
	say("bench: end 0");
}
