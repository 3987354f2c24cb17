/* SPDX-License-Identifier: MIT */
/*
 * Descriptors. One that could raise the guest above its kernel's ring never
 * gets into a page that the CPU uses as GDT or LDT: such pages are of a type of
 * their own (I1), judged whole when they become one and entry by entry when
 * the guest changes one through us.
 */
#include "engine/domain/descriptor.h"

#include "engine/table/level.h"
#include "engine/table/refs.h"

#define SEG_P (UINT64_C(1) << 47)
#define SEG_S (UINT64_C(1) << 44)
#define SEG_DPL_SHIFT 45
#define SEG_DPL (UINT64_C(3) << SEG_DPL_SHIFT)
#define SEG_TYPE (UINT64_C(15) << 40)
#define SEG_CALL_GATE (UINT64_C(12) << 40)
#define SEG_GATE_SELECTOR_SHIFT 16

/* Null, or a GDT selector outside the reserved ones, or any LDT selector. */
static bool gate_selector_ok(uint64_t selector)
{
	return (selector & ~UINT64_C(3)) == 0 ||
	       (selector >> 3) < GDT_FRAMES * PT_ENTRIES || (selector & 4) != 0;
}

#define SEG_L (UINT64_C(1) << 53)
#define SEG_G (UINT64_C(1) << 55)
#define SEG_LIMIT (UINT64_C(15) << 48 | 0xffff)

static uint64_t seg_base(uint64_t v)
{
	return (v >> 16 & 0xffffff) | (v >> 56) << 24;
}

/* The first byte that it does not reach. */
static uint64_t seg_end(uint64_t v)
{
	uint64_t end = ((v & 0xffff) | (v >> 32 & 0xf0000)) + 1;

	return (v & SEG_G) != 0 ? end << PAGE_SHIFT : end;
}

/*
 * Code and data of a 32-bit guest. Linear addresses end at 4 GiB there,
 * whatever base and limit are, and the hypervisor is beyond: what keeps it is
 * that no segment is of 64-bit code. Flat segments that were made to end
 * before a small M2P reach the end of the larger one, as with Xen.
 */
static bool seg_fix_32(uint64_t *v)
{
	if ((*v & SEG_L) != 0) {
		return false;
	}
	if (seg_base(*v) == 0 && seg_end(*v) > XEN_COMPAT_START) {
		*v |= SEG_LIMIT;
	}
	return true;
}

/*
 * May the guest have this descriptor? It is fixed up as Xen does: code and
 * data for its kernel's ring at least (SDM 3A, 3.4.5); call gates get DPL 0, so
 * that using one traps; all other system descriptors are refused.
 */
static bool desc_fix(const struct pt_width *w, uint64_t *desc)
{
	uint64_t v = *desc;
	uint64_t dpl = (v & SEG_DPL) >> SEG_DPL_SHIFT;

	if ((v & SEG_P) == 0) {
		return true;
	}
	if (dpl < w->kernel_ring) {
		dpl = w->kernel_ring;
	}
	v = (v & ~SEG_DPL) | (dpl << SEG_DPL_SHIFT);
	if (v & SEG_S) {
		if (w->kernel_ring != 3 && !seg_fix_32(&v)) {
			return false;
		}
		*desc = v;
		return true;
	}
	if ((v & SEG_TYPE) == 0) {
		return true; /* the second half of a call gate */
	}
	if ((v & SEG_TYPE) != SEG_CALL_GATE ||
	    !gate_selector_ok((v >> SEG_GATE_SELECTOR_SHIFT) & 0xffff) ||
	    (v & w->gate_reserved) != 0) {
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

		if (!desc_fix(d->width, &v)) {
			return refuse_frame(d, RULE_DESCRIPTOR, f);
		}
		if (v != desc[i]) {
			desc[i] = v;
		}
	}
	return 0;
}

int mmu_update_descriptor(struct mmu_vcpu *v, maddr_t where, uint64_t desc)
{
	struct mmu_domain *d = v->dom;
	mfn_t f = maddr_to_mfn(where);
	uint64_t *slot;
	bool is_desc;
	int rc;

	if ((where.v & 7) != 0) {
		return refuse_frame(d, RULE_DESCRIPTOR_WHERE, f);
	}
	if (!desc_fix(d->width, &desc)) {
		return refuse_frame(d, RULE_DESCRIPTOR, f);
	}
	rc = frame_get(d, f);
	if (rc != 0) {
		return rc;
	}
	/* A page that was refused as descriptors is none of them. */
	is_desc = frame_of(d->m, f)->type == FRAME_DESC &&
		  (frame_of(d->m, f)->flags & FRAME_VALIDATED) != 0;
	rc = frame_get_type_fast(d, f, is_desc ? FRAME_DESC : FRAME_WRITABLE);
	if (rc == 0) {
		slot = (uint64_t *)frame_data(d->m, f) +
		       page_offset(where.v) / sizeof(*slot);
		__atomic_store_n(slot, desc, __ATOMIC_RELAXED);
		frame_put_type(d, f);
	}
	frame_put(d, f);
	return rc == 0 || rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
}
