/* SPDX-License-Identifier: MIT */
/*
 * The replay follows the stream by what the engine does. Whoever asks the
 * engine for an operation (issue.c) and the engine's questions to its port meet
 * the records in the same order in which they were made: every question takes
 * the next record, which must be its answer. So a difference is noticed where
 * it begins, not where it shows.
 *
 * The machine is memory for its frames, of which only those that are tables
 * are ever touched, and the frame table. Flushes need no answer: there is no
 * CPU. A trace may come from anybody: what would break the engine's own
 * assumptions about who calls it is a difference, too.
 */
#include "trace/replay/machine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static struct replay *of(const struct mmu_domain *d)
{
	return replay_of_mmu(d->m);
}

void replay_differs(struct replay *r, const char *format, ...)
{
	va_list args;

	if (!r->differs) {
		r->differs = true;
		r->differs_at = r->at;
		va_start(args, format);
		vsnprintf(r->line, sizeof(r->line), format, args);
		va_end(args);
	}
}

/* The next record if it is of that kind. */
static bool next_is(struct replay *r, enum trace_kind kind,
		    struct trace_record *ret)
{
	uint64_t at = r->at;

	if (r->differs || !trace_next(r->t, &at, ret) || ret->kind != kind) {
		return false;
	}
	return true;
}

static void consume(struct replay *r, const struct trace_record *record)
{
	r->at = record->at + 1 + record->nr;
}

static bool preempt(struct mmu_domain *d)
{
	struct replay *r = of(d);
	struct trace_record next;

	if (r->differs) {
		return true; /* whatever goes on is to stop */
	}
	r->asked++;
	if (r->inside && next_is(r, TRACE_PREEMPTED, &next) &&
	    next.word[0] == r->asked) {
		consume(r, &next);
		return true;
	}
	return false;
}

static bool copied(struct replay *r, enum trace_kind kind, size_t bytes,
		   struct trace_record *next)
{
	if (!r->inside) {
		return false;
	}
	if (!next_is(r, kind, next) ||
	    (next->detail & (TRACE_FAULT - 1)) != bytes) {
		replay_differs(r, "%zu bytes are copied %s here", bytes,
			       kind == TRACE_COPIED_IN ? "in" : "out");
		return false;
	}
	consume(r, next);
	return (next->detail & TRACE_FAULT) == 0;
}

static int copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	struct replay *r = of(v->dom);
	struct trace_record next;

	/* In both forms it begins with the number, and the rest is 0. */
	if (!r->inside && r->list != NULL && bytes <= sizeof(*r->list)) {
		memcpy(to, r->list, bytes);
		return 0;
	}
	(void)from;
	if (!copied(r, TRACE_COPIED_IN, bytes, &next)) {
		return -XEN_EFAULT;
	}
	memcpy(to, next.word, bytes);
	return 0;
}

static int copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		    size_t bytes)
{
	struct replay *r = of(v->dom);
	struct trace_record next;

	(void)to;
	if (!r->inside && r->list != NULL) {
		return 0; /* the refused one's result */
	}
	if (!copied(r, TRACE_COPIED_OUT, bytes, &next)) {
		return -XEN_EFAULT;
	}
	if (memcmp(from, next.word, bytes) != 0) {
		replay_differs(r, "other bytes are copied out here");
	}
	return 0;
}

static void begins(struct replay *r, const struct mmu_domain *d,
		   const struct mmu_event *e)
{
	const unsigned int nr = operation_info[e->op.id].nr_words;
	const struct mmu_vcpu *v = e->op.vcpu;
	struct trace_record next;

	if (!next_is(r, TRACE_BEGIN, &next) || next.detail != e->op.id ||
	    next.domain != d->tag ||
	    next.vcpu != (v == NULL ? TRACE_NO_VCPU : v->id)) {
		replay_differs(r, "%s begins here",
			       operation_info[e->op.id].name);
		return;
	}
	if (nr != 0 && memcmp(next.word + TRACE_BEGIN_WORDS, e->op.operand,
			      nr * sizeof(uint64_t)) != 0) {
		replay_differs(r, "%s with other operands begins here",
			       operation_info[e->op.id].name);
		return;
	}
	consume(r, &next);
	r->inside = true;
	r->asked = 0;
	r->refused = d->stats.refused;
}

void replay_fill(uint64_t *data, const struct trace_record *record)
{
	const uint64_t *word = record->word + 1 + TRACE_BITMAP_WORDS;

	memset(data, 0, PAGE_SIZE);
	for (unsigned int i = 0; i < TRACE_BITMAP_WORDS; i++) {
		for (uint64_t bits = record->word[1 + i]; bits != 0;
		     bits &= bits - 1) {
			data[i * 64 + (unsigned int)__builtin_ctzll(bits)] =
				*word++;
		}
	}
}

