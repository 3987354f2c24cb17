/* SPDX-License-Identifier: MIT */
/*
 * Entries of a grant table, in use. The guest writes them whenever it likes.
 * What decides is read once; the marks that say "in use" are set by an exchange
 * that fails if flags or domain changed meanwhile, and what was granted, to
 * whom, and how often it is used stands in the granter's own record of the
 * entry (`active`), never read back from the table. So an entry in use means
 * one frame for one domain, whatever its granter writes there.
 *
 * Marks go with the last use that needs them. Whoever used it has let go of the
 * frame by then, translations included.
 */
#include "hv/services/grant_entry.h"

#include "engine/mmu.h"
#include "hv/domain/domain.h"
#include "hv/services/grant_table.h"

#define USES_MAX UINT16_MAX

/* Flags and domain of an entry are one aligned word. */
static uint32_t *head_of(const struct domain *d, uint32_t ref)
{
	return d->grant.version == 1 ? (uint32_t *)(void *)table_v1(d, ref)
				     : (uint32_t *)(void *)table_v2(d, ref);
}

static bool head_grants(uint32_t head, const struct grant_wish *w)
{
	uint16_t flags = (uint16_t)head;

	return (flags & GTF_type_mask) == GTF_permit_access &&
	       ((flags & GTF_sub_page) == 0 || w->part) &&
	       head >> 16 == w->by && !(w->write && (flags & GTF_readonly));
}

/* The marks that the uses of an entry ask for. */
static uint16_t marks_due(const struct grant_active *a)
{
	return (uint16_t)((a->uses != 0 ? GTF_reading : 0) |
			  (a->writes != 0 ? GTF_writing : 0));
}

static void drop_marks(struct domain *d, uint32_t ref)
{
	uint16_t keep = (uint16_t)(~(GTF_reading | GTF_writing) |
				   marks_due(&d->grant.active[ref]));

	if (d->grant.version == 1) {
		__atomic_fetch_and(&table_v1(d, ref)->flags, keep,
				   __ATOMIC_SEQ_CST);
	} else {
		__atomic_fetch_and(table_status(d, ref), keep,
				   __ATOMIC_SEQ_CST);
	}
}

/* What an entry grants, as it stands there now. */
static struct grant_active read_entry(const struct domain *d, uint32_t ref,
				      uint32_t head)
{
	struct grant_active a = {.by = (uint16_t)(head >> 16),
				 .length = PAGE_SIZE};
	const volatile grant_entry_v2_t *e;

	if (d->grant.version == 1) {
		a.frame = mfn(
			((const volatile grant_entry_v1_t *)table_v1(d, ref))
				->frame);
		return a;
	}
	e = table_v2(d, ref);
	if ((head & GTF_sub_page) == 0) {
		a.frame = mfn(e->full_page.frame);
		return a;
	}
	a.frame = mfn(e->sub_page.frame);
	a.offset = e->sub_page.page_off;
	a.length = e->sub_page.length;
	return a;
}

static bool part_ok(const struct grant_active *a)
{
	return a->offset <= PAGE_SIZE && a->length <= PAGE_SIZE - a->offset;
}

/* Asks the table: *ret is what it grants. False: nothing, and no mark is set.
 */
static bool mark(struct domain *d, uint32_t ref, const struct grant_wish *w,
		 struct grant_active *ret)
{
	uint32_t marks = GTF_reading | (w->write ? GTF_writing : 0);
	uint32_t head = __atomic_load_n(head_of(d, ref), __ATOMIC_ACQUIRE);
	uint32_t marked = head;

	if (!head_grants(head, w)) {
		return false;
	}
	*ret = read_entry(d, ref, head);
	if (!part_ok(ret)) {
		return false;
	}
	if (d->grant.version == 1) {
		marked |= marks;
	} else {
		__atomic_fetch_or(table_status(d, ref), (grant_status_t)marks,
				  __ATOMIC_SEQ_CST);
	}
	/* The guest may have ended the grant while this was looked at. */
	if (!__atomic_compare_exchange_n(head_of(d, ref), &head, marked, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
		drop_marks(d, ref);
		return false;
	}
	return true;
}

/* May one that is in use be used so, too? */
static bool goes_with(const struct grant_active *a, const struct grant_wish *w)
{
	return a->by == w->by && a->uses != USES_MAX &&
	       (w->part || a->length == PAGE_SIZE);
}

int16_t entry_acquire(struct domain *d, uint32_t ref,
		      const struct grant_wish *w,
		      const struct grant_active **ret)
{
	struct grant_active *a;
	struct grant_active now;

	if (ref >= table_entries(d)) {
		return GNTST_bad_gntref;
	}
	a = &d->grant.active[ref];
	if (a->uses != 0 && !goes_with(a, w)) {
		return GNTST_general_error;
	}
	if (a->uses == 0 || (w->write && a->writes == 0)) {
		if (!mark(d, ref, w, &now)) {
			return GNTST_general_error;
		}
		if (a->uses == 0) {
			*a = now;
			d->grant.nr_active++;
		}
	}
	a->uses++;
	a->writes = (uint16_t)(a->writes + w->write);
	*ret = a;
	return GNTST_okay;
}

void entry_release(struct domain *d, uint32_t ref, bool write)
{
	struct grant_active *a = &d->grant.active[ref];

	a->uses--;
	a->writes = (uint16_t)(a->writes - write);
	drop_marks(d, ref);
	if (a->uses == 0) {
		d->grant.nr_active--;
	}
}

static bool in_use(const struct grant_domain *g, uint32_t ref)
{
	return g->active[ref].uses != 0;
}

int16_t entry_swap(struct domain *d, uint32_t a, uint32_t b)
{
	if (a >= table_entries(d) || b >= table_entries(d)) {
		return GNTST_bad_gntref;
	}
	if (in_use(&d->grant, a) || in_use(&d->grant, b)) {
		return GNTST_eagain;
	}
	if (d->grant.version == 1) {
		grant_entry_v1_t e = *table_v1(d, a);

		*table_v1(d, a) = *table_v1(d, b);
		*table_v1(d, b) = e;
	} else {
		grant_entry_v2_t e = *table_v2(d, a);

		*table_v2(d, a) = *table_v2(d, b);
		*table_v2(d, b) = e;
	}
	return GNTST_okay;
}
