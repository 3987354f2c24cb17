/* SPDX-License-Identifier: MIT */
/*
 * Each option of each verb is a row. A verb's own list, as getopt_long wants
 * it, is made of the rows that are its; getopt keeps silent, and what is wrong
 * is said here, in the same words for all of them: an option that another verb
 * has is told as that.
 */
#include "cli/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"

#define R VERB_RUN
#define D VERB_DOCTOR
#define I VERB_INSPECT
#define L VERB_LAB
#define Y VERB_REPLAY
#define P VERB_REPORT
#define S VERB_SHRINK
#define T VERB_TRACE
#define V VERB_VCPU_SET
#define M VERB_TEST
#define X VERB_XTF
#define EACH (R | D | I | L | Y | P | S | T | V | M | X)

const struct option_row option_rows[] = {
	{"kernel", OPT_KERNEL, true, R | D | M},
	{"initrd", OPT_INITRD, true, R | D | I | M},
	{"no-initrd", OPT_NO_INITRD, false, R | D | M},
	{"append", OPT_APPEND, true, R | D | M},
	{"no-cache", OPT_NO_CACHE, false, R | D | M},
	{"no-console-arg", OPT_NO_CONSOLE_ARG, false, R | D | M},
	{"memory", OPT_MEMORY, true, R | D | I | L | M | X},
	{"maxmem", OPT_MAXMEM, true, R | D | M},
	{"e820", OPT_E820, true, R | D | M},
	{"root-first", OPT_ROOT_FIRST, false, R | D | I | M},
	{"overcommit", OPT_OVERCOMMIT, false, R | D | L | M | X},
	{"vcpus", OPT_VCPUS, true, R | D | I | M},
	{"max-vcpus", OPT_MAX_VCPUS, true, R | D | M},
	{"socket", OPT_SOCKET, true, R | D},
	{"domain", OPT_DOMAIN, true, R | D},
	{"config", OPT_CONFIG, true, R | D},
	{"console", OPT_CONSOLE, true, R | D},
	{"restart", OPT_RESTART, true, R | D},
	{"cpus", OPT_CPUS, true, R | D | M | X},
	{"cpu", OPT_CPU, true, R | D | M | X},
	{"accel", OPT_ACCEL, true, R | D | M | X},
	{"qemu-arg", OPT_QEMU_ARG, true, R | D | M | X},
	{"dry-run", OPT_DRY_RUN, false, R | D},
	{"symbols", OPT_SYMBOLS, true, R | D | M},
	{"explain", OPT_EXPLAIN, false, R | D},
	{"expect", OPT_EXPECT, true, R | D | M},
	{"until", OPT_UNTIL, true, R | D | M},
	{"fail-on", OPT_FAIL_ON, true, R | D | M},
	{"strict", OPT_STRICT, false, R | D | M},
	{"stop-at", OPT_STOP_AT, true, R | D | Y},
	{"stop-at-refusal", OPT_STOP_AT_REFUSAL, false, R | D},
	{"lint", OPT_LINT, false, R | D | M},
	{"timeout", OPT_TIMEOUT, true, R | D | M | X},
	{"shell", OPT_SHELL, false, R},
	{"log", OPT_LOG, true, R},
	{"copy-in", OPT_COPY_IN, true, R | M},
	{"copy-out", OPT_COPY_OUT, true, R},
	{"rootfs", OPT_ROOTFS, true, R | M},
	{"modules", OPT_MODULES, true, R | M},
	{"interactive", OPT_INTERACTIVE, false, R | D},
	{"gdb", OPT_GDB, false, R | D | Y},
	{"icount", OPT_ICOUNT, false, R | D | M},
	{"record", OPT_RECORD, true, R | D | L},
	{"record-machine", OPT_RECORD_MACHINE, true, R | D},
	{"report", OPT_REPORT, true, R | D},
	{"dump", OPT_DUMP, true, R | D},
	{"dump-bare", OPT_DUMP_BARE, false, R | D},
	{"stretch", OPT_STRETCH, false, R | D | M},
	{"json", OPT_JSON, false, R | D | L},
	{"summary", OPT_SUMMARY, true, R | D},
	{"tap", OPT_TAP, false, R | L | M | X},
	{"junit", OPT_JUNIT, true, R | D | L | M | X},
	{"audit", OPT_AUDIT, true, R | D | Y | M | X},
	{"log-level", OPT_LOG_LEVEL, true, R | D | M},
	{"help", OPT_HELP, false, EACH},
	{"good-when", OPT_GOOD_WHEN, true, D},
	{"wide", OPT_WIDE, false, I | L},
	{"jobs", OPT_JOBS, true, M | X},
	{"logs", OPT_LOGS, true, M | X},
	{"env", OPT_ENV, true, X},
	{"all", OPT_ALL, false, L},
	{"big", OPT_BIG, true, L},
	{"on", OPT_ON, true, L},
	{"seed", OPT_SEED, true, L},
	{"until", OPT_UNTIL, true, Y},
	{"oracle", OPT_ORACLE, false, Y},
	{"machine", OPT_MACHINE, true, Y},
	{"lab", OPT_LAB, true, P},
	{"perfetto", OPT_PERFETTO, true, P},
	{"output", OPT_OUT, true, P | S},
	{"keep", OPT_KEEP, true, S},
	{"as", OPT_AS, true, S},
	{"op", OPT_OP, true, T},
	{"frame", OPT_FRAME, true, T},
	{"between", OPT_BETWEEN, true, T},
	{"refused", OPT_REFUSED, false, T},
	{"at", OPT_AT, true, T},
	{"va", OPT_VA, true, T},
	{"count", OPT_COUNT, false, T},
};

