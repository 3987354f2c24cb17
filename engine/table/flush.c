/* SPDX-License-Identifier: MIT */
/*
 * Flushes, and the epoch that says whether one is owed. The epoch moves when
 * every CPU on which the domain runs has dropped all its translations, and
 * only then. Frames remember the epoch in which they lost their last type
 * reference; while it still runs, a stale translation may exist. Should the
 * epoch wrap to a remembered value, that costs one flush too many.
 *
 * Of a table, a CPU holds something only if it has walked it, and it walks
 * from the roots that it is given. So it matters by which reference it may
 * have come:
 *
 *   an entry  by it, if its table was walked
 *   a CR3     by it; but who is told to leave a root has forgotten all that
 *             was found from there when the call returns (port_load_root(),
 *             port_leave_user_root()), before the reference goes
 *   a pin, a table that is half validated, the dying queue: never
 *
 * A reference of the last two kinds thus leaves nothing cached behind when it
 * goes, nor does an entry of a table that is taken down without having been
 * walked. Any other entry does, and its table notes the epoch, of which it has
 * room for the last bits, as it may lose other references later
 * (frame_note_walked()). A frame that becomes the same table again in the epoch
 * in which it was one owes what it owed. What is no table any more remembers
 * the epoch if it is the one that it noted, else the one before.
 *
 * A domain that ends runs nowhere, so that its CPUs walk nothing of it any
 * more. When they have dropped what they had (leave(), in domain/life.c), all
 * that it frees from then on is cached by nobody, and is paid for.
 */
#include "engine/table/flush.h"

#include "engine/domain/pool.h"

static void count(struct mmu_domain *d, enum flush_cause cause)
{
	d->stats.flush_all++;
	d->stats.flushed[cause]++;
}

void flush_done(struct mmu_domain *d, enum flush_cause cause)
{
	d->epoch++;
	d->flush_pending = FLUSH_NONE;
	count(d, cause);
	pool_collect(d);
}

void mmu_flush_all(struct mmu_domain *d, enum flush_cause cause)
{
	event_frame(d, MMU_EVENT_FLUSHED, MFN_INVALID, FRAME_NONE);
	port_flush_all(d, VCPUSET_ALL);
	flush_done(d, cause);
}

void mmu_flush_one(struct mmu_domain *d, vaddr_t va)
{
	flush_page_vcpus(d, VCPUSET_ALL, va);
}

void mmu_pay_flushes(struct mmu_domain *d)
{
	if (d->flush_pending == FLUSH_NONE) {
		return;
	}
	if (d->left) {
		d->flush_pending = FLUSH_NONE;
		pool_collect(d);
		return;
	}
	mmu_flush_all(d, d->flush_pending);
}

static bool covers_all(const struct mmu_domain *d, vcpuset_t vcpus)
{
	vcpuset_t all = (UINT64_C(1) << d->nr_vcpus) - 1;

	return (vcpus & all) == all;
}

void flush_vcpus(struct mmu_domain *d, vcpuset_t vcpus, enum flush_cause cause)
{
	if (covers_all(d, vcpus)) {
		mmu_flush_all(d, cause);
		return;
	}
	count(d, cause);
	port_flush_all(d, vcpus);
}

void flush_asked(struct mmu_domain *d, vcpuset_t vcpus)
{
	if (d->op.call != 0 && covers_all(d, vcpus)) {
		flush_owe(d, FLUSH_ASKED);
		return;
	}
	flush_vcpus(d, vcpus, FLUSH_ASKED);
}

void flush_page_vcpus(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	/* Nothing is cached for an address that cannot be (XSA-279). */
	if (!vaddr_canonical(va)) {
		return;
	}
	d->stats.flush_one++;
	port_flush_page(d, vcpus, va);
}
