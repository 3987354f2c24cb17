/* SPDX-License-Identifier: MIT */
/* mmuext_op (xen.h, "HYPERVISOR_mmuext_op"). */
#include "engine/domain/descriptor.h"
#include "engine/table/flush.h"
#include "engine/domain/pin.h"
#include "engine/domain/root.h"
#include "engine/request/list.h"
#include "engine/table/level.h"

/* The command, of 32 bits, stands as in a word. */
static const struct form form_op = {
	.wide = sizeof(struct mmuext_op),
	.narrow = 12,
	.words = 1 << 0 | 1 << 1 | 1 << 2,
};

/* Which operation a command is; those that do not exist have no name. */
static const uint8_t operation_of[] = {
	[MMUEXT_PIN_L1_TABLE] = MMU_OP_PIN_L1,
	[MMUEXT_PIN_L2_TABLE] = MMU_OP_PIN_L2,
	[MMUEXT_PIN_L3_TABLE] = MMU_OP_PIN_L3,
	[MMUEXT_PIN_L4_TABLE] = MMU_OP_PIN_L4,
	[MMUEXT_UNPIN_TABLE] = MMU_OP_UNPIN,
	[MMUEXT_NEW_BASEPTR] = MMU_OP_NEW_BASEPTR,
	[MMUEXT_TLB_FLUSH_LOCAL] = MMU_OP_TLB_FLUSH_LOCAL,
	[MMUEXT_INVLPG_LOCAL] = MMU_OP_INVLPG_LOCAL,
	[MMUEXT_TLB_FLUSH_MULTI] = MMU_OP_TLB_FLUSH_MULTI,
	[MMUEXT_INVLPG_MULTI] = MMU_OP_INVLPG_MULTI,
	[MMUEXT_TLB_FLUSH_ALL] = MMU_OP_TLB_FLUSH_ALL,
	[MMUEXT_INVLPG_ALL] = MMU_OP_INVLPG_ALL,
	[MMUEXT_FLUSH_CACHE] = MMU_OP_FLUSH_CACHE,
	[MMUEXT_SET_LDT] = MMU_OP_SET_LDT,
	[MMUEXT_NEW_USER_BASEPTR] = MMU_OP_NEW_USER_BASEPTR,
	[MMUEXT_CLEAR_PAGE] = MMU_OP_CLEAR_PAGE,
	[MMUEXT_COPY_PAGE] = MMU_OP_COPY_PAGE,
	[MMUEXT_FLUSH_CACHE_GLOBAL] = MMU_OP_FLUSH_CACHE_GLOBAL,
	[MMUEXT_MARK_SUPER] = MMU_OP_MARK_SUPER,
	[MMUEXT_UNMARK_SUPER] = MMU_OP_UNMARK_SUPER,
};

static enum mmu_operation operation(unsigned int cmd)
{
	uint8_t op = MMU_OP_NONE;

	if (cmd < sizeof(operation_of) / sizeof(operation_of[0])) {
		op = operation_of[cmd];
	}
	return op == MMU_OP_NONE ? MMU_OP_MMUEXT : (enum mmu_operation)op;
}

/* Takes the general and the writable reference that writing a page needs. */
static int get_writable_page(struct mmu_domain *d, mfn_t f)
{
	int rc = frame_get_both(d, f, FRAME_WRITABLE);

	/* Xen's errno here is not the one of a mapping. */
	return rc == 0 || rc == -XEN_ERESTART ? rc : -XEN_EINVAL;
}

static int clear_page(struct mmu_domain *d, mfn_t f)
{
	int rc = get_writable_page(d, f);

	if (rc == 0) {
		__builtin_memset(frame_data(d->m, f), 0, PAGE_SIZE);
		frame_put_both(d, f);
	}
	return rc;
}

static int copy_page(struct mmu_domain *d, mfn_t to, mfn_t from)
{
	int rc = frame_get(d, from);

	if (rc != 0) {
		return rc;
	}
	rc = get_writable_page(d, to);
	if (rc == 0) {
		if (!mfn_eq(to, from)) {
			__builtin_memcpy(frame_data(d->m, to),
					 frame_data(d->m, from), PAGE_SIZE);
		}
		frame_put_both(d, to);
	}
	frame_put(d, from);
	return rc;
}

