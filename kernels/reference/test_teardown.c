/* SPDX-License-Identifier: MIT */
/*
 * The P2M while the builder's list is still there, in the middle of the start
 * of day: taken down, built again in both forms, with requests that go out at
 * once.
 */
#include "kernels/reference/selftest.h"

void test_teardown(struct kernel *k)
{
	struct guest *g = &k->guest;
	struct guest_p2m before = g->p2m;
	uint64_t said = p2m_digest(k);
	uint64_t had = nr_free(k);
	uint64_t down;

	check_value(k, guest_p2m_teardown(g), 0,
		    "teardown: the P2M is taken down");
	down = nr_free(k);
	check(k,
	      g->p2m.kind == GUEST_P2M_LIST && p2m_digest(k) == said &&
		      down >= had + before.nr_frames,
	      "teardown: the builder's says the same");
	check_value(k, guest_p2m_teardown(g), -XEN_EINVAL,
		    "teardown: it is not taken down twice");
	check_value(k, guest_drop_p2m(g), -XEN_EBUSY,
		    "teardown: the builder's is not dropped while in use");
	check(k,
	      guest_p2m_build(g, GUEST_P2M_LINEAR, vaddr(TEST_BASE)) == 0 &&
		      p2m_digest(k) == said && guest_p2m_teardown(g) == 0 &&
		      p2m_digest(k) == said && nr_free(k) == down &&
		      walk(k, g->kernel.root, TEST_BASE, LEVELS) == 0,
	      "teardown: a linear one is built and taken down");
	check(k,
	      guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)) == 0 &&
		      p2m_digest(k) == said && guest_p2m_teardown(g) == 0 &&
		      p2m_digest(k) == said && nr_free(k) == down,
	      "teardown: and a tree");
	check(k,
	      guest_p2m_build(g, before.kind, before.list) == 0 &&
		      p2m_digest(k) == said && nr_free(k) == had &&
		      g->p2m.nr_frames == before.nr_frames,
	      "teardown: and the first again, in as many frames");
}
