/* SPDX-License-Identifier: MIT */
/*
 * The reader of traces. The input is a stream, which gets its blocks and their
 * checksums here, as somebody would make them who wants to deceive; an input
 * that begins as a file does is read as one, too. Whatever is accepted is
 * walked through and printed.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/trace_text.h"
#include "trace/file/check.h"

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
	t = (struct trace){.nr = size / 8, .word = malloc(size + 1)};
	memcpy(t.word, data, size);
	if (trace_check(&t, &at) == NULL) {
		walk(&t);
	}
	trace_free(&t);
	return 0;
}
