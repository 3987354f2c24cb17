/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's LDT. Its pages are mapped when the CPU first touches them, and
 * forgotten when the guest takes the mapping away through which it made them
 * known, because that is what kernels do before they write to such a page
 * again.
 */
#include "abi/guest_range.h"
#include "engine/domain/descriptor.h"
#include "engine/table/flush.h"
#include "engine/table/level.h"
#include "engine/table/refs.h"
#include "engine/table/walk.h"

static void ldt_drop_page(struct mmu_vcpu *v, unsigned int index)
{
	mfn_t f = v->ldt[index];

	pte_write(&v->desc_window[16 + index], pte(0));
	v->ldt[index] = mfn(0);
	/* The CPU may still have our mapping; before the page can be used
	 * as anything else, the epoch says that a flush is owed. */
	frame_put_both(v->dom, f);
	flush_owe(v->dom, FLUSH_DESCRIPTORS);
}

void ldt_unmap(struct mmu_vcpu *v)
{
	if (v->ldt_entries == 0) {
		return;
	}
	for (unsigned int i = 0; i < LDT_FRAMES; i++) {
		if (v->ldt[i].v != 0) {
			ldt_drop_page(v, i);
		}
	}
}

void ldt_forget(struct mmu_domain *d, mfn_t f)
{
	for (unsigned int c = 0; c < d->nr_vcpus; c++) {
		struct mmu_vcpu *v = d->vcpu[c];
		bool has_one = v != NULL && v->ldt_entries > 0;

		for (unsigned int i = 0; has_one && i < LDT_FRAMES; i++) {
			if (mfn_eq(v->ldt[i], f) && f.v != 0) {
				ldt_drop_page(v, i);
			}
		}
	}
}

int mmu_set_ldt(struct mmu_vcpu *v, uint64_t base, unsigned int entries)
{
	struct mmu_domain *d = v->dom;

	if (entries == 0) {
		base = 0;
	}
	if (entries > LDT_FRAMES * PT_ENTRIES || page_offset(base) != 0 ||
	    !guest_range_ok(base, 1) || base >= d->width->guest_end) {
		return refuse_op(d, RULE_LDT_RANGE);
	}
	if (v->ldt_base == base && v->ldt_entries == entries) {
		return 0;
	}
	ldt_unmap(v);
	v->ldt_base = base;
	v->ldt_entries = entries;
	return 0;
}

int ldt_map_page(struct mmu_vcpu *v, unsigned int index)
{
	struct mmu_domain *d = v->dom;
	mfn_t table;
	pte_t *l1e;
	pte_t e;
	int rc;

	if (index >= desc_frames(v->ldt_entries) || v->ldt[index].v != 0) {
		return -XEN_ENOENT;
	}
	l1e = mmu_find_l1e(v,
			   vaddr_add(vaddr(v->ldt_base),
				     (uint64_t)index << PAGE_SHIFT),
			   &table);
	if (l1e == NULL) {
		return -XEN_ENOENT;
	}
	e = pte_read(l1e);
	if (!pte_present(e)) {
		return -XEN_ENOENT;
	}
	rc = frame_get_both(d, pte_mfn(e), FRAME_DESC);
	if (rc != 0) {
		return rc;
	}
	v->ldt[index] = pte_mfn(e);
	pte_write(&v->desc_window[16 + index],
		  pte_make(v->ldt[index], DESC_PTE_FLAGS));
	return 0;
}
