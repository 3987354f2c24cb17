/* SPDX-License-Identifier: MIT */
/*
 * The report of a run, as a table and as one JSON document. Both take their
 * numbers from the hypervisor's summary event; what it did not tell is left
 * out, never shown as zero.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "cli/summary.h"

/* What cannot be a count that the hypervisor has told. */
#define UNKNOWN UINT64_MAX
#define MAX_CALLS 256
#define JSON_FORMAT 1

static const char *const result_names[] = {
	[RUN_POWERED_OFF] = "poweroff",
	[RUN_REBOOTED] = "reboot",
	[RUN_CRASHED] = "crash",
	[RUN_HALTED] = "halted",
	[RUN_STOPPED] = "stopped",
	[RUN_TIMED_OUT] = "timeout",
	[RUN_SEEN] = "until-seen",
	[RUN_FAIL_SEEN] = "fail-on-seen",
	[RUN_QUIT] = "quit",
	[RUN_HV_FAILED] = "hypervisor-failed",
	[RUN_QEMU_FAILED] = "qemu-failed",
	[RUN_BAD_CPU] = "bad-cpu",
	[RUN_OUTPUT_FAILED] = "output-failed",
};

/*
 * A run that ended in order was to be audited, and nothing was heard of it:
 * that it was sound is not known. A guest killed by us, or by itself, has a
 * verdict anyway.
 */
static bool audit_missing(const struct run_report *r)
{
	return r->audit && r->result == RUN_POWERED_OFF &&
	       !monitor_audited(r->monitor);
}

/* No refusal was told, but nor were the counts at the end: who knows? */
static bool refusals_unknown(const struct run_report *r)
{
	return r->strict && r->monitor->summary == NULL &&
	       monitor_refusals(r->monitor) == 0;
}

enum run_result report_result(const struct monitor *m,
			      enum run_result otherwise)
{
	static const struct {
		const char *reason;
		enum run_result result;
	} reasons[] = {
		{"poweroff", RUN_POWERED_OFF},
		{"reboot", RUN_REBOOTED},
		{"halted", RUN_HALTED},
		{"stopped", RUN_STOPPED},
		{"", RUN_STOPPED},
	};
	const char *told = monitor_text(m->shutdown, SHUTDOWN_REASON, "");

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (strcmp(told, reasons[i].reason) == 0) {
			/* Not of its own accord: the run's end was. */
			return reasons[i].result == RUN_STOPPED
				       ? otherwise
				       : reasons[i].result;
		}
	}
	return RUN_CRASHED;
}

enum exit_status report_status(const struct run_report *r)
{
	/* Wrong counts are our bug, however well the guest fared. */
	bool sound = monitor_audit_differences(r->monitor) == 0;
	bool good = (r->expect == NULL || r->expect_seen) &&
		    !(r->strict && monitor_refusals(r->monitor) != 0);

	switch (r->result) {
	case RUN_POWERED_OFF:
	case RUN_SEEN:
		if (!sound || audit_missing(r) ||
		    (good && refusals_unknown(r))) {
			return STATUS_OURS;
		}
		return good ? STATUS_OK : STATUS_GUEST;
	case RUN_FAIL_SEEN:
	case RUN_REBOOTED:
	case RUN_CRASHED:
	case RUN_HALTED:
	case RUN_STOPPED:
	case RUN_TIMED_OUT:
	case RUN_QUIT:
		return sound ? STATUS_GUEST : STATUS_OURS;
	case RUN_BAD_CPU:
		return STATUS_USAGE;
	case RUN_HV_FAILED:
	case RUN_QEMU_FAILED:
	case RUN_OUTPUT_FAILED:
		return STATUS_OURS;
	}
	return STATUS_OURS;
}

