/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden lab`: lists the histories, runs them, shows one run's log. The
 * cases and what they are held against are lab/'s; here are the words.
 */
#include "cli/lab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/domains.h"
#include "cli/host_memory.h"
#include "cli/junit.h"
#include "cli/lab_doc.h"
#include "cli/lab_metal.h"
#include "cli/lab_record.h"
#include "cli/lab_table.h"
#include "cli/lab_why.h"
#include "cli/options.h"
#include "cli/paint.h"
#include "cli/say.h"
#include "cli/size.h"

#define SWEEP_BOOTS 24
#define REPORT_SIZE 16384
#define MEMORY_MAX (UINT64_C(1) << 40)
#define BIG_MAX (UINT64_C(2) << 40)

const char lab_help[] =
	"usage: pagewarden lab\n"
	"       pagewarden lab run HISTORY [POLICY [WORLD]] [OPTION]...\n"
	"       pagewarden lab run --all [OPTION]...\n"
	"       pagewarden lab show HISTORY POLICY [WORLD] [OPTION]...\n"
	"       pagewarden lab doc\n"
	"\n"
	"Early-boot failures from the public record of the Linux Xen port:\n"
	"each history is run with the policy that failed, and with those that\n"
	"were proposed. Without arguments, lists them. `run` prints a table;\n"
	"`show` the log of one run and the report of its failure, `doc` what\n"
	"happened then, as Markdown.\n"
	"\n"
	"  --all          every history\n"
	"  --memory SIZE  of the domains, 64M to 1T (4G)\n"
	"  --big SIZE     of the domains of big-p2m that are big (1T); with\n"
	"                 --on hv they run only if this is given\n"
	"  --on WHERE     sim; hv or xen: what can run there, in QEMU; all: on\n"
	"                 each in turn, to be compared (sim)\n"
	"  --overcommit   try also what the host has no memory for\n"
	"  --seed N       of the simulator's chances (1)\n"
	"  --record PATH  what went into the engine, as a trace (docs/trace.md):\n"
	"                 of `show` a file, of `run` a folder of them\n"
	"  --wide         a line of 132 columns for each run, with its counts\n"
	"  --junit FILE   the runs as JUnit's XML, too\n"
	"  --tap          as TAP 13, instead of the table\n"
	"  --json         the table as JSON\n"
	"  --help         this\n"
	"\n"
	"Status: 0 all outcomes are the recorded ones, 1 one is not, 2 bad\n"
	"usage, 3 Pagewarden itself failed.\n";

struct request {
	struct lab_options options;
	bool all;
	bool json;
	bool wide;
	bool tap;
	const char *junit;  /* NULL: not */
	const char *record; /* NULL: not */
	const char *on;
	const char *history; /* NULL: all */
	const char *policy;  /* NULL: all */
	const char *world;   /* NULL: the first */
};

/* Each: NULL, or what is wrong with the argument. */
static const char *parse_size(const char *text, uint64_t max, uint64_t *ret)
{
	static char wrong[2 * SIZE_TEXT + 32];
	char low[SIZE_TEXT];
	char high[SIZE_TEXT];

	if (size_parse(text, ret) && *ret >= LAB_MEMORY_MIN && *ret <= max) {
		return NULL;
	}
	(void)snprintf(wrong, sizeof(wrong), "is no size from %s to %s",
		       size_format(LAB_MEMORY_MIN, low),
		       size_format(max, high));
	return wrong;
}

static const char *parse_seed(const char *text, uint64_t *ret)
{
	return options_number(text, 0, ret) ? NULL : "is no number";
}

static const char *const places[] = {"sim", "hv", "xen"};
#define NR_PLACES (sizeof(places) / sizeof(places[0]))

static const char *parse_on(const char *text, const char **ret)
{
	*ret = text;
	for (unsigned int i = 0; i < NR_PLACES; i++) {
		if (strcmp(text, places[i]) == 0) {
			return NULL;
		}
	}
	return strcmp(text, "all") == 0 ? NULL : "is not sim, hv, xen or all";
}

/* What an option without an argument switches on. */
static bool *flag_of(int id, struct request *r)
{
	switch (id) {
	case OPT_ALL:
		return &r->all;
	case OPT_OVERCOMMIT:
		return &r->options.overcommit;
	case OPT_JSON:
		return &r->json;
	case OPT_TAP:
		return &r->tap;
	default:
		return &r->wide;
	}
}

static const char *parse_option(const struct options_walk *w, void *to)
{
	struct request *r = to;

	switch (w->id) {
	case OPT_MEMORY:
		return parse_size(w->argument, MEMORY_MAX, &r->options.memory);
	case OPT_BIG:
		r->options.big_asked = true;
		return parse_size(w->argument, BIG_MAX, &r->options.big);
	case OPT_ON:
		return parse_on(w->argument, &r->on);
	case OPT_SEED:
		return parse_seed(w->argument, &r->options.seed);
	case OPT_RECORD:
		return parse_text(w->argument, &r->record);
	case OPT_JUNIT:
		return parse_text(w->argument, &r->junit);
	default:
		*flag_of(w->id, r) = true;
		return NULL;
	}
}

static const struct options_reader reader = {VERB_LAB, lab_help, parse_option};

static int bad(const char *what, const char *name)
{
	say("lab: no %s '%s'; `pagewarden lab` lists them", what, name);
	return STATUS_USAGE;
}

/* Is it the first case of its world? */
static bool is_new_world(const struct lab_history *h, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		if (h->cases[i].world == h->cases[n].world) {
			return false;
		}
	}
	return true;
}

/* The kinds of machine that a history is about, in 80 columns. */
static void list_worlds(const struct lab_history *h)
{
	char worlds[512] = "in:";
	size_t used = strlen(worlds);

	for (unsigned int i = 0; i < h->nr_cases; i++) {
		if (is_new_world(h, i) && used < sizeof(worlds)) {
			used += (size_t)snprintf(worlds + used,
						 sizeof(worlds) - used,
						 "%s '%s'", i == 0 ? "" : ",",
						 h->cases[i].world->name);
		}
	}
	paint_wrapped(stdout, 2, worlds);
}

static int list(void)
{
	for (unsigned int h = 0; h < lab_nr_histories; h++) {
		const struct lab_history *history = lab_histories[h];

		printf("%s\n", history->name);
		paint_wrapped(stdout, 2, history->title);
		for (unsigned int p = 0; p < history->nr_policies; p++) {
			printf("    %-14s %s\n", history->policies[p].name,
			       history->policies[p].title);
		}
		list_worlds(history);
	}
	return STATUS_OK;
}

static bool history_exists(const char *name)
{
	return lab_find_history(name) != NULL;
}

static bool wanted(const struct request *r, const struct lab_case *c)
{
	const struct lab_policy *p = c->policy;

	return (r->history == NULL || strcmp(p->history, r->history) == 0) &&
	       (r->policy == NULL || strcmp(r->policy, p->name) == 0) &&
	       (r->world == NULL || strcmp(r->world, c->world->name) == 0);
}

static bool runs_on(const struct request *r, const struct lab_case *c,
		    const char *place)
{
	return (strcmp(r->on, "all") == 0 || strcmp(r->on, place) == 0) &&
	       (strcmp(place, "sim") == 0 ||
		lab_metal_can(c, place, &r->options));
}

static unsigned int nr_cases(void)
{
	unsigned int nr = 0;

	while (lab_case_at(nr) != NULL) {
		nr++;
	}
	return nr;
}

/* The runs that are asked for; NULL: out of memory. */
static struct lab_job *collect(const struct request *r, unsigned int *ret_nr)
{
	/* One more: there is no such thing as a list of none. */
	struct lab_job *jobs =
		calloc(nr_cases() * NR_PLACES + 1, sizeof(*jobs));
	const struct lab_case *c;

	*ret_nr = 0;
	for (unsigned int i = 0; jobs != NULL && (c = lab_case_at(i)) != NULL;
	     i++) {
		for (unsigned int p = 0; p < NR_PLACES; p++) {
			if (wanted(r, c) && runs_on(r, c, places[p])) {
				jobs[(*ret_nr)++] = (struct lab_job){
					.c = c,
					.on = places[p],
					.options = r->options,
				};
			}
		}
	}
	return jobs;
}

/* Has the host room for the largest of the runs, alone? */
static bool host_can(const struct lab_job *jobs, unsigned int nr)
{
	char reason[256];
	uint64_t most = 0;

	for (unsigned int i = 0; i < nr; i++) {
		uint64_t bytes = strcmp(jobs[i].on, "sim") == 0
					 ? lab_largest(&jobs[i], 1)
					 : lab_metal_cost(&jobs[i]);

		most = bytes > most ? bytes : most;
	}
	if (nr == 0 || jobs[0].options.overcommit ||
	    host_memory_fits(nr == 1 ? "the run" : "the largest of the runs",
			     most, reason, sizeof(reason))) {
		return true;
	}
	say("lab: %s", reason);
	return false;
}

static void run_jobs(const struct request *r, struct lab_job *jobs,
		     unsigned int nr)
{
	uint64_t room = r->options.overcommit ? UINT64_MAX : host_memory_free();

	if (strcmp(r->on, "sim") == 0) {
		char line[256];

		/* It takes minutes, and processors are idle. */
		if (nr > 1 && host_memory_in_turn(lab_largest(jobs, nr), room,
						  line, sizeof(line))) {
			say("lab: %s", line);
		}
		lab_run_many(jobs, nr, room);
		return;
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (strcmp(jobs[i].on, "sim") == 0) {
			lab_run_many(&jobs[i], 1, room);
		} else {
			lab_metal_run(&jobs[i]);
		}
	}
}

static bool sweep_wanted(const struct request *r)
{
	return (strcmp(r->on, "sim") == 0 || strcmp(r->on, "all") == 0) &&
	       (r->history == NULL || strcmp(r->history, "tlb") == 0);
}

/* The table for a terminal. */
static void print_table(const struct request *r, const struct lab_job *jobs,
			unsigned int nr, const struct lab_sweep_row *rows,
			unsigned int unexpected)
{
	lab_table_head(stdout, r->wide);
	for (unsigned int i = 0; i < nr; i++) {
		lab_table_row(stdout, &jobs[i], i == 0 ? NULL : &jobs[i - 1],
			      r->wide);
	}
	if (rows != NULL) {
		lab_table_sweep(stdout, rows);
	}
	printf("\n%u runs, %u not as recorded\n", nr, unexpected);
}

static int print(const struct request *r, const struct lab_job *jobs,
		 unsigned int nr, const struct lab_sweep_row *rows)
{
	unsigned int unexpected = 0;

	for (unsigned int i = 0; i < nr; i++) {
		unexpected += !jobs[i].result.as_expected;
	}
	if (r->json) {
		if (!lab_json(stdout, jobs, nr, rows)) {
			say("lab: out of memory");
			return STATUS_OURS;
		}
	} else if (!r->tap) {
		print_table(r, jobs, nr, rows, unexpected);
	}
	if ((r->tap || r->junit != NULL) &&
	    !lab_cases(r->tap ? stdout : NULL, r->junit, jobs, nr)) {
		return STATUS_OURS;
	}
	return unexpected == 0 ? STATUS_OK : STATUS_GUEST;
}

static void free_jobs(struct lab_job *jobs, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		lab_result_fini(&jobs[i].result);
	}
	free(jobs);
}

static int run_and_print(const struct request *r, struct lab_job *jobs,
			 unsigned int nr)
{
	struct lab_sweep_row rows[LAB_SWEEP_ROWS];
	bool sweep = sweep_wanted(r);

	run_jobs(r, jobs, nr);
	if (sweep && !lab_sweep(SWEEP_BOOTS, r->options.seed, rows)) {
		say("lab: out of memory");
		sweep = false;
	}
	return print(r, jobs, nr, sweep ? rows : NULL);
}

static int run(const struct request *r)
{
	struct lab_recordings *recordings = NULL;
	unsigned int nr;
	struct lab_job *jobs = collect(r, &nr);
	int status = STATUS_USAGE;

	if (jobs == NULL) {
		say("lab: out of memory");
		return STATUS_OURS;
	}
	if (nr == 0) {
		say("lab: nothing of '%s' can run on %s",
		    r->all ? "--all" : r->history, r->on);
	} else if (host_can(jobs, nr) &&
		   (r->junit == NULL || junit_reserve(r->junit)) &&
		   (r->record == NULL ||
		    (recordings = lab_record(jobs, nr, NULL, r->record)) !=
			    NULL)) {
		status = run_and_print(r, jobs, nr);
	}
	if (recordings != NULL && !lab_record_end(recordings)) {
		status = STATUS_OURS;
	}
	free_jobs(jobs, nr);
	return status;
}

/* In the simulator a failure is explained; elsewhere the command's run is. */
static void show_run(const struct request *r, struct lab_job *job)
{
	char report[REPORT_SIZE];
	struct text t = text_in(report, sizeof(report));
	struct lab_self self;
	struct lab_why why;

	if (strcmp(job->on, "sim") != 0) {
		run_jobs(r, job, 1);
		fputs(sim_log_text(&job->result.log), stdout);
		return;
	}
	lab_self_init(&self);
	lab_why_run(&self, job->c, &job->options, &job->result, &why);
	lab_why_tell(&t, &self, &why);
	lab_self_fini(&self);
	printf("%s%s%s", sim_log_text(&job->result.log),
	       report[0] == '\0' ? "" : "\n", report);
}

static int show(const struct request *r)
{
	struct lab_recordings *recordings = NULL;
	unsigned int nr;
	struct lab_job *jobs = collect(r, &nr);
	int status = STATUS_OK;

	if (jobs == NULL || nr == 0) {
		free(jobs);
		return bad(r->world == NULL ? "policy" : "policy in world",
			   r->world == NULL ? r->policy : r->world);
	}
	if (!host_can(jobs, 1)) {
		free(jobs);
		return STATUS_USAGE;
	}
	if (r->record != NULL &&
	    (recordings = lab_record(jobs, 1, r->record, NULL)) == NULL) {
		free(jobs);
		return STATUS_USAGE;
	}
	show_run(r, &jobs[0]);
	putchar('\n');
	lab_table_head(stdout, r->wide);
	lab_table_row(stdout, &jobs[0], NULL, r->wide);
	if (!jobs[0].result.as_expected) {
		status = STATUS_GUEST;
	}
	if (recordings != NULL && !lab_record_end(recordings)) {
		status = STATUS_OURS;
	}
	free_jobs(jobs, 1);
	return status;
}

/* HISTORY [POLICY [WORLD]]; what there is not is named. */
static int choose(struct request *r, int argc, char **argv)
{
	unsigned int nr;
	struct lab_job *jobs;

	r->history = argv[0];
	r->policy = argc > 1 ? argv[1] : NULL;
	r->world = argc > 2 ? argv[2] : NULL;
	if (!history_exists(r->history)) {
		return bad("history", r->history);
	}
	if (r->policy == NULL) {
		return STATUS_OK;
	}
	jobs = collect(r, &nr);
	free(jobs);
	return nr != 0 ? STATUS_OK
		       : bad(r->world == NULL ? "policy" : "policy in world",
			     r->world == NULL ? r->policy : r->world);
}

static int cmd_run_histories(struct request *r, int argc, char **argv)
{
	int status = STATUS_OK;

	if (r->all == (argc != 0) || argc > 3) {
		say("lab run: HISTORY [POLICY [WORLD]], or --all");
		return STATUS_USAGE;
	}
	if (argc != 0) {
		status = choose(r, argc, argv);
	}
	return status == STATUS_OK ? run(r) : status;
}

static int cmd_show(struct request *r, int argc, char **argv)
{
	if (argc < 2 || argc > 3) {
		say("lab show: which history, which policy?");
		return STATUS_USAGE;
	}
	r->history = argv[0];
	r->policy = argv[1];
	r->world = argc == 3 ? argv[2] : NULL;
	if (!history_exists(r->history)) {
		return bad("history", r->history);
	}
	return show(r);
}

int cmd_lab(int argc, char **argv)
{
	struct request r = {
		.options = {.memory = LAB_MEMORY_DEFAULT,
			    .big = LAB_BIG_DEFAULT,
			    .seed = 1},
		.on = "sim",
	};
	int status = options_read(&reader, argc, argv, &r);

	if (status != OPTIONS_READ) {
		return status;
	}
	argc -= optind;
	argv += optind;
	if (argc == 0) {
		return list();
	}
	if (strcmp(argv[0], "run") == 0) {
		return cmd_run_histories(&r, argc - 1, argv + 1);
	}
	if (strcmp(argv[0], "show") == 0) {
		return cmd_show(&r, argc - 1, argv + 1);
	}
	if (strcmp(argv[0], "doc") == 0 && argc == 1) {
		lab_doc(stdout);
		return STATUS_OK;
	}
	say("lab: '%s' is none of run, show, doc", argv[0]);
	return STATUS_USAGE;
}
