/* SPDX-License-Identifier: MIT */
/*
 * What lab/check.c reads from the simulated machine, as far as the kernel can
 * see it itself: the tables as the CPU has them, the hypervisor's M2P, and the
 * hypervisor's answers. Of the library's records only the root is believed,
 * and the memory map, which is the hypervisor's too.
 *
 * Whether a frame is a table is for the hypervisor to say: one that may be
 * made writable is none, and had no reason to be read-only.
 */
#include "kernels/lab/check.h"

#include "kernels/common/kernel.h"
#include "kernels/common/pv.h"

enum mistake {
	MISSING,
	WRONG,
	BEYOND,
	EXECUTABLE,
	NOT_EXECUTABLE,
	TABLE_FREE,
	LEFT_READONLY,
	OLD_P2M,
	MISTAKES,
};

static const char *const mistake_text[MISTAKES] = {
	[MISSING] = "RAM is not mapped",
	[WRONG] = "RAM is mapped to another frame",
	[BEYOND] = "mapped, and no RAM",
	[EXECUTABLE] = "executable, and no kernel text",
	[NOT_EXECUTABLE] = "kernel text that cannot be executed",
	[TABLE_FREE] = "a table that is taken for free memory",
	[LEFT_READONLY] = "memory that is left read-only",
	[OLD_P2M] = "the builder's P2M was here, and it is no free memory",
};

struct checker {
	struct guest *g;
	uint64_t pages;
	/* The stretch of each mistake that may still grow. */
	pfn_t first[MISTAKES];
	uint64_t nr[MISTAKES];
};

static void flush_stretch(struct checker *c, enum mistake m)
{
	if (c->nr[m] != 0) {
		say("lab: pfn %lx to %lx: %s", c->first[m].v,
		    c->first[m].v + c->nr[m] - 1, mistake_text[m]);
		c->nr[m] = 0;
	}
}

static void note(struct checker *c, enum mistake m, pfn_t at)
{
	c->pages++;
	if (c->nr[m] == 0 || c->first[m].v + c->nr[m] != at.v) {
		flush_stretch(c, m);
		c->first[m] = at;
	}
	c->nr[m]++;
}

static uint64_t m2p(mfn_t frame)
{
	return ((const volatile xen_pfn_t *)MACH2PHYS_VIRT_START)[frame.v];
}

/* The L1 entry of an address; NX above level 1 counts as if it were there. A
 * PAE root's entries have none, and no RW either. */
static pte_t walk(struct guest *g, vaddr_t va)
{
	uint64_t nx = 0;
	pfn_t table = g->kernel.root;

	for (unsigned int level = g->config.geometry->levels;; level--) {
		const pte_t *at =
			(const pte_t *)(uintptr_t)guest_direct_va(g, table).v;
		pte_t e = pte_read(&at[pt_index(va, level)]);

		if (level == 1 || !pte_present(e)) {
			return pte(e.v | nx);
		}
		nx |= e.v & PTE_NX;
		table = pfn(m2p(pte_mfn(e)));
	}
}

static bool is_text(const struct guest *g, pfn_t at)
{
	const struct guest_config *c = &g->config;

	return c->direct_base.v == c->virt_base.v && at.v >= c->text_start.v &&
	       at.v < c->text_end.v;
}

static void check_rights(struct checker *c, pfn_t at, pte_t e)
{
	vaddr_t va = guest_direct_va(c->g, at);
	bool nx = (e.v & PTE_NX) != 0;

	if (c->g->config.cpu.nx && !nx && !is_text(c->g, at)) {
		note(c, EXECUTABLE, at);
	}
	if (nx && is_text(c->g, at)) {
		note(c, NOT_EXECUTABLE, at);
	}
	if (pte_writable(e)) {
		return;
	}
	if (map_page((const void *)(uintptr_t)va.v, e.v | PTE_RW) == 0) {
		note(c, LEFT_READONLY, at);
	} else if (!guest_memblock_is_reserved(&c->g->memblock, at)) {
		note(c, TABLE_FREE, at);
	}
}

static void check_page(struct checker *c, pfn_t at)
{
	pte_t e = walk(c->g, guest_direct_va(c->g, at));

	if (!guest_memblock_is_memory(&c->g->memblock, at)) {
		if (pte_present(e)) {
			note(c, BEYOND, at);
		}
	} else if (!pte_present(e)) {
		note(c, MISSING, at);
	} else if (m2p(pte_mfn(e)) != at.v) {
		note(c, WRONG, at);
	} else {
		check_rights(c, at, e);
	}
}

/* Pinned is what can be unpinned. */
static bool is_pinned(mfn_t frame)
{
	struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE};

	op.arg1.mfn = (xen_pfn_t)frame.v;
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			 DOMID_SELF, 0) == 0;
}

static void check_old_p2m(struct checker *c, const struct lab_kernel *k)
{
	for (pfn_t at = k->old_p2m; at.v < k->old_p2m_end.v;
	     at = pfn_add(at, 1)) {
		pte_t e = walk(c->g, guest_direct_va(c->g, at));

		if ((e.v & (PTE_P | PTE_RW)) != (PTE_P | PTE_RW) ||
		    guest_memblock_is_reserved(&c->g->memblock, at) ||
		    is_pinned(pte_mfn(e))) {
			note(c, OLD_P2M, at);
		}
	}
}

uint64_t lab_mistakes(struct guest *g, const struct lab_kernel *k)
{
	struct checker c = {.g = g};

	/* First: the other check makes writable what it finds read-only. */
	check_old_p2m(&c, k);
	for (pfn_t at = pfn(0); at.v < guest_memblock_end(&g->memblock).v;
	     at = pfn_add(at, 1)) {
		check_page(&c, at);
	}
	for (enum mistake m = 0; m < MISTAKES; m++) {
		flush_stretch(&c, m);
	}
	return c.pages;
}
