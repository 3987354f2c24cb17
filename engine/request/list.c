/* SPDX-License-Identifier: MIT */
/*
 * Batches: stop at a clean point, report what was done, go on when re-issued
 * (I10). A request that fails ends its batch; those before it stand.
 */
#include "abi/guest_range.h"
#include "engine/domain/foreign.h"
#include "engine/request/list.h"
#include "engine/table/level.h"

bool list_address_ok(const struct mmu_domain *d, uint64_t address)
{
	return likely(guest_range_ok(address, 1) &&
		      address < d->width->guest_end);
}

int check_list(struct mmu_domain *d, uint64_t address)
{
	return list_address_ok(d, address) ? 0 : refuse_op(d, RULE_FAULT);
}

int check_domid(struct mmu_domain *d, uint16_t domid)
{
	bool there;

	if (likely(domid == DOMID_SELF || domid == d->domid)) {
		return 0;
	}
	if (domid == DOMID_IO || domid == DOMID_XEN) {
		return refuse_op(d, RULE_FOREIGN_DOMAIN);
	}
	(void)foreign_owner(d, domid, &there);
	return refuse_op(d, there ? RULE_FOREIGN_DOMAIN : RULE_NO_SUCH_DOMAIN);
}

int list_begin(struct mmu_vcpu *v, enum mmu_operation id, const uint64_t arg[6],
	       struct request_list *b)
{
	int rc = mmu_begin(v, id, arg);

	b->count = (uint32_t)arg[1];
	b->done = 0;
	b->done_before = 0;
	if (unlikely((b->count & LIST_PREEMPTED) != 0)) {
		b->count &= ~LIST_PREEMPTED;
		if (arg[2] != 0 && port_copy_in(v, &b->done_before, arg[2],
						sizeof(b->done_before)) != 0) {
			b->done_before = 0;
		}
	}
	b->arg = arg;
	v->dom->op.list = b;
	return rc != 0 ? rc : check_list(v->dom, arg[0]);
}

int64_t list_end(struct mmu_vcpu *v, uint64_t arg[6],
		 const struct request_list *b, size_t request_size, int rc)
{
	if (unlikely(rc == -XEN_ERESTART)) {
		door_again(v->dom);
		arg[0] += b->done * request_size;
		arg[1] = (b->count - b->done) | LIST_PREEMPTED;
	}
	if (arg[2] != 0) {
		uint32_t done = b->done_before + b->done;

		/* As Xen: a bad place to report to is not an error. */
		(void)!port_copy_out(v, arg[2], &done, sizeof(done));
	}
	return mmu_end(v->dom, rc);
}

int read_vcpuset(struct mmu_vcpu *v, uint64_t where, vcpuset_t *ret_set)
{
	vcpuset_t set = 0;
	size_t bytes = (v->dom->nr_vcpus + 7) / 8;

	if (port_copy_in(v, &set, where, bytes) != 0) {
		return refuse_op(v->dom, RULE_VCPU_MASK);
	}
	*ret_set = set;
	return 0;
}
