/* SPDX-License-Identifier: MIT */
/*
 * A cell is a run with options of its own, read by the same code as those of
 * `pagewarden run`, so that what one takes or refuses the other does, in the
 * same words. All are judged before the first begins.
 */
#define _GNU_SOURCE /* basename */

#include "cli/many/matrix.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/host_memory.h"
#include "cli/size.h"

#define VALUE 32

/* The next value of a list; false at its end, or if it is too long for one. */
static bool next_value(const char **list, char value[VALUE])
{
	const size_t length = strcspn(*list, ",");

	if (**list == '\0' || length >= VALUE) {
		return false;
	}
	memcpy(value, *list, length);
	value[length] = '\0';
	*list += length;
	if (**list == ',') {
		/* Another must follow. */
		*list += (*list)[1] != '\0';
	}
	return true;
}

static const char *add_values(struct matrix *m, bool memory, const char *list)
{
	unsigned int *nr = memory ? &m->nr_memories : &m->nr_vcpus;
	const char *wrong = *list == '\0' ? "is empty" : NULL;
	char value[VALUE];

	while (wrong == NULL && next_value(&list, value)) {
		if (*nr == MATRIX_VALUES) {
			return "is one too many";
		}
		wrong = memory ? parse_memory(value, &m->memory[*nr])
			       : parse_vcpus(value, &m->vcpus[*nr]);
		(*nr)++;
	}
	if (wrong == NULL && *list != '\0') {
		wrong = memory ? "is no list of sizes"
			       : "is no list of numbers";
	}
	return wrong;
}

const char *matrix_add_memory(struct matrix *m, const char *list)
{
	return add_values(m, true, list);
}

const char *matrix_add_vcpus(struct matrix *m, const char *list)
{
	return add_values(m, false, list);
}

const char *matrix_add_kernel(struct matrix *m, const char *path)
{
	if (*path == '\0') {
		return "is empty";
	}
	if (m->nr_kernels == MATRIX_KERNELS) {
		return "is one too many";
	}
	m->kernel[m->nr_kernels++] = path;
	return NULL;
}

/* A file's name, or its path where another has the same name. */
static const char *label(const struct matrix *m, unsigned int which)
{
	const char *path = m->kernel[which];
	const char *name;

	if (path == NULL) {
		return "vmlinuz";
	}
	name = basename(path);
	for (unsigned int i = 0; i < m->nr_kernels; i++) {
		if (i != which && m->kernel[i] != NULL &&
		    strcmp(basename(m->kernel[i]), name) == 0) {
			return path;
		}
	}
	return name;
}

struct cell {
	unsigned int kernel;
	uint64_t memory;
	unsigned int vcpus;
};

static void make_words(const struct matrix *m, const struct cell *c,
		       struct words *w)
{
	words_add(w, "run");
	if (m->kernel[c->kernel] != NULL) {
		words_add(w, "--kernel=%s", m->kernel[c->kernel]);
	}
	words_add(w, "--memory=%" PRIu64 "M", c->memory >> 20);
	words_add(w, "--vcpus=%u", c->vcpus);
	for (int i = 0; i < m->common.nr; i++) {
		words_add(w, "%s", m->common.list[i]);
	}
	if (m->command != NULL) {
		words_add(w, "--log=-");
		words_add(w, "--");
	}
	for (int i = 0; i < m->nr_command; i++) {
		words_add(w, "%s", m->command[i]);
	}
}

static void name_cell(const struct matrix *m, const struct cell *c,
		      struct many_name *name)
{
	char size[SIZE_TEXT];

	size_format(c->memory, size);
	snprintf(name->group, sizeof(name->group), "%s", label(m, c->kernel));
	snprintf(name->rest, sizeof(name->rest), "%8s %5u", size, c->vcpus);
	snprintf(name->name, sizeof(name->name), "%s %u vCPU%s", size, c->vcpus,
		 c->vcpus == 1 ? "" : "s");
}

static bool make_cell(struct matrix *m, const struct cell *c, char *error)
{
	const unsigned int n = m->nr++;
	struct many_job *j = &m->jobs[n];
	char what[SIZE_TEXT + 32];
	char size[SIZE_TEXT];

	name_cell(m, c, &m->names[n]);
	make_words(m, c, &m->words[n]);
	if (m->words[n].failed || m->common.failed) {
		snprintf(error, OPTIONS_ERROR_SIZE, "out of memory");
		return false;
	}
	if (run_options_parse(m->words[n].nr, m->words[n].list, &j->options,
			      error) != RUN_OPTIONS_OK) {
		return false;
	}
	snprintf(what, sizeof(what), "a guest of %s",
		 size_format(c->memory, size));
	return m->overcommit ||
	       host_memory_fits(what, host_memory_guest(c->memory), error,
				OPTIONS_ERROR_SIZE);
}

/* What was not said is as with run. */
static void take_defaults(struct matrix *m)
{
	if (m->nr_kernels == 0) {
		m->kernel[m->nr_kernels++] = NULL;
	}
	if (m->nr_memories == 0) {
		m->memory[m->nr_memories++] = UINT64_C(1) << 30;
	}
	if (m->nr_vcpus == 0) {
		m->vcpus[m->nr_vcpus++] = 1;
	}
}

bool matrix_make(struct matrix *m, char *error)
{
	size_t nr;

	take_defaults(m);
	nr = (size_t)m->nr_kernels * m->nr_memories * m->nr_vcpus;
	if (nr > MATRIX_CELLS) {
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "%zu runs are more than the %d that fit into a table",
			 nr, MATRIX_CELLS);
		return false;
	}
	m->jobs = calloc(nr, sizeof(*m->jobs));
	m->names = calloc(nr, sizeof(*m->names));
	m->words = calloc(nr, sizeof(*m->words));
	if (m->jobs == NULL || m->names == NULL || m->words == NULL) {
		snprintf(error, OPTIONS_ERROR_SIZE, "out of memory");
		return false;
	}
	for (unsigned int i = 0; i < nr; i++) {
		const unsigned int rest = i / m->nr_vcpus;
		const struct cell c = {
			.vcpus = m->vcpus[i % m->nr_vcpus],
			.memory = m->memory[rest % m->nr_memories],
			.kernel = rest / m->nr_memories,
		};

		if (!make_cell(m, &c, error)) {
			return false;
		}
	}
	return true;
}

void matrix_fini(struct matrix *m)
{
	for (unsigned int i = 0; i < m->nr; i++) {
		run_options_fini(&m->jobs[i].options);
		words_fini(&m->words[i]);
	}
	free(m->jobs);
	free(m->names);
	free(m->words);
	words_fini(&m->common);
}