/* What is wrong although the guest ended in order, or NULL. */
static const char *reproach(const struct run_report *r)
{
	if (monitor_audit_differences(r->monitor) != 0) {
		return "the audit found differences: a fault of the "
		       "hypervisor";
	}
	if (audit_missing(r)) {
		return "the audit that was asked for did not tell its result";
	}
	if (r->expect != NULL && !r->expect_seen) {
		return "the console never showed what --expect names";
	}
	if (r->strict && monitor_refusals(r->monitor) != 0) {
		return "requests were refused (--strict)";
	}
	if (refusals_unknown(r)) {
		return "whether requests were refused (--strict) was not told";
	}
	return NULL;
}

static const char *const how_it_ended[] = {
	[RUN_POWERED_OFF] = "guest powered off",
	[RUN_REBOOTED] = "guest asked for a reboot",
	[RUN_CRASHED] = "guest crashed",
	[RUN_HALTED] = "guest halted",
	[RUN_STOPPED] = "guest stopped",
	[RUN_TIMED_OUT] = "timeout: guest killed",
	[RUN_SEEN] = "the console showed what --until names",
	[RUN_FAIL_SEEN] = "the console showed what --fail-on names",
	[RUN_QUIT] = "guest killed on request",
	[RUN_HV_FAILED] = "the hypervisor failed",
	[RUN_QEMU_FAILED] = "QEMU failed",
	[RUN_BAD_CPU] = "--cpu",
	[RUN_OUTPUT_FAILED] = "cannot write the console's output",
};

void report_verdict(const struct run_report *r, char *line, size_t size)
{
	const char *how = how_it_ended[r->result];
	const char *wrong = reproach(r);

	switch (r->result) {
	case RUN_CRASHED:
	case RUN_HALTED:
		snprintf(line, size, "%s: %s", how,
			 monitor_crash_reason(r->monitor));
		break;
	case RUN_POWERED_OFF:
	case RUN_REBOOTED:
	case RUN_STOPPED:
	case RUN_TIMED_OUT:
	case RUN_SEEN:
	case RUN_FAIL_SEEN:
	case RUN_QUIT:
		snprintf(line, size, wrong == NULL ? "%s" : "%s; %s", how,
			 wrong);
		break;
	case RUN_HV_FAILED:
	case RUN_QEMU_FAILED:
	case RUN_BAD_CPU:
	case RUN_OUTPUT_FAILED:
		snprintf(line, size, *r->detail == '\0' ? "%s" : "%s: %s", how,
			 r->detail);
		break;
	}
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int by_calls(const void *a, const void *b)
{
	uint64_t x = monitor_number(*(const cJSON *const *)a, CALL_CALLS, 0);
	uint64_t y = monitor_number(*(const cJSON *const *)b, CALL_CALLS, 0);

	return (x < y) - (x > y);
}

static void print_hypercalls(FILE *to, const cJSON *summary)
{
	const cJSON *calls = member(summary, SUMMARY_HYPERCALLS);
	const cJSON *sorted[MAX_CALLS];
	const cJSON *call;
	uint64_t total = 0;
	uint64_t refused = 0;
	size_t nr = 0;

	cJSON_ArrayForEach(call, calls)
	{
		if (nr < MAX_CALLS) {
			sorted[nr++] = call;
		}
	}
	if (nr == 0) {
		return;
	}
	qsort(sorted, nr, sizeof(const cJSON *), by_calls);
	fprintf(to, "  %-28s %12s %10s\n", "hypercall", "calls", "refused");
	for (size_t i = 0; i < nr; i++) {
		uint64_t made = monitor_number(sorted[i], CALL_CALLS, 0);
		uint64_t bad = monitor_number(sorted[i], CALL_REFUSED, 0);

		fprintf(to, "  %-28.28s %12" PRIu64 " %10" PRIu64 "\n",
			monitor_text(sorted[i], CALL_NAME, "?"), made, bad);
		total += made;
		refused += bad;
	}
	fprintf(to, "  %-28s %12" PRIu64 " %10" PRIu64 "\n\n", "total", total,
		refused);
}

static void print_count(FILE *to, const char *label, uint64_t count)
{
	if (count != UNKNOWN) {
		fprintf(to, "  %-28s %12" PRIu64 "\n", label, count);
	}
}

struct row {
	const char *name; /* in the event */
	const char *label;
};

static void print_rows(FILE *to, const cJSON *object, const struct row *rows,
		       size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		print_count(to, rows[i].label,
			    monitor_number(object, rows[i].name, UNKNOWN));
	}
}

