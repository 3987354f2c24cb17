/* SPDX-License-Identifier: MIT */
/* How trace, replay and shrink begin, and what they say if they cannot. */
#include "cli/trace_open.h"

#include <stddef.h>
#include <unistd.h>

#include "cli/say.h"

const char *trace_named(int argc, char **argv)
{
	return optind + 1 == argc ? argv[optind] : NULL;
}

bool trace_opened(struct trace *t, const char *verb, const char *path)
{
	char error[TRACE_ERROR_SIZE];

	if (path == NULL) {
		say("usage: pagewarden %s FILE [OPTION]...; --help tells",
		    verb);
		return false;
	}
	if (!trace_read_file(t, path, error)) {
		say("%s: %s", path, error);
		return false;
	}
	return true;
}
