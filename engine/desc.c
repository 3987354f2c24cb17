/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables. The CPU sees a vCPU's GDT and LDT through 32 L1 entries
 * of the hypervisor's, so the pages are descriptor pages (I1): the guest can
 * read them, and change them through us alone. A descriptor that could raise
 * the guest above ring 3 never gets in.
 *
 * GDT pages are installed at once. LDT pages are mapped when the CPU first
 * touches them, and forgotten when the guest takes the mapping away through
 * which it made them known, because that is what kernels do before they write
 * to such a page again.
 */
#include "engine/desc.h"

#include "engine/flush.h"
#include "engine/frame_refs.h"

/* Hypervisor's own mapping: present, writable (the CPU sets "accessed"). */
#define DESC_PTE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
#define ZERO_PTE_FLAGS (PTE_P | PTE_A)

#define SEG_P (UINT64_C(1) << 47)
#define SEG_S (UINT64_C(1) << 44)
#define SEG_DPL_SHIFT 45
#define SEG_DPL (UINT64_C(3) << SEG_DPL_SHIFT)
#define SEG_TYPE (UINT64_C(15) << 40)
#define SEG_CALL_GATE (UINT64_C(12) << 40)
#define SEG_GATE_RESERVED (UINT64_C(0xff) << 32)
#define SEG_GATE_SELECTOR_SHIFT 16

/* Null, or a GDT selector outside the reserved ones, or any LDT selector. */
static bool gate_selector_ok(uint64_t selector)
{
	return (selector & ~UINT64_C(3)) == 0 ||
	       (selector >> 3) < GDT_FRAMES * PT_ENTRIES || (selector & 4) != 0;
}

/*
 * May the guest have this descriptor? It is fixed up as Xen does: code and
 * data for ring 3 at least (SDM 3A, 3.4.5); call gates get DPL 0, so that
 * using one traps; all other system descriptors are refused.
 */
static bool desc_fix(uint64_t *desc)
{
	uint64_t v = *desc;
	uint64_t dpl = (v & SEG_DPL) >> SEG_DPL_SHIFT;

	if ((v & SEG_P) == 0) {
		return true;
	}
	if (dpl == 0) {
		dpl = 3;
	}
	v = (v & ~SEG_DPL) | (dpl << SEG_DPL_SHIFT);
	if (v & SEG_S) {
		*desc = v;
		return true;
	}
	if ((v & SEG_TYPE) == 0) {
		return true; /* the second half of a call gate */
	}
	if ((v & SEG_TYPE) != SEG_CALL_GATE ||
	    !gate_selector_ok((v >> SEG_GATE_SELECTOR_SHIFT) & 0xffff) ||
	    (v & SEG_GATE_RESERVED) != 0) {
		return false;
	}
	v &= ~SEG_DPL & ~(UINT64_C(3) << SEG_GATE_SELECTOR_SHIFT);
	*desc = v | (dpl << SEG_GATE_SELECTOR_SHIFT);
	return true;
}

int desc_validate(struct mmu_domain *d, mfn_t f)
{
	uint64_t *desc = frame_data(d->m, f);

	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*desc); i++) {
		uint64_t v = desc[i];

		if (!desc_fix(&v)) {
			return refuse_frame(d, RULE_DESCRIPTOR, f);
		}
		if (v != desc[i]) {
			desc[i] = v;
		}
	}
	return 0;
}

void gdt_unmap(struct mmu_vcpu *v)
{
	struct mmu_domain *d = v->dom;

	v->gdt_entries = 0;
	for (unsigned int i = 0; i < GDT_FRAMES; i++) {
		pte_write(&v->desc_window[i],
			  pte_make(d->m->zero_frame, ZERO_PTE_FLAGS));
		if (v->gdt[i].v != 0) {
			frame_put_both(d, v->gdt[i]);
			v->gdt[i] = mfn(0);
		}
	}
}

static unsigned int frames_of_entries(unsigned int entries)
{
	return (entries + PT_ENTRIES - 1) / PT_ENTRIES;
}

