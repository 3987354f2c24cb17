/* SPDX-License-Identifier: MIT */
/*
 * A vCPU's GDT: up to 14 pages of the guest's, which the CPU sees through L1
 * entries of the hypervisor's. They are installed at once, all or none.
 */
#include "engine/domain/descriptor.h"
#include "engine/table/flush.h"
#include "engine/table/refs.h"

#define ZERO_PTE_FLAGS (PTE_P | PTE_A)

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

int mmu_set_gdt(struct mmu_vcpu *v, const uint64_t *frames,
		unsigned int entries)
{
	struct mmu_domain *d = v->dom;
	unsigned int nr = desc_frames(entries);

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
	flush_vcpus(d, vcpuset_of(v), FLUSH_DESCRIPTORS);
	return 0;
}
