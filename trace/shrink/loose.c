/* SPDX-License-Identifier: MIT */
/*
 * A loose replay: what is left of a recording is run for what comes of it, not
 * to be compared. The engine gets what the step has for it: the bytes that it
 * copied in, the contents of the tables that it judged. What the step has not
 * (because what came before is gone, and the engine now asks for something
 * else) is a fault, or a table as it stands in memory. It is never told to
 * stop.
 */
#include "trace/shrink/loose.h"

#include <stdlib.h>
#include <string.h>

#include "trace/record/recorder.h"
#include "trace/replay/machine.h"

#define RING_WORDS (UINT64_C(1) << 14)

struct loose {
	struct replay r; /* first */
	const struct shrink_wish *wish;
	bool shown;
	uint64_t copied; /* where the step's copies go on */
	uint64_t step;   /* where it begins */
	uint64_t rip;
	struct recorder recorder; /* ring NULL: nobody records */
	struct trace_writer *to;
};

static struct loose *of(const struct mmu *m)
{
	return (struct loose *)replay_of_mmu(m);
}

static bool preempt(struct mmu_domain *d)
{
	struct loose *l = of(d->m);

	if (l->recorder.inside) {
		recorder_asked(&l->recorder, false);
	}
	return false;
}

static int next_copy(struct loose *l, void *to, size_t bytes)
{
	struct trace_record r;

	while (trace_next(l->r.t, &l->copied, &r) && r.kind != TRACE_END) {
		if (r.kind == TRACE_COPIED_IN && r.detail == bytes) {
			memcpy(to, r.word, bytes);
			return 0;
		}
	}
	return -XEN_EFAULT;
}

static int copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	struct loose *l = of(v->dom->m);
	int rc;

	(void)from;
	if (!l->r.inside) {
		return -XEN_EFAULT;
	}
	rc = next_copy(l, to, bytes);
	if (l->recorder.inside) {
		recorder_copied(&l->recorder, TRACE_COPIED_IN, to, bytes, rc);
	}
	return rc;
}

static int copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		    size_t bytes)
{
	struct loose *l = of(v->dom->m);

	(void)to;
	if (l->recorder.inside) {
		recorder_copied(&l->recorder, TRACE_COPIED_OUT, from, bytes, 0);
	}
	return 0;
}

/* The contents that the step has for the frame, if it has. */
static void judged(struct loose *l, mfn_t f)
{
	uint64_t *data = frame_data(&l->r.sim.mmu, f);
	uint64_t at = l->step;
	struct trace_record r;

	while (trace_next(l->r.t, &at, &r) && r.kind != TRACE_END) {
		if (r.kind == TRACE_TABLE && r.word[0] == f.v) {
			replay_fill(data, &r);
			return;
		}
	}
}

static void ends(struct loose *l, const struct mmu_domain *d)
{
	const struct refusal *refusal = &d->refusal;
	struct trace_record begin;
	uint64_t at = l->step;

	l->r.inside = false;
	if (d->stats.refused != l->r.refused &&
	    trace_next(l->r.t, &at, &begin)) {
		l->shown = l->shown || ((int)refusal->rule == l->wish->rule &&
					begin.detail == l->wish->op &&
					refusal->frame.v == l->wish->frame);
	}
}

static void event(struct mmu_domain *d, const struct mmu_event *e)
{
	struct loose *l = of(d->m);

	switch (e->kind) {
	case MMU_EVENT_BEGIN:
		l->r.inside = true;
		l->r.at = l->step + 1;
		l->r.refused = d->stats.refused;
		break;
	case MMU_EVENT_TYPED:
	case MMU_EVENT_JUDGED:
		judged(l, e->frame);
		break;
	case MMU_EVENT_END:
		ends(l, d);
		break;
	default:
		return;
	}
	if (l->recorder.ring != NULL) {
		recorder_event(&l->recorder, d, e);
	}
}

static __attribute__((noreturn)) void panic(struct mmu *m, const char *why)
{
	(void)why;
	longjmp(of(m)->r.gave_up, 1);
}

static const struct sim_world loose_world = {
	.preempt = preempt,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.event = event,
	.panic = panic,
};

uint64_t recorder_time(void)
{
	return 0;
}

uint64_t recorder_rip(const struct mmu_vcpu *v)
{
	return of(v->dom->m)->rip;
}

void recorder_wait(struct recorder *r)
{
	struct loose *l =
		(struct loose *)((char *)r - offsetof(struct loose, recorder));

	while (r->ring->tail != r->ring->head) {
		trace_writer_put(l->to, &r->data[r->ring->tail++ & r->mask], 1);
	}
}

/* The set-up is copied: it is as it was. The names are the recorder's. */
static void run_setup(struct loose *l, const struct trace_record *r)
{
	(void)replay_set_up(&l->r, r);
	if (l->recorder.ring != NULL && r->kind != TRACE_NAMES) {
		recorder_wait(&l->recorder);
		trace_writer_put(l->to, r->word - 1, 1 + (size_t)r->nr);
	}
}

static void run_steps(struct loose *l, const struct plan *p)
{
	struct trace_record r;

	if (setjmp(l->r.gave_up) != 0) {
		l->shown = false;
		return;
	}
	for (size_t i = 0; i < p->nr_steps && !l->r.differs; i++) {
		uint64_t at = p->step[i].at;

		if (!p->step[i].kept || !trace_next(&p->t, &at, &r)) {
			continue;
		}
		if (p->step[i].setup) {
			run_setup(l, &r);
			continue;
		}
		l->step = r.at;
		l->copied = at;
		l->rip = r.word[1];
		l->r.at = r.at;
		replay_operation(&l->r, &r);
		/* Nobody asked: it left nothing, and harms nobody. */
		l->r.differs = false;
	}
}

static bool run(const struct plan *p, const struct shrink_wish *w,
		struct trace_writer *to)
{
	struct loose *l = calloc(1, sizeof(*l));
	bool shown;

	if (l == NULL) {
		return false;
	}
	l->r.t = &p->t;
	l->r.sim.world = &loose_world;
	l->wish = w;
	l->to = to;
	if (to != NULL) {
		struct trace_ring *ring =
			calloc(1,
			       sizeof(*ring) + RING_WORDS * sizeof(uint64_t));

		if (ring != NULL) {
			recorder_init(&l->recorder, ring, RING_WORDS);
		}
	}
	run_steps(l, p);
	if (l->recorder.ring != NULL) {
		recorder_wait(&l->recorder);
	}
	shown = l->shown;
	free(l->recorder.ring);
	replay_free(&l->r);
	return shown;
}

bool loose_shows(const struct plan *p, const struct shrink_wish *w)
{
	return run(p, w, NULL);
}

bool loose_record(const struct plan *p, const struct shrink_wish *w,
		  struct trace_writer *to)
{
	return run(p, w, to) && !to->failed;
}
