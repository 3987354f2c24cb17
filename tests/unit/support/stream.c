/* SPDX-License-Identifier: MIT */
/* By the writer itself, through a file that is gone before anybody sees it. */
#include "tests/unit/support/stream.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/report/event.h"
#include "trace/file/writer.h"

void stream_put(struct stream *s, enum trace_kind kind, unsigned int vcpu,
		unsigned int detail, const uint64_t *words, unsigned int nr)
{
	s->word[s->nr++] = trace_head(kind, vcpu, STREAM_TAG, nr, detail);
	if (nr != 0) {
		memcpy(s->word + s->nr, words, nr * sizeof(*words));
	}
	s->nr += nr;
}

static void names(struct stream *s, enum trace_names list)
{
	char text[8192] = "";
	size_t n = 0;

	for (unsigned int i = 0;
	     i <
	     (list == TRACE_NAMES_RULES ? (unsigned int)RULES : MMU_OPERATIONS);
	     i++) {
		const char *name = list == TRACE_NAMES_RULES
					   ? rule_info[i].name
					   : operation_info[i].name;

		size_t size = strlen(name) + 1;

		memcpy(text + n, name, size);
		n += size;
	}
	stream_put(s, TRACE_NAMES, TRACE_NO_VCPU, list, (uint64_t *)text,
		   (unsigned int)(n + 7) / 8);
}

static void machine(struct stream *s, uint64_t frames, uint64_t m2p)
{
	const uint64_t words[TRACE_MACHINE_WORDS] = {frames, m2p, 0, 1};

	s->nr = 0;
	names(s, TRACE_NAMES_OPERATIONS);
	names(s, TRACE_NAMES_RULES);
	stream_put(s, TRACE_MACHINE, TRACE_NO_VCPU, 0, words,
		   TRACE_MACHINE_WORDS);
}

static void domain(struct stream *s, uint64_t width)
{
	stream_put(s, TRACE_DOMAIN, TRACE_NO_VCPU, 7, &width,
		   width == 0 ? 0 : 1);
	stream_put(s, TRACE_VCPU, 0, 0, NULL, 0);
}

void stream_begin(struct stream *s)
{
	machine(s, STREAM_FRAMES, 2 * PAGE_SIZE);
	domain(s, 0);
}

void stream_begin_32(struct stream *s, uint64_t frames, uint64_t width)
{
	const uint64_t words[TRACE_MACHINE_32_WORDS] = {3 * PAGE_SIZE,
							STREAM_SLOT};

	machine(s, frames,
		frames == STREAM_FRAMES ? 2 * PAGE_SIZE : TRACE_ELSEWHERE);
	stream_put(s, TRACE_MACHINE_32, TRACE_NO_VCPU, 0, words,
		   TRACE_MACHINE_32_WORDS);
	domain(s, width);
}

void stream_operation(struct stream *s, unsigned int op)
{
	const uint64_t words[TRACE_BEGIN_WORDS + TRACE_OPERANDS_MAX] = {0};

	stream_put(s, TRACE_BEGIN, 0, op, words,
		   TRACE_BEGIN_WORDS + operation_info[op].nr_words);
}

void stream_result(struct stream *s, int64_t result)
{
	const uint64_t words[2] = {(uint64_t)result};

	stream_put(s, TRACE_END, 0, 0, words, 2);
}

uint8_t *stream_file(const struct stream *s, size_t *ret_size)
{
	char path[] = "/tmp/test_trace.XXXXXX";
	int fd = mkstemp(path);
	struct trace_writer w;
	uint8_t *bytes;

	if (fd < 0 || !trace_writer_open(&w, path)) {
		abort();
	}
	trace_writer_put(&w, s->word, s->nr);
	if (!trace_writer_close(&w)) {
		abort();
	}
	unlink(path);
	*ret_size = w.written;
	bytes = malloc(w.written);
	if (bytes == NULL || read(fd, bytes, w.written) != (ssize_t)w.written) {
		abort();
	}
	close(fd);
	return bytes;
}

bool stream_good(const struct stream *s, char error[TRACE_ERROR_SIZE])
{
	size_t size;
	uint8_t *bytes = stream_file(s, &size);
	struct trace t = {0};
	bool good = trace_read(&t, bytes, size, error);

	if (good) {
		trace_free(&t);
	}
	free(bytes);
	return good;
}
