/* SPDX-License-Identifier: MIT */
/*
 * A thousand damaged files, each a recorded failure of the lab with bits
 * turned, bytes written over, its end cut off or something behind it: each is
 * refused with one line that names an offset within the file. And a thousand
 * whose checksums are right, but whose stream is not what was recorded: what
 * is read all the same replays, or differs, and does no harm.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/random.h"
#include "sim/sim.h"
#include "trace/file/check.h"
#include "trace/replay/replay.h"

#define TRIES 1000
#define FILE_MAX 8192
#define SPARE 64

static const char *const files[] = {"table-high", "tlb", "template",
				    "huge-page", "forgotten-unpin"};

struct file {
	uint8_t byte[FILE_MAX + SPARE];
	size_t size;
};

static void load(struct file *f, const char *name)
{
	char path[128];
	FILE *from;

	snprintf(path, sizeof(path), "tests/traces/%s.pwt", name);
	from = fopen(path, "re");
	assert_non_null(from);
	f->size = fread(f->byte, 1, FILE_MAX, from);
	assert_in_range(f->size, 100, FILE_MAX - 1);
	fclose(from);
}

static void damage(struct file *f, struct sim_random *r)
{
	size_t at = sim_random_below(r, f->size);
	size_t nr = 1 + sim_random_below(r, 16);

	switch (sim_random_below(r, 4)) {
	case 0:
		f->byte[at] ^= (uint8_t)(1 << sim_random_below(r, 8));
		break;
	case 1:
		for (size_t i = at; i < f->size && i < at + nr; i++) {
			f->byte[i] = (uint8_t)(f->byte[i] + 1 +
					       sim_random_below(r, 255));
		}
		break;
	case 2:
		f->size = at;
		break;
	default:
		memset(f->byte + f->size, (int)sim_random_below(r, 256), nr);
		f->size += nr;
	}
}

/* "offset N: why", and N is in the file. */
static void assert_clear(const char *error, size_t size)
{
	unsigned long offset;
	int read = 0;

	if (sscanf(error, "offset %lu: %n", &offset, &read) != 1 || read == 0 ||
	    error[read] == '\0' || offset > size ||
	    strchr(error, '\n') != NULL) {
		fail_msg("no clear refusal: \"%s\"", error);
	}
}

static void damaged_files_are_refused_with_the_offset(void **state)
{
	struct sim_random r = sim_random_seed(1);
	struct file *f = calloc(1, sizeof(*f));

	(void)state;
	assert_non_null(f);
	for (unsigned int i = 0; i < TRIES; i++) {
		char error[TRACE_ERROR_SIZE] = "";
		struct trace t = {0};

		load(f, files[i % (sizeof(files) / sizeof(*files))]);
		damage(f, &r);
		if (trace_read(&t, f->byte, f->size, error)) {
			fail_msg("try %u: it is read", i);
		}
		assert_clear(error, f->size);
	}
	free(f);
}

/* The stream's own words again: the reader has written its numbers there. */
static void change_words(struct trace *t, struct sim_random *r)
{
	uint64_t nr = 1 + sim_random_below(r, 3);

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t *w = &t->word[sim_random_below(r, t->nr)];

		*w = sim_random_below(r, 2) == 0
			     ? *w ^ UINT64_C(1) << sim_random_below(r, 64)
			     : t->word[sim_random_below(r, t->nr)];
	}
}

static void replay(const struct trace *t)
{
	const struct replay_options o = {.audit_every = 1};
	struct replay_result result;
	struct replay *r = replay_new(t);

	assert_non_null(r);
	replay_run(r, &o, &result);
	assert_int_equal(result.differences, 0);
	assert_null(strstr(result.line, "gave up"));
	replay_free(r);
}

static void a_stream_that_was_changed_does_no_harm(void **state)
{
	struct sim_random r = sim_random_seed(2);
	struct file *f = calloc(1, sizeof(*f));
	unsigned int refused = 0;

	(void)state;
	assert_non_null(f);
	for (unsigned int i = 0; i < TRIES; i++) {
		char error[TRACE_ERROR_SIZE];
		struct trace first = {0};
		struct trace t = {0};
		uint64_t at;

		load(f, files[i % (sizeof(files) / sizeof(*files))]);
		assert_true(trace_read(&first, f->byte, f->size, error));
		t = (struct trace){.nr = first.nr,
				   .word = malloc(first.nr * 8)};
		assert_non_null(t.word);
		memcpy(t.word, first.word, first.nr * 8);
		trace_free(&first);
		change_words(&t, &r);
		if (trace_check(&t, &at) != NULL) {
			assert_in_range(at, 0, t.nr);
			refused++;
		} else if (t.nr_frames <= 65536) {
			replay(&t);
		}
		trace_free(&t);
	}
	assert_in_range(refused, TRIES / 10, TRIES - 1);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(damaged_files_are_refused_with_the_offset),
		cmocka_unit_test(a_stream_that_was_changed_does_no_harm),
	};

	return cmocka_run_group_tests_name("trace corrupted", tests, NULL,
					   NULL);
}
