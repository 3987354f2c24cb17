/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden report`: one file, with all that it needs in it. What is shown is
 * the page's business (page.js); here it gets its data: a JSON object, with the
 * long parts packed (pack.h).
 */
#include "cli/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/report/collect.h"
#include "cli/report/page.h"
#include "cli/report/perfetto.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/say.h"
#include "engine/table/level.h"
#include "lab/many.h"

const char report_help[] =
	"usage: pagewarden report FILE [-o OUT.html [--lab HISTORY]]\n"
	"                              [--perfetto OUT]\n"
	"\n"
	"Makes a page of a recording (run --record, lab --record), to be read\n"
	"in a browser without a network: how it ended and why, the memory as a\n"
	"map through time, the requests, the tables from any root.\n"
	"\n"
	"  -o, --output OUT.html  the page\n"
	"  --lab HISTORY  the policies of that history beside it, run now in the\n"
	"                 simulator\n"
	"  --perfetto OUT requests, phases, flushes and frames by type as\n"
	"                 TrackEvents, for the Perfetto UI\n"
	"  --help         this\n"
	"\n"
	"Status: 0 it is written, 2 bad usage or no trace that can be read, 3 it\n"
	"cannot be written.\n";

#define LAB_MEMORY (UINT64_C(64) << 20)

static void string(FILE *to, const char *s)
{
	fputc('"', to);
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		/* '<' would end the script that the data stand in. */
		if (c < ' ' || c == '"' || c == '\\' || c == '<' || c > '~') {
			fprintf(to, "\\u%04x", c);
		} else {
			fputc(c, to);
		}
	}
	fputc('"', to);
}

static void packed(FILE *to, const char *name, const struct pack *p)
{
	fprintf(to, ",\"%s\":\"", name);
	pack_base64(p, to);
	fputc('"', to);
}

static double ms(const struct collect *c, uint64_t time)
{
	return c->tsc_khz == 0
		       ? 0
		       : (double)(time - c->first_time) / (double)c->tsc_khz;
}

static void put_moments(FILE *to, const struct collect *c)
{
	fputs(",\"snapshots\":[", to);
	for (unsigned int i = 0; i < c->nr_snapshots; i++) {
		fprintf(to, "%s[%" PRIu64 ",%.3f]", i == 0 ? "" : ",",
			c->snapshot[i].operations, ms(c, c->snapshot[i].time));
	}
	fputs("],\"phases\":[", to);
	for (unsigned int i = 0; i < c->nr_phases; i++) {
		fprintf(to, "%s[\"%s\",%" PRIu64 ",%.3f]", i == 0 ? "" : ",",
			c->phase[i].name, c->phase[i].operation,
			ms(c, c->phase[i].time));
	}
	fputs("]", to);
}

static void put_counts(FILE *to, const uint32_t *count)
{
	fputc('[', to);
	for (unsigned int i = 0; i < COLLECT_BUCKETS; i++) {
		fprintf(to, "%s%u", i == 0 ? "" : ",", count[i]);
	}
	fputc(']', to);
}

static bool any(const uint32_t *count)
{
	for (unsigned int i = 0; i < COLLECT_BUCKETS; i++) {
		if (count[i] != 0) {
			return true;
		}
	}
	return false;
}

static void put_kinds(FILE *to, const struct collect *c)
{
	const char *comma = "";

	fputs(",\"kinds\":[", to);
	for (unsigned int i = 0; i < MMU_OPERATIONS; i++) {
		if (any(c->count[i])) {
			fprintf(to, "%s{\"name\":", comma);
			string(to, operation_info[i].name);
			fputs(",\"count\":", to);
			put_counts(to, c->count[i]);
			fputc('}', to);
			comma = ",";
		}
	}
	fputs("],\"refusedIn\":", to);
	put_counts(to, c->refused_in);
}

static void put_refusal(FILE *to, const struct collect *c,
			const struct refused *r)
{
	const struct refusal *f = &r->refusal;

	fprintf(to, "{\"operation\":%" PRIu64 ",\"ms\":%.3f,\"rule\":",
		r->operation, ms(c, r->time));
	string(to, rule_info[f->rule].name);
	fputs(",\"sentence\":", to);
	string(to, rule_info[f->rule].sentence);
	fputs(",\"invariant\":", to);
	string(to, rule_info[f->rule].invariant);
	fprintf(to, ",\"frame\":%" PRId64 ",\"text\":",
		f->frame.v >= collect_nr_frames(c) ? -1 : (int64_t)f->frame.v);
	string(to, r->text);
	if (f->nr_path != 0) {
		fprintf(to,
			",\"table\":%" PRIu64 ",\"index\":%u,\"level\":%u,"
			"\"entry\":\"%#" PRIx64 "\"",
			f->path[0].table.v, f->path[0].slot, f->path[0].level,
			f->entry.v);
	}
	fputc('}', to);
}

static void put_refusals(FILE *to, const struct collect *c)
{
	uint64_t first = c->nr_refused < COLLECT_REFUSALS
				 ? 0
				 : c->nr_refused - COLLECT_REFUSALS;

	fprintf(to, ",\"nrRefused\":%" PRIu64 ",\"refusals\":[", c->nr_refused);
	for (uint64_t i = first; i < c->nr_refused; i++) {
		fputs(i == first ? "" : ",", to);
		put_refusal(to, c, &c->refused[i % COLLECT_REFUSALS]);
	}
	fputc(']', to);
}

static void put_roots(FILE *to, const struct collect *c)
{
	const struct mmu_domain *d = replay_domain(c->r, 0);

	fprintf(to, ",\"last\":%u,\"top\":%u,\"roots\":[", c->last_snapshot,
		d == NULL ? pt_64.top : d->width->top);
	for (unsigned int i = 0; i < c->nr_roots; i++) {
		const struct root *r = &c->root[i];

		fprintf(to, "%s[\"d%uv%u\",%" PRIu64 ",%" PRIu64 "]",
			i == 0 ? "" : ",", r->domain, r->vcpu, r->kernel.v,
			r->user.v);
	}
	fputs("],\"flags\":[", to);
	for (unsigned int i = 0; i < c->nr_flags; i++) {
		fprintf(to, "%s\"%" PRIx64 "\"", i == 0 ? "" : ",",
			c->flags[i]);
	}
	fputc(']', to);
}

static void put_lab(FILE *to, const char *history)
{
	const struct lab_options options = {.memory = LAB_MEMORY,
					    .big = LAB_BIG_DEFAULT,
					    .seed = 1};
	const struct lab_case *c;
	const char *comma = "";

	fputs(",\"lab\":[", to);
	for (unsigned int i = 0;
	     history != NULL && (c = lab_case_at(i)) != NULL; i++) {
		struct lab_job job = {.c = c, .on = "sim", .options = options};

		if (strcmp(c->policy->history, history) != 0 ||
		    c->world->memory == LAB_MEMORY_BIG) {
			continue;
		}
		lab_run_many(&job, 1, UINT64_MAX);
		fprintf(to, "%s{\"policy\":", comma);
		string(to, c->policy->name);
		fputs(",\"title\":", to);
		string(to, c->policy->title);
		fputs(",\"world\":", to);
		string(to, c->world->name);
		fputs(",\"outcome\":", to);
		string(to, lab_outcome_name[job.result.outcome]);
		fprintf(to, ",\"step\":%d,\"message\":", (int)job.result.step);
		string(to, job.result.message);
		fprintf(to, ",\"hypercalls\":%" PRIu64 "}",
			job.result.hypercalls);
		comma = ",";
		lab_result_fini(&job.result);
	}
	fputs("],\"steps\":[", to);
	for (int i = 0; i <= LAB_DONE; i++) {
		fputs(i == 0 ? "" : ",", to);
		string(to, lab_step_name[i]);
	}
	fputc(']', to);
}

static void put_data(FILE *to, const struct collect *c, const char *name,
		     const char *lab)
{
	fputs("{\"name\":", to);
	string(to, name);
	fprintf(to,
		",\"frames\":%" PRIu64 ",\"operations\":%" PRIu64
		",\"judged\":%" PRIu64 ",\"lab_history\":",
		collect_nr_frames(c), c->operations, c->t->tables);
	string(to, lab == NULL ? "" : lab);
	fprintf(to, ",\"duration\":%.3f,\"end\":", ms(c, c->time));
	string(to, c->end);
	put_moments(to, c);
	put_kinds(to, c);
	put_refusals(to, c);
	put_roots(to, c);
	put_lab(to, lab);
	packed(to, "changes", &c->changes);
	packed(to, "counts", &c->frames);
	packed(to, "pfns", &c->pfns);
	packed(to, "tables", &c->tables);
	packed(to, "events", &c->events);
	fputs("}", to);
}

static void put_page(FILE *to, const struct collect *c, const char *name,
		     const char *lab)
{
	const char *at = report_page_html;
	const char *mark;

	while ((mark = strchr(at, '@')) != NULL) {
		fwrite(at, 1, (size_t)(mark - at), to);
		at = mark;
		if (strncmp(at, "@STYLE@", 7) == 0) {
			fputs(report_page_css, to);
			at += 7;
		} else if (strncmp(at, "@SCRIPT@", 8) == 0) {
			fputs(report_page_js, to);
			at += 8;
		} else if (strncmp(at, "@DATA@", 6) == 0) {
			put_data(to, c, name, lab);
			at += 6;
		} else {
			fputc(*at++, to);
		}
	}
	fputs(at, to);
}

static enum exit_status write_page(const struct collect *c, const char *name,
				   const char *out, const char *lab)
{
	FILE *to = fopen(out, "we");
	bool good;

	if (to == NULL) {
		say("%s: %s", out, strerror(errno));
		return STATUS_USAGE;
	}
	put_page(to, c, name, lab);
	good = !ferror(to);
	if (fclose(to) != 0 || !good) {
		say("%s: not all of it could be written", out);
		output_forget(out);
		return STATUS_OURS;
	}
	return STATUS_OK;
}

enum exit_status report_write(const char *recording, const char *out,
			      const char *lab)
{
	struct collect *c = calloc(1, sizeof(*c));
	char error[TRACE_ERROR_SIZE];
	struct replay_result result;
	enum exit_status status = STATUS_USAGE;
	struct trace t = {0};

	if (c == NULL) {
		say("out of memory");
		return STATUS_OURS;
	}
	if (!trace_read_file(&t, recording, error)) {
		say("%s: %s", recording, error);
		free(c);
		return STATUS_USAGE;
	}
	if (collect(c, &t, &result)) {
		status = write_page(c, recording, out, lab);
	} else {
		say("%s: it does not replay: %s", recording, result.line);
	}
	collect_fini(c);
	trace_free(&t);
	free(c);
	return status;
}

static enum exit_status write_perfetto(const char *recording, const char *out)
{
	enum exit_status status = STATUS_USAGE;
	char error[TRACE_ERROR_SIZE];
	struct trace t = {0};

	if (!trace_read_file(&t, recording, error)) {
		say("%s: %s", recording, error);
	} else {
		status = perfetto_write(&t, out, error);
		if (status != STATUS_OK) {
			say("%s: %s", out, error);
		}
	}
	trace_free(&t);
	return status;
}

struct wish {
	const char *out;
	const char *lab;
	const char *perfetto;
};

/* Returns what is wrong with the option's argument, or NULL. */
static const char *take(const struct options_walk *walk, void *to)
{
	struct wish *w = to;

	if (*walk->argument == '\0') {
		return "is empty";
	}
	switch (walk->id) {
	case OPT_LAB:
		w->lab = walk->argument;
		return lab_find_history(w->lab) != NULL
			       ? NULL
			       : "is no history; `pagewarden lab` lists them";
	case OPT_PERFETTO:
		w->perfetto = walk->argument;
		return NULL;
	default:
		w->out = walk->argument;
		return NULL;
	}
}

static const struct options_reader reader = {VERB_REPORT, report_help, take};

/* Before the recording is read, which takes a while. */
static bool can_write(const char *option, const char *path,
		      const char *recording)
{
	if (path == NULL) {
		return true;
	}
	if (output_is(path, recording)) {
		say("%s %s: that is the recording", option, path);
		return false;
	}
	if (!output_check(path)) {
		say("%s %s: %s", option, path, strerror(errno));
		return false;
	}
	return true;
}

int cmd_report(int argc, char **argv)
{
	struct wish w = {.out = NULL};
	int status = options_read(&reader, argc, argv, &w);
	const char *recording;

	if (status != OPTIONS_READ) {
		return status;
	}
	recording = options_operand(&reader, argc, argv, "a FILE");
	if (recording == NULL) {
		return STATUS_USAGE;
	}
	if (w.out == NULL && w.perfetto == NULL) {
		say("report needs -o OUT.html or --perfetto OUT");
		return STATUS_USAGE;
	}
	if (!can_write("--output", w.out, recording) ||
	    !can_write("--perfetto", w.perfetto, recording)) {
		return STATUS_USAGE;
	}
	status = STATUS_OK;
	if (w.out != NULL) {
		status = (int)report_write(recording, w.out, w.lab);
	}
	if (w.perfetto != NULL && status == STATUS_OK) {
		status = (int)write_perfetto(recording, w.perfetto);
	}
	return status;
}
