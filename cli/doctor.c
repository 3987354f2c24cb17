/* SPDX-License-Identifier: MIT */
/*
 * The doctor is a run with other manners: it counts instructions, so that its
 * findings repeat; it prints how far the boot came and one title, by which
 * duplicates can be found; and its status is the one that git bisect wants. A
 * kernel is called bad only if it ran and was seen to fail: whatever kept it
 * from running, or is our own fault, says nothing about it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "cli/doctor.h"
#include "cli/run.h"

#define CANNOT_JUDGE 125
#define USAGE 129 /* ends a bisection: it would be the same every time */
#define DEFAULT_TIMEOUT "120"

const char doctor_help[] =
	"usage: pagewarden doctor --kernel FILE [--good-when STR] [OPTION]...\n"
	"\n"
	"Boots a kernel once, counting instructions, and says whether it is\n"
	"good. The console is on stderr, the findings are on stdout.\n"
	"\n"
	"  --good-when STR   good as soon as the console shows STR; without it\n"
	"                    good is a guest that powers off\n"
	"  --timeout S       bad after S seconds (120)\n"
	"  and the options of `pagewarden run`\n"
	"\n"
	"Status, for `git bisect run`: 0 good, 1 bad, 125 cannot be judged (no\n"
	"PV kernel, a damaged file, no QEMU, a fault of Pagewarden's own);\n"
	"129 bad usage.\n";

static const char *last_phase(const struct monitor *m)
{
	int nr = cJSON_GetArraySize(m->phases);

	return nr == 0 ? "no phase"
		       : monitor_text(cJSON_GetArrayItem(m->phases, nr - 1),
				      PHASE_NAME, "no phase");
}

/* What went wrong, without addresses and numbers that differ by build. */
static void title(const struct run_report *r, char *text, size_t size)
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

void doctor_report(const struct run_report *r)
{
	static const char *const words[] = {
		[STATUS_OK] = "good",
		[STATUS_GUEST] = "bad",
		[STATUS_USAGE] = "cannot be judged",
		[STATUS_OURS] = "cannot be judged",
	};
	const cJSON *phase;
	char text[512];

	cJSON_ArrayForEach(phase, r->monitor->phases)
	{
		printf("  %10.6f s  %s\n",
		       (double)monitor_number(phase, PHASE_US, 0) / 1e6,
		       monitor_text(phase, PHASE_NAME, "?"));
	}
	title(r, text, sizeof(text));
	printf("verdict: %s\ntitle: %s\n", words[report_status(r)], text);
}

static int status_for_bisect(int status)
{
	return status == STATUS_OK || status == STATUS_GUEST ? status
							     : CANNOT_JUDGE;
}

/*
 * Run's arguments: ours first, so that the user's override them. --good-when
 * is --until, and --expect as well: a guest that powers off before is bad.
 */
static bool translate(int argc, char **argv, char **to, int *ret_nr)
{
	static char icount[] = "--icount";
	static char lint[] = "--lint";
	static char timeout[] = "--timeout=" DEFAULT_TIMEOUT;
	static char until[] = "--until";
	static char expect[] = "--expect";
	int nr = 0;

	to[nr++] = argv[0];
	to[nr++] = icount;
	to[nr++] = lint;
	to[nr++] = timeout;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--good-when") != 0) {
			to[nr++] = argv[i];
			continue;
		}
		if (i + 1 == argc) {
			return false;
		}
		to[nr++] = until;
		to[nr++] = argv[i + 1];
		to[nr++] = expect;
		to[nr++] = argv[++i];
	}
	*ret_nr = nr;
	return true;
}

int cmd_doctor(int argc, char **argv)
{
	char **to = calloc((size_t)argc * 2 + 5, sizeof(*to));
	struct run_options options = {.cpu = NULL};
	char error[RUN_OPTIONS_ERROR_SIZE];
	int nr = 0;
	int status = USAGE;

	if (to == NULL) {
		return CANNOT_JUDGE;
	}
	if (!translate(argc, argv, to, &nr)) {
		say("option '--good-when' needs an argument");
	} else {
		switch (run_options_parse(nr, to, &options, error)) {
		case RUN_OPTIONS_HELP:
			fputs(doctor_help, stdout);
			status = STATUS_OK;
			break;
		case RUN_OPTIONS_BAD:
			say("%s", error);
			break;
		case RUN_OPTIONS_OK:
			if (options.domains.nr > 1) {
				say("the doctor judges one domain alone");
				break;
			}
			if (command_wanted(&options.command)) {
				say("the doctor runs no command in the guest");
				break;
			}
			options.doctor = true;
			status = status_for_bisect(run_with(&options));
			break;
		}
	}
	run_options_fini(&options);
	free(to);
	return status;
}
