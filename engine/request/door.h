/* SPDX-License-Identifier: MIT */
/*
 * The door: the only way into the engine. Whoever wants something of it, by a
 * hypercall, by an instruction or for the hypervisor's own sake, comes in by
 * mmu_begin() and leaves by mmu_end():
 *
 *   begin   takes the domain's lock, counts and names the operation, tells the
 *           event sink, and settles what earlier operations left. When that
 *           cannot be finished now it says -XEN_ERESTART, and the caller does
 *           nothing but leave with it.
 *   end     tells the last refusal, pays the flushes that are owed (I9), on
 *           every way out, -XEN_ERESTART included, tells the event sink, and
 *           drops the lock.
 *
 * So no operation meets a table that is on its way down, none returns to the
 * guest with a flush unpaid, and none is refused under another's name. Doors
 * do not nest: a multicall leaves by its own before its calls enter by theirs,
 * and what they owe is paid by mmu_multicall_end() at the latest.
 */
#ifndef PW_ENGINE_DOOR_H
#define PW_ENGINE_DOOR_H

#include "engine/request/lock.h"
#include "engine/table/refs.h"

/* The parts that are seldom needed. */
MUST_CHECK int door_settle(struct mmu_domain *d);
void door_leave(struct mmu_domain *d, int64_t rc);

/* What a refusal tells of the operation: see struct mmu_op. */
static inline void mmu_op_is(struct mmu_domain *d, enum mmu_operation id,
			     const uint64_t *operand)
{
	d->op.id = id;
	d->op.operand = operand;
}

/* v: who asks; NULL when it is the hypervisor itself, for the domain. */
MUST_CHECK static inline int mmu_begin_for(struct mmu_domain *d,
					   struct mmu_vcpu *v,
					   enum mmu_operation id,
					   const uint64_t *operand)
{
	mmu_lock(d);
	mmu_op_is(d, id, operand);
	d->op.vcpu = v;
	d->op.index = 0;
	d->op.list = NULL; /* an earlier operation's */
	d->op.call = v == NULL ? 0 : v->multicall.at;
	d->serial++;
	if (unlikely(d->dying_head != 0 || d->watched)) {
		return door_settle(d);
	}
	return 0;
}

MUST_CHECK static inline int mmu_begin(struct mmu_vcpu *v,
				       enum mmu_operation id,
				       const uint64_t *operand)
{
	return mmu_begin_for(v->dom, v, id, operand);
}

/*
 * The operation will leave with -XEN_ERESTART: when it is asked for again it
 * is no other. Operations are numbered for people, who find one by its number
 * in the next run, however often it was stopped in this one.
 */
static inline void door_again(struct mmu_domain *d)
{
	d->again = true;
}

static inline int64_t mmu_end(struct mmu_domain *d, int64_t rc)
{
	if (unlikely(d->owed != 0)) {
		door_leave(d, rc);
	}
	mmu_unlock(d);
	return rc;
}

/* The same, where it need not be fast, with the result of an operation. */
int64_t mmu_leave(struct mmu_domain *d, int64_t rc);

/*
 * A part of the operation came back with -XEN_ERESTART. True: the work owed is
 * done, try it again at once.
 */
bool door_retry(struct mmu_domain *d, int rc);

#endif
