/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden trace`: lists the records of a trace, all or those of the
 * operations that are asked for. An operation is shown whole or not at all, so
 * it is looked through first, up to its end, and then printed.
 */
#include "cli/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replay_state.h"
#include "cli/say.h"
#include "cli/run_options.h"
#include "cli/trace_open.h"
#include "cli/trace_text.h"
#include "engine/report/event.h"

#define LINE_SIZE 12288

const char trace_help[] =
	"usage: pagewarden trace FILE [OPTION]...\n"
	"\n"
	"Lists what a recording (run --record) holds: each operation with its\n"
	"number in the domain, its operands, what was copied in and out, the\n"
	"tables that were judged, and its result.\n"
	"\n"
	"  --op NAME       operations whose name holds NAME\n"
	"  --frame MFN     those in which a word names the frame (hex)\n"
	"  --between A B   those with numbers from A to B\n"
	"  --refused       those that were refused\n"
	"  --at N          the machine as it was after operation N; with --frame\n"
	"                  who mapped the frame, with --va the address's walk\n"
	"  --va ADDR       (hex)\n"
	"  --count         say only how much of everything there is\n"
	"  --help          this\n"
	"\n"
	"Status: 0, 1 it does not replay up to --at, 2 bad usage or no trace\n"
	"that can be read.\n";

struct wish {
	const char *path;
	const char *op; /* NULL: any */
	uint64_t frame; /* ~0: any */
	uint64_t from, to;
	uint64_t at; /* 0: the records themselves */
	uint64_t va; /* ~0: none */
	bool refused;
	bool count;
};

/* Does the word name the frame: by itself, as an entry or in an address? */
static bool names_frame(uint64_t word, uint64_t frame)
{
	return word == frame || pte_mfn(pte(word)).v == frame;
}

static bool has_frame(const struct trace_record *r, uint64_t frame)
{
	unsigned int first = r->kind == TRACE_BEGIN ? TRACE_BEGIN_WORDS : 0;
	unsigned int end = trace_words_in(r);

	if (r->kind == TRACE_TABLE) {
		if (r->word[0] == frame) {
			return true;
		}
		first = 1 + TRACE_BITMAP_WORDS;
	} else if (r->kind == TRACE_END || r->kind == TRACE_PREEMPTED) {
		return false;
	} else if (r->kind == TRACE_REFUSED) {
		end = 1;
	}
	for (unsigned int i = first; i < end; i++) {
		if (names_frame(trace_word_in(r, i), frame)) {
			return true;
		}
	}
	return false;
}

static bool frame_in(const struct trace_record *r, uint64_t frame)
{
	switch (r->kind) {
	case TRACE_OWN:
	case TRACE_POOL:
	case TRACE_ASSIGN:
		return frame - r->word[0] < r->word[r->nr - 1];
	case TRACE_LEND:
		return r->word[0] == frame;
	default:
		return false;
	}
}

/* The operation that begins at r, up to `end`. */
static bool wanted_operation(const struct trace *t, const struct wish *w,
			     struct trace_record r, uint64_t *end)
{
	bool frame = w->frame == UINT64_MAX;
	bool refused = !w->refused;
	bool more = true;
	const uint64_t serial = r.word[2];
	const char *name = operation_info[r.detail].name;

	for (; more; more = r.kind != TRACE_END && trace_next(t, end, &r)) {
		frame = frame || has_frame(&r, w->frame);
		refused = refused || r.kind == TRACE_REFUSED;
	}
	return frame && refused && serial >= w->from && serial <= w->to &&
	       (w->op == NULL || strstr(name, w->op) != NULL);
}

/* What is outside operations is shown unless certain ones are asked for. */
static bool wanted_alone(const struct wish *w, const struct trace_record *r)
{
	if (w->frame != UINT64_MAX) {
		return frame_in(r, w->frame);
	}
	return w->op == NULL && !w->refused && w->from == 0 &&
	       w->to == UINT64_MAX;
}

static void print(const struct trace_record *r)
{
	char line[LINE_SIZE];
	struct text text = text_in(line, sizeof(line));

	trace_text(&text, r);
	puts(line);
}

static void list(const struct trace *t, const struct wish *w)
{
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(t, &at, &r)) {
		uint64_t first = r.at;
		uint64_t end = at;
		bool wanted = r.kind == TRACE_BEGIN
				      ? wanted_operation(t, w, r, &end)
				      : wanted_alone(w, &r);

		while (wanted && first < end && trace_next(t, &first, &r)) {
			print(&r);
		}
		at = end;
	}
}

static void count(const struct trace *t)
{
	uint64_t of[MMU_OPERATIONS] = {0};
	uint64_t copies = 0;
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(t, &at, &r)) {
		if (r.kind == TRACE_BEGIN) {
			of[r.detail]++;
		}
		copies += r.kind == TRACE_COPIED_IN;
	}
	printf("%" PRIu64 " operations, %" PRIu64 " refused, %" PRIu64
	       " tables judged, %" PRIu64 " copies from the guest\n",
	       t->operations, t->refusals, t->tables, copies);
	for (unsigned int i = 0; i < MMU_OPERATIONS; i++) {
		if (of[i] != 0) {
			printf("%10" PRIu64 "  %s\n", of[i],
			       operation_info[i].name);
		}
	}
}

/* --between takes the next word, too. */
static bool take_range(const struct options_walk *walk, struct wish *w)
{
	/* getopt has moved a file's name behind. */
	return options_number(walk->argument, 10, &w->from) &&
	       optind < walk->argc &&
	       options_number(walk->argv[optind++], 10, &w->to);
}

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *walk, void *to)
{
	struct wish *w = to;

	switch (walk->id) {
	case OPT_OP:
		w->op = walk->argument;
		return NULL;
	case OPT_FRAME:
		return options_number(walk->argument, 16, &w->frame)
			       ? NULL
			       : "is no hexadecimal number of a frame";
	case OPT_VA:
		return options_number(walk->argument, 16, &w->va)
			       ? NULL
			       : "is no hexadecimal address";
	case OPT_AT:
		return options_number(walk->argument, 10, &w->at) && w->at != 0
			       ? NULL
			       : "is no number of an operation";
	case OPT_BETWEEN:
		return take_range(walk, w) ? NULL
					   : "and what follows are not two "
					     "numbers";
	case OPT_REFUSED:
		w->refused = true;
		return NULL;
	default:
		w->count = true;
		return NULL;
	}
}

static const struct options_reader reader = {VERB_TRACE, trace_help, take};

/* An address has a walk at some moment only. */
static bool agrees(const struct wish *w)
{
	if (w->va != UINT64_MAX && w->at == 0) {
		say("--va is for --at");
		return false;
	}
	return true;
}

static int show_at(const struct trace *t, const struct wish *w)
{
	struct replay *r = replay_new(t);
	struct replay_result result;

	if (r == NULL) {
		say("out of memory");
		return STATUS_OURS;
	}
	replay_run(r, &(struct replay_options){.until = w->at}, &result);
	if (result.differs) {
		say("it does not replay up to there: see pagewarden replay");
		replay_free(r);
		return STATUS_GUEST;
	}
	printf("after operation %" PRIu64 "\n", w->at);
	if (w->va != UINT64_MAX) {
		replay_tell_walk(r, vaddr(w->va));
	}
	if (w->frame != UINT64_MAX) {
		replay_tell_frame(r, mfn(w->frame));
	}
	if (w->va == UINT64_MAX && w->frame == UINT64_MAX) {
		replay_tell_state(r);
	}
	replay_free(r);
	return STATUS_OK;
}

int cmd_trace(int argc, char **argv)
{
	struct wish w = {.frame = UINT64_MAX,
			 .to = UINT64_MAX,
			 .va = UINT64_MAX};
	struct trace t = {0};
	int status = trace_begin(&reader, argc, argv, &w, &w.path);

	if (status != OPTIONS_READ) {
		return status;
	}
	if (!agrees(&w) || !trace_opened(&t, w.path)) {
		return STATUS_USAGE;
	}
	status = STATUS_OK;
	if (w.at != 0) {
		status = show_at(&t, &w);
	} else if (w.count) {
		count(&t);
	} else {
		list(&t, &w);
	}
	trace_free(&t);
	return status;
}
