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

/* Shows tables that the direct map does not. */
static volatile pte_t eye[PT_ENTRIES] __attribute__((aligned(PAGE_SIZE)));

struct checker {
	struct guest *g;
	bool high; /* there are such */
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

/* A table, where it can be read. */
static const volatile pte_t *table_at(struct guest *g, pfn_t table, mfn_t frame)
{
	static mfn_t shown = {INVALID_FRAME};

	if (guest_memblock_is_memory(&g->memblock, table)) {
		return (const pte_t *)(uintptr_t)guest_direct_va(g, table).v;
	}
	if (!mfn_eq(shown, frame) &&
	    map_page((const void *)eye,
		     pte_make(frame, PTE_P | PTE_A | PTE_D).v) == 0) {
		shown = frame;
	}
	return eye;
}

/* The L1 entry of an address; NX above level 1 counts as if it were there. A
 * PAE root's entries have none, and no RW either. */
static pte_t walk(struct guest *g, vaddr_t va)
{
	uint64_t nx = 0;
	pfn_t table = g->kernel.root;
	mfn_t frame = {INVALID_FRAME};

	for (unsigned int level = g->config.geometry->levels;; level--) {
		const volatile pte_t *at = table_at(g, table, frame);
		pte_t e = pte(at[pt_index(va, level)].v);

		if (level == 1 || !pte_present(e)) {
			return pte(e.v | nx);
		}
		nx |= e.v & PTE_NX;
		frame = pte_mfn(e);
		table = pfn(m2p(frame));
	}
}

/* A page of the image that shows a table for want of another mapping. */
static bool is_slot(const struct checker *c, pfn_t at)
{
	const uint64_t va = guest_direct_va(c->g, at).v;

	return c->high &&
	       (va == (uintptr_t)eye ||
		va - c->g->config.windows.v < GUEST_WINDOWS * PAGE_SIZE);
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
	} else if (is_slot(c, at)) {
		return;
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
	pfn_t end;
	struct checker c = {.g = g, .high = k->low_end.v != 0};

	/* First: the other check makes writable what it finds read-only. */
	check_old_p2m(&c, k);
	end = guest_memblock_end(&g->memblock);
	if (c.high) {
		end = pfn(g->boot.nr_pages); /* of which nothing is mapped */
	}
	for (pfn_t at = pfn(0); at.v < end.v; at = pfn_add(at, 1)) {
		check_page(&c, at);
	}
	for (enum mistake m = 0; m < MISTAKES; m++) {
		flush_stretch(&c, m);
	}
	return c.pages;
}
