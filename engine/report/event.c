/* SPDX-License-Identifier: MIT */
/* An event is told with the operation that it belongs to. */
#include "engine/report/event.h"

#include "engine/port.h"

void event_tell(struct mmu_domain *d, struct mmu_event event)
{
	event.serial = d->serial;
	event.op = d->op;
	port_event(d, &event);
}

void event_tell_frame(struct mmu_domain *d, enum mmu_event_kind kind, mfn_t f,
		      enum frame_type type)
{
	event_tell(d,
		   (struct mmu_event){.kind = kind, .frame = f, .type = type});
}

void event_tell_entry(struct mmu_domain *d, const pte_t *p, pte_t old,
		      pte_t entry)
{
	const uint8_t *at = (const uint8_t *)p;

	event_tell(d, (struct mmu_event){
			      .kind = MMU_EVENT_ENTRY,
			      .frame = MFN_INVALID,
			      .where = maddr((uint64_t)(at - d->m->ram)),
			      .old = old,
			      .entry = entry,
		      });
}