static int flush_multi(struct mmu_vcpu *v, const struct mmuext_op *op)
{
	vcpuset_t set;
	int rc =
		read_vcpuset(v, (uint64_t)(uintptr_t)op->arg2.vcpumask.p, &set);

	if (rc != 0) {
		return rc;
	}
	if (op->cmd == MMUEXT_TLB_FLUSH_MULTI) {
		flush_asked(v->dom, set);
	} else {
		flush_page_vcpus(v->dom, set, vaddr(op->arg1.linear_addr));
	}
	return 0;
}

static int one_op(struct mmu_vcpu *v, const struct mmuext_op *op)
{
	struct mmu_domain *d = v->dom;
	mfn_t f = mfn(op->arg1.mfn);

	switch (op->cmd) {
	case MMUEXT_PIN_L1_TABLE:
		return mmu_pin(d, f, FRAME_L1);
	case MMUEXT_PIN_L2_TABLE:
		return mmu_pin(d, f, FRAME_L2);
	case MMUEXT_PIN_L3_TABLE:
		return mmu_pin(d, f, FRAME_L3);
	case MMUEXT_PIN_L4_TABLE:
		/* As Xen: no level of a 32-bit domain's; nothing is done. */
		return d->width->top == 4 ? mmu_pin(d, f, FRAME_L4) : 0;
	case MMUEXT_UNPIN_TABLE:
		return mmu_unpin(d, f);
	case MMUEXT_NEW_BASEPTR:
		return mmu_new_kernel_root(v, f);
	case MMUEXT_NEW_USER_BASEPTR:
		return d->width->user_root ? mmu_new_user_root(v, f)
					   : refuse_op(d, RULE_USER_ROOT);
	case MMUEXT_TLB_FLUSH_LOCAL:
		flush_asked(d, vcpuset_of(v));
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		flush_asked(d, VCPUSET_ALL);
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		flush_page_vcpus(d, vcpuset_of(v), vaddr(op->arg1.linear_addr));
		return 0;
	case MMUEXT_INVLPG_ALL:
		mmu_flush_one(d, vaddr(op->arg1.linear_addr));
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_multi(v, op);
	case MMUEXT_FLUSH_CACHE:
		return refuse_op(d, RULE_CACHE_FLUSH);
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return refuse_op(d, RULE_CACHE_FLUSH_GLOBAL);
	case MMUEXT_SET_LDT:
		return mmu_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
	case MMUEXT_CLEAR_PAGE:
		return clear_page(d, f);
	case MMUEXT_COPY_PAGE:
		return copy_page(d, f, mfn(op->arg2.src_mfn));
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return refuse_op(d, RULE_NOT_SUPPORTED);
	default:
		return refuse_op(d, RULE_NOT_IMPLEMENTED);
	}
}

static int named_op(struct mmu_vcpu *v, const void *request)
{
	const struct mmuext_op *op = request;

	mmu_op_is(v->dom, operation(op->cmd), request);
	return one_op(v, op);
}

int64_t hc_mmuext_op(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	struct mmuext_op op;
	struct request_list b;
	int rc = list_begin(v, MMU_OP_MMUEXT, arg, &b);

	if (unlikely(rc != 0)) {
		return rc == -XEN_ERESTART
			       ? list_end(v, arg, &b, form_size(d, &form_op),
					  rc)
			       : mmu_end(d, rc);
	}
	rc = check_domid(d, (uint16_t)arg[3]);
	if (unlikely(rc != 0)) {
		return mmu_end(d, rc);
	}
	rc = unlikely(d->narrow)
		     ? list_run(v, arg, &b, &op, &form_op, true, named_op)
		     : list_run(v, arg, &b, &op, &form_op, false, named_op);
	return list_end(v, arg, &b, form_size(d, &form_op), rc);
}
