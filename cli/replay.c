/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden replay`: the engine in this process does what the recorded one
 * did. Where it comes to something else, the record is shown that it was about
 * to meet, with what it did instead.
 */
#include "cli/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/machine/again.h"
#include "cli/replay_state.h"
#include "cli/run_values.h"
#include "cli/say.h"
#include "cli/seconds.h"
#include "cli/trace_open.h"
#include "cli/trace_text.h"
#include "trace/replay/replay.h"

/* Operations between two comparisons of all frames and tables. */
#define ORACLE_EVERY 5000

const char replay_help[] =
	"usage: pagewarden replay FILE [OPTION]...\n"
	"       pagewarden replay --machine DIR [--gdb [--stop-at N]]\n"
	"\n"
	"Runs a recording (run --record) again, with the engine in this\n"
	"process. Every result must be what was recorded.\n"
	"\n"
	"  --audit=every:N  count all references again, every N operations\n"
	"  --oracle         with a slow model of the contract beside the engine\n"
	"  --until N        stop after operation N, and tell the state\n"
	"\n"
	"Or runs a whole machine again that was recorded (run\n"
	"--record-machine), with the same console and the same status.\n"
	"\n"
	"  --machine DIR    that recording\n"
	"  --gdb            stop at the guest's first instruction for gdb\n"
	"  --stop-at N      there: behind the request of that number instead\n"
	"  --help           this\n"
	"\n"
	"Status: 0 all is equal and no audit found a difference, 1 not so,\n"
	"2 bad usage or no trace that can be read.\n";

static bool count(const char *s, uint64_t *ret)
{
	return options_number(s, 10, ret) && *ret != 0;
}

/* Of both kinds of recording. */
struct wish {
	struct replay_options replay;
	struct machine_wish machine;
	bool of_recording; /* an option that is for that kind alone */
};

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *walk, void *to)
{
	struct wish *w = to;

	switch (walk->id) {
	case OPT_MACHINE:
		w->machine.folder = walk->argument;
		return NULL;
	case OPT_GDB:
		w->machine.gdb = true;
		return NULL;
	case OPT_STOP_AT:
		return run_value_request(walk->argument, &w->machine.stop_at);
	default:
		break;
	}
	w->of_recording = true;
	switch (walk->id) {
	case OPT_AUDIT:
		return strncmp(walk->argument, "every:", 6) == 0 &&
				       count(walk->argument + 6,
					     &w->replay.audit_every)
			       ? NULL
			       : "is not every:N";
	case OPT_UNTIL:
		return count(walk->argument, &w->replay.until)
			       ? NULL
			       : "is no number of an operation";
	default:
		w->replay.oracle_every = ORACLE_EVERY;
		return NULL;
	}
}

static const struct options_reader reader = {VERB_REPLAY, replay_help, take};

/* Do they go together? NULL, or what is wrong. */
static const char *disagrees(const struct wish *w, bool more)
{
	if (w->machine.folder == NULL) {
		return w->machine.gdb || w->machine.stop_at != 0
			       ? "--gdb and --stop-at are for --machine"
			       : NULL;
	}
	if (more) {
		return "--machine DIR takes the place of a FILE";
	}
	if (w->of_recording) {
		return "--machine DIR goes with --stop-at N and --gdb";
	}
	return w->machine.stop_at != 0 && !w->machine.gdb
		       ? "--stop-at is for --gdb"
		       : NULL;
}

static void tell_difference(const struct trace *t,
			    const struct replay_result *result)
{
	char line[8192] = "the end";
	struct text text = text_in(line, sizeof(line));
	uint64_t at = result->word;
	struct trace_record record;

	if (trace_next(t, &at, &record)) {
		trace_text(&text, &record);
	}
	printf("difference after %" PRIu64 " operations, word %" PRIu64
	       " of the stream\n  recorded: %s\n  replayed: %s\n",
	       result->operations, result->word, line, result->line);
}

static void tell_audit(const struct replay_result *result)
{
	const struct audit_difference *d = &result->report.first[0];

	printf("audit: %" PRIu64 " differences in %" PRIu64 " runs\n",
	       result->differences, result->audits);
	if (result->differences != 0) {
		printf("  the first after %" PRIu64
		       " operations: %s of mfn %llx is %" PRIu64
		       ", and should be %" PRIu64 "\n",
		       result->at_audit, audit_kind_name(d->kind),
		       (unsigned long long)d->frame.v, d->seen, d->expected);
	}
}

static void tell_oracle(const struct oracle_result *o)
{
	printf("oracle: agrees on %" PRIu64 " operations with %" PRIu64
	       " requests, %" PRIu64 " frames and %" PRIu64 " whole machines\n",
	       o->operations, o->requests, o->frames, o->machines);
	if (o->lost) {
		printf("  then %s: not asked any more\n", o->line);
	}
}

static int replay(const struct trace *t, const struct replay_options *o)
{
	struct replay *r = replay_new(t);
	struct replay_result result;
	/* Of this process alone: others may be busy, too. */
	double seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID);

	if (r == NULL) {
		say("out of memory");
		return STATUS_OURS;
	}
	replay_run(r, o, &result);
	seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds;
	if (o->until != 0) {
		replay_tell_state(r);
	}
	if (result.differs) {
		tell_difference(t, &result);
	}
	if (o->audit_every != 0) {
		tell_audit(&result);
	}
	if (o->oracle_every != 0) {
		tell_oracle(&result.oracle);
	}
	printf("%" PRIu64
	       " operations%s, in %.3f s of CPU: %.2f million a second\n",
	       result.operations, result.differs ? "" : ", all as recorded",
	       seconds, (double)result.operations / seconds / 1e6);
	replay_free(r);
	return result.differs || result.differences != 0 ? STATUS_GUEST
							 : STATUS_OK;
}

static int replay_file(const char *path, const struct replay_options *o)
{
	struct trace t = {0};
	int status;

	if (!trace_opened(&t, path)) {
		return STATUS_USAGE;
	}
	status = replay(&t, o);
	trace_free(&t);
	return status;
}

int cmd_replay(int argc, char **argv)
{
	struct wish w = {.of_recording = false};
	int status = options_read(&reader, argc, argv, &w);
	const char *wrong = disagrees(&w, argc > optind);
	const char *path;

	if (status != OPTIONS_READ) {
		return status;
	}
	if (wrong != NULL) {
		say("%s", wrong);
		return STATUS_USAGE;
	}
	if (w.machine.folder != NULL) {
		return machine_again(&w.machine);
	}
	path = options_operand(&reader, argc, argv, "a FILE");
	return path == NULL ? STATUS_USAGE : replay_file(path, &w.replay);
}
