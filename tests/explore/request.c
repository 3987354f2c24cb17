/* SPDX-License-Identifier: MIT */
/*
 * A request and what is asked of it before and after (request_make.c makes it).
 *
 * The engine keeps nothing of a request that it stopped: what is to be issued
 * again is the request itself, or the rest of its list, which is another
 * request of the same scope. So re-issuing, doing something else first and
 * never coming back are all steps that are explored anyhow.
 */
#include "tests/explore/request.h"

#include "tests/explore/check.h"

uint64_t request_frame(const struct world *w, uint8_t operand)
{
	switch (operand) {
	case OPERAND_XEN:
		return XEN_FRAME;
	case OPERAND_DEVICE:
		return DEVICE_FRAME;
	case OPERAND_BEYOND:
		return w->mmu.nr_frames;
	case OPERAND_INVALID:
		return (UINT64_C(1) << MFN_BITS) - 1;
	case OPERAND_NONE:
		return 0;
	default:
		return named(operand).v;
	}
}

pte_t request_entry(const struct world *w, const struct request *r)
{
	return pte_make(mfn(request_frame(w, r->to)), r->flags);
}

bool request_is_live_table(const struct world *w, uint8_t name)
{
	const struct frame *fr = frame_of(&w->mmu, named(name));

	return frame_is_table(fr->type) && (fr->flags & FRAME_VALIDATED) != 0 &&
	       fr->type_count > 0;
}

static unsigned int slot_of(const struct world *w, const struct request *r)
{
	return w->scope->slot[r->slot];
}

uint64_t request_address(const struct world *w, unsigned int slot)
{
	uint64_t va = (uint64_t)slot << pt_shift(1);

	for (unsigned int level = 2; level <= 4; level++) {
		va |= (uint64_t)w->scope->slot[0] << pt_shift(level);
	}
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

/* --- all of them ------------------------------------------------------------
 */

static void begin(struct world *w, const struct request *r,
		  struct before *before)
{
	check_before(w, r, before);
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		w->dom[i].stats.scrubbed = PAGES_CLEARED;
	}
	w->asked = 0;
	w->flushed_all = 0;
	w->flushed_page = 0;
}

static enum outcome end(struct world *w, const struct request *r,
			const struct before *before, int64_t rc)
{
	world_run_cpus(w);
	check_asked(w, r, before);
	if (rc == -XEN_ERESTART) {
		return OUTCOME_AGAIN;
	}
	if (rc < 0) {
		check_refused(w);
		return OUTCOME_REFUSED;
	}
	check_done(w, r, before);
	return OUTCOME_DONE;
}

enum outcome request_make(struct world *w, const struct request *r,
			  int64_t *ret_rc)
{
	struct before before;

	begin(w, r, &before);
	*ret_rc = request_call(w, &w->vcpu[r->vcpu], r);
	return end(w, r, &before, *ret_rc);
}

enum outcome request_go_on(struct world *w, const struct request *r,
			   int64_t *ret_rc)
{
	struct before before;

	if (!request_is_list(r)) {
		return request_make(w, r, ret_rc);
	}
	begin(w, r, &before);
	*ret_rc = w->again.fn(&w->vcpu[r->vcpu], w->again.arg);
	return end(w, r, &before, *ret_rc);
}

/* --- what can be asked for --------------------------------------------------
 */

static unsigned int lent_to(const struct mmu_domain *d)
{
	unsigned int nr = 0;

	while (nr < MMU_MAX_FOREIGN && d->foreign[nr].owner != NULL) {
		nr++;
	}
	return nr;
}

bool request_is_open(const struct world *w, const struct request *r)
{
	const struct mmu_domain *d = w->vcpu[r->vcpu].dom;

	if (r->kind == REQUEST_DEATH) {
		return !w->dead[1] || w->dom[1].nr_pages != 0;
	}
	if (w->dead[d - w->dom] || w->vcpu[r->vcpu].kernel_root.v == 0) {
		return false;
	}
	if (r->always_bad && !request_is_live_table(w, r->frame)) {
		return false; /* there it would only be contents */
	}
	switch (r->kind) {
	case REQUEST_STORE:
		return world_may_store(w, named(r->frame));
	case REQUEST_OTHERS:
	case REQUEST_GRANT_MAP:
		return lent_to(d) < 3 && !w->dead[w->scope->nr_doms - 1];
	case REQUEST_HOLD:
		return d->nr_held < 1 || w->scope->held != 0;
	case REQUEST_START_VCPU:
		return w->vcpu[w->scope->nr_vcpus - 1].kernel_root.v == 0;
	case REQUEST_SHARE:
		return frame_of(&w->mmu, named(r->frame))->owner == OWNER_XEN;
	case REQUEST_UNSHARE:
		return mmu_owns(d, named(r->frame)) &&
		       (frame_of(&w->mmu, named(r->frame))->flags &
			FRAME_SHARED) != 0;
	case REQUEST_CPU_AD:
		return request_is_live_table(w, r->frame) &&
		       pte_present(frame_ptes(&w->mmu,
					      named(r->frame))[slot_of(w, r)]);
	default:
		return true;
	}
}