const size_t option_nr_rows = sizeof(option_rows) / sizeof(option_rows[0]);

static const struct {
	enum options_verb verb;
	const char *name;
} verbs[] = {
	{R, "run"},      {D, "doctor"}, {I, "inspect"}, {L, "lab"},
	{Y, "replay"},   {P, "report"}, {S, "shrink"},  {T, "trace"},
	{V, "vcpu-set"}, {M, "test"},   {X, "xtf"},
};

const char *option_verb_name(enum options_verb verb)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (verbs[i].verb == verb) {
			return verbs[i].name;
		}
	}
	return "?";
}

const char *option_name(int id)
{
	for (size_t i = 0; i < option_nr_rows; i++) {
		if (option_rows[i].id == id) {
			return option_rows[i].name;
		}
	}
	return "?";
}

static bool takes_next_word(const char *word)
{
	for (size_t i = 0; i < option_nr_rows; i++) {
		if (option_rows[i].argument && strncmp(word, "--", 2) == 0 &&
		    strcmp(word + 2, option_rows[i].name) == 0) {
			return true;
		}
	}
	return strcmp(word, "-o") == 0;
}

const char *options_junit(int argc, char **argv)
{
	static const char name[] = "--junit";
	const char *found = NULL;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		const size_t length = strcspn(argv[i], "=");

		/* As getopt: what it begins with is enough. */
		if (length < 4 || length >= sizeof(name) ||
		    strncmp(argv[i], name, length) != 0) {
			i += takes_next_word(argv[i]);
		} else if (argv[i][length] == '=') {
			found = argv[i] + length + 1;
		} else if (i + 1 < argc) {
			found = argv[++i];
		}
	}
	return found != NULL && *found != '\0' ? found : NULL;
}

void options_begin(struct options_walk *w, enum options_verb verb, int argc,
		   char **argv, char *error)
{
	size_t nr = 0;

	*w = (struct options_walk){
		.argc = argc,
		.argv = argv,
		.verb = verb,
		.error = error,
	};
	for (size_t i = 0; i < option_nr_rows && nr < OPTIONS_MAX; i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->verbs & verb) != 0) {
			w->list[nr++] = (struct option){
				.name = row->name,
				.has_arg = row->argument ? required_argument
							 : no_argument,
				.val = row->id,
			};
		}
	}
	optind = 0; /* GNU: forget what an earlier call has seen */
	opterr = 0;
}

/* Whose option the word is, if another verb has it; else NULL. */
static const char *other_verb(const struct options_walk *w, const char *word)
{
	const size_t length = strcspn(word, "=");

	for (size_t i = 0; i < option_nr_rows; i++) {
		const struct option_row *row = &option_rows[i];

		if ((row->verbs & w->verb) == 0 && length > 2 &&
		    strncmp(word, "--", 2) == 0 &&
		    strlen(row->name) == length - 2 &&
		    strncmp(row->name, word + 2, length - 2) == 0) {
			return option_verb_name(row->verbs & ~(row->verbs - 1));
		}
	}
	return NULL;
}

/*
 * getopt has refused something: optopt is 0 or a character if there is no
 * such option, else the option whose argument is missing or too much.
 */
