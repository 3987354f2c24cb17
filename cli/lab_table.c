/* SPDX-License-Identifier: MIT */
/*
 * A line for each run, history by history, so that policies stand side by
 * side; under it, indented, the reason if there is one.
 */
#include "cli/lab_table.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/junit.h"
#include "cli/paint.h"

void lab_table_head(FILE *to, bool wide)
{
	if (wide) {
		fprintf(to,
			"%-26s %-14s %-3s %-11s %-8s %-24s %8s %10s %7s %6s "
			"%5s\n",
			"policy", "world", "on", "outcome", "expected",
			"failed at", "hypcalls", "PTE writes", "flushes",
			"walked", "lost");
	} else {
		fprintf(to, "  %-14s %-14s %-3s %-11s %-24s %6s\n", "policy",
			"world", "on", "outcome", "failed at", "lost");
	}
}

/* A number, or "-" if nobody knows it. */
static void put_number(FILE *to, bool known, uint64_t value, int width)
{
	if (known) {
		fprintf(to, " %*" PRIu64, width, value);
	} else {
		fprintf(to, " %*s", width, "-");
	}
}

static void put_outcome(FILE *to, const struct lab_result *r, int width)
{
	paint(to, r->as_expected ? PAINT_GOOD : PAINT_BAD,
	      lab_outcome_name[r->outcome], width);
}

static const char *failed_at(const struct lab_result *r)
{
	return r->step == LAB_DONE ? "-" : lab_step_name[r->step];
}

static void put_wide(FILE *to, const struct lab_job *job)
{
	const struct lab_result *r = &job->result;
	char policy[64];

	(void)snprintf(policy, sizeof(policy), "%s/%s", job->c->policy->history,
		       job->c->policy->name);
	fprintf(to, "%-26s %-14s %-3s ", policy, job->c->world->name, job->on);
	put_outcome(to, r, 11);
	fprintf(to, " %-8s %-24s", r->as_expected ? "yes" : "NO", failed_at(r));
	put_number(to, r->counted, r->hypercalls, 8);
	put_number(to, r->counted, r->entry_writes, 10);
	put_number(to, r->counted, r->flushes, 7);
	put_number(to, r->counted, r->pages_walked, 6);
	put_number(to, r->counted_lost, r->lost, 5);
	fputc('\n', to);
	if (r->message[0] != '\0') {
		fprintf(to, "    %s\n", r->message);
	}
}

static void put_narrow(FILE *to, const struct lab_job *job)
{
	const struct lab_result *r = &job->result;

	fprintf(to, "  %-14s %-14s %-3s ", job->c->policy->name,
		job->c->world->name, job->on);
	put_outcome(to, r, 11);
	fprintf(to, " %-24s", failed_at(r));
	put_number(to, r->counted_lost, r->lost, 6);
	fputc('\n', to);
	if (!r->as_expected) {
		fputs("    ", to);
		paint(to, PAINT_BAD, "NOT as recorded", 0);
		fputc('\n', to);
	}
	if (r->message[0] != '\0') {
		paint_wrapped(to, 4, r->message);
	}
}

void lab_table_row(FILE *to, const struct lab_job *job,
		   const struct lab_job *before, bool wide)
{
	const char *history = job->c->policy->history;

	if (wide) {
		put_wide(to, job);
		return;
	}
	if (before == NULL ||
	    strcmp(before->c->policy->history, history) != 0) {
		fprintf(to, "%s\n", history);
	}
	put_narrow(to, job);
}

void lab_table_sweep(FILE *to, const struct lab_sweep_row *rows)
{
	fprintf(to, "\ntlb: boots that crash, by what the TLB keeps\n");
	fprintf(to, "%-12s %12s %12s %12s\n", "entries kept", "no-flush",
		"flush", "stale uses");
	for (unsigned int i = 0; i < LAB_SWEEP_ROWS; i++) {
		const struct lab_sweep_row *r = &rows[i];
		char bad[24];
		char good[24];

		(void)snprintf(bad, sizeof(bad), "%u of %u",
			       r->crashed[LAB_NO_FLUSH], r->boots);
		(void)snprintf(good, sizeof(good), "%u of %u",
			       r->crashed[LAB_FLUSH], r->boots);
		fprintf(to, "%-12s %12s %12s %12" PRIu64 "%s\n", r->keeps, bad,
			good,
			r->stale_uses[LAB_NO_FLUSH] + r->stale_uses[LAB_FLUSH],
			r->broken ? "  BROKEN" : "");
	}
}

struct named_case {
	char group[48];
	char name[96];
	char title[160];
};

