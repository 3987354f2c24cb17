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
#include <string.h>

#include "abi/control.h"
#include "cli/doctor.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/title.h"
#include "cli/words.h"

#define CANNOT_JUDGE 125
#define USAGE 129 /* ends a bisection: it would be the same every time */

const char doctor_help[] =
	"usage: pagewarden doctor --kernel FILE [--good-when STR] [OPTION]...\n"
	"\n"
	"Boots a kernel once, counting instructions, and says whether it is\n"
	"good. The console is on stderr, the findings are on stdout.\n"
	"\n"
	"  --good-when STR   good as soon as the console shows STR; without it\n"
	"                    good is a guest that powers off\n"
	"  --timeout S       bad after S seconds (" RUN_JUDGED_TIMEOUT ")\n"
	"  and the options of `pagewarden run`\n"
	"\n"
	"Status, for `git bisect run`: 0 good, 1 bad, 125 cannot be judged (no\n"
	"PV kernel, a damaged file, no QEMU, a fault of Pagewarden's own);\n"
	"129 bad usage.\n";

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
	report_title(r, text, sizeof(text));
	printf("verdict: %s\ntitle: %s\n", words[report_status(r)], text);
}

static int status_for_bisect(int status)
{
	return status == STATUS_OK || status == STATUS_GUEST ? status
							     : CANNOT_JUDGE;
}

/*
 * Ours first, so that the user's override them. --good-when is --until, and
 * --expect as well: a guest that powers off before is bad.
 */
static void translate(struct words *to, const struct options_walk *walk)
{
	if (walk->id == OPT_GOOD_WHEN) {
		words_add(to, "--until=%s", walk->argument);
		words_add(to, "--expect=%s", walk->argument);
	} else {
		words_pass(to, walk);
	}
}

/* Returns false with a line in error. */
static bool translate_all(struct words *to, int argc, char **argv, char *error,
			  bool *ret_help)
{
	struct options_walk walk;
	int id;

	words_add(to, "%s", argv[0]);
	words_add(to, "--icount");
	words_add(to, "--lint");
	words_add(to, "--timeout=" RUN_JUDGED_TIMEOUT);
	options_begin(&walk, VERB_DOCTOR, argc, argv, error);
	while ((id = options_next(&walk)) > 0) {
		*ret_help |= id == OPT_HELP;
		if (id == OPT_GOOD_WHEN && *walk.argument == '\0') {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "--good-when: '' is empty");
			return false;
		}
		translate(to, &walk);
	}
	if (options_have_command(&walk)) {
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "the doctor runs no command in the guest");
		return false;
	}
	for (int i = optind; i < argc; i++) {
		words_add(to, "%s", argv[i]);
	}
	return id == 0;
}

/* Returns the status. */
static int judge(const struct words *w)
{
	char error[OPTIONS_ERROR_SIZE];
	struct run_options options;
	int status = USAGE;

	if (run_options_parse(w->nr, w->list, &options, error) !=
	    RUN_OPTIONS_OK) {
		say("%s", error);
	} else if (options.domains.nr > 1) {
		say("the doctor judges one domain alone");
	} else {
		options.doctor = true;
		status = status_for_bisect(run_with(&options));
	}
	run_options_fini(&options);
	return status;
}

int cmd_doctor(int argc, char **argv)
{
	struct words to = {.nr = 0};
	char error[OPTIONS_ERROR_SIZE] = "out of memory";
	bool help = false;
	int status = USAGE;

	if (!translate_all(&to, argc, argv, error, &help)) {
		say("%s", error);
	} else if (to.failed) {
		status = CANNOT_JUDGE;
	} else if (help) {
		fputs(doctor_help, stdout);
		status = STATUS_OK;
	} else {
		status = judge(&to);
	}
	words_fini(&to);
	return status;
}
