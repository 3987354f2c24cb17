/* SPDX-License-Identifier: MIT */
/* How trace, replay and shrink begin, and what they say if they cannot. */
#include "cli/trace_open.h"

#include <stddef.h>

#include "cli/say.h"

int trace_begin(const struct options_reader *reader, int argc, char **argv,
		void *to, const char **ret_path)
{
	int status = options_read(reader, argc, argv, to);

	if (status == OPTIONS_READ) {
		*ret_path = options_operand(reader, argc, argv, "a FILE");
		status = *ret_path == NULL ? STATUS_USAGE : status;
	}
	return status;
}

bool trace_opened(struct trace *t, const char *path)
{
	char error[TRACE_ERROR_SIZE];

	if (!trace_read_file(t, path, error)) {
		say("%s: %s", path, error);
		return false;
	}
	return true;
}
