/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor asks for because of one of the guest's instructions: a
 * load of CR3, an access that found no page in the LDT's window, a WRMSR that
 * wants a hypercall page, a fault that has to be looked into. Direct writes of
 * entries are in direct.c.
 */
#include "engine/domain/descriptor.h"
#include "engine/domain/root.h"
#include "engine/request/door.h"

void mmu_look(struct mmu_domain *d)
{
	mmu_lock(d);
}

void mmu_look_end(struct mmu_domain *d)
{
	mmu_unlock(d);
}

int mmu_load_cr3(struct mmu_vcpu *v, mfn_t f)
{
	int rc = mmu_begin(v, MMU_OP_LOAD_CR3, &f.v);

	if (rc == 0) {
		do {
			rc = mmu_new_kernel_root(v, f);
		} while (rc != 0 && door_retry(v->dom, rc));
	}
	return (int)mmu_leave(v->dom, rc);
}

int mmu_ldt_fault(struct mmu_vcpu *v, unsigned int index)
{
	const uint64_t operand[] = {v->ldt_base, index};
	int rc = mmu_begin(v, MMU_OP_LDT_FAULT, operand);

	if (rc == 0) {
		do {
			rc = ldt_map_page(v, index);
		} while (rc != 0 && door_retry(v->dom, rc));
	}
	return (int)mmu_leave(v->dom, rc);
}

int mmu_write_hypercall_page(struct mmu_vcpu *v, mfn_t f, const void *page)
{
	struct mmu_domain *d = v->dom;
	int rc = mmu_begin(v, MMU_OP_HYPERCALL_PAGE, &f.v);

	if (rc == 0) {
		do {
			rc = frame_get_both(d, f, FRAME_WRITABLE);
		} while (rc != 0 && door_retry(d, rc));
	}
	if (rc == 0) {
		__builtin_memcpy(frame_data(d->m, f), page, PAGE_SIZE);
		frame_put_both(d, f);
	}
	return (int)mmu_leave(d, rc);
}
