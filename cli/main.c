/* SPDX-License-Identifier: MIT */
/*
 * The `pagewarden` command: one table of subcommands. Each gets the arguments
 * after its name, and returns the exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gen/version.h"
#include "cli/doctor.h"
#include "cli/inspect.h"
#include "cli/junit.h"
#include "cli/lab.h"
#include "cli/many/test.h"
#include "cli/many/xtf.h"
#include "cli/options.h"
#include "cli/report/report.h"
#include "cli/run.h"
#include "cli/remote.h"
#include "cli/replay.h"
#include "cli/run_options.h"
#include "cli/say.h"
#include "cli/shrink.h"
#include "cli/trace.h"

struct command {
	const char *name;
	const char *args;
	const char *help;
	const char *details; /* what --help prints */
	int (*fn)(int argc, char **argv);
};

static const struct command commands[] = {
	{"run", "[OPTION]... [-- COMMAND [ARGUMENT]...]",
	 "boot a PV kernel on the hypervisor in QEMU, and report",
	 run_options_help, cmd_run},
	{"doctor", "--kernel FILE [--good-when STR] [OPTION]...",
	 "is this kernel good? For people, and for git bisect", doctor_help,
	 cmd_doctor},
	{"inspect", "FILE [OPTION]...",
	 "a kernel's notes, and the layout its domain would get", inspect_help,
	 cmd_inspect},
	{"lab",
	 "[run HISTORY [POLICY [WORLD]] | run --all |\n      show HISTORY POLICY [WORLD] | doc] [OPTION]...",
	 "early-boot failures from the public record, as experiments", lab_help,
	 cmd_lab},
	{"replay", "FILE | --machine DIR [OPTION]...",
	 "run a recording again in this process, and compare", replay_help,
	 cmd_replay},
	{"report", "FILE [-o OUT.html] [--lab HISTORY] [--perfetto OUT]",
	 "a recording as a page for a browser", report_help, cmd_report},
	{"shrink", "FILE [OPTION]...",
	 "cut a recording down to what a refusal takes", shrink_help,
	 cmd_shrink},
	{"test", "[OPTION]... [-- COMMAND [ARGUMENT]...]",
	 "kernels, memory sizes and numbers of vCPUs as one table", test_help,
	 cmd_test},
	{"trace", "FILE [OPTION]...", "what is in a recording", trace_help,
	 cmd_trace},
	{"vcpu-set", "SOCKET [DOMAIN] N",
	 "of a run with --socket: N vCPUs online", vcpu_set_help, cmd_vcpu_set},
	{"xtf", "DIR [OPTION]...", "the images of the Xen Test Framework",
	 xtf_help, cmd_xtf},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	fputs("usage: pagewarden COMMAND [ARGUMENT]...\n\n", to);
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		fprintf(to, "  %s %s\n      %s\n", commands[i].name,
			commands[i].args, commands[i].help);
	}
	fputs("\n`pagewarden help COMMAND` tells the options.\n", to);
}

static bool is_one_of(const char *text, const char *a, const char *b)
{
	return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* What was written to stdout must have arrived, else the status lies. */
static int finish(int status)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == STATUS_OK) {
		say("cannot write the output");
		return STATUS_OURS;
	}
	return status;
}

/*
 * What is opened next takes the lowest free number: with one of the first three
 * closed, a kernel file or a socket would be QEMU's standard input or output.
 */
static void reserve_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
			/* The lower ones are open, so that it gets this one. */
			(void)!open("/dev/null", O_RDWR);
		}
	}
}

static const struct command *find(const char *name)
{
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(name, commands[i].name) == 0) {
			return &commands[i];
		}
	}
	say("unknown %s '%s'; `pagewarden --help` lists them",
	    *name == '-' ? "option" : "command", name);
	return NULL;
}

/* help [COMMAND] */
static int help(int argc, char **argv)
{
	const struct command *command;

	if (argc == 1) {
		usage(stdout);
		return STATUS_OK;
	}
	command = find(argv[1]);
	if (command == NULL) {
		return STATUS_USAGE;
	}
	fputs(command->details, stdout);
	return STATUS_OK;
}

/*
 * A result that an earlier run has left must not stand for one that never came
 * to any: a file that was asked for tells what went wrong.
 */
static int tell_junit(int argc, char **argv, const char *verb, int status)
{
	const char *path = options_junit(argc, argv);
	const struct junit_case one = {
		.group = verb,
		.name = verb,
		.outcome = JUNIT_ERROR,
		.title = say_last(),
	};

	if (status != STATUS_OK && path != NULL && !junit_is_told()) {
		(void)junit_file(path, "pagewarden", &one, 1);
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;

	reserve_standard_descriptors();
	if (argc < 2) {
		usage(stderr);
		return STATUS_USAGE;
	}
	if (is_one_of(argv[1], "--help", "-h")) {
		usage(stdout);
		return finish(STATUS_OK);
	}
	if (is_one_of(argv[1], "--version", "-V")) {
		puts("pagewarden " PW_VERSION);
		return finish(STATUS_OK);
	}
	if (strcmp(argv[1], "help") == 0) {
		return finish(help(argc - 1, argv + 1));
	}
	command = find(argv[1]);
	if (command == NULL) {
		return STATUS_USAGE;
	}
	return tell_junit(argc - 1, argv + 1, command->name,
			  finish(command->fn(argc - 1, argv + 1)));
}