static const struct row write_rows[] = {
	{SUMMARY_PTE_WRITES, "PTE writes"},
	{SUMMARY_PTWR, "of them, direct (emulated)"},
};
static const struct row peak_rows[] = {
	{PEAK_L1, "frames at peak: L1 tables"},
	{PEAK_L2, "                L2 tables"},
	{PEAK_L3, "                L3 tables"},
	{PEAK_L4, "                L4 tables"},
	{PEAK_DESC, "                descriptors"},
	{PEAK_WRITABLE, "                writable"},
};
#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

/* Whatever the hypervisor counts in an object, by its own names. */
static void print_counts(FILE *to, const char *what, const cJSON *object)
{
	const cJSON *one;
	unsigned int nr = 0;

	cJSON_ArrayForEach(one, object)
	{
		uint64_t count = cJSON_IsNumber(one) && one->valuedouble > 0 &&
						 one->valuedouble < 1e15
					 ? (uint64_t)one->valuedouble
					 : 0;
		char label[40];

		if (count == 0 || one->string == NULL || ++nr > MAX_CALLS) {
			continue;
		}
		snprintf(label, sizeof(label), "%s %.26s", what, one->string);
		print_count(to, label, count);
	}
}

static void print_flushes(FILE *to, const cJSON *flushes)
{
	print_count(to, "TLB flushes, whole",
		    monitor_number(flushes, FLUSHES_ALL, UNKNOWN));
	print_counts(to, "            of them",
		     member(flushes, FLUSHES_CAUSES));
	print_count(to, "TLB flushes, one address",
		    monitor_number(flushes, FLUSHES_ONE, UNKNOWN));
}

static void print_audit(FILE *to, const struct run_report *r)
{
	const cJSON *audit = member(r->monitor->summary, SUMMARY_AUDIT);
	uint64_t runs =
		monitor_number(audit, AUDITS_RUNS, r->monitor->nr_audits);

	if (runs == 0) {
		fprintf(to, "  %-28s %12s\n", "audit", "not run");
		return;
	}
	fprintf(to, "  %-28s %12" PRIu64 " differences in %" PRIu64 " run%s\n",
		"audit", monitor_audit_differences(r->monitor), runs,
		runs == 1 ? "" : "s");
}

void summary_text(FILE *to, const struct run_report *r)
{
	const cJSON *summary = r->monitor->summary;

	fprintf(to, "\nPagewarden: %s, %" PRIu64 " MiB, %.1f s\n\n", r->kernel,
		r->memory >> 20, r->seconds);
	if (summary == NULL) {
		fputs("  no counts: the hypervisor did not come to tell "
		      "them\n",
		      to);
	} else {
		print_hypercalls(to, summary);
		print_rows(to, summary, ROWS(write_rows));
		print_flushes(to, member(summary, SUMMARY_TLB_FLUSHES));
		print_rows(to, member(summary, SUMMARY_PEAK), ROWS(peak_rows));
		print_counts(to, "trap", member(summary, SUMMARY_TRAPS));
		if (r->icount) {
			print_count(to, "instructions",
				    monitor_number(summary,
						   SUMMARY_INSTRUCTIONS,
						   UNKNOWN));
		}
		print_count(to, "longest stretch, cycles",
			    monitor_number(summary, SUMMARY_LONGEST_STRETCH,
					   UNKNOWN));
		print_count(to, "longest stay, cycles",
			    monitor_number(summary, SUMMARY_LONGEST_STAY,
					   UNKNOWN));
		print_audit(to, r);
	}
	if (r->monitor->nr_lost != 0) {
		print_count(to, "reports lost on the way", r->monitor->nr_lost);
	}
	if (monitor_number(summary, SUMMARY_REFUSED_UNTOLD, 0) != 0) {
		print_count(to, "refusals not told one by one",
			    monitor_number(summary, SUMMARY_REFUSED_UNTOLD, 0));
	}
	if (r->monitor->nr_bad_lines != 0) {
		print_count(to, "control lines not understood",
			    r->monitor->nr_bad_lines);
	}
	fputc('\n', to);
}