int mmu_set_gdt(struct mmu_vcpu *v, const uint64_t *frames,
		unsigned int entries)
{
	struct mmu_domain *d = v->dom;
	unsigned int nr = frames_of_entries(entries);

	if (entries > GDT_FRAMES * PT_ENTRIES) {
		return refuse_op(d, RULE_GDT_SIZE);
	}
	for (unsigned int i = 0; i < nr; i++) {
		int rc = frame_get_both(d, mfn(frames[i]), FRAME_DESC);

		if (rc != 0) {
			while (i-- > 0) {
				frame_put_both(d, mfn(frames[i]));
			}
			return rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
		}
	}
	gdt_unmap(v);
	v->gdt_entries = entries;
	for (unsigned int i = 0; i < nr; i++) {
		v->gdt[i] = mfn(frames[i]);
		pte_write(&v->desc_window[i],
			  pte_make(v->gdt[i], DESC_PTE_FLAGS));
	}
	flush_vcpus(d, vcpuset_of(v));
	return 0;
}

static void ldt_drop_page(struct mmu_vcpu *v, unsigned int index)
{
	mfn_t f = v->ldt[index];

	pte_write(&v->desc_window[16 + index], pte(0));
	v->ldt[index] = mfn(0);
	/* The CPU may still have our mapping; before the page can be used
	 * as anything else, the epoch says that a flush is owed. */
	frame_put_both(v->dom, f);
	v->dom->flush_pending = true;
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

		for (unsigned int i = 0; v->ldt_entries > 0 && i < LDT_FRAMES;
		     i++) {
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
	    !vaddr_canonical(vaddr(base)) ||
	    (base >> 47 != 0 && pt_index(vaddr(base), 4) <= XEN_L4_LAST)) {
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

bool mmu_ldt_fault(struct mmu_vcpu *v, unsigned int index)
{
	struct mmu_domain *d = v->dom;
	mfn_t table;
	pte_t *l1e;
	pte_t e;

	if (index >= frames_of_entries(v->ldt_entries) ||
	    v->ldt[index].v != 0) {
		return false;
	}
	l1e = mmu_find_l1e(v,
			   vaddr_add(vaddr(v->ldt_base),
				     (uint64_t)index << PAGE_SHIFT),
			   &table);
	if (l1e == NULL) {
		return false;
	}
	e = pte_read(l1e);
	if (!pte_present(e)) {
		return false;
	}
	d->op = (struct mmu_op){.name = "LDT access"};
	if (frame_get_both(d, pte_mfn(e), FRAME_DESC) != 0) {
		return false;
	}
	v->ldt[index] = pte_mfn(e);
	pte_write(&v->desc_window[16 + index],
		  pte_make(v->ldt[index], DESC_PTE_FLAGS));
	return true;
}

int mmu_update_descriptor(struct mmu_vcpu *v, maddr_t where, uint64_t desc)
{
	struct mmu_domain *d = v->dom;
	mfn_t f = maddr_to_mfn(where);
	enum frame_type type;
	uint64_t *slot;
	int rc;

	if ((where.v & 7) != 0) {
		return refuse_frame(d, RULE_DESCRIPTOR_WHERE, f);
	}
	if (!desc_fix(&desc)) {
		return refuse_frame(d, RULE_DESCRIPTOR, f);
	}
	rc = frame_get(d, f);
	if (rc != 0) {
		return rc;
	}
	type = frame_of(d->m, f)->type == FRAME_DESC ? FRAME_DESC
						     : FRAME_WRITABLE;
	rc = frame_get_type_fast(d, f, type);
	if (rc == 0) {
		slot = (uint64_t *)frame_data(d->m, f) +
		       page_offset(where.v) / sizeof(*slot);
		__atomic_store_n(slot, desc, __ATOMIC_RELAXED);
		frame_put_type(d, f);
	}
	frame_put(d, f);
	return rc == 0 || rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
}
