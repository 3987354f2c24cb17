/* SPDX-License-Identifier: MIT */
/*
 * The `pagewarden` command: one table of subcommands. Each gets the arguments
 * after its name, and returns the exit status.
 */
#include <stdio.h>
#include <string.h>

#include "gen/version.h"
#include "cli/doctor.h"
#include "cli/inspect.h"
#include "cli/lab.h"
#include "cli/run.h"
#include "cli/replay.h"
#include "cli/run_options.h"
#include "cli/say.h"
#include "cli/shrink.h"
#include "cli/trace.h"

struct command {
	const char *name;
	const char *args;
	const char *help;
	const char *details; /* what --help prints, NULL: help */
	int (*fn)(int argc, char **argv);
};

static const struct command commands[] = {
	{"run", "[OPTION]...",
	 "boot a PV kernel on the hypervisor in QEMU, and report",
	 run_options_help, cmd_run},
	{"doctor", "--kernel FILE [--good-when STR] [OPTION]...",
	 "is this kernel good? For people, and for git bisect", doctor_help,
	 cmd_doctor},
	{"inspect", "FILE [--memory SIZE] [--initrd FILE]",
	 "a kernel's notes, and the layout its domain would get", NULL,
	 cmd_inspect},
	{"lab", "[run HISTORY | run --all | show HISTORY POLICY] [OPTION]...",
	 "early-boot failures from the public record, as experiments", lab_help,
	 cmd_lab},
	{"replay", "FILE [OPTION]...",
	 "run a recording again in this process, and compare", replay_help,
	 cmd_replay},
	{"shrink", "FILE [OPTION]...",
	 "cut a recording down to what a refusal takes", shrink_help,
	 cmd_shrink},
	{"trace", "FILE [OPTION]...", "what is in a recording", trace_help,
	 cmd_trace},
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	fputs("usage: pagewarden COMMAND [ARGUMENT]...\n\n", to);
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		fprintf(to, "  %s %s\n      %s\n", commands[i].name,
			commands[i].args, commands[i].help);
	}
	fputs("\n`pagewarden COMMAND --help` tells the options.\n", to);
}

static void describe(const struct command *command)
{
	if (command->details != NULL) {
		fputs(command->details, stdout);
	} else {
		printf("usage: pagewarden %s %s\n\n  %s\n", command->name,
		       command->args, command->help);
	}
}

static int call(const struct command *command, int argc, char **argv)
{
	static char program[] = "pagewarden";

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		describe(command);
		return STATUS_OK;
	}
	argv[0] = program; /* what getopt says of its own begins with it */
	return command->fn(argc, argv);
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

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return STATUS_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		usage(stdout);
		return finish(STATUS_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("pagewarden " PW_VERSION);
		return finish(STATUS_OK);
	}
	for (size_t i = 0; i < NR_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i].name) == 0) {
			return finish(call(&commands[i], argc - 1, argv + 1));
		}
	}
	say("unknown command '%s'; `pagewarden --help` lists them", argv[1]);
	return STATUS_USAGE;
}
