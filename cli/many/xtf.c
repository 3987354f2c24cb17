/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden xtf`: each configuration of XTF's images in a machine of its own.
 * How the machine ended is one thing, what the test says of itself another: its
 * own word counts, unless Pagewarden failed, or it fell silent before.
 */
#include "cli/many/xtf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/host_memory.h"
#include "cli/many/table.h"
#include "cli/many/xtf_find.h"
#include "cli/options.h"
#include "cli/say.h"
#include "cli/seconds.h"
#include "cli/words.h"

#define CONSOLE_MAX (1 << 20)

const char xtf_help[] =
	"usage: pagewarden xtf DIR [OPTION]...\n"
	"\n"
	"Runs the images of the Xen Test Framework (XTF) below DIR: of each\n"
	"info.json each configuration, with the vCPUs, memory and command line\n"
	"that its .cfg names. The result is what the test says of itself; CRASH\n"
	"if it says nothing.\n"
	"\n"
	"  --env ENV        of which environment: pv64 or pv32pae (pv64)\n"
	"  --timeout S      a test has crashed after S seconds (" RUN_JUDGED_TIMEOUT
	")\n"
	"  --memory SIZE    of each, in place of what its .cfg says\n"
	"  --jobs N         processors that the runs may take together (all)\n"
	"  --logs DIR       a file for the console of each run\n"
	"  --junit FILE     the tests as JUnit's XML, too\n"
	"  --tap            as TAP 13, instead of the table\n"
	"  --overcommit     try also what the host has no memory for\n"
	"  --help           this\n"
	"\n"
	"And these of `pagewarden run`, for each run: --cpus, --cpu, --accel,\n"
	"--qemu-arg, --audit.\n"
	"\n"
	"Status: 0 all are SUCCESS or SKIP, 1 one is not, 2 bad usage or no\n"
	"tests, 3 Pagewarden itself failed.\n";

struct wish {
	struct many_output output;
	const char *env;
	uint64_t memory; /* 0: as configured */
	bool overcommit;
	struct words common;
	/* Of each test. */
	struct xtf_list list;
	struct many_job *made;
	struct many_name *names;
	struct words *words;
};

static const char *take_env(const char *text, const char **ret)
{
	*ret = text;
	return strcmp(text, "pv64") == 0 || strcmp(text, "pv32pae") == 0
		       ? NULL
		       : "is neither pv64 nor pv32pae";
}

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *walk, void *to)
{
	struct wish *w = to;
	const char *wrong;

	switch (walk->id) {
	case OPT_ENV:
		return take_env(walk->argument, &w->env);
	case OPT_MEMORY:
		return parse_memory(walk->argument, &w->memory);
	case OPT_OVERCOMMIT:
		w->overcommit = true;
		return NULL;
	default:
		if (!many_take(&w->output, walk, &wrong)) {
			words_pass(&w->common, walk);
			return NULL;
		}
		return wrong;
	}
}

static const struct options_reader reader = {VERB_XTF, xtf_help, take};

/* The run of one test. False: the mistake is said. */
static bool make(struct wish *w, unsigned int n)
{
	const struct xtf_test *t = &w->list.tests[n];
	struct words *words = &w->words[n];
	uint64_t memory = w->memory != 0 ? w->memory : t->memory;
	char error[OPTIONS_ERROR_SIZE] = "out of memory";

	words_add(words, "run");
	words_add(words, "--kernel=%s", t->image);
	words_add(words, "--no-initrd");
	words_add(words, "--no-console-arg");
	words_add(words, "--memory=%" PRIu64 "M", memory >> 20);
	words_add(words, "--vcpus=%u", t->vcpus);
	words_add(words, "--append=%s", t->cmdline);
	words_add(words, "--timeout=" RUN_JUDGED_TIMEOUT);
	for (int i = 0; i < w->common.nr; i++) {
		words_add(words, "%s", w->common.list[i]);
	}
	snprintf(w->names[n].group, sizeof(w->names[n].group), "%s", t->name);
	snprintf(w->names[n].rest, sizeof(w->names[n].rest), "%-14.14s %5u",
		 t->category, t->vcpus);
	snprintf(w->names[n].name, sizeof(w->names[n].name), "%s", t->env);
	if (words->failed || w->common.failed ||
	    run_options_parse(words->nr, words->list, &w->made[n].options,
			      error) != RUN_OPTIONS_OK ||
	    (!w->overcommit &&
	     !host_memory_fits(t->name, host_memory_guest(memory), error,
			       sizeof(error)))) {
		say("%s: %s", t->name, error);
		return false;
	}
	w->made[n].log = many_log(&w->output, t->name);
	return w->made[n].log >= 0;
}

static bool make_all(struct wish *w)
{
	const unsigned int nr = w->list.nr;

	w->made = calloc(nr, sizeof(*w->made));
	w->names = calloc(nr, sizeof(*w->names));
	w->words = calloc(nr, sizeof(*w->words));
	if (w->made == NULL || w->names == NULL || w->words == NULL) {
		say("out of memory");
		return false;
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (!make(w, i)) {
			return false;
		}
	}
	return true;
}

/* What the test says of itself, against how its machine ended. */
static void judge(struct many_job *j)
{
	const bool ended_well = j->result.outcome == JUNIT_PASSED;
	struct run_case said = j->result;
	const char *word;
	char *console;

	if (j->status > STATUS_GUEST) {
		return;
	}
	console = many_tail(j->log, CONSOLE_MAX);
	if (console != NULL && xtf_verdict(console, &said, &word) &&
	    (ended_well || said.outcome != JUNIT_PASSED)) {
		j->result = said;
		j->word = word;
	} else {
		j->word = "CRASH";
		j->result.outcome = JUNIT_FAILED;
		if (ended_well) {
			snprintf(j->result.title, sizeof(j->result.title),
				 "the test did not tell a result");
		}
	}
	j->status = j->result.outcome == JUNIT_PASSED ||
				    j->result.outcome == JUNIT_SKIPPED
			    ? STATUS_OK
			    : STATUS_GUEST;
	free(console);
}

static int run_all(struct wish *w)
{
	const double start = seconds_now();
	struct many many;
	int status;

	if (!many_begin(&many, w->made, w->list.nr,
			(unsigned int)w->output.jobs)) {
		say("out of memory");
		return STATUS_OURS;
	}
	many_head(&w->output, "test", "category       vcpus");
	for (unsigned int i = 0; i < w->list.nr; i++) {
		many_wait(&many, i);
		judge(&w->made[i]);
		many_row(&w->output, &w->names[i], &w->made[i]);
	}
	status = many_tell(&w->output, w->names, w->made, w->list.nr,
			   seconds_now() - start);
	if (w->list.nr_others != 0) {
		note("%u configurations of other environments are not run",
		     w->list.nr_others);
	}
	if (w->list.nr_unbuilt != 0) {
		note("%u test%s not built: %s%s", w->list.nr_unbuilt,
		     w->list.nr_unbuilt == 1 ? " is" : "s are", w->list.unbuilt,
		     w->list.nr_unbuilt == 1 ? "" : " ...");
	}
	many_end(&many);
	return status;
}

static void forget(struct wish *w)
{
	for (unsigned int i = 0;
	     w->made != NULL && w->words != NULL && i < w->list.nr; i++) {
		if (w->made[i].log > STDERR_FILENO) {
			close(w->made[i].log);
		}
		run_options_fini(&w->made[i].options);
		words_fini(&w->words[i]);
	}
	free(w->made);
	free(w->names);
	free(w->words);
	words_fini(&w->common);
	xtf_forget(&w->list);
}

int cmd_xtf(int argc, char **argv)
{
	struct wish w = {.output = {.suite = "xtf"}, .env = "pv64"};
	int status = options_read(&reader, argc, argv, &w);
	const char *folder;

	if (status == OPTIONS_READ) {
		status = STATUS_USAGE;
		folder = options_operand(&reader, argc, argv, "a DIR");
		if (folder != NULL && xtf_find(&w.list, folder, w.env) &&
		    many_reserve(&w.output) && make_all(&w)) {
			status = run_all(&w);
		}
	}
	forget(&w);
	return status;
}
