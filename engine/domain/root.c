/* SPDX-License-Identifier: MIT */
/*
 * The roots that a vCPU's CR3 takes: each holds a reference of a root's type
 * for as long as it is installed (I8). The new root is loaded before the old
 * one is let go, so that no CPU ever walks a table without a reference; and
 * nothing that it found from the old one is cached when that goes (flush.c).
 *
 * A 32-bit domain's root is an L3, and CR3 keeps the L4 that the hypervisor
 * made for the vCPU: it is that one's first entry that changes.
 */
#include "engine/domain/descriptor.h"
#include "engine/domain/root.h"
#include "engine/port.h"
#include "engine/table/flush.h"
#include "engine/table/level.h"
#include "engine/table/refs.h"

/* As Xen's own: the L3's entries say who may do what. */
#define TOP_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)

/* With one vCPU, loading CR3 is a full flush. */
static void note_root_load(struct mmu_domain *d)
{
	if (d->nr_vcpus == 1) {
		flush_done(d, FLUSH_ROOT);
	}
}

int mmu_new_kernel_root(struct mmu_vcpu *v, mfn_t f)
{
	struct mmu_domain *d = v->dom;
	mfn_t old = v->kernel_root;

	if (!mfn_eq(old, f)) {
		int rc = frame_get_both(d, f, d->width->root);

		if (rc != 0) {
			return rc;
		}
		/* Its pages were found through the old tables. */
		ldt_unmap(v);
		v->kernel_root = f;
		if (v->top != NULL) {
			pte_write(v->top, pte_make(f, TOP_FLAGS));
		}
	}
	port_load_root(v);
	note_root_load(d);
	if (!mfn_eq(old, f) && old.v != 0) {
		frame_put_both_unwalked(d, old);
	}
	return 0;
}

int mmu_new_user_root(struct mmu_vcpu *v, mfn_t f)
{
	struct mmu_domain *d = v->dom;
	mfn_t old = v->user_root;

	if (mfn_eq(old, f)) {
		return 0;
	}
	if (!d->width->user_root) {
		return refuse_op(d, RULE_USER_ROOT);
	}
	if (f.v != 0) {
		int rc = frame_get_both(d, f, d->width->root);

		if (rc != 0) {
			return rc;
		}
	}
	v->user_root = f;
	if (old.v != 0) {
		port_leave_user_root(v);
		frame_put_both_unwalked(d, old);
	}
	return 0;
}
