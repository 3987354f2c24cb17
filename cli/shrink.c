/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden shrink`: finds the few requests of a recording that a refusal
 * takes. What is left is recorded anew, so that it is a trace like any other,
 * and what is shown is read from that.
 */
#define _GNU_SOURCE /* memfd_create */

#include "cli/shrink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/run_options.h"
#include "cli/say.h"
#include "cli/shrink_c.h"
#include "cli/trace_open.h"
#include "cli/trace_text.h"
#include "engine/mmu.h"
#include "trace/shrink/loose.h"
#include "trace/shrink/shrink.h"

const char shrink_help[] =
	"usage: pagewarden shrink FILE [OPTION]...\n"
	"\n"
	"Leaves out of a recording (run --record, lab --record) what its\n"
	"refusal or its page fault does not take: requests, then entries of\n"
	"tables. Shows what is left.\n"
	"\n"
	"  --keep WHAT   the first refusal by that rule (docs/rules.md);\n"
	"                `refusal`: the first of any; `fault`: the page fault\n"
	"                that nobody handled. (a refusal, or else the fault)\n"
	"  -o, --output SMALL  write it as a trace, too\n"
	"  --as FORM     list (for people), or c (a unit test)\n"
	"  --help        this\n"
	"\n"
	"Status: 0 this is left, 1 it does not come to that, 2 bad usage or no\n"
	"trace that can be read, 3 it cannot be written.\n";

struct wish {
	const char *path;
	const char *out;
	bool as_c;
	bool named; /* it was said what to keep */
	struct shrink_wish keep;
};

static bool keep_named(struct shrink_wish *w, const char *name)
{
	w->fault = strcmp(name, "fault") == 0;
	if (w->fault || strcmp(name, "refusal") == 0) {
		return true;
	}
	for (int i = 0; i < RULES; i++) {
		if (strcmp(rule_info[i].name, name) == 0) {
			w->rule = i;
			return true;
		}
	}
	return false;
}

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *walk, void *to)
{
	struct wish *w = to;

	switch (walk->id) {
	case OPT_KEEP:
		w->named = true;
		return keep_named(&w->keep, walk->argument)
			       ? NULL
			       : "is no rule, and not refusal or fault";
	case OPT_AS:
		w->as_c = strcmp(walk->argument, "c") == 0;
		return w->as_c || strcmp(walk->argument, "list") == 0
			       ? NULL
			       : "is neither list nor c";
	default:
		return parse_text(walk->argument, &w->out);
	}
}

static const struct options_reader reader = {VERB_SHRINK, shrink_help, take};

static void show_entries(const struct trace_record *r)
{
	const uint64_t *word = r->word + 1 + TRACE_BITMAP_WORDS;

	for (unsigned int i = 0; i < TRACE_TABLE_WORDS; i++) {
		if ((r->word[1 + i / 64] >> i % 64 & 1) != 0) {
			printf("    [%u] = %#" PRIx64 "\n", i, *word++);
		}
	}
}

static void show_list(const struct trace *t)
{
	char line[8192];
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(t, &at, &r)) {
		struct text text = text_in(line, sizeof(line));

		if (r.kind < TRACE_BEGIN || r.kind == TRACE_CLOCK ||
		    r.kind == TRACE_LIMIT || r.kind == TRACE_MACHINE_32 ||
		    r.kind == TRACE_EXTENDED_CR3) {
			continue;
		}
		trace_text(&text, &r);
		puts(line);
		if (r.kind == TRACE_TABLE) {
			show_entries(&r);
		}
	}
}

/* Written, then read again. */
static int show(const struct plan *p, const struct wish *w)
{
	char nameless[64];
	char error[TRACE_ERROR_SIZE];
	struct trace_writer to;
	struct trace t = {0};
	const char *path = w->out;
	int fd = -1;
	bool good;

	if (path == NULL) {
		fd = memfd_create("shrunk", MFD_CLOEXEC);
		snprintf(nameless, sizeof(nameless), "/proc/self/fd/%d", fd);
		path = nameless;
	}
	good = trace_writer_open(&to, path);
	if (good) {
		good = loose_record(p, &w->keep, &to);
		good = trace_writer_close(&to) && good;
	}
	if (!good) {
		say("%s: %s", path, to.error);
		output_forget(path);
	} else if (!trace_read_file(&t, path, error)) {
		say("%s: %s", path, error);
		good = false;
	} else if (w->as_c) {
		good = shrink_c(&t);
	} else {
		show_list(&t);
	}
	trace_free(&t);
	if (fd >= 0) {
		close(fd);
	}
	return good ? STATUS_OK : STATUS_OURS;
}

static const char *name_of(const struct shrink_wish *w)
{
	if (w->fault) {
		return w->stale ? "stale page fault" : "page fault";
	}
	return rule_info[w->rule].name;
}

int cmd_shrink(int argc, char **argv)
{
	struct wish w = {.keep = {.rule = UINT16_MAX}};
	struct shrink_counts counts;
	struct trace t = {0};
	struct plan p;
	int status = trace_begin(&reader, argc, argv, &w, &w.path);

	if (status != OPTIONS_READ) {
		return status;
	}
	if (w.out != NULL && !output_check(w.out)) {
		say("--output %s: %s", w.out, strerror(errno));
		return STATUS_USAGE;
	}
	if (!trace_opened(&t, w.path)) {
		return STATUS_USAGE;
	}
	status = STATUS_GUEST;
	w.keep.fault = w.keep.fault || (!w.named && t.refusals == 0);
	if (!plan_make(&p, &t, &w.keep)) {
		say("%s: there is no such %s in it", w.path,
		    w.keep.fault ? "page fault" : "refusal");
		trace_free(&t);
		return STATUS_GUEST;
	}
	if (!shrink(&p, &w.keep, &counts)) {
		say("%s: one request after the other, it does not come to that",
		    w.path);
	} else {
		say("%s: %zu of %zu requests, %zu of %zu entries of their "
		    "tables, after %zu tries",
		    name_of(&w.keep), counts.steps, counts.steps_before,
		    counts.entries, counts.entries_before, counts.tries);
		status = show(&p, &w);
	}
	plan_free(&p);
	trace_free(&t);
	return status;
}