static void judged(struct replay *r, const struct mmu_event *e)
{
	struct trace_record next;
	uint64_t *data = frame_data(&r->sim.mmu, e->frame);

	if (!next_is(r, TRACE_TABLE, &next) || next.word[0] != e->frame.v ||
	    next.detail != e->type) {
		replay_differs(r, "mfn %llx is judged here",
			       (unsigned long long)e->frame.v);
		return;
	}
	consume(r, &next);
	replay_fill(data, &next);
}

static void is_refused(struct replay *r, const struct mmu_domain *d)
{
	const struct refusal *refusal = &d->refusal;
	struct trace_record next;

	if (!next_is(r, TRACE_REFUSED, &next) || next.detail != refusal->rule ||
	    next.word[0] != refusal->frame.v) {
		replay_differs(r, "refused by %s here",
			       rule_info[refusal->rule].name);
		return;
	}
	consume(r, &next);
}

static void ends(struct replay *r, const struct mmu_domain *d,
		 const struct mmu_event *e)
{
	struct trace_record next;

	if (d->stats.refused != r->refused) {
		is_refused(r, d);
	}
	if (!next_is(r, TRACE_END, &next) ||
	    next.word[0] != (uint64_t)e->result) {
		replay_differs(r, "%s ends with %lld here",
			       operation_info[e->op.id].name,
			       (long long)e->result);
	} else if (e->op.id == MMU_OP_DIRECT_WRITE &&
		   (next.nr != 3 ||
		    next.word[2] != e->op.operand[DIRECT_OPERAND_OLD])) {
		replay_differs(r, "%s reads another entry here",
			       operation_info[e->op.id].name);
	} else {
		consume(r, &next);
	}
	r->inside = false;
	r->operations++;
}

static void event(struct mmu_domain *d, const struct mmu_event *e)
{
	struct replay *r = of(d);

	if (r->differs) {
		return;
	}
	if (r->watcher != NULL) {
		r->watcher->event(r->watcher_state, d, e);
	}
	switch (e->kind) {
	case MMU_EVENT_BEGIN:
		begins(r, d, e);
		break;
	case MMU_EVENT_TYPED:
	case MMU_EVENT_JUDGED:
		judged(r, e);
		break;
	case MMU_EVENT_END:
		ends(r, d, e);
		break;
	default:
		break;
	}
}

static __attribute__((noreturn)) void panic(struct mmu *m, const char *why)
{
	struct replay *r = replay_of_mmu(m);

	replay_differs(r, "the engine gave up: %s", why);
	longjmp(r->gave_up, 1);
}

static const struct sim_world replay_world = {
	.preempt = preempt,
	.copy_in = copy_in,
	.copy_out = copy_out,
	.event = event,
	.panic = panic,
};

struct replay *replay_new(const struct trace *t)
{
	struct replay *r = calloc(1, sizeof(*r));

	if (r != NULL) {
		r->t = t;
		r->sim.world = &replay_world;
	}
	return r;
}

#define LARGE_PAGE (UINT64_C(2) << 20)

static void *map(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* At a place where a large page may begin. */
static void *map_aligned(uint64_t bytes)
{
	uint8_t *p = map(bytes + LARGE_PAGE);
	uint64_t before = -(uintptr_t)p & (LARGE_PAGE - 1);
	uint64_t whole = (bytes + PAGE_SIZE - 1) & -(uint64_t)PAGE_SIZE;

	if (p == NULL) {
		return NULL;
	}
	if (before != 0) {
		munmap(p, before);
	}
	munmap(p + before + whole, LARGE_PAGE - before);
	return p + before;
}

/*
 * What there is for every frame is touched all over, and a page fault costs
 * more than the operations whose data it brings.
 */
static void large_pages(void *p, uint64_t bytes)
{
	uint64_t before = (uintptr_t)p & (LARGE_PAGE - 1);

	if (p != NULL && bytes >= LARGE_PAGE) {
		(void)madvise((uint8_t *)p - before, bytes + before,
			      MADV_HUGEPAGE);
	}
}

static void *map_for_frames(uint64_t bytes)
{
	void *p = map_aligned(bytes);

	large_pages(p, bytes);
	return p;
}

static uint64_t *m2p_of(struct replay *r, uint64_t where)
{
	const struct mmu *m = &r->sim.mmu;

	if (where != TRACE_ELSEWHERE) {
		large_pages(m->ram + where, m->nr_frames * sizeof(*m->m2p));
		return (uint64_t *)(m->ram + where);
	}
	r->own_m2p = map_for_frames(m->nr_frames * sizeof(*m->m2p));
	return r->own_m2p;
}

bool replay_make_machine(struct replay *r, const struct trace_record *record)
{
	struct mmu *m = &r->sim.mmu;

	m->nr_frames = record->word[0];
	m->ram = map_aligned(m->nr_frames << PAGE_SHIFT);
	m->frames = map_for_frames(m->nr_frames * sizeof(*m->frames));
	r->tally = map_for_frames(m->nr_frames * sizeof(*r->tally));
	if (m->ram == NULL || m->frames == NULL || r->tally == NULL) {
		replay_differs(r, "no memory for its machine");
		return false;
	}
	m->m2p = m2p_of(r, record->word[1]);
	if (m->m2p == NULL) {
		replay_differs(r, "no memory for its M2P");
		return false;
	}
	memset(m->m2p, 0xff, m->nr_frames * sizeof(*m->m2p));
	m->pte_nx = record->word[2];
	m->zero_frame = mfn(record->word[3]);
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		m->xen_slots[i] = pte(record->word[4 + i]);
	}
	return true;
}

