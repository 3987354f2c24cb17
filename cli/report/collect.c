/* SPDX-License-Identifier: MIT */
/*
 * The replay tells of its steps and events; kept is what the page can show:
 * where the map changed between moments that are evenly spread over the
 * operations, how many operations of each kind there were when, what happened
 * to which frame, and what was refused. A phase begins with the first request
 * that only it has.
 */
#include "cli/report/collect.h"

#include <stdlib.h>
#include <string.h>

#include "engine/table/level.h"
#include "trace/file/request.h"

uint64_t collect_nr_frames(const struct collect *c)
{
	return c->t->nr_frames;
}

static void phase(struct collect *c, const char *name)
{
	for (unsigned int i = 0; i < c->nr_phases; i++) {
		if (strcmp(c->phase[i].name, name) == 0) {
			return;
		}
	}
	if (c->nr_phases < COLLECT_PHASES) {
		c->phase[c->nr_phases++] =
			(struct phase){name, c->operations, c->time};
	}
}

static void mmuext(struct collect *c, const struct trace_record *r)
{
	const struct mmuext_op op = trace_mmuext(r);

	if (op.cmd == MMUEXT_NEW_BASEPTR) {
		phase(c, "own tables");
	} else if (op.cmd == MMUEXT_NEW_USER_BASEPTR && op.arg1.mfn != 0) {
		phase(c, "user space");
	}
}

static unsigned int bucket(const struct collect *c)
{
	double all = (double)(c->last_time - c->first_time);
	double part = all > 0 ? (double)(int64_t)(c->time - c->first_time) / all
			      : (double)c->operations /
					(double)(c->t->operations + 1);
	double at = part * COLLECT_BUCKETS;

	return at < 0                 ? 0
	       : at < COLLECT_BUCKETS ? (unsigned int)at
				      : COLLECT_BUCKETS - 1;
}

/* The domain of a record; NULL: it is not there. */
static const struct mmu_domain *domain_of(const struct collect *c,
					  const struct trace_record *r)
{
	const struct mmu_domain *d;

	for (unsigned int i = 0; (d = replay_domain(c->r, i)) != NULL; i++) {
		if (d->tag == r->domain) {
			return d;
		}
	}
	return NULL;
}

static void begins(struct collect *c, const struct trace_record *r)
{
	const struct mmu_domain *d = domain_of(c, r);

	c->operations++;
	c->op = r->detail;
	c->time = r->word[0];
	c->count[r->detail][bucket(c)]++;
	if (r->detail == MMU_OP_START) {
		phase(c, "start of day");
		if (d != NULL && d->width == &pt_64) {
			collect_p2m(c, mfn(r->word[TRACE_BEGIN_WORDS]));
		}
	}
}

static void refused(struct collect *c, const struct trace_record *r)
{
	struct refused *to = &c->refused[c->nr_refused++ % COLLECT_REFUSALS];
	const struct mmu_domain *d = domain_of(c, r);

	c->refused_in[bucket(c)]++;
	to->operation = c->operations;
	to->time = c->time;
	if (d != NULL) {
		to->refusal = d->refusal;
		if (mfn_valid(d->m, d->refusal.frame)) {
			to->refusal.pfn = pfn(d->m->m2p[d->refusal.frame.v]);
		}
		(void)refusal_format(&to->refusal, to->text, sizeof(to->text));
	}
}

static void take(struct collect *c, const struct trace_record *r)
{
	bool mmuext_op = false;

	switch (r->kind) {
	case TRACE_CLOCK:
		c->tsc_khz = r->word[0];
		break;
	case TRACE_BEGIN:
		begins(c, r);
		break;
	case TRACE_COPIED_IN:
		mmuext_op = c->op == MMU_OP_MMUEXT &&
			    r->detail ==
				    trace_request_size(c->op,
						       trace_narrow(c->t,
								    r->domain));
		break;
	case TRACE_REFUSED:
		refused(c, r);
		break;
	case TRACE_STOPPED:
		snprintf(c->end, sizeof(c->end), "%.*s",
			 (int)(r->nr * sizeof(*r->word)),
			 (const char *)r->word);
		break;
	case TRACE_PAGE_FAULT:
		snprintf(c->end, sizeof(c->end),
			 "page fault at %#llx, error code %llx%s",
			 (unsigned long long)r->word[0],
			 (unsigned long long)r->word[1],
			 (r->detail & TRACE_STALE) != 0
				 ? ": the tables allow it, the TLB did not"
				 : "");
		break;
	default:
		break;
	}
	if (mmuext_op) {
		mmuext(c, r);
	}
}

