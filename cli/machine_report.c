/* SPDX-License-Identifier: MIT */
/*
 * With one domain, the machine's report is the domain's. With several there is
 * one of each life, and the run's status is the worst of theirs; a reboot after
 * which the domain began again is no bad end.
 */
#include <inttypes.h>

#include "abi/control.h"
#include "cli/machine_report.h"

/* Did the run end as its domains did, of themselves? */
static bool ended_by_domains(enum run_result result)
{
	switch (result) {
	case RUN_POWERED_OFF:
	case RUN_REBOOTED:
	case RUN_CRASHED:
	case RUN_HALTED:
	case RUN_STOPPED:
		return true;
	case RUN_TIMED_OUT:
	case RUN_SEEN:
	case RUN_FAIL_SEEN:
	case RUN_QUIT:
	case RUN_HV_FAILED:
	case RUN_QEMU_FAILED:
	case RUN_BAD_CPU:
	case RUN_OUTPUT_FAILED:
		break;
	}
	return false;
}

enum exit_status machine_life_status(const struct run_report *r)
{
	const bool again = r->result == RUN_REBOOTED &&
			   monitor_lives_on(r->monitor) &&
			   monitor_audit_differences(r->monitor) == 0;

	return again ? STATUS_OK : report_status(r);
}

enum exit_status machine_run_status(const struct run_report *whole)
{
	if (!ended_by_domains(whole->result)) {
		return report_status(whole);
	}
	return whole->expect != NULL && !whole->expect_seen ? STATUS_GUEST
							    : STATUS_OK;
}

enum exit_status machine_status(const struct machine_report *m)
{
	enum exit_status worst;

	if (m->nr_lives == 0) {
		return report_status(m->whole);
	}
	worst = machine_run_status(m->whole);
	for (unsigned int i = 0; i < m->nr_lives; i++) {
		enum exit_status status = machine_life_status(&m->lives[i]);

		worst = status > worst ? status : worst;
	}
	return worst;
}

void machine_verdicts(const struct machine_report *m)
{
	char verdict[512];

	for (unsigned int i = 0; i < m->nr_lives; i++) {
		report_verdict(&m->lives[i], verdict, sizeof(verdict));
		say("%s: %s%s", monitor_name(m->lives[i].monitor), verdict,
		    monitor_lives_on(m->lives[i].monitor) ? "; it began again"
							  : "");
	}
	if (m->nr_lives == 0 || !ended_by_domains(m->whole->result)) {
		report_verdict(m->whole, verdict, sizeof(verdict));
		say("%s", verdict);
	} else if (machine_run_status(m->whole) != STATUS_OK) {
		say("the console never showed what --expect names");
	}
}

void machine_text(FILE *to, const struct machine_report *m)
{
	if (m->nr_lives == 0) {
		summary_text(to, m->whole);
	}
	for (unsigned int i = 0; i < m->nr_lives; i++) {
		fprintf(to, "\ndomain %" PRIu64 ", %s\n",
			m->lives[i].monitor->domain,
			monitor_name(m->lives[i].monitor));
		summary_text(to, &m->lives[i]);
	}
}

/* A life's report is the run's of one guest, with its name. */
static bool fill_life(cJSON *list, const struct run_report *r)
{
	cJSON *d = cJSON_CreateObject();
	const char *name = monitor_name(r->monitor);

	return d != NULL && cJSON_AddItemToArray(list, d) &&
	       cJSON_AddStringToObject(d, "name", name) != NULL &&
	       cJSON_AddNumberToObject(d, "domain",
				       (double)r->monitor->domain) != NULL &&
	       summary_fill(d, r) &&
	       cJSON_ReplaceItemInObjectCaseSensitive(
		       d, "status", cJSON_CreateNumber(machine_life_status(r)));
}

/* The run's, if it ended by itself; else that of the worst life. */
static void worst_verdict(const struct machine_report *m, char *line,
			  size_t size)
{
	const struct run_report *worst = &m->lives[0];
	char verdict[512];

	if (!ended_by_domains(m->whole->result)) {
		report_verdict(m->whole, line, size);
		return;
	}
	for (unsigned int i = 1; i < m->nr_lives; i++) {
		if (machine_life_status(&m->lives[i]) >
		    machine_life_status(worst)) {
			worst = &m->lives[i];
		}
	}
	report_verdict(worst, verdict, sizeof(verdict));
	snprintf(line, size, "%s: %s", monitor_name(worst->monitor), verdict);
}

static bool fill_machine(cJSON *d, const struct machine_report *m)
{
	char verdict[600];
	cJSON *list;

	if (!summary_fill(d, m->whole)) {
		return false;
	}
	/* What is one domain's is told with its life alone. */
	for (const char *const *name =
		     (const char *const[]){"kernel", "memory_mib",
					   "guest_start", "crash", "shutdown",
					   "nr_refusals", "places", "phases",
					   "reports", "refusals", "audited",
					   "audit_differences", "summary",
					   NULL};
	     *name != NULL; name++) {
		cJSON_DeleteItemFromObjectCaseSensitive(d, *name);
	}
	list = cJSON_AddArrayToObject(d, "domains");
	for (unsigned int i = 0; list != NULL && i < m->nr_lives; i++) {
		if (!fill_life(list, &m->lives[i])) {
			return false;
		}
	}
	worst_verdict(m, verdict, sizeof(verdict));
	return list != NULL &&
	       cJSON_ReplaceItemInObjectCaseSensitive(d, "verdict",
						      cJSON_CreateString(
							      verdict)) &&
	       cJSON_ReplaceItemInObjectCaseSensitive(
		       d, "status", cJSON_CreateNumber(machine_status(m)));
}

bool machine_json(FILE *to, const struct machine_report *m)
{
	cJSON *document;

	if (m->nr_lives == 0) {
		return summary_json(to, m->whole);
	}
	document = cJSON_CreateObject();
	return summary_print(to, document,
			     document != NULL && fill_machine(document, m));
}