void replay_make_machine_32(struct replay *r, const struct trace_record *record)
{
	struct mmu *m = &r->sim.mmu;

	if (record->word[0] != 0) {
		m->m2p32 = (uint32_t *)(m->ram + record->word[0]);
		memset(m->m2p32, 0xff, m->nr_frames * sizeof(*m->m2p32));
	}
	for (unsigned int i = 0; i < XEN_L2_SLOTS; i++) {
		m->xen_l2_slots[i] = pte(record->word[1 + i]);
	}
}

void replay_free(struct replay *r)
{
	struct mmu *m = &r->sim.mmu;

	for (unsigned int i = 0; i < r->nr_domains; i++) {
		for (unsigned int j = 0; j < r->domain[i]->nr_vcpus; j++) {
			free(r->domain[i]->vcpu[j]);
		}
		free(r->domain[i]);
	}
	if (m->ram != NULL) {
		munmap(m->ram, m->nr_frames << PAGE_SHIFT);
	}
	if (r->own_m2p != NULL) {
		munmap(r->own_m2p, m->nr_frames * sizeof(*m->m2p));
	}
	if (m->frames != NULL) {
		munmap(m->frames, m->nr_frames * sizeof(*m->frames));
	}
	if (r->tally != NULL) {
		munmap(r->tally, m->nr_frames * sizeof(*r->tally));
	}
	free(r);
}

const struct mmu *replay_machine(const struct replay *r)
{
	return &r->sim.mmu;
}

struct mmu_domain *replay_domain(const struct replay *r, unsigned int i)
{
	return i < r->nr_domains ? r->domain[i] : NULL;
}

static void audit(struct replay *r, struct replay_result *ret)
{
	struct audit_report report;
	uint64_t found = mmu_audit(&r->sim.mmu, r->domain, r->nr_domains,
				   r->tally, &report);

	ret->audits++;
	if (found != 0 && ret->differences == 0) {
		ret->report = report;
		ret->at_audit = r->operations;
	}
	ret->differences += found;
}

/* Is the next operation one behind that of this number? 0: there is none. */
static bool is_beyond(struct replay *r, uint64_t until)
{
	struct trace_record next;

	return until != 0 && next_is(r, TRACE_BEGIN, &next) &&
	       next.word[2] > until;
}

/* The records of this step, taken by the model, too. */
static void ask_oracle(struct replay *r, struct oracle *oracle, uint64_t from)
{
	if (oracle != NULL && !r->differs &&
	    !oracle_follow(oracle, from, r->at, &r->sim.mmu)) {
		replay_differs(r, "oracle: %s", oracle_result(oracle)->line);
	}
}

/* In one function of its own: longjmp leads here, and nowhere else. */
static void steps(struct replay *r, const struct replay_options *o,
		  struct oracle *oracle, struct replay_result *ret)
{
	if (setjmp(r->gave_up) != 0) {
		return;
	}
	while (!r->differs && !is_beyond(r, o->until)) {
		uint64_t from = r->at;

		if (!replay_step(r)) {
			break;
		}
		ask_oracle(r, oracle, from);
		if (r->watcher != NULL) {
			r->watcher->step(r->watcher_state, from, r->at);
		}
		if (r->next_audit != 0 && r->operations >= r->next_audit &&
		    !r->differs) {
			audit(r, ret);
			r->next_audit = r->operations + o->audit_every;
		}
	}
}

static void run_with_oracle(struct replay *r, const struct replay_options *o,
			    struct replay_result *ret)
{
	struct oracle *oracle = oracle_new(r->t, o->oracle_every);

	if (oracle == NULL) {
		replay_differs(r, "no memory for the model");
		return;
	}
	steps(r, o, oracle, ret);
	if (!r->differs && !oracle_finish(oracle, &r->sim.mmu)) {
		replay_differs(r, "oracle: %s", oracle_result(oracle)->line);
	}
	ret->oracle = *oracle_result(oracle);
	oracle_free(oracle);
}

void replay_run(struct replay *r, const struct replay_options *o,
		struct replay_result *ret)
{
	*ret = (struct replay_result){0};
	r->next_audit = o->audit_every;
	r->watcher = o->watcher;
	r->watcher_state = o->watcher_state;
	if (o->oracle_every != 0) {
		run_with_oracle(r, o, ret);
	} else {
		steps(r, o, NULL, ret);
	}
	ret->operations = r->operations;
	ret->differs = r->differs;
	ret->word = r->differs_at;
	memcpy(ret->line, r->line, sizeof(ret->line));
}