static void step(void *state, uint64_t from, uint64_t to)
{
	struct collect *c = state;
	uint64_t due = c->t->operations * c->nr_snapshots / COLLECT_SNAPSHOTS;
	struct trace_record r;

	while (from < to && trace_next(c->t, &from, &r)) {
		take(c, &r);
	}
	if (c->operations >= due && c->nr_snapshots <= COLLECT_SNAPSHOTS &&
	    c->operations != 0) {
		collect_snapshot(c);
	}
}

/* What changes a frame, not every entry that names it. */
static void event(void *state, struct mmu_domain *d, const struct mmu_event *e)
{
	struct collect *c = state;

	(void)d;
	if (e->kind == MMU_EVENT_BEGIN && e->op.id == MMU_OP_DEATH) {
		collect_end(c);
	}
	if (e->kind != MMU_EVENT_TYPED && e->kind != MMU_EVENT_UNTYPED &&
	    e->kind != MMU_EVENT_PINNED && e->kind != MMU_EVENT_UNPINNED &&
	    e->kind != MMU_EVENT_FREED && e->kind != MMU_EVENT_GIVEN &&
	    e->kind != MMU_EVENT_JUDGED) {
		return;
	}
	/* Its step is told when it is over. */
	pack_number(&c->events, c->operations + 1 - c->event_operation);
	pack_number(&c->events, (uint64_t)e->kind << 3 | (e->type & 7));
	pack_signed(&c->events, (int64_t)e->frame.v - (int64_t)c->event_frame);
	c->event_operation = c->operations + 1;
	c->event_frame = e->frame.v;
	c->nr_events++;
}

/* From the first operation to the last: how long the time line is. */
static void measure(struct collect *c)
{
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(c->t, &at, &r)) {
		if (r.kind == TRACE_BEGIN) {
			c->first_time =
				c->first_time == 0 ? r.word[0] : c->first_time;
			c->last_time = r.word[0] > c->last_time ? r.word[0]
								: c->last_time;
		}
	}
}

static bool make_room(struct collect *c)
{
	for (unsigned int i = 0; i < MMU_OPERATIONS; i++) {
		c->count[i] = calloc(COLLECT_BUCKETS, sizeof(uint32_t));
		if (c->count[i] == NULL) {
			return false;
		}
	}
	c->refused_in = calloc(COLLECT_BUCKETS, sizeof(uint32_t));
	c->class_of = calloc(c->t->nr_frames, 1);
	c->p2m = calloc(c->t->nr_frames / 8 + 1, 1);
	return c->refused_in != NULL && c->class_of != NULL && c->p2m != NULL;
}

bool collect(struct collect *c, const struct trace *t,
	     struct replay_result *result)
{
	static const struct replay_watcher watcher = {event, step};
	const struct replay_options o = {.watcher = &watcher,
					 .watcher_state = c};

	*c = (struct collect){.t = t, .r = replay_new(t)};
	*result = (struct replay_result){0};
	if (c->r == NULL || !make_room(c)) {
		snprintf(result->line, sizeof(result->line), "out of memory");
		return false;
	}
	measure(c);
	replay_run(c->r, &o, result);
	if (result->differs) {
		return false;
	}
	collect_end(c);
	collect_snapshot(c);
	return !(c->changes.failed || c->events.failed || c->frames.failed ||
		 c->tables.failed || c->pfns.failed);
}

void collect_fini(struct collect *c)
{
	for (unsigned int i = 0; i < MMU_OPERATIONS; i++) {
		free(c->count[i]);
	}
	free(c->refused_in);
	free(c->class_of);
	free(c->p2m);
	pack_fini(&c->changes);
	pack_fini(&c->events);
	pack_fini(&c->frames);
	pack_fini(&c->pfns);
	pack_fini(&c->tables);
	if (c->r != NULL) {
		replay_free(c->r);
	}
}
