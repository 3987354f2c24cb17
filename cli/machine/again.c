/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden replay --machine DIR`: the run that was recorded, by its own
 * options, with QEMU's events in place of what came from outside.
 */
#include "cli/machine/again.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/machine/about.h"
#include "cli/run.h"
#include "cli/say.h"

/* The command line of that run, NULL-terminated; its words stay about's. */
static char **words_of(const cJSON *about, int *ret_argc)
{
	static char verb[] = "run";
	const cJSON *arguments =
		cJSON_GetObjectItemCaseSensitive(about, "arguments");
	char **argv = calloc((size_t)cJSON_GetArraySize(arguments) + 2,
			     sizeof(*argv));
	const cJSON *word;
	int argc = 0;

	if (argv != NULL) {
		argv[argc++] = verb;
		cJSON_ArrayForEach(word, arguments)
		{
			argv[argc++] = word->valuestring;
		}
	}
	*ret_argc = argc;
	return argv;
}

/* In the folder in which it was given, so that files are found again. */
static int run_again(const cJSON *about, const struct machine_wish *w,
		     const char *folder)
{
	const char *here =
		cJSON_GetObjectItemCaseSensitive(about, "folder")->valuestring;
	char error[RUN_OPTIONS_ERROR_SIZE] = "out of memory";
	struct run_options o = {0};
	int status = STATUS_USAGE;
	int argc;
	char **argv = words_of(about, &argc);

	if (argv != NULL && chdir(here) != 0) {
		say("replay --machine %s: %s: %s", w->folder, here,
		    strerror(errno));
	} else if (argv == NULL ||
		   run_options_parse(argc, argv, &o, error) != RUN_OPTIONS_OK) {
		say("replay --machine %s: %s", w->folder, error);
	} else {
		o.record_machine = NULL;
		o.replay_machine = folder;
		o.replay_told = cJSON_IsTrue(
			cJSON_GetObjectItemCaseSensitive(about, "told_to_end"));
		o.junit = NULL;
		o.stop_at = w->stop_at;
		o.gdb = w->gdb;
		/* As long as it takes: that it ends has been seen. */
		o.timeout = 0;
		status = run_with(&o);
	}
	run_options_fini(&o);
	free(argv);
	return status;
}

int machine_again(const struct machine_wish *w)
{
	char error[MACHINE_ERROR_SIZE];
	char folder[PATH_MAX];
	int status = STATUS_USAGE;
	cJSON *about = NULL;
	int fd = open(w->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || realpath(w->folder, folder) == NULL) {
		say("replay --machine %s: %s", w->folder, strerror(errno));
	} else {
		about = about_read(fd, error);
		if (about == NULL) {
			say("replay --machine %s: %s", w->folder, error);
		} else {
			status = run_again(about, w, folder);
		}
	}
	cJSON_Delete(about);
	if (fd >= 0) {
		close(fd);
	}
	return status;
}