/* A title is the same for the same failure: no numbers of frames. */
static void name_case(struct named_case *n, struct junit_case *c,
		      const struct lab_job *job)
{
	const struct lab_result *r = &job->result;

	(void)snprintf(n->group, sizeof(n->group), "lab.%.40s",
		       job->c->policy->history);
	(void)snprintf(n->name, sizeof(n->name), "%.30s, %.30s, on %s",
		       job->c->policy->name, job->c->world->name, job->on);
	(void)snprintf(n->title, sizeof(n->title),
		       "%s at '%s', but '%s' is recorded",
		       lab_outcome_name[r->outcome], failed_at(r),
		       lab_outcome_name[job->c->expected]);
	*c = (struct junit_case){
		.group = n->group,
		.name = n->name,
		.seconds = r->seconds,
		.outcome = r->as_expected             ? JUNIT_PASSED
			   : r->outcome == LAB_BROKEN ? JUNIT_ERROR
						      : JUNIT_FAILED,
		.title = n->title,
	};
}

bool lab_cases(FILE *to, const char *path, const struct lab_job *jobs,
	       unsigned int nr)
{
	struct junit_case *cases = calloc(nr + 1, sizeof(*cases));
	struct named_case *names = calloc(nr + 1, sizeof(*names));
	bool good = cases != NULL && names != NULL;

	for (unsigned int i = 0; good && i < nr; i++) {
		name_case(&names[i], &cases[i], &jobs[i]);
	}
	if (good && to != NULL) {
		tap_write(to, cases, nr);
	}
	good = good && (path == NULL || junit_file(path, "lab", cases, nr));
	free(cases);
	free(names);
	return good;
}

static bool add_number(cJSON *to, const char *name, uint64_t value)
{
	return cJSON_AddNumberToObject(to, name, (double)value) != NULL;
}

/* null if nobody knows it. */
static bool add_known(cJSON *to, const char *name, bool known, uint64_t value)
{
	return known ? add_number(to, name, value)
		     : cJSON_AddNullToObject(to, name) != NULL;
}

static bool add_text(cJSON *to, const char *name, const char *text)
{
	return cJSON_AddStringToObject(to, name, text) != NULL;
}

static bool add_policy(cJSON *to, const struct lab_policy *p)
{
	return add_text(to, "history", p->history) &&
	       add_text(to, "policy", p->name);
}

static bool add_run(cJSON *to, const struct lab_job *job)
{
	const struct lab_result *r = &job->result;

	return add_policy(to, job->c->policy) &&
	       add_text(to, "world", job->c->world->name) &&
	       add_text(to, "on", job->on) &&
	       add_text(to, "outcome", lab_outcome_name[r->outcome]) &&
	       cJSON_AddBoolToObject(to, "as_expected", r->as_expected) !=
		       NULL &&
	       add_text(to, "step", lab_step_name[r->step]) &&
	       add_text(to, "message", r->message) &&
	       add_number(to, "memory", r->memory) &&
	       add_known(to, "hypercalls", r->counted, r->hypercalls) &&
	       add_known(to, "pte_writes", r->counted, r->entry_writes) &&
	       add_known(to, "tlb_flushes", r->counted, r->flushes) &&
	       add_known(to, "pages_walked", r->counted, r->pages_walked) &&
	       /* A real TLB does not tell. */
	       add_known(to, "stale_uses", strcmp(job->on, "sim") == 0,
			 r->stale_uses) &&
	       add_known(to, "frames_lost", r->counted_lost, r->lost) &&
	       cJSON_AddNumberToObject(to, "seconds", r->seconds) != NULL;
}

static bool add_sweep(cJSON *to, const struct lab_sweep_row *r)
{
	return add_text(to, "keeps", r->keeps) &&
	       add_number(to, "boots", r->boots) &&
	       add_number(to, "no_flush_crashed", r->crashed[LAB_NO_FLUSH]) &&
	       add_number(to, "flush_crashed", r->crashed[LAB_FLUSH]);
}

static bool add_all(cJSON *document, const struct lab_job *jobs,
		    unsigned int nr, const struct lab_sweep_row *rows)
{
	cJSON *runs = cJSON_AddArrayToObject(document, "runs");
	bool ok = runs != NULL;
	cJSON *sweep;

	for (unsigned int i = 0; ok && i < nr; i++) {
		cJSON *run = cJSON_CreateObject();

		ok = cJSON_AddItemToArray(runs, run) && add_run(run, &jobs[i]);
	}
	if (!ok || rows == NULL) {
		return ok;
	}
	sweep = cJSON_AddArrayToObject(document, "tlb_sweep");
	ok = sweep != NULL;
	for (unsigned int i = 0; ok && i < LAB_SWEEP_ROWS; i++) {
		cJSON *row = cJSON_CreateObject();

		ok = cJSON_AddItemToArray(sweep, row) &&
		     add_sweep(row, &rows[i]);
	}
	return ok;
}

bool lab_json(FILE *to, const struct lab_job *jobs, unsigned int nr,
	      const struct lab_sweep_row *rows)
{
	cJSON *document = cJSON_CreateObject();
	char *text = NULL;

	if (document != NULL && add_all(document, jobs, nr, rows)) {
		text = cJSON_Print(document);
	}
	if (text != NULL) {
		fprintf(to, "%s\n", text);
	}
	cJSON_free(text);
	cJSON_Delete(document);
	return text != NULL;
}
