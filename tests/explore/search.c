/* SPDX-License-Identifier: MIT */
/*
 * The search: every request that is open in a state, with every run of answers
 * that port_preempt() can give it, leads to a state; those not seen before are
 * judged and wait for their turn. So the first way to a violation is a shortest
 * one.
 *
 * A run of answers begins as a few that are fixed and goes on with no; each
 * question that it asked in the no part is a run of its own with a yes there.
 * That meets each sequence of answers once.
 */
#include "tests/explore/search.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "tests/explore/allow.h"
#include "tests/explore/path.h"
#include "tests/explore/request.h"
#include "tests/explore/rules.h"
#include "tests/explore/state.h"
#include "tests/explore/state_mark.h"
#include "tests/explore/visited.h"
#include "tests/explore/ways.h"

#define MAX_RUNS 256
#define MAX_ANSWERS 32

/* States that wait: one layer of the search. */
struct layer {
	uint8_t *at;
	uint64_t nr;
	uint64_t room;
	uint64_t first; /* the number of the first */
};

struct run {
	uint32_t answers;
	unsigned int fixed; /* how many of them are */
};

struct search {
	struct world w;
	struct request *requests;
	unsigned int nr_requests;
	unsigned int size;
	struct visited visited;
	struct layer now;
	struct layer next;
	/* The state that is being looked at, and what was done with it. */
	struct state state;
	struct mark mark; /* the same */
	uint32_t number;
	bool spoilt; /* the machine is not in it */
	bool viewed;
	struct view view;
	struct step step;   /* under way */
	unsigned int asked; /* questions in it; judging asks others */
	enum outcome outcome;
	struct search_result *result;
};

/* --- ends that are none ---------------------------------------------------
 */

static struct search *under_way;
static uint64_t seen_steps;

static void on_signal(int signal)
{
	struct search *s = under_way;

	if (signal == SIGVTALRM && s->result->steps != seen_steps) {
		seen_steps = s->result->steps;
		return;
	}
	world_fault(&s->w, signal == SIGVTALRM ? "I10: it runs for ever"
					       : "the engine crashed");
	longjmp(s->w.out, 1);
}

static void watch(struct search *s)
{
	static const int signals[] = {SIGSEGV, SIGBUS,  SIGFPE,
				      SIGILL,  SIGABRT, SIGVTALRM};
	static uint8_t stack[65536];
	stack_t on = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = SA_NODEFER | SA_ONSTACK};
	struct itimerval every = {.it_interval.tv_sec = 3,
				  .it_value.tv_sec = 3};

	under_way = s;
	sigaltstack(&on, NULL);
	for (unsigned int i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		sigaction(signals[i], &action, NULL);
	}
	setitimer(ITIMER_VIRTUAL, &every, NULL);
}

static void watch_no_more(void)
{
	struct itimerval never = {0};

	setitimer(ITIMER_VIRTUAL, &never, NULL);
}

/* --- states ---------------------------------------------------------------
 */

static void append(struct search *s, const struct state *state)
{
	struct layer *l = &s->next;

	if (l->nr == l->room) {
		l->room = l->room == 0 ? 1024 : l->room * 2;
		l->at = realloc(l->at, l->room * s->size);
		if (l->at == NULL) {
			fprintf(stderr, "explore: no memory\n");
			exit(2);
		}
	}
	memcpy(l->at + l->nr++ * s->size, state->byte, s->size);
}

static void restore(struct search *s)
{
	if (s->spoilt) {
		mark_restore(&s->w, &s->mark);
		s->spoilt = false;
	}
}

static bool violated(const struct search *s)
{
	return s->w.fault[0] != '\0';
}

/* What must hold in a state that is met first; the machine is in it. */
static void judge(struct search *s, const struct state *state)
{
	struct world *w = &s->w;

	rules_check(w);
	if (!violated(s) && !state_is_exact(w)) {
		world_fault(w, "the explorer's state is not all of it");
	}
	if (violated(s)) {
		return;
	}
	world_bias(w, false);
	ways_give_back(w);
	for (unsigned int always = 0; always < 2 && !violated(s); always++) {
		state_write(w, state);
		world_bias(w, false);
		ways_die(w, always != 0);
	}
}

