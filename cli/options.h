/* SPDX-License-Identifier: MIT */
/*
 * The options of all verbs: one table, one way to read them, and one wording of
 * what is wrong with them.
 */
#ifndef PW_CLI_OPTIONS_H
#define PW_CLI_OPTIONS_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum options_verb {
	VERB_RUN = 1 << 0,
	VERB_DOCTOR = 1 << 1,
	VERB_INSPECT = 1 << 2,
	VERB_LAB = 1 << 3,
	VERB_REPLAY = 1 << 4,
	VERB_REPORT = 1 << 5,
	VERB_SHRINK = 1 << 6,
	VERB_TRACE = 1 << 7,
	VERB_VCPU_SET = 1 << 8,
	VERB_TEST = 1 << 9,
	VERB_XTF = 1 << 10,
};

/* Those of `run` come first: 64 of them at most, which are kept as a set. */
enum option_id {
	OPT_KERNEL = 256, /* above any character getopt may return */
	OPT_INITRD,
	OPT_NO_INITRD,
	OPT_APPEND,
	OPT_NO_CACHE,
	OPT_NO_CONSOLE_ARG,
	OPT_MEMORY,
	OPT_MAXMEM,
	OPT_E820,
	OPT_ROOT_FIRST,
	OPT_OVERCOMMIT,
	OPT_VCPUS,
	OPT_MAX_VCPUS,
	OPT_SOCKET,
	OPT_DOMAIN,
	OPT_CONFIG,
	OPT_CONSOLE,
	OPT_RESTART,
	OPT_CPUS,
	OPT_CPU,
	OPT_ACCEL,
	OPT_QEMU_ARG,
	OPT_DRY_RUN,
	OPT_SYMBOLS,
	OPT_EXPLAIN,
	OPT_EXPECT,
	OPT_UNTIL,
	OPT_FAIL_ON,
	OPT_STRICT,
	OPT_STOP_AT,
	OPT_STOP_AT_REFUSAL,
	OPT_LINT,
	OPT_TIMEOUT,
	OPT_SHELL,
	OPT_LOG,
	OPT_COPY_IN,
	OPT_COPY_OUT,
	OPT_ROOTFS,
	OPT_MODULES,
	OPT_INTERACTIVE,
	OPT_GDB,
	OPT_ICOUNT,
	OPT_RECORD,
	OPT_RECORD_MACHINE,
	OPT_REPORT,
	OPT_DUMP,
	OPT_DUMP_BARE,
	OPT_STRETCH,
	OPT_JSON,
	OPT_SUMMARY,
	OPT_TAP,
	OPT_JUNIT,
	OPT_AUDIT,
	OPT_LOG_LEVEL,
	OPT_HELP,
	/* Of other verbs alone. */
	OPT_GOOD_WHEN,
	OPT_WIDE,
	OPT_JOBS,
	OPT_LOGS,
	OPT_ENV,
	OPT_ALL,
	OPT_BIG,
	OPT_ON,
	OPT_SEED,
	OPT_ORACLE,
	OPT_MACHINE,
	OPT_LAB,
	OPT_PERFETTO,
	OPT_OUT,
	OPT_KEEP,
	OPT_AS,
	OPT_OP,
	OPT_FRAME,
	OPT_BETWEEN,
	OPT_REFUSED,
	OPT_AT,
	OPT_VA,
	OPT_COUNT,
};

struct option_row {
	const char *name;
	int id;
	bool argument;      /* it takes one */
	unsigned int verbs; /* whose it is */
};

extern const struct option_row option_rows[];
extern const size_t option_nr_rows;

/*
 * The file that --junit names, however wrong the other words are; NULL: none.
 * Not after "--", and not what is another option's argument.
 */
const char *options_junit(int argc, char **argv);

#define OPTIONS_ERROR_SIZE 256
#define OPTIONS_MAX 64 /* of a verb */

/* On the way through a verb's arguments. */
struct options_walk {
	int argc;
	char **argv;
	enum options_verb verb;
	struct option list[OPTIONS_MAX + 1];
	char *error;               /* OPTIONS_ERROR_SIZE bytes */
	int id;                    /* of the option that was read last, */
	const char *argument;      /* and its argument; NULL: it takes none */
	const char *last_argument; /* of the option read last */
};

/* How a verb reads its options. */
struct options_reader {
	enum options_verb verb;
	const char *help;
	/* Takes walk->argument of walk->id. NULL, or what is wrong with it. */
	const char *(*take)(const struct options_walk *walk, void *to);
};

/*
 * All of them, up to the operands. OPTIONS_READ, or the status with which the
 * verb ends: its help was asked for, or a mistake has been said.
 */
#define OPTIONS_READ (-1)
int options_read(const struct options_reader *reader, int argc, char **argv,
		 void *to);
/* Are there so many operands behind them? Else the mistake is said. */
bool options_operands(const struct options_reader *reader, int argc,
		      char **argv, int least, int most, const char *wanted);
/* The one operand behind them; NULL, with the mistake said, if it is not one.
 */
const char *options_operand(const struct options_reader *reader, int argc,
			    char **argv, const char *wanted);

/* --- step by step --------------------------------------------------------- */

void options_begin(struct options_walk *walk, enum options_verb verb, int argc,
		   char **argv, char *error);
/*
 * The next option's id; 0: there are no more, what follows is at getopt's
 * optind; -1: a line in error.
 */
int options_next(struct options_walk *walk);
/* Its argument is wrong: a line in error. Returns false. */
bool options_wrong(struct options_walk *walk, const char *wrong);
/* Did the walk end at `--`, with words behind it? */
bool options_have_command(const struct options_walk *walk);
/* "--" is the last word. */
bool options_lack_command(const struct options_walk *w);

const char *option_name(int id);
const char *option_verb_name(enum options_verb verb);

/* All of the text, as strtoull has it; nothing that does not fit. */
bool options_number(const char *text, int base, uint64_t *ret);

#endif
