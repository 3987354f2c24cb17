/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden shrink`: finds the few requests of a recording that a refusal
 * takes. What is left is recorded anew, so that it is a trace like any other,
 * and what is shown is read from that.
 */
#define _GNU_SOURCE /* memfd_create */

#include "cli/shrink.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/run_options.h"
#include "cli/say.h"
#include "cli/shrink_c.h"
#include "cli/trace_text.h"
#include "engine/mmu.h"
#include "trace/shrink/loose.h"
#include "trace/shrink/shrink.h"

const char shrink_help[] =
	"usage: pagewarden shrink FILE [OPTION]...\n"
	"\n"
	"Leaves out of a recording (run --record) what its refusal does not\n"
	"take: requests, then entries of tables. Shows what is left.\n"
	"\n"
	"  --keep RULE   the first refusal by that rule (docs/rules.md), or\n"
	"                `refusal`: the first of any\n"
	"  -o SMALL      write it as a trace, too\n"
	"  --as FORM     list (for people), or c (a unit test)\n";

struct wish {
	const char *path;
	const char *out;
	bool as_c;
	struct shrink_wish keep;
};

static bool rule_named(const char *name, int *ret)
{
	if (strcmp(name, "refusal") == 0) {
		return true;
	}
	for (int i = 0; i < RULES; i++) {
		if (strcmp(rule_info[i].name, name) == 0) {
			*ret = i;
			return true;
		}
	}
	return false;
}

static bool parse(int argc, char **argv, struct wish *w)
{
	static const struct option options[] = {
		{"keep", required_argument, NULL, 'k'},
		{"as", required_argument, NULL, 'a'},
		{NULL, 0, NULL, 0},
	};
	bool good = true;
	int c;

	optind = 0;
	while (good &&
	       (c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 'k') {
			good = rule_named(optarg, &w->keep.rule);
		} else if (c == 'a') {
			w->as_c = strcmp(optarg, "c") == 0;
			good = w->as_c || strcmp(optarg, "list") == 0;
		} else {
			w->out = optarg;
			good = c == 'o';
		}
	}
	w->path = optind + 1 == argc ? argv[optind] : NULL;
	return good && w->path != NULL;
}

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

		if (r.kind < TRACE_BEGIN) {
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

int cmd_shrink(int argc, char **argv)
{
	struct wish w = {.keep = {.rule = UINT16_MAX}};
	char error[TRACE_ERROR_SIZE];
	struct shrink_counts counts;
	struct trace t = {0};
	struct plan p;
	int status = STATUS_GUEST;

	if (!parse(argc, argv, &w)) {
		say("usage: pagewarden shrink FILE [OPTION]...; --help tells");
		return STATUS_USAGE;
	}
	if (!trace_read_file(&t, w.path, error)) {
		say("%s: %s", w.path, error);
		return STATUS_USAGE;
	}
	if (!plan_make(&p, &t, &w.keep)) {
		say("%s: there is no such refusal in it", w.path);
		trace_free(&t);
		return STATUS_GUEST;
	}
	if (!shrink(&p, &w.keep, &counts)) {
		say("%s: one request after the other, it is not refused",
		    w.path);
	} else {
		say("%s: %zu of %zu requests, %zu of %zu entries of their "
		    "tables, after %zu tries",
		    rule_info[w.keep.rule].name, counts.steps,
		    counts.steps_before, counts.entries, counts.entries_before,
		    counts.tries);
		status = show(&p, &w);
	}
	plan_free(&p);
	trace_free(&t);
	return status;
}