/* A refusal that is no state as before: can the guest tell the difference? */
static void compare_views(struct search *s, const struct state *after)
{
	struct view view;

	if (!s->viewed) {
		state_write(&s->w, &s->state);
		ways_forget(&s->w);
		rules_view(&s->w, &s->view);
		s->viewed = true;
	}
	state_write(&s->w, after);
	ways_forget(&s->w);
	rules_view(&s->w, &view);
	if (memcmp(&view, &s->view, sizeof(view)) != 0) {
		world_fault(&s->w, "it was refused, and something changed");
	}
}

/* The machine may be in another state than before. */
static void arrive(struct search *s)
{
	struct state after;
	struct state canonical;
	struct naming names;
	bool refused = s->outcome == OUTCOME_REFUSED &&
		       !request_is_list(&s->requests[s->step.request]);
	bool is_new;

	state_canonical(&s->w, &canonical, &names);
	is_new = visited_add(&s->visited, state_hash(&canonical, s->size),
			     &canonical, s->step);
	if (!is_new && !refused) {
		return;
	}
	state_read(&s->w, &after);
	if (is_new) {
		append(s, &canonical);
		judge(s, &after);
	}
	if (refused && !violated(s)) {
		compare_views(s, &after);
	}
}

/* --- steps ----------------------------------------------------------------
 */

static void make_run(struct search *s, const struct request *r, struct run run)
{
	int64_t rc;

	restore(s);
	s->step.answers = run.answers;
	s->w.answers = run.answers;
	s->result->steps++;
	s->outcome = request_make(&s->w, r, &rc);
	s->asked = s->w.asked;
	if (violated(s)) {
		return;
	}
	if (!mark_is_same(&s->w, &s->mark)) {
		s->spoilt = true;
		arrive(s);
	}
	if (s->outcome == OUTCOME_REFUSED && !violated(s)) {
		restore(s);
		allow_check(&s->w, r);
	}
}

/* Stopped wherever it asks or never: the guest cannot tell. */
static void stop_always(struct search *s, const struct request *r)
{
	/* Which of the free frames it gets may go by the stops. */
	bool gets_frames = r->kind == REQUEST_INCREASE ||
			   r->kind == REQUEST_POPULATE ||
			   r->kind == REQUEST_EXCHANGE;
	enum outcome outcome[2];
	struct view view[2];

	s->step.answers = UINT32_MAX;
	for (unsigned int i = 0; i < 2 && !violated(s); i++) {
		restore(s);
		s->spoilt = true;
		outcome[i] = ways_end(&s->w, r, i == 0);
		ways_forget(&s->w);
		rules_view(&s->w, &view[i]);
	}
	if (violated(s)) {
		return;
	}
	if (outcome[0] != outcome[1]) {
		world_fault(&s->w, "it ends otherwise when it is stopped");
	} else if (!gets_frames &&
		   memcmp(&view[0], &view[1], sizeof(view[0])) != 0) {
		world_fault(&s->w, "it does otherwise when it is stopped");
	}
}

/* The request with all runs of answers. */
static void make_all(struct search *s, unsigned int request)
{
	const struct request *r = &s->requests[request];
	struct run runs[MAX_RUNS];
	unsigned int nr = 1;
	bool asked = false;

	s->step.request = (uint16_t)request;
	runs[0] = (struct run){0, 0};
	while (nr > 0 && !violated(s)) {
		struct run run = runs[--nr];

		make_run(s, r, run);
		asked |= s->asked > 0;
		for (unsigned int i = run.fixed; i < s->asked; i++) {
			if (nr == MAX_RUNS || i >= MAX_ANSWERS) {
				s->result->cut++;
				break;
			}
			runs[nr++] = (struct run){run.answers | 1u << i, i + 1};
		}
	}
	if (asked && !violated(s)) {
		stop_always(s, r);
	}
}

