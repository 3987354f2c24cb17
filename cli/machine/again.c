/* SPDX-License-Identifier: MIT */
/*
 * `pagewarden replay --machine DIR`: the run that was recorded, by its own
 * options, with QEMU's events in place of what came from outside.
 */
#include "cli/machine/again.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/machine/about.h"
#include "cli/run.h"
#include "cli/say.h"

struct wish {
	const char *folder;
	uint64_t stop_at;
	bool gdb;
};

bool machine_is_named(int argc, char **argv)
{
	bool found = false;

	for (int i = 1; i < argc; i++) {
		found = found || strcmp(argv[i], "--machine") == 0 ||
			strncmp(argv[i], "--machine=", 10) == 0;
	}
	return found;
}

static bool parse_request(const char *text, uint64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	       *ret != 0 && *ret <= UINT64_C(1) << 53;
}

/* Returns what is wrong, or NULL. */
static const char *parse(int argc, char **argv, struct wish *w)
{
	static const struct option options[] = {
		{"machine", required_argument, NULL, 'm'},
		{"stop-at", required_argument, NULL, 's'},
		{"gdb", no_argument, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	int c;

	optind = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'm') {
			w->folder = optarg;
		} else if (c == 'g') {
			w->gdb = true;
		} else if (c != 's') {
			return "--machine DIR goes with --stop-at N and --gdb";
		} else if (!parse_request(optarg, &w->stop_at)) {
			return "--stop-at: no number of a request";
		}
	}
	if (optind != argc || w->folder == NULL) {
		return "--machine DIR takes the place of a FILE";
	}
	return w->stop_at != 0 && !w->gdb ? "--stop-at is for --gdb" : NULL;
}

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
static int run_again(const cJSON *about, const struct wish *w,
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

int machine_again(int argc, char **argv)
{
	struct wish w = {0};
	const char *wrong = parse(argc, argv, &w);
	char error[MACHINE_ERROR_SIZE];
	char folder[PATH_MAX];
	int status = STATUS_USAGE;
	cJSON *about = NULL;
	int fd;

	if (wrong != NULL) {
		say("replay: %s", wrong);
		return STATUS_USAGE;
	}
	fd = open(w.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || realpath(w.folder, folder) == NULL) {
		say("replay --machine %s: %s", w.folder, strerror(errno));
	} else {
		about = about_read(fd, error);
		if (about == NULL) {
			say("replay --machine %s: %s", w.folder, error);
		} else {
			status = run_again(about, &w, folder);
		}
	}
	cJSON_Delete(about);
	if (fd >= 0) {
		close(fd);
	}
	return status;
}
