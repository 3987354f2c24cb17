/* SPDX-License-Identifier: MIT */
/*
 * Delta debugging: parts are left out, large ones first, then smaller, and what
 * is not missed stays out; at the end no single one can be spared. First steps,
 * then the entries of the tables that the remaining steps judge: an entry is
 * left out by making it 0.
 */
#include "trace/shrink/shrink.h"

#include <stdlib.h>

#include "trace/shrink/loose.h"

/* What can be left out: steps, or words of the stream. */
struct items {
	struct plan *p;
	const struct shrink_wish *wish;
	size_t nr;
	size_t *step;    /* NULL: words */
	uint64_t *place; /* of the words, in the stream */
	uint64_t *value;
	bool *out;
	size_t *tries;
};

static void set(const struct items *s, size_t i, bool out)
{
	s->out[i] = out;
	if (s->step != NULL) {
		s->p->step[s->step[i]].kept = !out;
	} else {
		s->p->t.word[s->place[i]] = out ? 0 : s->value[i];
	}
}

/* Leaves [from, to) out if the rest shows it. True: some are out now. */
static bool leave_out(const struct items *s, size_t from, size_t to)
{
	bool *was = malloc(to - from);
	bool any = false;

	if (was == NULL) {
		return false;
	}
	for (size_t i = from; i < to; i++) {
		was[i - from] = s->out[i];
		any = any || !s->out[i];
		set(s, i, true);
	}
	if (any) {
		++*s->tries;
	}
	if (any && !loose_shows(s->p, s->wish)) {
		any = false;
		for (size_t i = from; i < to; i++) {
			set(s, i, was[i - from]);
		}
	}
	free(was);
	return any;
}

/* From the last to the first: what depends on others goes before them. */
static void reduce(const struct items *s)
{
	size_t size = s->nr;
	bool again = true;

	while (size != 0 && (size > 1 || again)) {
		size = size > 1 ? (size + 1) / 2 : 1;
		again = false;
		for (size_t end = s->nr; end != 0;) {
			size_t from = end > size ? end - size : 0;

			again = leave_out(s, from, end) || again;
			end = from;
		}
	}
}

static bool init(struct items *s, size_t nr)
{
	s->nr = 0;
	s->step = calloc(nr + 1, sizeof(*s->step));
	s->place = calloc(nr + 1, sizeof(*s->place));
	s->value = calloc(nr + 1, sizeof(*s->value));
	s->out = calloc(nr + 1, sizeof(*s->out));
	return s->step != NULL && s->place != NULL && s->value != NULL &&
	       s->out != NULL;
}

static void fini(struct items *s, size_t *step)
{
	free(step);
	free(s->place);
	free(s->value);
	free(s->out);
}

static bool reduce_steps(struct items *s, struct shrink_counts *counts)
{
	struct plan *p = s->p;

	if (!init(s, p->nr_steps)) {
		fini(s, s->step);
		return false;
	}
	for (size_t i = 0; i < p->nr_steps; i++) {
		if (!p->step[i].setup) {
			s->step[s->nr++] = i;
		}
	}
	counts->steps_before = s->nr;
	reduce(s);
	counts->steps = 0;
	for (size_t i = 0; i < s->nr; i++) {
		counts->steps += !s->out[i];
	}
	fini(s, s->step);
	return true;
}

static void add_words(struct items *s, const struct trace_record *r)
{
	for (unsigned int i = 1 + TRACE_BITMAP_WORDS; i < r->nr; i++) {
		if (r->word[i] != 0 && s->place != NULL) {
			s->place[s->nr] = r->at + 1 + i;
			s->value[s->nr] = r->word[i];
		}
		s->nr += r->word[i] != 0;
	}
}

/* The words of all tables of the steps that are kept. */
static void find_words(struct items *s)
{
	struct plan *p = s->p;
	struct trace_record r;

	s->nr = 0;
	for (size_t i = 0; i < p->nr_steps; i++) {
		uint64_t at = p->step[i].at;
		bool more = p->step[i].kept && !p->step[i].setup;

		while (more && trace_next(&p->t, &at, &r)) {
			more = r.kind != TRACE_END && r.kind != TRACE_CACHED;
			if (r.kind == TRACE_TABLE) {
				add_words(s, &r);
			}
		}
	}
}

static bool reduce_words(struct items *s, struct shrink_counts *counts)
{
	size_t *unused;

	s->place = NULL;
	find_words(s);
	if (!init(s, s->nr)) {
		fini(s, s->step);
		return false;
	}
	unused = s->step;
	s->step = NULL;
	find_words(s);
	counts->entries_before = s->nr;
	reduce(s);
	counts->entries = 0;
	for (size_t i = 0; i < s->nr; i++) {
		counts->entries += !s->out[i];
	}
	fini(s, unused);
	return true;
}

bool shrink(struct plan *p, const struct shrink_wish *w,
	    struct shrink_counts *ret)
{
	struct items s = {.p = p, .wish = w, .tries = &ret->tries};
	struct shrink_counts again = {0};

	*ret = (struct shrink_counts){.tries = 1};
	if (!loose_shows(p, w) || !reduce_steps(&s, ret) ||
	    !reduce_words(&s, ret) || !reduce_steps(&s, &again)) {
		return false;
	}
	ret->steps = again.steps;
	return true;
}
