/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden run` as a verb: its options are read, and what is not a run is
 * done at once.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/qemu.h"
#include "cli/run.h"
#include "cli/say.h"

/* Whose status is to be told from a command's, however bad the options are. */
static bool mentions_command(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0 ||
		    strcmp(argv[i], "--shell") == 0) {
			return true;
		}
	}
	return false;
}

/* QEMU knows them, and what is wrong if it does not. */
static int list_models(void)
{
	execlp(QEMU_PROGRAM, QEMU_PROGRAM, "-cpu", "help", (char *)NULL);
	say("cannot run %s: %s", QEMU_PROGRAM, strerror(errno));
	return STATUS_OURS;
}

int cmd_run(int argc, char **argv)
{
	char error[RUN_OPTIONS_ERROR_SIZE];
	struct run_options options;
	int status = STATUS_USAGE;

	switch (run_options_parse(argc, argv, &options, error)) {
	case RUN_OPTIONS_HELP:
		fputs(run_options_help, stdout);
		status = STATUS_OK;
		break;
	case RUN_OPTIONS_BAD:
		say("%s", error);
		status = mentions_command(argc, argv) ? COMMAND_OURS : status;
		break;
	case RUN_OPTIONS_OK:
		status = options.cpu != NULL && strcmp(options.cpu, "help") == 0
				 ? list_models()
				 : run_with(&options);
		break;
	}
	run_options_fini(&options);
	return status;
}
