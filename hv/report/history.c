/* SPDX-License-Identifier: MIT */
/*
 * What happened to a frame before it was refused. The engine tells everything
 * while a domain is watched; here all is dropped that is not about the one
 * frame: entries that begin or cease to map it, its types, its pins, its coming
 * and going, and tables that map it when they become tables, since a guest
 * fills those by plain stores.
 */
#include "hv/report/history.h"

#include "abi/control.h"
#include "engine/port.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/queued.h"
#include "hv/report/request.h"
#include "hv/report/stack.h"
#include "hv/vcpu/vcpu.h"

#define MOST_TOLD 256

mfn_t history_frame = {INVALID_FRAME};

void history_begin(struct domain *d)
{
	d->mmu.watched = !mfn_eq(history_frame, MFN_INVALID) ||
			 queued_wanted() || lint_wanted;
}

static bool maps(pte_t e)
{
	return pte_present(e) && mfn_eq(pte_mfn(e), history_frame);
}

static const char *entry_change(const struct domain *d,
				const struct mmu_event *e)
{
	unsigned int type = frame_of(d->mmu.m, maddr_to_mfn(e->where))->type;
	bool upper = type > FRAME_L1 && type <= FRAME_L4;

	if (type > FRAME_L4) {
		return maps(e->entry) ? "named in a frame that is no table yet"
				      : "no longer named there";
	}
	if (!maps(e->entry)) {
		return upper ? "no longer below a table" : "unmapped";
	}
	if (upper) {
		return "put below a table";
	}
	return pte_writable(e->entry) ? "mapped writable" : "mapped read-only";
}

static const char *frame_change(enum mmu_event_kind kind)
{
	switch (kind) {
	case MMU_EVENT_TYPED:
		return "became a table";
	case MMU_EVENT_UNTYPED:
		return "taken down";
	case MMU_EVENT_PINNED:
		return "pinned";
	case MMU_EVENT_UNPINNED:
		return "unpinned";
	case MMU_EVENT_FREED:
		return "freed";
	case MMU_EVENT_GIVEN:
		return "given to the domain";
	case MMU_EVENT_LENT:
		return "lent by the hypervisor";
	case MMU_EVENT_JUDGED:
		return "looked at as a descriptor page";
	case MMU_EVENT_BEGIN:
	case MMU_EVENT_END:
	case MMU_EVENT_ENTRY:
	case MMU_EVENT_FLUSHED:
	case MMU_EVENT_ASSIGNED:
		break;
	}
	return NULL;
}

/*
 * Bounded: a frame can be mapped and unmapped for ever. The time that it takes
 * is not the guest's, or requests would be interrupted where they were not.
 */
static void tell(struct domain *d, const struct mmu_event *e, const char *what,
		 maddr_t where, pte_t old, pte_t entry)
{
	const uint64_t start = x86_rdtsc();

	if (d->nr_history++ >= MOST_TOLD) {
		return;
	}
	control_begin(EVENT_HISTORY);
	control_number(HISTORY_DOMAIN, d->mmu.domid);
	request_tell(d,
		     &(struct request_told){.serial = e->serial,
					    .of = operation_list_size(&e->op),
					    .call = e->op.call,
					    .source =
						    operation_source(&e->op)});
	control_text(HISTORY_OP, operation_info[e->op.id].name);
	control_number(HISTORY_INDEX, e->op.index);
	control_text(HISTORY_WHAT, what);
	if (where.v != INVALID_FRAME) {
		mfn_t table = maddr_to_mfn(where);
		unsigned int type = frame_of(d->mmu.m, table)->type;

		if (type >= FRAME_L1 && type <= FRAME_L4) {
			control_number(HISTORY_LEVEL, type);
		}
		control_hex(HISTORY_TABLE, table.v);
		control_number(HISTORY_SLOT,
			       page_offset(where.v) / sizeof(pte_t));
		control_hex(HISTORY_OLD, old.v);
		control_hex(HISTORY_ENTRY, entry.v);
	}
	stack_tell(HISTORY_STACK, current, cpu_guest_regs());
	control_end();
	slice_forgive(x86_rdtsc() - start);
}

static const char *filled(const struct mmu_event *e, pte_t entry)
{
	if (e->type != FRAME_L1) {
		return "a table that refers to it became one";
	}
	return pte_writable(entry)
		       ? "its table, which maps it writable, became one"
		       : "its table, which maps it read-only, became one";
}

/* A frame becomes a table: what it says of the frame came by plain stores. */
static void tell_filled(struct domain *d, const struct mmu_event *e)
{
	const pte_t *entries = frame_ptes(d->mmu.m, e->frame);

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		pte_t entry = pte_read(&entries[i]);

		if (maps(entry)) {
			tell(d, e, filled(e, entry),
			     maddr(mfn_to_maddr(e->frame).v +
				   i * sizeof(entry)),
			     pte(0), entry);
		}
	}
}

static void tell_frame(struct domain *d, const struct mmu_event *e)
{
	const char *what = frame_change(e->kind);

	if (e->kind == MMU_EVENT_ENTRY && (maps(e->old) || maps(e->entry))) {
		tell(d, e, entry_change(d, e), e->where, e->old, e->entry);
	} else if (what != NULL && mfn_eq(e->frame, history_frame)) {
		tell(d, e, what, maddr(INVALID_FRAME), pte(0), pte(0));
	} else if (e->kind == MMU_EVENT_TYPED) {
		tell_filled(d, e);
	}
}

void history_event(struct mmu_domain *m, const struct mmu_event *e)
{
	struct domain *d = domain_of(m);

	if (!mfn_eq(history_frame, MFN_INVALID)) {
		tell_frame(d, e);
	}
	if (e->kind == MMU_EVENT_END) {
		queued_request(d, e);
	}
}
