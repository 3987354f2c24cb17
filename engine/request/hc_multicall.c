/* SPDX-License-Identifier: MIT */
/*
 * multicall: a list of hypercalls, each with its result written back. An entry
 * that was preempted is written back with its arguments moved on, and the
 * multicall itself goes on there when re-issued.
 */
#include "engine/request/hc_batch.h"

#define OFFSET_OF_RESULT offsetof(struct multicall_entry, result)
#define OFFSET_OF_ARGS offsetof(struct multicall_entry, args)

static int64_t dispatch(struct mmu_vcpu *v, struct multicall_entry *call)
{
	uint64_t *arg = (uint64_t *)call->args;
	hypercall_fn *fn;

	if (call->op >= 64) {
		return -XEN_ENOSYS;
	}
	if (call->op == __HYPERVISOR_multicall) {
		return refuse_op(v->dom, RULE_MULTICALL_NESTED);
	}
	fn = engine_hypercall((unsigned int)call->op);
	if (likely(fn != NULL)) {
		v->dom->stats.multicalled[call->op]++;
		return fn(v, arg);
	}
	return port_hypercall(v, (unsigned int)call->op, arg);
}

static int64_t preempted(uint64_t arg[6], uint32_t done)
{
	arg[0] += (uint64_t)done * sizeof(struct multicall_entry);
	arg[1] = (uint32_t)arg[1] - done;
	return -XEN_ERESTART;
}

int64_t hc_multicall(struct mmu_vcpu *v, uint64_t arg[6])
{
	struct mmu_domain *d = v->dom;
	uint32_t count = (uint32_t)arg[1];
	struct multicall_entry call;
	int rc;

	d->op = (struct mmu_op){.name = "multicall"};
	rc = check_list(d, arg[0]);
	if (unlikely(rc != 0)) {
		return rc;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint64_t where = arg[0] + (uint64_t)i * sizeof(call);
		int64_t result;

		if (i != 0 && port_preempt(d)) {
			return preempted(arg, i);
		}
		if (port_copy_in(v, &call, where, sizeof(call)) != 0) {
			d->op = (struct mmu_op){.name = "multicall",
						.index = i};
			return refuse_op(d, RULE_FAULT);
		}
		result = dispatch(v, &call);
		if (unlikely(result == -XEN_ERESTART)) {
			if (port_copy_out(v, where + OFFSET_OF_ARGS, call.args,
					  sizeof(call.args)) != 0) {
				return refuse_op(d, RULE_FAULT);
			}
			return preempted(arg, i);
		}
		if (port_copy_out(v, where + OFFSET_OF_RESULT, &result,
				  sizeof(result)) != 0) {
			return refuse_op(d, RULE_FAULT);
		}
	}
	return 0;
}
