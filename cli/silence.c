/* SPDX-License-Identifier: MIT */
/*
 * A kernel that dies before its console works says why to nobody: its command
 * line always has console=hvc0, but that one comes late. Linux says two lines
 * before it. The hypervisor's own do not count: they begin with "(pw) ".
 */
#include "cli/silence.h"

#include <string.h>

#include "cli/say.h"

#define FEW 2

static const char mark[] = "(pw) ";
#define MARK (sizeof(mark) - 1)

static void take(struct silence *s, char c)
{
	const bool was = s->column == 0 || s->hypervisor_s;

	s->hypervisor_s = was && (s->column >= MARK || c == mark[s->column]);
	/* Once a line, when it turns out not to be the hypervisor's. */
	s->lines += was && !s->hypervisor_s;
	s->column++;
}

void silence_feed(struct silence *s, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n' || data[i] == '\r') {
			s->column = 0;
		} else {
			take(s, data[i]);
		}
	}
}

void silence_hint(const struct silence *s, const char *cmdline)
{
	if (s->lines <= FEW && strstr(cmdline, "earlyprintk=") == NULL) {
		say("hint: the guest has shown %zu line%s; what Linux says "
		    "before its console works is shown with --append "
		    "earlyprintk=xen",
		    s->lines, s->lines == 1 ? "" : "s");
	}
}
