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

#include "engine/table/walk.h"
#include "trace/replay/machine.h"
#include "trace/tape/tape.h"

/* What the TLB holds of the page of the wished fault. */
struct cached_page {
	bool valid;
	bool writable;
};

struct loose {
	struct replay r; /* first */
	const struct shrink_wish *wish;
	bool shown;
	uint64_t copied;  /* where the step's copies go on */
	uint64_t step;    /* where it begins */
	struct tape tape; /* to NULL: nobody records */
	struct cached_page cached;
};

static struct loose *of(const struct mmu *m)
{
	return (struct loose *)replay_of_mmu(m);
}

static bool preempt(struct mmu_domain *d)
{
	struct loose *l = of(d->m);

	if (l->tape.recorder.inside) {
		recorder_asked(&l->tape.recorder, false);
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
	if (l->tape.recorder.inside) {
		recorder_copied(&l->tape.recorder, TRACE_COPIED_IN, to, bytes,
				rc);
	}
	return rc;
}

static int copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		    size_t bytes)
{
	struct loose *l = of(v->dom->m);

	(void)to;
	if (l->tape.recorder.inside) {
		recorder_copied(&l->tape.recorder, TRACE_COPIED_OUT, from,
				bytes, 0);
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
		l->shown = l->shown || (!l->wish->fault &&
					(int)refusal->rule == l->wish->rule &&
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
	if (l->tape.recorder.ring != NULL) {
		recorder_event(&l->tape.recorder, d, e);
	}
}

static bool same_page(uint64_t a, uint64_t b)
{
	return a >> PAGE_SHIFT == b >> PAGE_SHIFT;
}

static void flush_all(struct mmu_domain *d)
{
	of(d->m)->cached.valid = false;
}

static void flush_page(struct mmu_domain *d, vaddr_t va)
{
	struct loose *l = of(d->m);

	if (same_page(va.v, l->wish->va)) {
		l->cached.valid = false;
	}
}

/* Of the first vCPU; mfn 0: none yet. */
static mfn_t first_root(const struct loose *l)
{
	const struct mmu_domain *d = replay_domain(&l->r, 0);

	return d == NULL || d->vcpu[0] == NULL ? mfn(0)
					       : d->vcpu[0]->kernel_root;
}

/* What its tables say of the address now. */
static struct cached_page look(const struct loose *l)
{
	struct cached_page page = {.writable = true};
	mfn_t root = first_root(l);
	const struct mmu_domain *d = replay_domain(&l->r, 0);
	pte_t entries[5];

	if (root.v == 0 ||
	    mmu_walk(&l->r.sim.mmu, d->width, root, vaddr(l->wish->va),
		     entries) != d->width->top) {
		return (struct cached_page){.valid = false};
	}
	page.valid = pte_present(entries[1]);
	for (unsigned int level = 1; level <= d->width->top; level++) {
		page.writable = page.writable && pte_writable(entries[level]);
	}
	return page;
}

/* Would the CPU fault with that code, if it knew of the page no more? */
static bool faults(const struct cached_page *page, uint64_t code)
{
	bool present = (code & PAGE_FAULT_PRESENT) != 0;
	bool write = (code & PAGE_FAULT_WRITE) != 0;

	return present ? page->valid && write && !page->writable : !page->valid;
}

static void page_fault(struct loose *l)
{
	const struct shrink_wish *w = l->wish;
	struct cached_page now = look(l);

	if (first_root(l).v == 0) {
		return; /* it does not run yet */
	}
	l->shown = w->stale ? l->cached.valid && faults(&l->cached, w->code) &&
				      !faults(&now, w->code)
			    : faults(&now, w->code);
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
	.flush_all = flush_all,
	.flush_page = flush_page,
};

/* The set-up is copied: it is as it was. The names are the recorder's. */
static void run_setup(struct loose *l, const struct trace_record *r)
{
	(void)replay_set_up(&l->r, r);
	if (r->kind == TRACE_PAGE_FAULT && l->wish->fault) {
		page_fault(l);
	} else if (r->kind == TRACE_CACHED) {
		l->cached = look(l);
	}
	if (l->tape.recorder.ring != NULL && r->kind != TRACE_NAMES) {
		tape_flush(&l->tape);
		trace_writer_put(l->tape.to, r->word - 1, 1 + (size_t)r->nr);
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
		if (r.kind != TRACE_BEGIN) {
			run_setup(l, &r);
			continue;
		}
		l->step = r.at;
		l->copied = at;
		l->tape.rip = r.word[1];
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
	if (to != NULL && !tape_init(&l->tape, to)) {
		replay_free(&l->r);
		return false;
	}
	run_steps(l, p);
	if (to != NULL) {
		tape_flush(&l->tape);
	}
	shown = l->shown;
	tape_fini(&l->tape);
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