static void expand(struct search *s, uint64_t i)
{
	memcpy(s->state.byte, s->now.at + i * s->size, s->size);
	s->number = (uint32_t)(s->now.first + i);
	s->step.from = s->number;
	state_write(&s->w, &s->state);
	mark_take(&s->w, &s->mark);
	s->spoilt = false;
	s->viewed = false;
	for (unsigned int r = 0; r < s->nr_requests && !violated(s); r++) {
		restore(s);
		if (request_is_open(&s->w, &s->requests[r])) {
			make_all(s, r);
		}
	}
}

/* --- all of it ------------------------------------------------------------
 */

/* Of the processor's time, whatever else the machine does meanwhile. */
static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void account(struct search *s, double since)
{
	struct search_result *r = s->result;
	uint64_t bytes = visited_bytes(&s->visited) +
			 (s->now.room + s->next.room) * s->size;

	r->states = s->visited.nr;
	r->seconds = seconds() - since;
	r->bytes = bytes > r->bytes ? bytes : r->bytes;
}

static void tell(const struct search *s)
{
	const struct search_result *r = s->result;

	fprintf(stderr,
		"%s: depth %u, %lu states, %lu waiting, %lu steps, %.0f "
		"states/s, %lu MiB\n",
		s->w.scope->name, r->depth, r->states, s->next.nr, r->steps,
		(double)r->states / (r->seconds + 1e-9), r->bytes >> 20);
}

static bool is_over(const struct search *s, const struct search_options *o,
		    double since)
{
	return o->max_seconds > 0 && s->number % 256 == 0 &&
	       seconds() - since > o->max_seconds;
}

/* To the next depth; false: there is none, or no further. */
static bool go_on(struct search *s, const struct search_options *o)
{
	struct layer done = s->now;

	/* Out of time, it may have left a layer before its end. */
	if (o->max_seconds > 0 && s->result->seconds > o->max_seconds) {
		return false;
	}
	if (s->next.nr == 0) {
		s->result->complete = true;
		return false;
	}
	if (o->max_states != 0 && s->visited.nr >= o->max_states) {
		return false;
	}
	s->now = s->next;
	s->now.first = s->visited.nr - s->now.nr;
	s->next = done;
	s->next.nr = 0;
	return true;
}

static void first_state(struct search *s)
{
	struct state state;
	struct naming names;

	s->step = (struct step){.from = NO_STATE};
	state_canonical(&s->w, &state, &names);
	state_write(&s->w, &state);
	visited_add(&s->visited, state_hash(&state, s->size), &state, s->step);
	append(s, &state);
	judge(s, &state);
}

static void report(struct search *s)
{
	struct path path = {
		.w = &s->w,
		.requests = s->requests,
		.visited = &s->visited,
		.last = s->step,
	};
	char fault[sizeof(s->w.fault)];

	memcpy(fault, s->w.fault, sizeof(fault));
	s->result->violated = true;
	/* What spoils the machine may happen again on the way there. */
	if (setjmp(s->w.out) == 0) {
		path_print(&path, fault);
	}
}

void search_run(const struct scope *scope, const struct search_options *o,
		struct search_result *ret)
{
	static struct search s;
	double since = seconds();

	memset(&s, 0, sizeof(s));
	*ret = (struct search_result){0};
	s.result = ret;
	world_init(&s.w, scope);
	s.size = state_size(&s.w);
	s.nr_requests = request_all(&s.w, &s.requests);
	visited_init(&s.visited, s.size, o->exact);
	watch(&s);
	if (setjmp(s.w.out) == 0) {
		first_state(&s);
		while (!violated(&s) && go_on(&s, o)) {
			for (uint64_t i = 0; i < s.now.nr && !violated(&s) &&
					     !is_over(&s, o, since);
			     i++) {
				expand(&s, i);
			}
			s.result->depth += s.next.nr != 0;
			account(&s, since);
			if (o->progress) {
				tell(&s);
			}
		}
	}
	account(&s, since);
	if (violated(&s)) {
		report(&s);
	}
	watch_no_more();
	visited_fini(&s.visited);
	free(s.requests);
	free(s.now.at);
	free(s.next.at);
	world_fini(&s.w);
}
