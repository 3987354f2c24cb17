/* SPDX-License-Identifier: MIT */
/*
 * Self-tests: what the library did, and each of its calls, read back through
 * the hypervisor's eyes (its M2P, its refusals, the CPU's faults), not through
 * the library's. One file a subject, test_*.c.
 */
#include "kernels/reference/selftest.h"

static void run(struct kernel *k, void (*test)(struct kernel *k))
{
	uint64_t before = nr_free(k);

	test(k);
	if (nr_free(k) != before) {
		say("# %lu frames free before, %lu after", before, nr_free(k));
	}
	check(k, nr_free(k) == before, "no frame is lost");
}

/* What speaks of an L4 is for a 64-bit kernel. */
static void run_wide(struct kernel *k, void (*test)(struct kernel *k))
{
	if (k->guest.config.geometry->levels == 4) {
		run(k, test);
	}
}

void selftest(struct kernel *k)
{
	run(k, test_boot);
	run_wide(k, test_pin);
	run(k, test_start);
	run(k, test_memblock);
	run(k, test_e820);
	run(k, test_p2m);
	run(k, test_p2m_build);
	run_wide(k, test_lookup);
	run_wide(k, test_entry);
	run(k, test_protect);
	run_wide(k, test_table);
	run_wide(k, test_hook);
	run_wide(k, test_map);
	run_wide(k, test_space);
	run(k, test_batch);
	run(k, test_frames);
	run(k, test_exchange);
	test_room(k);
	run(k, test_tlb);
	run_wide(k, test_refusals);
	run_wide(k, test_write);
}

void selftest_early(struct kernel *k)
{
	note_builders(k);
	run(k, test_teardown);
}
