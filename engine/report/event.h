/* SPDX-License-Identifier: MIT */
/*
 * What happens in the engine, for those who want to know: recording, history,
 * statistics. Told by port_event() while mmu_domain->watched is set; while it
 * is not, an event costs a look at that flag, and where requests are fast not
 * even that: it hangs on the flag once an operation (request/door.h).
 */
#ifndef PW_ENGINE_EVENT_H
#define PW_ENGINE_EVENT_H

#include "engine/mmu.h"

enum mmu_event_kind {
	MMU_EVENT_BEGIN,   /* an operation came in */
	MMU_EVENT_END,     /* it leaves, with .result */
	MMU_EVENT_ENTRY,   /* the entry at .where was .old and is .entry */
	MMU_EVENT_TYPED,   /* .frame becomes a table of .type */
	MMU_EVENT_UNTYPED, /* it has been taken down */
	MMU_EVENT_PINNED,
	MMU_EVENT_UNPINNED,
	MMU_EVENT_FREED,   /* .frame left the domain */
	MMU_EVENT_GIVEN,   /* .frame came to it */
	MMU_EVENT_FLUSHED, /* all translations are gone, on all its vCPUs */
	MMU_EVENT_JUDGED,  /* .frame is looked at as a descriptor page */
	/* At its start .result frames from .frame on are its, as the
	 * pseudo-physical ones from .where on. */
	MMU_EVENT_ASSIGNED,
	MMU_EVENT_LENT, /* .frame is lent to it, as .type */
};

struct mmu_event {
	enum mmu_event_kind kind;
	uint64_t serial;  /* of the operation */
	struct mmu_op op; /* as far as it is known by then */
	mfn_t frame;
	enum frame_type type;
	maddr_t where;
	pte_t old, entry;
	int64_t result;
};

/* Fill in the operation, and tell. */
void event_tell(struct mmu_domain *d, struct mmu_event event);
void event_tell_frame(struct mmu_domain *d, enum mmu_event_kind kind, mfn_t f,
		      enum frame_type type);
void event_tell_entry(struct mmu_domain *d, const pte_t *p, pte_t old,
		      pte_t entry);

static inline void event_frame(struct mmu_domain *d, enum mmu_event_kind kind,
			       mfn_t f, enum frame_type type)
{
	if (unlikely(d->watched)) {
		event_tell_frame(d, kind, f, type);
	}
}

/* The entry at p, of some table, changes. */
static inline void event_entry(struct mmu_domain *d, const pte_t *p, pte_t old,
			       pte_t entry)
{
	if (unlikely(d->watched)) {
		event_tell_entry(d, p, old, entry);
	}
}

#endif
