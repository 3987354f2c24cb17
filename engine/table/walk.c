/* SPDX-License-Identifier: MIT */
/*
 * Walks of live tables by software. A walk follows entries that the guest
 * made: what it may follow is decided here, once, for all who ask for the
 * entry behind an address.
 */
#include "engine/table/walk.h"

#include "engine/table/refs.h"
#include "engine/table/level.h"

unsigned int mmu_walk(const struct mmu *m, const struct pt_width *w, mfn_t root,
		      vaddr_t va, pte_t entries[5])
{
	mfn_t table = root;
	unsigned int read = 0;

	if (!pt_vaddr_ok(w, va)) {
		return 0;
	}
	for (unsigned int level = w->top; level >= 1; level--) {
		if (!mfn_valid(m, table)) {
			break;
		}
		entries[level] =
			pte_read(&frame_ptes(m, table)[pt_index(va, level)]);
		read++;
		if (!pte_present(entries[level]) ||
		    (level > 1 && (entries[level].v & PTE_PS) != 0)) {
			break;
		}
		table = pte_mfn(entries[level]);
	}
	return read;
}

/* The hypervisor's slots, and the tables that they are in. */
struct ours {
	enum frame_type type;
	unsigned int first, last;
};

static inline pte_t *entry_at(const struct mmu *m, maddr_t table,
			      unsigned int index)
{
	return (pte_t *)(void *)(m->ram + table.v) + index;
}

/* Is the entry one of them? Which table it is in, is asked seldom. */
static inline bool is_ours(const struct mmu *m, struct ours ours, maddr_t table,
			   unsigned int index)
{
	return unlikely(index - ours.first <= ours.last - ours.first &&
			frame_of(m, maddr_to_mfn(table))->type == ours.type);
}

/*
 * Once for each width, with what it differs in known to the compiler. From
 * address to address: a frame's number is made of the last only.
 */
static inline __attribute__((always_inline)) pte_t *find(const struct mmu *m,
							 mfn_t root, vaddr_t va,
							 unsigned int top,
							 struct ours ours,
							 mfn_t *ret_table)
{
	maddr_t table = mfn_to_maddr(root);

	/*
	 * Live tables: a guest's entry leads to a validated table, of the
	 * level below or, through a linear entry, of the same. So one that has
	 * slots of the hypervisor's may turn up at any step, and they must not
	 * be followed at any.
	 */
#pragma GCC unroll 3
	for (unsigned int level = top; level > 1; level--) {
		unsigned int index = pt_index(va, level);
		pte_t e = pte_read(entry_at(m, table, index));

		if (unlikely(!pte_present(e) ||
			     is_ours(m, ours, table, index))) {
			return NULL;
		}
		table = maddr(e.v & PTE_FRAME_MASK);
	}
	if (is_ours(m, ours, table, pt_index(va, 1))) {
		return NULL;
	}
	*ret_table = maddr_to_mfn(table);
	return entry_at(m, table, pt_index(va, 1));
}

pte_t *mmu_find_l1e(struct mmu_vcpu *v, vaddr_t va, mfn_t *ret_table)
{
	const struct mmu *m = v->dom->m;

	if (unlikely(!pt_vaddr_ok(v->dom->width, va))) {
		return NULL;
	}
	if (likely(v->dom->width->top == 4)) {
		return find(m, v->kernel_root, va, 4,
			    (struct ours){FRAME_L4, XEN_L4_FIRST, XEN_L4_LAST},
			    ret_table);
	}
	return find(m, v->kernel_root, va, 3,
		    (struct ours){FRAME_L2_XEN, XEN_L2_FIRST, XEN_L2_LAST},
		    ret_table);
}