static void complain(struct options_walk *w, int why)
{
	const char *word = w->argv[optind - 1];
	const char *other = other_verb(w, word);

	if (why == ':') {
		snprintf(w->error, OPTIONS_ERROR_SIZE,
			 "option '%.100s' needs an argument", word);
	} else if (optopt >= OPT_KERNEL) {
		snprintf(w->error, OPTIONS_ERROR_SIZE,
			 "option '--%s' takes no argument",
			 option_name(optopt));
	} else if (optopt != 0) {
		snprintf(w->error, OPTIONS_ERROR_SIZE, "unknown option '-%c'",
			 optopt);
	} else if (other != NULL) {
		snprintf(w->error, OPTIONS_ERROR_SIZE,
			 "option '%.100s' is for `pagewarden %s`, not for %s",
			 word, other, option_verb_name(w->verb));
	} else {
		snprintf(w->error, OPTIONS_ERROR_SIZE,
			 "unknown option '%.100s'", word);
	}
}

/* Short ones; those before a command end at the first word. */
static const char *short_options(enum options_verb verb)
{
	switch (verb) {
	case VERB_RUN:
	case VERB_DOCTOR:
	case VERB_TEST:
		return "+:h";
	case VERB_REPORT:
	case VERB_SHRINK:
		return ":ho:";
	case VERB_INSPECT:
	case VERB_LAB:
	case VERB_REPLAY:
	case VERB_TRACE:
	case VERB_VCPU_SET:
	case VERB_XTF:
		break;
	}
	return ":h";
}

int options_next(struct options_walk *w)
{
	int c = getopt_long(w->argc, w->argv, short_options(w->verb), w->list,
			    NULL);

	if (c == '?' || c == ':') {
		complain(w, c);
		return -1;
	}
	w->id = c == -1 ? 0 : c == 'h' ? OPT_HELP : c == 'o' ? OPT_OUT : c;
	w->argument = c == -1 ? NULL : optarg;
	w->last_argument = c == -1 ? w->last_argument : optarg;
	return w->id;
}

bool options_wrong(struct options_walk *w, const char *wrong)
{
	snprintf(w->error, OPTIONS_ERROR_SIZE, "--%s: '%.100s' %s",
		 option_name(w->id), w->argument == NULL ? "" : w->argument,
		 wrong);
	return false;
}

/* And not as an option's argument. */
static bool ended_by_dashes(const struct options_walk *w)
{
	const char *word = w->argv[optind - 1];

	return strcmp(word, "--") == 0 && word != w->last_argument;
}

bool options_have_command(const struct options_walk *w)
{
	return optind < w->argc && ended_by_dashes(w);
}

bool options_lack_command(const struct options_walk *w)
{
	return optind == w->argc && ended_by_dashes(w);
}

int options_read(const struct options_reader *reader, int argc, char **argv,
		 void *to)
{
	char error[OPTIONS_ERROR_SIZE];
	struct options_walk w;
	const char *wrong = NULL;
	int id = 0;

	options_begin(&w, reader->verb, argc, argv, error);
	while (wrong == NULL && (id = options_next(&w)) > 0) {
		if (id == OPT_HELP) {
			fputs(reader->help, stdout);
			return STATUS_OK;
		}
		wrong = reader->take(&w, to);
	}
	if (wrong != NULL) {
		(void)options_wrong(&w, wrong);
	} else if (id == 0) {
		return OPTIONS_READ;
	}
	say("%s", error);
	return STATUS_USAGE;
}

bool options_operands(const struct options_reader *reader, int argc,
		      char **argv, int least, int most, const char *wanted)
{
	const char *verb = option_verb_name(reader->verb);

	if (argc - optind < least) {
		say("%s needs %s; `pagewarden help %s` tells more", verb,
		    wanted, verb);
		return false;
	}
	if (argc - optind > most) {
		say("unexpected argument '%.60s' (%s takes %s)",
		    argv[optind + most], verb, wanted);
		return false;
	}
	return true;
}

const char *options_operand(const struct options_reader *reader, int argc,
			    char **argv, const char *wanted)
{
	return options_operands(reader, argc, argv, 1, 1, wanted) ? argv[optind]
								  : NULL;
}

bool options_number(const char *text, int base, uint64_t *ret)
{
	char *end;

	/* No sign, no space before it; base 16 begins with any such digit. */
	if (!isxdigit((unsigned char)*text)) {
		return false;
	}
	errno = 0;
	*ret = strtoull(text, &end, base);
	return end != text && *end == '\0' && errno == 0;
}
