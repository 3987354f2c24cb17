/* SPDX-License-Identifier: MIT */
/* The P2M: one at a time, many, the way back, and changes. */
#include "kernels/reference/selftest.h"

#define MANY 700

static uint64_t many[MANY];

static void outside(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t nr = g->p2m.nr;

	check(k,
	      guest_p2m_get(g, pfn(nr)).v == INVALID_FRAME &&
		      guest_p2m_get(g, PFN_INVALID).v == INVALID_FRAME,
	      "p2m: there is nothing beyond its end");
	check(k,
	      guest_p2m_set(g, pfn(nr), mfn(0)) == -XEN_EINVAL &&
		      guest_p2m_set(g, PFN_INVALID, mfn(0)) == -XEN_EINVAL,
	      "p2m: and nothing can be set there");
}

static bool same_many(struct kernel *k, uint64_t first)
{
	guest_p2m_get_many(&k->guest, pfn(first), many, MANY);
	for (unsigned int i = 0; i < MANY; i++) {
		if (many[i] != guest_p2m_get(&k->guest, pfn(first + i)).v) {
			say("# pfn %lx", first + i);
			return false;
		}
	}
	return true;
}

static void get_many(struct kernel *k)
{
	uint64_t nr = k->guest.p2m.nr;

	check(k, same_many(k, 0) && same_many(k, 0x1ff) && same_many(k, 0x335),
	      "p2m: many are what each of them is");
	check(k,
	      same_many(k, nr - 100) &&
		      (many[99] != INVALID_FRAME ||
		       nr > k->guest.boot.nr_pages) &&
		      many[100] == INVALID_FRAME,
	      "p2m: also over its end");
}

/* Every frame that is there leads to a machine frame that leads back. */
static void all(struct kernel *k)
{
	uint64_t nr = 0;
	uint64_t there = 0;
	uint64_t back = 0;

	for (uint64_t i = 0; i < k->guest.p2m.nr; i++) {
		mfn_t f = guest_p2m_get(&k->guest, pfn(i));

		nr += guest_memblock_is_memory(&k->guest.memblock, pfn(i));
		if (f.v != INVALID_FRAME) {
			there++;
			back += m2p(f) == i &&
				guest_p2m_find(&k->guest, f).v == i;
		}
	}
	say("# %lu frames of memory, %lu in the P2M, %lu in the M2P", nr, there,
	    back);
	check(k, nr == there && there == back,
	      "p2m: every frame of memory has a machine frame that knows it");
}

/* Machine frames that are none of ours. */
static void foreign(struct kernel *k)
{
	struct guest *g = &k->guest;
	uint64_t e = walk(k, g->kernel.root, MACH2PHYS_VIRT_START, SLOT_LEVEL);

	check(k, pte_present(pte(e)),
	      "p2m: the root shows the hypervisor's own table");
	check(k, guest_p2m_find(g, pte_mfn(pte(e))).v == INVALID_FRAME,
	      "p2m: whose frame is not ours");
	check(k,
	      guest_p2m_find(g, maddr_to_mfn(g->boot.shared_info)).v ==
		      INVALID_FRAME,
	      "p2m: nor is shared_info");
	check(k,
	      guest_p2m_find(g, MFN_INVALID).v == INVALID_FRAME &&
		      guest_p2m_find(g, mfn(UINT64_C(1) << 36)).v ==
			      INVALID_FRAME &&
		      guest_p2m_find(g, mfn((UINT64_C(1) << 34) - 1)).v ==
			      INVALID_FRAME,
	      "p2m: nor is what the machine does not have");
}

static void set(struct kernel *k)
{
	struct guest *g = &k->guest;
	pfn_t a = frame_new(k);
	pfn_t b = frame_new(k);
	mfn_t f = frame_mfn(k, a);
	mfn_t of_b = frame_mfn(k, b);

	check_value(k, guest_p2m_set(g, a, MFN_INVALID), 0,
		    "p2m: a frame is taken out");
	check(k,
	      guest_p2m_get(g, a).v == INVALID_FRAME && m2p(f) == a.v &&
		      guest_p2m_find(g, f).v == INVALID_FRAME,
	      "p2m: the M2P alone is not believed");
	check(k, guest_make_pte(g, a, FLAGS_RW).v == 0,
	      "p2m: and there is no entry for it");
	check(k,
	      guest_p2m_set(g, b, f) == 0 &&
		      guest_p2m_find(g, f).v == INVALID_FRAME &&
		      guest_p2m_set(g, b, of_b) == 0,
	      "p2m: nor is the P2M alone");
	check(k, guest_p2m_set(g, a, f) == 0 && guest_p2m_find(g, f).v == a.v,
	      "p2m: put back, it is found again");
	frame_free(k, b);
	frame_free(k, a);
}

void test_p2m(struct kernel *k)
{
	outside(k);
	get_many(k);
	all(k);
	foreign(k);
	set(k);
}
