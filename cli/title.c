/* SPDX-License-Identifier: MIT */
/*
 * What went wrong in a run, by which duplicates are found: the rule and the
 * operation of the first refusal, or the last exception, how far the boot came,
 * and how it ended; no addresses, and no numbers that differ by build.
 */
#include "cli/title.h"

#include <stdio.h>

#include "abi/control.h"

static const char *last_phase(const struct monitor *m)
{
	int nr = cJSON_GetArraySize(m->phases);

	return nr == 0 ? "no phase"
		       : monitor_text(cJSON_GetArrayItem(m->phases, nr - 1),
				      PHASE_NAME, "no phase");
}

void report_title(const struct run_report *r, char *text, size_t size)
{
	const struct monitor *m = r->monitor;
	const cJSON *refusal = cJSON_GetArrayItem(m->refusals, 0);
	const cJSON *given =
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(
					   cJSON_GetArrayItem(m->places, 0),
					   PLACE_EXCEPTIONS),
				   0);
	char verdict[256];
	const char *what = verdict;

	report_verdict(r, verdict, sizeof(verdict));
	if (refusal != NULL) {
		snprintf(text, size, "%s in %s%s%s, after %s; %s",
			 monitor_text(refusal, REFUSAL_RULE, "?"),
			 monitor_text(refusal, REFUSAL_OP, "?"),
			 r->asker[0] == '\0' ? "" : " by ", r->asker,
			 last_phase(m), what);
	} else if (given != NULL) {
		snprintf(text, size, "%s, after %s; %s",
			 monitor_text(given, EXCEPTION_NAME, "exception"),
			 last_phase(m), what);
	} else {
		snprintf(text, size, "after %s; %s", last_phase(m), what);
	}
}
