/* SPDX-License-Identifier: MIT */
/*
 * A line of 80 columns for each run, when it and all before it have ended; the
 * reason of a failure stands under it, whole. Of what did not pass, the cases
 * for CI have the end of its log as well.
 */
#define _GNU_SOURCE /* memfd_create */

#include "cli/many/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/paint.h"
#include "cli/say.h"

#define FIRST 34 /* columns of the first name */
#define TAIL 4096

int many_log(const struct many_output *o, const char *name)
{
	char path[512];
	int fd;

	if (o->logs == NULL) {
		return memfd_create(name, MFD_CLOEXEC);
	}
	snprintf(path, sizeof(path), "%s/%s.log", o->logs, name);
	/* A name may hold what is no folder, and what shells divide at. */
	for (char *c = path + strlen(o->logs) + 1; *c != '\0'; c++) {
		*c = *c == '/' || *c == ' ' ? '_' : *c;
	}
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
		  0666);
	if (fd < 0) {
		say("--logs: %s: %s", path, strerror(errno));
	}
	return fd;
}

bool many_take(struct many_output *o, const struct options_walk *walk,
	       const char **ret_wrong)
{
	*ret_wrong = NULL;
	switch (walk->id) {
	case OPT_JOBS:
		if (!parse_count(walk->argument, 1024, &o->jobs)) {
			*ret_wrong = "is no number of processors";
		}
		return true;
	case OPT_LOGS:
		*ret_wrong = parse_text(walk->argument, &o->logs);
		return true;
	case OPT_JUNIT:
		*ret_wrong = parse_text(walk->argument, &o->junit);
		return true;
	case OPT_TAP:
		o->tap = true;
		return true;
	default:
		return false;
	}
}

bool many_reserve(const struct many_output *o)
{
	if (o->logs != NULL && mkdir(o->logs, 0777) != 0 && errno != EEXIST) {
		say("--logs %s: %s", o->logs, strerror(errno));
		return false;
	}
	return o->junit == NULL || junit_reserve(o->junit);
}

void many_head(const struct many_output *o, const char *first, const char *rest)
{
	if (!o->tap) {
		printf("%-*s %s %9s  result\n", FIRST, first, rest, "time");
	}
}

static void put_outcome(const struct many_job *j)
{
	static const char *const words[] = {
		[JUNIT_PASSED] = "passed",
		[JUNIT_FAILED] = "FAILED",
		[JUNIT_ERROR] = "NOT JUDGED",
		[JUNIT_SKIPPED] = "skipped",
	};
	const enum junit_outcome outcome = j->result.outcome;

	paint(stdout,
	      outcome == JUNIT_PASSED || outcome == JUNIT_SKIPPED ? PAINT_GOOD
								  : PAINT_BAD,
	      j->word == NULL ? words[outcome] : j->word, 0);
	putchar('\n');
	if (j->result.title[0] != '\0') {
		paint_wrapped(stdout, 4, j->result.title);
	}
}

void many_row(const struct many_output *o, const struct many_name *name,
	      const struct many_job *j)
{
	if (o->tap) {
		return;
	}
	if (strlen(name->group) > FIRST) {
		printf("%s\n%*s", name->group, FIRST, "");
	} else {
		printf("%-*s", FIRST, name->group);
	}
	if (j->result.seconds > 0) {
		printf(" %s %7.1f s  ", name->rest, j->result.seconds);
	} else {
		printf(" %s %9s  ", name->rest, "-");
	}
	put_outcome(j);
	fflush(stdout);
}

char *many_tail(int fd, size_t most)
{
	struct stat st;
	char *text;
	ssize_t n;
	off_t from;

	if (fstat(fd, &st) != 0 || st.st_size == 0) {
		return NULL;
	}
	text = calloc(1, most + 1);
	from = st.st_size > (off_t)most ? st.st_size - (off_t)most : 0;
	n = text == NULL ? -1 : pread(fd, text, most, from);
	if (n <= 0) {
		free(text);
		return NULL;
	}
	return text;
}

static unsigned int count(const struct many_job *jobs, unsigned int nr,
			  enum junit_outcome outcome)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr; i++) {
		n += jobs[i].result.outcome == outcome;
	}
	return n;
}

static bool put_cases(const struct many_output *o,
		      const struct many_name *names,
		      const struct many_job *jobs, unsigned int nr)
{
	struct junit_case *cases = calloc(nr, sizeof(*cases));
	bool good = cases != NULL;

	for (unsigned int i = 0; good && i < nr; i++) {
		const struct run_case *r = &jobs[i].result;

		cases[i] = (struct junit_case){
			.group = names[i].group,
			.name = names[i].name,
			.seconds = r->seconds,
			.outcome = r->outcome,
			.title = r->title,
			.output = r->outcome == JUNIT_FAILED ||
						  r->outcome == JUNIT_ERROR
					  ? many_tail(jobs[i].log, TAIL)
					  : NULL,
		};
	}
	if (good && o->tap) {
		tap_write(stdout, cases, nr);
	}
	if (good && o->junit != NULL) {
		good = junit_file(o->junit, o->suite, cases, nr);
	}
	for (unsigned int i = 0; cases != NULL && i < nr; i++) {
		free((char *)cases[i].output);
	}
	free(cases);
	return good;
}

int many_tell(const struct many_output *o, const struct many_name *names,
	      const struct many_job *jobs, unsigned int nr, double seconds)
{
	int worst = STATUS_OK;

	for (unsigned int i = 0; i < nr; i++) {
		worst = jobs[i].status > worst ? jobs[i].status : worst;
	}
	if (!o->tap) {
		printf("%u run%s, %u passed, %u failed, %u not judged, %u "
		       "skipped, in %.1f s\n",
		       nr, nr == 1 ? "" : "s", count(jobs, nr, JUNIT_PASSED),
		       count(jobs, nr, JUNIT_FAILED),
		       count(jobs, nr, JUNIT_ERROR),
		       count(jobs, nr, JUNIT_SKIPPED), seconds);
	}
	return put_cases(o, names, jobs, nr) ? worst : STATUS_OURS;
}
