/* SPDX-License-Identifier: MIT */
/* set_gdt and update_descriptor (xen.h). */
#include "engine/request/hc_batch.h"

int64_t hc_set_gdt(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	uint64_t frames[GDT_FRAMES] = {0};
	uint32_t entries = (uint32_t)arg[1];
	int rc = mmu_settle(d);

	if (rc != 0) {
		return rc;
	}
	d->op = (struct mmu_op){.name = "set_gdt"};
	if (entries > GDT_FRAMES * PT_ENTRIES) {
		return refuse_op(d, RULE_GDT_SIZE);
	}
	if (entries != 0 &&
	    port_copy_in(v, frames, arg[0],
			 (entries + PT_ENTRIES - 1) / PT_ENTRIES *
				 sizeof(frames[0])) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	do {
		rc = mmu_set_gdt(v, frames, entries);
	} while (rc != 0 && batch_retry(d, rc));
	mmu_pay_flushes(d);
	return rc;
}

int64_t hc_update_descriptor(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	int rc = mmu_settle(d);

	if (rc != 0) {
		return rc;
	}
	d->op = (struct mmu_op){.name = "update_descriptor"};
	do {
		rc = mmu_update_descriptor(v, maddr(arg[0]), arg[1]);
	} while (rc != 0 && batch_retry(d, rc));
	mmu_pay_flushes(d);
	return rc;
}
