/* SPDX-License-Identifier: MIT */
/*
 * A growing text with an upper bound: a guest that talks without end fills
 * the log, not the host's memory.
 */
#include "sim/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LOG (UINT64_C(4) << 20)
#define MAX_LINE 512

void sim_log_fini(struct sim_log *log)
{
	free(log->text);
	*log = (struct sim_log){0};
}

static bool make_room(struct sim_log *log, size_t more)
{
	size_t need = log->length + more + 1;
	size_t room = log->room == 0 ? 1024 : log->room;
	char *text;

	if (need <= log->room) {
		return true;
	}
	if (need > MAX_LOG) {
		log->cut = true;
		return false;
	}
	while (room < need) {
		room *= 2;
	}
	text = realloc(log->text, room);
	if (text == NULL) {
		log->cut = true;
		return false;
	}
	log->text = text;
	log->room = room;
	return true;
}

void sim_log_bytes(struct sim_log *log, const char *bytes, size_t nr)
{
	if (!make_room(log, nr)) {
		return;
	}
	for (size_t i = 0; i < nr; i++) {
		char c = bytes[i];
		bool plain = (c >= ' ' && c <= '~') || c == '\n' || c == '\t';

		log->text[log->length++] = plain ? c : '?';
	}
	log->text[log->length] = '\0';
}

void sim_log_line(struct sim_log *log, const char *format, ...)
{
	char line[MAX_LINE];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0) {
		return;
	}
	n = n < MAX_LINE - 2 ? n : MAX_LINE - 2;
	line[n] = '\n';
	sim_log_bytes(log, line, (size_t)n + 1);
}

const char *sim_log_text(const struct sim_log *log)
{
	return log->text == NULL ? "" : log->text;
}
