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

void selftest(struct kernel *k)
{
	run(k, test_boot);
	run(k, test_pin);
	run(k, test_start);
	run(k, test_memblock);
	run(k, test_e820);
	run(k, test_p2m);
	run(k, test_p2m_build);
	run(k, test_lookup);
	run(k, test_entry);
	run(k, test_protect);
	run(k, test_table);
	run(k, test_hook);
	run(k, test_map);
	run(k, test_space);
	run(k, test_batch);
	run(k, test_frames);
	run(k, test_exchange);
	test_room(k);
	run(k, test_tlb);
	run(k, test_refusals);
	run(k, test_write);
}

void selftest_early(struct kernel *k)
{
	note_builders(k);
	/* A 32-bit kernel's builder has hooked some that are empty. */
	drop_tables(k, TEST_BASE);
	drop_tables(k, TEST_OTHER);
	run(k, test_teardown);
}
