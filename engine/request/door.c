/* SPDX-License-Identifier: MIT */
/*
 * The parts of the door that are seldom needed: work that an earlier operation
 * left, flushes that are owed, refusals that have not been told, and the event
 * sink. See door.h for what the door promises.
 *
 * The calls of one multicall share their flushes: what one of them owes may
 * wait for the multicall's end, when the guest sees the first of the results.
 * Nothing rests on its being paid sooner: a frame that was freed stays nobody's
 * until then, and one that changes its type asks for the flush itself (I9).
 * Only references that go back to another domain are not kept waiting.
 */
#include "engine/request/door.h"
#include "engine/request/hypercall.h"

#include "engine/table/flush.h"
#include "engine/domain/foreign.h"
#include "engine/report/event.h"
#include "engine/table/dying.h"

void mmu_lock_wait(struct mmu_domain *d, struct fair_lock *lock)
{
	const uint8_t number = fair_lock_queue(lock);

	while (!fair_lock_turn(lock, number)) {
		port_relax(d);
	}
}

int door_settle(struct mmu_domain *d)
{
	if (d->watched) {
		event_tell(d, (struct mmu_event){.kind = MMU_EVENT_BEGIN});
	}
	return mmu_settle(d);
}

/* References that this domain held on others' frames go to their owners. */
static void return_foreign(struct mmu_domain *d)
{
	struct mmu_foreign owed;

	while (foreign_take_owed(d, &owed)) {
		const uint64_t operand[] = {owed.frame.v, owed.writable};

		mmu_unlock(d);
		/* Letting go needs nothing settled first. */
		(void)!mmu_begin_for(owed.owner, NULL, MMU_OP_RETURN, operand);
		foreign_release(owed.owner, owed.frame, owed.writable);
		(void)mmu_end(owed.owner, 0);
		mmu_lock(d);
	}
}

static bool may_wait(const struct mmu_domain *d)
{
	return d->op.call != 0 && !d->foreign_owed;
}

void door_leave(struct mmu_domain *d, int64_t rc)
{
	refusal_tell(d);
	if (!may_wait(d)) {
		mmu_pay_flushes(d);
	}
	if (d->watched) {
		event_tell(d, (struct mmu_event){.kind = MMU_EVENT_END,
						 .result = rc});
	}
	if (d->again) {
		d->again = false;
		d->serial--;
	}
	if (d->foreign_owed) {
		return_foreign(d);
	}
}

void mmu_multicall_end(struct mmu_vcpu *v)
{
	struct mmu_domain *d = v->dom;

	v->multicall.at = 0;
	/* Not yet paid, whoever owed it. */
	if (__atomic_load_n(&d->flush_pending, __ATOMIC_ACQUIRE) !=
	    FLUSH_NONE) {
		mmu_lock(d);
		/* The last call's are gone with its stack; a flush is told. */
		d->op.operand = NULL;
		mmu_pay_flushes(d);
		mmu_unlock(d);
	}
}

int64_t mmu_leave(struct mmu_domain *d, int64_t rc)
{
	if (rc == -XEN_ERESTART) {
		door_again(d);
	}
	return mmu_end(d, rc);
}

bool door_retry(struct mmu_domain *d, int rc)
{
	return rc == -XEN_ERESTART && !port_preempt(d) && mmu_settle(d) == 0;
}
