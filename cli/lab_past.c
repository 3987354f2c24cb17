/* SPDX-License-Identifier: MIT */
/*
 * The record is read backwards: the last that happened to an entry is what
 * made it. Stores are older than the request that made their table one, since
 * from then on the guest cannot write it.
 */
#define _GNU_SOURCE /* dl_iterate_phdr */
#include "cli/lab_past.h"

#include <link.h>
#include <string.h>

/* Where our file's addresses begin in this process. */
static int first_base(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uintptr_t *)ret = info->dlpi_addr;
	return 1; /* the program itself comes first */
}

void lab_past_stack(const struct sim *s, uint32_t callers,
		    struct lab_stack *ret)
{
	const struct sim_callers *c;
	uintptr_t base = 0;

	ret->nr = 0;
	if (callers == SIM_NOBODY || callers >= s->record->nr_callers) {
		return;
	}
	(void)dl_iterate_phdr(first_base, &base);
	c = &s->record->callers[callers];
	for (unsigned int i = 0; i < c->nr; i++) {
		if (c->pc[i] > base) {
			ret->address[ret->nr++] = c->pc[i] - base;
		}
	}
}

static bool asks_no_flush(const struct sim_event *e)
{
	switch (e->event.op.id) {
	case MMU_OP_MMU_UPDATE:
		return true;
	case MMU_OP_UPDATE_VA_MAPPING:
		return (e->operand[2] & UVMF_FLUSHTYPE_MASK) == UVMF_NONE;
	default:
		return false;
	}
}

static void made_by_event(const struct sim *s, const struct sim_event *e,
			  struct lab_maker *ret)
{
	*ret = (struct lab_maker){
		.by = LAB_MADE_BY_REQUEST,
		.op = e->event.op,
		.serial = e->event.serial,
		.no_flush = asks_no_flush(e),
	};
	lab_past_stack(s, e->queued != SIM_NOBODY ? e->queued : e->asked,
		       &ret->stack);
}

/* Another frame, or other rights: not what was there before. */
static bool changes(const struct mmu_event *e)
{
	const uint64_t meant = PTE_FRAME_MASK | PTE_P | PTE_RW | PTE_NX;

	return ((e->old.v ^ e->entry.v) & meant) != 0;
}

/* The request with which a frame became a table, after so many events. */
static uint64_t became_table(const struct sim *s, mfn_t table, uint64_t from)
{
	for (uint64_t i = from; i < s->record->nr_events; i++) {
		const struct mmu_event *e = &s->record->event[i].event;

		if (e->kind == MMU_EVENT_TYPED && mfn_eq(e->frame, table)) {
			return e->serial;
		}
	}
	return 0;
}

static const struct sim_event *last_setting(const struct sim_record *r,
					    maddr_t at)
{
	for (uint64_t i = r->nr_events; i-- > 0;) {
		const struct mmu_event *e = &r->event[i].event;

		if (e->kind == MMU_EVENT_ENTRY && e->where.v == at.v &&
		    changes(e)) {
			return &r->event[i];
		}
	}
	return NULL;
}

static const struct sim_store *last_store(const struct sim_record *r,
					  maddr_t at)
{
	for (uint64_t i = r->nr_stores; i-- > 0;) {
		const struct sim_store *st = &r->store[i];

		if (at.v - st->at.v < st->bytes) {
			return st;
		}
	}
	return NULL;
}

void lab_past_entry(const struct sim *s, mfn_t table, unsigned int slot,
		    struct lab_maker *ret)
{
	const struct sim_record *r = s->record;
	unsigned int bytes = s->cpu.mode == PAGING_2LEVEL ? 4 : 8;
	maddr_t at = maddr(mfn_to_maddr(table).v + slot * bytes);
	const struct sim_event *e = last_setting(r, at);
	const struct sim_store *st = last_store(r, at);

	*ret = (struct lab_maker){.by = LAB_MADE_BY_BUILDER};
	if (e != NULL &&
	    (st == NULL || e->nr_stores > (uint64_t)(st - r->store))) {
		made_by_event(s, e, ret);
	} else if (st != NULL) {
		ret->by = LAB_MADE_BY_STORE;
		ret->typed = became_table(s, table, st->nr_events);
		lab_past_stack(s, st->callers, &ret->stack);
	}
}

void lab_past_pin(const struct sim *s, mfn_t f, struct lab_maker *ret)
{
	const struct sim_record *r = s->record;

	*ret = (struct lab_maker){.by = LAB_MADE_BY_BUILDER};
	for (uint64_t i = r->nr_events; i-- > 0;) {
		const struct sim_event *e = &r->event[i];

		if (e->event.kind == MMU_EVENT_PINNED &&
		    mfn_eq(e->event.frame, f)) {
			made_by_event(s, e, ret);
			return;
		}
	}
}

static bool maps(pte_t e, mfn_t f)
{
	return pte_present(e) && mfn_eq(pte_mfn(e), f);
}

static const char *entry_change(const struct mmu_event *e, mfn_t f)
{
	if (!maps(e->entry, f)) {
		return "unmapped";
	}
	return pte_writable(e->entry) ? "mapped writable" : "mapped read-only";
}

static bool holds_it(const struct lab_why *w, mfn_t table)
{
	for (unsigned int i = 0; i < w->holders.nr; i++) {
		if (w->holders.list[i].table == table.v &&
		    w->maker[i].by == LAB_MADE_BY_STORE) {
			return true;
		}
	}
	return false;
}

/* What the event means for the frame; NULL: nothing. */
static const char *meaning(const struct lab_why *w, const struct mmu_event *e,
			   mfn_t f)
{
	bool about = mfn_eq(e->frame, f);

	switch (e->kind) {
	case MMU_EVENT_ENTRY:
		return maps(e->old, f) || maps(e->entry, f) ? entry_change(e, f)
							    : NULL;
	case MMU_EVENT_TYPED:
		return about ? "became a table"
		       : holds_it(w, e->frame)
			       ? "a table that maps it became one"
			       : NULL;
	case MMU_EVENT_UNTYPED:
		return about ? "taken down" : NULL;
	case MMU_EVENT_PINNED:
		return about ? "pinned" : NULL;
	case MMU_EVENT_UNPINNED:
		return about ? "unpinned" : NULL;
	case MMU_EVENT_FREED:
		return about ? "freed" : NULL;
	case MMU_EVENT_GIVEN:
		return about ? "given to the domain" : NULL;
	case MMU_EVENT_BEGIN:
	case MMU_EVENT_END:
	case MMU_EVENT_FLUSHED:
	case MMU_EVENT_JUDGED:
	case MMU_EVENT_ASSIGNED:
	case MMU_EVENT_LENT:
		break;
	}
	return NULL;
}

static void add_past(const struct sim *s, struct lab_why *w, const char *what,
		     const struct sim_event *e)
{
	struct lab_past *p;

	if (w->nr_past == LAB_WHY_EVENTS) {
		memmove(&w->past[0], &w->past[1],
			(LAB_WHY_EVENTS - 1) * sizeof(w->past[0]));
		w->nr_past--;
	}
	p = &w->past[w->nr_past++];
	p->what = what;
	p->event = *e;
	lab_past_stack(s, e->queued != SIM_NOBODY ? e->queued : e->asked,
		       &p->stack);
}

void lab_past_history(const struct sim *s, struct lab_why *w, mfn_t f)
{
	const struct sim_record *r = s->record;

	for (uint64_t i = 0; i < r->nr_events; i++) {
		const char *what = meaning(w, &r->event[i].event, f);

		if (what != NULL) {
			add_past(s, w, what, &r->event[i]);
		}
	}
}