/* Adds a copy under a name; nothing if there is none. */
static bool add_copy(cJSON *document, const char *name, const cJSON *item)
{
	cJSON *copy;

	if (item == NULL) {
		return true;
	}
	copy = cJSON_Duplicate(item, true);
	cJSON_DeleteItemFromObjectCaseSensitive(copy, "event");
	if (!cJSON_AddItemToObject(document, name, copy)) {
		cJSON_Delete(copy);
		return false;
	}
	return true;
}

bool summary_fill(cJSON *d, const struct run_report *r)
{
	const struct monitor *m = r->monitor;
	char verdict[256];
	bool ok = cJSON_AddNumberToObject(d, "format", JSON_FORMAT) != NULL;

	report_verdict(r, verdict, sizeof(verdict));
	ok = ok && cJSON_AddStringToObject(d, "kernel", r->kernel) != NULL;
	ok = ok && cJSON_AddNumberToObject(d, "memory_mib",
					   (double)(r->memory >> 20)) != NULL;
	ok = ok && cJSON_AddStringToObject(d, "result",
					   result_names[r->result]) != NULL;
	ok = ok &&
	     cJSON_AddNumberToObject(d, "status", report_status(r)) != NULL;
	ok = ok && cJSON_AddStringToObject(d, "verdict", verdict) != NULL;
	ok = ok && cJSON_AddNumberToObject(d, "seconds", r->seconds) != NULL;
	ok = ok && cJSON_AddBoolToObject(d, "icount", r->icount) != NULL;
	if (r->expect != NULL) {
		ok = ok &&
		     cJSON_AddStringToObject(d, "expect", r->expect) != NULL;
		ok = ok && cJSON_AddBoolToObject(d, "expect_seen",
						 r->expect_seen) != NULL;
	}
	ok = ok && add_copy(d, "boot", m->boot);
	ok = ok && add_copy(d, "guest_start", m->guest_start);
	ok = ok && add_copy(d, "crash", m->crash);
	ok = ok && add_copy(d, "shutdown", m->shutdown);
	/* Without the hypervisor's count there may have been more. */
	ok = ok &&
	     (m->summary == NULL ||
	      cJSON_AddNumberToObject(d, "nr_refusals",
				      (double)monitor_refusals(m)) != NULL);
	ok = ok && add_copy(d, "places", m->places);
	ok = ok && add_copy(d, "phases", m->phases);
	ok = ok && add_copy(d, "warnings", m->warnings);
	ok = ok && cJSON_AddNumberToObject(d, "lost_reports",
					   (double)m->nr_lost) != NULL;
	ok = ok && add_copy(d, "reports", r->reports);
	ok = ok && add_copy(d, "refusals", m->refusals);
	ok = ok && add_copy(d, "table_writes", m->table_writes);
	ok = ok && add_copy(d, "stale_translations", m->stale);
	ok = ok &&
	     cJSON_AddBoolToObject(d, "audited", monitor_audited(m)) != NULL;
	ok = ok &&
	     (!monitor_audited(m) ||
	      cJSON_AddNumberToObject(d, "audit_differences",
				      (double)monitor_audit_differences(m)) !=
		      NULL);
	ok = ok && cJSON_AddNumberToObject(d, "bad_control_lines",
					   (double)m->nr_bad_lines) != NULL;
	return ok && add_copy(d, "summary", m->summary);
}

bool summary_print(FILE *to, cJSON *document, bool filled)
{
	char *text = filled ? cJSON_Print(document) : NULL;

	cJSON_Delete(document);
	if (text == NULL) {
		return false;
	}
	fprintf(to, "%s\n", text);
	cJSON_free(text);
	return true;
}

bool summary_json(FILE *to, const struct run_report *r)
{
	cJSON *document = cJSON_CreateObject();

	return summary_print(to, document,
			     document != NULL && summary_fill(document, r));
}
