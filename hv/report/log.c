/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's lines. What a guest puts into a number or a
 * string can make a line long, never more than a line: the buffer's size is
 * the bound everywhere.
 */
#include "hv/report/log.h"

#include "abi/text.h"
#include "hv/report/lines.h"
#include "hv/report/serial.h"

#define LINE_SIZE 1024
#define PREFIX "(pw) "

enum log_level log_level = LOG_INFO;

void log_line(enum log_level level, const char *text, ...)
{
	char line[LINE_SIZE];
	struct text t = text_in(line, sizeof(line));
	va_list args;

	if (level > log_level) {
		return;
	}
	va_start(args, text);
	text_format_args(&t, text, args);
	va_end(args);
	text_mark_cut(&t);
	serial_begin(SERIAL_CONSOLE);
	lines_break();
	serial_append(SERIAL_CONSOLE, PREFIX, sizeof(PREFIX) - 1);
	serial_append(SERIAL_CONSOLE, line, t.used);
	serial_append(SERIAL_CONSOLE, "\r\n", 2);
	serial_end(SERIAL_CONSOLE);
}
