/* SPDX-License-Identifier: MIT */
/*
 * multicall: a list of hypercalls, each with its result written back. An entry
 * that was preempted is written back with its arguments moved on, and the
 * multicall itself goes on there when re-issued. Each of its calls enters by
 * the door for itself; a multicall holds no lock between them. Whatever
 * flushes they owe are one at its end.
 */
#include "engine/request/hypercall.h"
#include "engine/request/list.h"

/* op, result, then the arguments: words, all of them. */
#define WORDS (sizeof(struct multicall_entry) / sizeof(uint64_t))
#define WORD_RESULT 1
#define WORD_ARGS 2
static const struct form form_call = {
	.wide = sizeof(struct multicall_entry),
	.narrow = WORDS * sizeof(uint32_t),
	.words = (1 << WORDS) - 1,
};
static const struct form form_args = {
	.wide = (WORDS - WORD_ARGS) * sizeof(uint64_t),
	.narrow = (WORDS - WORD_ARGS) * sizeof(uint32_t),
	.words = (1 << (WORDS - WORD_ARGS)) - 1,
};
_Static_assert(offsetof(struct multicall_entry, result) ==
			       WORD_RESULT * sizeof(uint64_t) &&
		       offsetof(struct multicall_entry, args) ==
			       WORD_ARGS * sizeof(uint64_t),
	       "as the forms say");

/* Of a list of many: all are words, and the same steps do for each. */
MUST_CHECK static inline int call_in(struct mmu_vcpu *v, bool narrow,
				     struct multicall_entry *call,
				     uint64_t from)
{
	uint64_t *wide = (uint64_t *)call;
	uint32_t word[WORDS];

	if (likely(!narrow)) {
		return port_copy_in(v, call, from, sizeof(*call));
	}
	if (port_copy_in(v, word, from, sizeof(word)) != 0) {
		return -XEN_EFAULT;
	}
#pragma GCC unroll 8
	for (unsigned int i = 0; i < WORDS; i++) {
		wide[i] = word[i];
	}
	return 0;
}

static int64_t refuse_list(struct mmu_vcpu *v, enum rule rule, uint32_t index)
{
	struct mmu_domain *d = v->dom;
	int64_t rc = mmu_begin(v, MMU_OP_MULTICALL, NULL);

	/* What an earlier operation left does not make the list a better one.
	 */
	(void)rc;
	d->op.index = index;
	return mmu_end(d, refuse_op(d, rule));
}

static inline __attribute__((always_inline)) int64_t dispatch(
	struct mmu_vcpu *v, struct multicall_entry *call, uint32_t index,
	bool narrow)
{
	uint64_t *arg = (uint64_t *)call->args;
	hypercall_fn *fn;

	if (call->op >= 64) {
		return -XEN_ENOSYS;
	}
	if (call->op == __HYPERVISOR_multicall) {
		return refuse_list(v, RULE_MULTICALL_NESTED, index);
	}
	v->multicall.at++;
	fn = unlikely(narrow) ? engine_hypercall_32((unsigned int)call->op)
			      : engine_hypercall((unsigned int)call->op);
	if (likely(fn != NULL)) {
		/* No lock is held here: other vCPUs count, too. */
		__atomic_fetch_add(&v->dom->stats.multicalled[call->op], 1,
				   __ATOMIC_RELAXED);
		return fn(v, arg);
	}
	return port_hypercall(v, (unsigned int)call->op, arg);
}

/* It goes on with entry `done`, which is its first when it is re-issued. */
static int64_t preempted(struct mmu_vcpu *v, uint64_t arg[6], uint32_t done)
{
	arg[0] += (uint64_t)done * form_size(v->dom, &form_call);
	arg[1] = (uint32_t)arg[1] - done;
	v->multicall.before += done;
	v->multicall.resume = arg[0];
	return -XEN_ERESTART;
}

static inline __attribute__((always_inline)) int64_t run(struct mmu_vcpu *v,
							 uint64_t arg[6],
							 bool narrow)
{
	const size_t word = narrow ? sizeof(uint32_t) : sizeof(uint64_t);
	struct mmu_domain *d = v->dom;
	uint32_t count = (uint32_t)arg[1];
	struct multicall_entry call;

	for (uint32_t i = 0; i < count; i++) {
		uint64_t where = arg[0] + (uint64_t)i * WORDS * word;
		int64_t result;

		if (i != 0 && port_preempt(d)) {
			return preempted(v, arg, i);
		}
		if (call_in(v, narrow, &call, where) != 0) {
			return refuse_list(v, RULE_FAULT, i);
		}
		result = dispatch(v, &call, i, narrow);
		if (unlikely(result == -XEN_ERESTART)) {
			if (form_out(v, &form_args, where + WORD_ARGS * word,
				     call.args) != 0) {
				return refuse_list(v, RULE_FAULT, i);
			}
			return preempted(v, arg, i);
		}
		if (port_copy_out(v, where + WORD_RESULT * word, &result,
				  word) != 0) {
			return refuse_list(v, RULE_FAULT, i);
		}
	}
	return 0;
}

int64_t hc_multicall(struct mmu_vcpu *v, uint64_t arg[6])
{
	int64_t rc;

	if (unlikely(!list_address_ok(v->dom, arg[0]))) {
		return refuse_list(v, RULE_FAULT, 0);
	}
	/* Its numbers are of use in reports alone: a guess will do. */
	if (v->multicall.before != 0 && v->multicall.resume != arg[0]) {
		v->multicall.before = 0;
	}
	v->multicall.resume = 0;
	v->multicall.at = v->multicall.before;
	v->multicall.list = arg[0] - (uint64_t)v->multicall.before *
					     form_size(v->dom, &form_call);
	rc = unlikely(v->dom->narrow) ? run(v, arg, true) : run(v, arg, false);
	mmu_multicall_end(v);
	return rc;
}
