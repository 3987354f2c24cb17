/* SPDX-License-Identifier: MIT */
/*
 * How a recording is taken apart. A list of requests is copied in one by one,
 * so each copy begins a request, and the tables that are judged after it are
 * its. An operation that was stopped has the rest of its records behind the
 * next begin of the same; a list's request that was stopped is copied in again,
 * which is seen by its being the same once more.
 */
#include "trace/shrink/plan.h"

#include <stdlib.h>
#include <string.h>

#include "engine/report/event.h"
#include "trace/file/request.h"

struct maker {
	struct plan *p;
	const struct trace *from;
	bool failed;
	bool stopped; /* the operation before ended with -XEN_ERESTART */
	struct trace_record begin;
	struct trace_record last_in; /* of a list; nr 0: none */
	bool open;                   /* a step without its end */
};

static void put(struct maker *m, const uint64_t *words, uint64_t nr)
{
	struct plan *p = m->p;

	if (p->t.nr + nr > p->room) {
		uint64_t room = 2 * p->room + nr + 4096;
		void *more = realloc(p->t.word, room * sizeof(*words));

		if (more == NULL) {
			m->failed = true;
			return;
		}
		p->t.word = more;
		p->room = room;
	}
	memcpy(p->t.word + p->t.nr, words, nr * sizeof(*words));
	p->t.nr += nr;
}

static void put_record(struct maker *m, const struct trace_record *r)
{
	put(m, r->word - 1, 1 + (uint64_t)r->nr);
}

static void new_step(struct maker *m, bool setup)
{
	struct plan *p = m->p;

	if (p->nr_steps == p->room_steps) {
		size_t room = 2 * p->room_steps + 1024;
		void *more = realloc(p->step, room * sizeof(*p->step));

		if (more == NULL) {
			m->failed = true;
			return;
		}
		p->step = more;
		p->room_steps = room;
	}
	p->step[p->nr_steps++] =
		(struct plan_step){.at = p->t.nr, .setup = setup, .kept = true};
}

static size_t request_size(const struct maker *m)
{
	return trace_request_size(m->begin.detail,
				  trace_narrow(m->from, m->begin.domain));
}

static void end_step(struct maker *m)
{
	const uint64_t zero[2] = {0};
	uint64_t head =
		trace_head(TRACE_END, m->begin.vcpu, m->begin.domain, 2, 0);

	if (m->open) {
		put(m, &head, 1);
		put(m, zero, 2);
		m->open = false;
	}
}

static void begin_step(struct maker *m)
{
	new_step(m, false);
	put_record(m, &m->begin);
	m->open = true;
}

/* One request is a list of one, and nobody wants to know how many were done. */
static void begin_request(struct maker *m)
{
	uint64_t *operand;

	end_step(m);
	begin_step(m);
	if (!m->failed) {
		operand = m->p->t.word + m->p->t.nr - 4;
		operand[1] = 1;
		operand[2] = 0;
	}
}

static bool same_words(const struct trace_record *a,
		       const struct trace_record *b)
{
	return a->nr == b->nr && a->nr != 0 &&
	       memcmp(a->word, b->word, a->nr * sizeof(*a->word)) == 0;
}

static void take_begin(struct maker *m, const struct trace_record *r)
{
	bool same = m->stopped && r->detail == m->begin.detail &&
		    r->vcpu == m->begin.vcpu && r->domain == m->begin.domain;

	if (same) {
		return;
	}
	end_step(m);
	m->begin = *r;
	m->stopped = false;
	m->last_in.nr = 0;
	if (request_size(m) == 0) {
		begin_step(m);
	}
}

static void take_in(struct maker *m, const struct trace_record *r)
{
	size_t size = request_size(m);

	if (size == 0 || r->detail != size) {
		if (m->open) {
			put_record(m, r);
		}
		return;
	}
	if (m->stopped && same_words(r, &m->last_in)) {
		m->stopped = false;
		return;
	}
	m->stopped = false;
	begin_request(m);
	put_record(m, r);
	m->last_in = *r;
}

static void take_end(struct maker *m, const struct trace_record *r)
{
	m->stopped = r->word[0] == (uint64_t)-XEN_ERESTART;
	if (m->stopped) {
		return;
	}
	if (m->open && r->nr == 3) {
		put_record(m, r);
		m->open = false;
	}
	end_step(m);
}

/* What the TLB got of another page does not matter. */
static void take_cached(struct maker *m, const struct trace_record *r,
			const struct shrink_wish *w)
{
	if (w->fault && w->stale &&
	    r->word[0] >> PAGE_SHIFT == w->va >> PAGE_SHIFT) {
		end_step(m);
		new_step(m, false);
		put_record(m, r);
	}
}

/* False: it is the refusal that is wished, and that is all. */
static bool take(struct maker *m, const struct trace_record *r,
		 struct shrink_wish *w, bool *wished)
{
	switch (r->kind) {
	case TRACE_BEGIN:
		take_begin(m, r);
		break;
	case TRACE_COPIED_IN:
		take_in(m, r);
		break;
	case TRACE_TABLE:
		if (m->open) {
			put_record(m, r);
		}
		break;
	case TRACE_REFUSED:
		if (!*wished && !w->fault &&
		    (w->rule >= UINT16_MAX || w->rule == r->detail)) {
			*wished = true;
			w->rule = r->detail;
			w->op = m->begin.detail;
			w->frame = r->word[0];
		}
		break;
	case TRACE_END:
		take_end(m, r);
		return !*wished;
	case TRACE_COPIED_OUT:
	case TRACE_PREEMPTED:
	case TRACE_STOPPED:
		break;
	case TRACE_CACHED:
		take_cached(m, r, w);
		break;
	case TRACE_PAGE_FAULT:
		*wished = *wished || w->fault;
		new_step(m, true);
		put_record(m, r);
		return !*wished;
	default:
		end_step(m);
		new_step(m, true);
		put_record(m, r);
	}
	return true;
}

/* Which fault it is has to be known before what comes before it is taken. */
static void find_fault(const struct trace *t, struct shrink_wish *w)
{
	struct trace_record r;
	uint64_t at = 0;

	while (w->fault && trace_next(t, &at, &r)) {
		if (r.kind == TRACE_PAGE_FAULT) {
			w->va = r.word[0];
			w->code = r.word[1];
			w->stale = (r.detail & TRACE_STALE) != 0;
			return;
		}
	}
}

bool plan_make(struct plan *p, const struct trace *t, struct shrink_wish *w)
{
	struct maker m = {.p = p, .from = t};
	struct trace_record r;
	bool wished = false;
	uint64_t at = 0;

	*p = (struct plan){0};
	find_fault(t, w);
	while (trace_next(t, &at, &r) && take(&m, &r, w, &wished) &&
	       !m.failed) {
	}
	end_step(&m);
	p->t.whole = p->t.nr;
	p->t.nr_frames = t->nr_frames;
	if (m.failed || !wished) {
		plan_free(p);
		return false;
	}
	return true;
}

void plan_free(struct plan *p)
{
	free(p->t.word);
	free(p->step);
	*p = (struct plan){0};
}
