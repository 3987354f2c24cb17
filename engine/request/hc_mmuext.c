/* SPDX-License-Identifier: MIT */
/* mmuext_op (xen.h, "HYPERVISOR_mmuext_op"). */
#include "engine/domain/flush.h"
#include "engine/request/hc_batch.h"

static const char *const op_names[] = {
	[MMUEXT_PIN_L1_TABLE] = "mmuext_op pin_l1_table",
	[MMUEXT_PIN_L2_TABLE] = "mmuext_op pin_l2_table",
	[MMUEXT_PIN_L3_TABLE] = "mmuext_op pin_l3_table",
	[MMUEXT_PIN_L4_TABLE] = "mmuext_op pin_l4_table",
	[MMUEXT_UNPIN_TABLE] = "mmuext_op unpin_table",
	[MMUEXT_NEW_BASEPTR] = "mmuext_op new_baseptr",
	[MMUEXT_TLB_FLUSH_LOCAL] = "mmuext_op tlb_flush_local",
	[MMUEXT_INVLPG_LOCAL] = "mmuext_op invlpg_local",
	[MMUEXT_TLB_FLUSH_MULTI] = "mmuext_op tlb_flush_multi",
	[MMUEXT_INVLPG_MULTI] = "mmuext_op invlpg_multi",
	[MMUEXT_TLB_FLUSH_ALL] = "mmuext_op tlb_flush_all",
	[MMUEXT_INVLPG_ALL] = "mmuext_op invlpg_all",
	[MMUEXT_FLUSH_CACHE] = "mmuext_op flush_cache",
	[MMUEXT_SET_LDT] = "mmuext_op set_ldt",
	[MMUEXT_NEW_USER_BASEPTR] = "mmuext_op new_user_baseptr",
	[MMUEXT_CLEAR_PAGE] = "mmuext_op clear_page",
	[MMUEXT_COPY_PAGE] = "mmuext_op copy_page",
	[MMUEXT_FLUSH_CACHE_GLOBAL] = "mmuext_op flush_cache_global",
	[MMUEXT_MARK_SUPER] = "mmuext_op mark_super",
	[MMUEXT_UNMARK_SUPER] = "mmuext_op unmark_super",
};

#define OP_NAMES (sizeof(op_names) / sizeof(op_names[0]))

static const char *op_name(unsigned int cmd)
{
	const char *name = cmd < OP_NAMES ? op_names[cmd] : NULL;

	return name != NULL ? name : "mmuext_op";
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
		flush_vcpus(v->dom, set);
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
		return mmu_pin(d, f, FRAME_L4);
	case MMUEXT_UNPIN_TABLE:
		return mmu_unpin(d, f);
	case MMUEXT_NEW_BASEPTR:
		return mmu_new_kernel_root(v, f);
	case MMUEXT_NEW_USER_BASEPTR:
		return mmu_new_user_root(v, f);
	case MMUEXT_TLB_FLUSH_LOCAL:
		flush_vcpus(d, vcpuset_of(v));
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		mmu_flush_all(d);
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

	v->dom->op.name = op_name(op->cmd);
	v->dom->op.operand = op->arg1.mfn;
	return one_op(v, op);
}

int64_t hc_mmuext_op(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	struct mmuext_op op;
	struct batch b;
	int rc;

	d->op.name = "mmuext_op";
	d->op.index = 0;
	rc = batch_begin(v, arg, &b);
	if (unlikely(rc != 0)) {
		return rc == -XEN_ERESTART
			       ? batch_end(v, arg, &b, sizeof(op), rc)
			       : rc;
	}
	rc = check_domid(d, (uint16_t)arg[3]);
	if (unlikely(rc != 0)) {
		return rc;
	}
	rc = batch_run(v, arg, &b, &op, sizeof(op), named_op);
	return batch_end(v, arg, &b, sizeof(op), rc);
}
