/* SPDX-License-Identifier: MIT */
/* set_gdt and update_descriptor (xen.h). */
#include "engine/domain/descriptor.h"
#include "engine/request/form.h"
#include "engine/request/hypercall.h"
#include "engine/request/list.h"

/* Inside the door. */
static int set_gdt(struct mmu_vcpu *v, const uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	uint64_t frames[GDT_FRAMES] = {0};
	uint32_t entries = (uint32_t)arg[1];
	int rc;

	if (entries > GDT_FRAMES * PT_ENTRIES) {
		return refuse_op(d, RULE_GDT_SIZE);
	}
	if (entries != 0 &&
	    words_in(v, frames, arg[0], desc_frames(entries)) != 0) {
		return refuse_op(d, RULE_FAULT);
	}
	do {
		rc = mmu_set_gdt(v, frames, entries);
	} while (rc != 0 && door_retry(d, rc));
	return rc;
}

int64_t hc_set_gdt(struct mmu_vcpu *v, uint64_t arg[6])
{
	int rc = mmu_begin(v, MMU_OP_SET_GDT, arg);

	if (rc == 0) {
		rc = set_gdt(v, arg);
	}
	return mmu_leave(v->dom, rc);
}

int64_t hc_update_descriptor(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	int rc = mmu_begin(v, MMU_OP_UPDATE_DESCRIPTOR, arg);

	if (rc == 0) {
		do {
			rc = mmu_update_descriptor(v, maddr(arg[0]), arg[1]);
		} while (rc != 0 && door_retry(d, rc));
	}
	return mmu_leave(d, rc);
}
