/* SPDX-License-Identifier: MIT */
/*
 * The reader of traces. The input is a stream, which gets its blocks and their
 * checksums here, as somebody would make them who wants to deceive; an input
 * that begins as a file does is read as one, too. Whatever is accepted is
 * walked through, printed, and replayed: the engine must not come to harm,
 * its counts must stay right, and the slow model must agree with it.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/trace_text.h"
#include "sim/sim.h"
#include "trace/file/check.h"
#include "trace/replay/replay.h"

/* 256 MiB: mapped, not used. */
#define FRAMES_MAX 65536
/* Compared whole after each operation. */
#define FRAMES_MODEL 1024

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct trace *t)
{
	char line[12288];
	struct trace_record r;
	uint64_t at = 0;

	while (trace_next(t, &at, &r)) {
		struct text text = text_in(line, sizeof(line));

		trace_text(&text, &r);
	}
}

static void replay(const struct trace *t)
{
	const struct replay_options o = {
		.audit_every = 1,
		.oracle_every = t->nr_frames <= FRAMES_MODEL ? 1 : 0,
	};
	struct replay_result result;
	struct replay *r;

	if (t->nr_frames > FRAMES_MAX) {
		return;
	}
	r = replay_new(t);
	replay_run(r, &o, &result);
	if (result.differences != 0 || strstr(result.line, "gave up") != NULL ||
	    strncmp(result.line, "oracle:", 7) == 0) {
		abort();
	}
	replay_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[TRACE_ERROR_SIZE] = "";
	struct trace t = {.most = 1 << 22};
	uint64_t at;

	if (trace_read(&t, data, size, error)) {
		walk(&t);
		trace_free(&t);
	} else if (strncmp(error, "offset ", 7) != 0) {
		abort();
	}
	t = (struct trace){.version = TRACE_VERSION,
			   .nr = size / 8,
			   .word = malloc(size + 1)};
	memcpy(t.word, data, size);
	if (trace_check(&t, &at) == NULL) {
		walk(&t);
		replay(&t);
	}
	trace_free(&t);
	return 0;
}
