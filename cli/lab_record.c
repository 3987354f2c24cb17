/* SPDX-License-Identifier: MIT */
/*
 * A run of the lab has a tape of its own, for several are under way at once.
 * The names of files are made of history, policy and world.
 */
#include "cli/lab_record.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/say.h"
#include "trace/tape/sim_tape.h"

#define NAME_SIZE 512

struct recording_of {
	struct sim_tape tape;
	struct trace_writer writer;
	char path[NAME_SIZE];
};

struct lab_recordings {
	struct recording_of *at;
	unsigned int nr;
};

/* A domain that is too big is started lazily, and its frames are not told. */
static bool can_be(const struct lab_job *job)
{
	return strcmp(job->on, "sim") == 0 && job->c->world->hypervisor &&
	       job->c->world->memory != LAB_MEMORY_BIG;
}

static void name(char path[NAME_SIZE], const char *folder,
		 const struct lab_case *c)
{
	int start = snprintf(path, NAME_SIZE, "%s/", folder);
	int length =
		snprintf(path + start, NAME_SIZE - (size_t)start, "%s-%s-%s",
			 c->policy->history, c->policy->name, c->world->name);

	for (char *p = path + start; length > 0 && *p != '\0'; p++) {
		if (!isalnum((unsigned char)*p)) {
			*p = '-';
		}
	}
	(void)strncat(path, ".pwt", NAME_SIZE - strlen(path) - 1);
}

static bool begin(struct recording_of *r, struct lab_job *job)
{
	if (!trace_writer_open(&r->writer, r->path)) {
		say("%s: %s", r->path, r->writer.error);
		return false;
	}
	if (!tape_init(&r->tape.tape, &r->writer)) {
		(void)trace_writer_close(&r->writer);
		say("lab: out of memory");
		return false;
	}
	job->options.ear = &sim_tape_ear;
	job->options.ear_state = &r->tape;
	return true;
}

static bool end(struct recording_of *r)
{
	bool good;

	tape_flush(&r->tape.tape);
	tape_fini(&r->tape.tape);
	good = trace_writer_close(&r->writer);
	if (!good) {
		say("%s: %s", r->path, r->writer.error);
	}
	return good;
}

struct lab_recordings *lab_record(struct lab_job *jobs, unsigned int nr,
				  const char *file, const char *folder)
{
	struct lab_recordings *r = calloc(1, sizeof(*r));
	bool good = r != NULL;

	if (r == NULL || (r->at = calloc(nr, sizeof(*r->at))) == NULL) {
		free(r);
		say("lab: out of memory");
		return NULL;
	}
	if (folder != NULL) {
		(void)mkdir(folder, 0777);
	}
	for (unsigned int i = 0; i < nr && good; i++) {
		struct recording_of *next = &r->at[r->nr];

		if (!can_be(&jobs[i])) {
			continue;
		}
		if (folder != NULL) {
			name(next->path, folder, jobs[i].c);
		} else {
			(void)snprintf(next->path, NAME_SIZE, "%s", file);
		}
		good = begin(next, &jobs[i]);
		r->nr += good;
	}
	if (good && r->nr == 0) {
		say("lab: only a domain in the simulator that is not big can "
		    "be recorded");
		good = false;
	}
	if (!good) {
		(void)lab_record_end(r);
		return NULL;
	}
	return r;
}

bool lab_record_end(struct lab_recordings *r)
{
	bool good = true;

	for (unsigned int i = 0; i < r->nr; i++) {
		good = end(&r->at[i]) && good;
	}
	free(r->at);
	free(r);
	return good;
}
