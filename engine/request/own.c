/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor asks for its own sake: a domain's first tables, pages
 * that both use, a domain's death.
 */
#include "engine/domain/descriptor.h"
#include "engine/domain/life.h"
#include "engine/domain/pin.h"
#include "engine/domain/root.h"
#include "engine/domain/shared.h"
#include "engine/request/door.h"
#include "engine/table/level.h"

static int start(struct mmu_vcpu *v, mfn_t root)
{
	int rc = 0;

	if (!mfn_valid(v->dom->m, root) ||
	    (frame_of(v->dom->m, root)->flags & FRAME_PINNED) == 0) {
		rc = mmu_pin(v->dom, root, v->dom->width->root);
	}
	return rc != 0 ? rc : mmu_new_kernel_root(v, root);
}

int mmu_start(struct mmu_vcpu *v, mfn_t root)
{
	int rc = mmu_begin(v, MMU_OP_START, &root.v);

	if (rc == 0) {
		rc = start(v, root);
	}
	return (int)mmu_leave(v->dom, rc);
}

/* All of it, or none: the GDT goes again when the roots are refused. */
static int start_vcpu(struct mmu_vcpu *v, mfn_t kernel, mfn_t user,
		      const uint64_t *gdt, unsigned int entries)
{
	int rc = mmu_set_gdt(v, gdt, entries);

	if (rc != 0) {
		return rc;
	}
	rc = mmu_new_user_root(v, user);
	if (rc == 0) {
		rc = mmu_new_kernel_root(v, kernel);
	}
	if (rc != 0) {
		(void)!mmu_new_user_root(v, mfn(0));
		gdt_unmap(v);
	}
	return rc;
}

int mmu_start_vcpu(struct mmu_vcpu *caller, struct mmu_vcpu *v, mfn_t kernel,
		   mfn_t user, const uint64_t *gdt, unsigned int gdt_entries)
{
	uint64_t operand[START_OPERAND_GDT + GDT_FRAMES] = {kernel.v, user.v,
							    v->id, gdt_entries};
	int rc;

	for (unsigned int i = 0; i < GDT_FRAMES && i < desc_frames(gdt_entries);
	     i++) {
		operand[START_OPERAND_GDT + i] = gdt[i];
	}
	rc = mmu_begin(caller, MMU_OP_START_VCPU, operand);

	if (rc == 0) {
		do {
			rc = start_vcpu(v, kernel, user, gdt, gdt_entries);
		} while (rc != 0 && door_retry(v->dom, rc));
	}
	return (int)mmu_leave(v->dom, rc);
}

int mmu_unshare(struct mmu_domain *d, mfn_t first, uint64_t nr)
{
	const uint64_t operand[] = {first.v, nr};
	int rc = mmu_begin_for(d, NULL, MMU_OP_LEND, operand);

	if (rc == 0) {
		rc = shared_unshare(d, first, nr);
	}
	return (int)mmu_leave(d, rc);
}

int mmu_hold(struct mmu_domain *d, mfn_t f)
{
	int rc = mmu_begin_for(d, NULL, MMU_OP_HOLD, &f.v);

	if (rc == 0) {
		do {
			rc = shared_hold(d, f);
		} while (rc != 0 && door_retry(d, rc));
	}
	return (int)mmu_leave(d, rc);
}

int mmu_domain_destroy(struct mmu_domain *d)
{
	int rc = mmu_begin_for(d, NULL, MMU_OP_DEATH, NULL);

	if (rc == 0) {
		rc = life_end(d);
	}
	return (int)mmu_leave(d, rc);
}
