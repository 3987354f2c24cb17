/* SPDX-License-Identifier: MIT */
/* What a machine's console says: lines, kept until the machine is gone. */
#ifndef PW_SIM_LOG_H
#define PW_SIM_LOG_H

#include <stdbool.h>
#include <stddef.h>

struct sim_log {
	char *text; /* NUL-terminated */
	size_t length;
	size_t room;
	bool cut; /* more was said than is kept */
};

void sim_log_fini(struct sim_log *log);
__attribute__((format(printf, 2, 3))) void sim_log_line(struct sim_log *log,
							const char *format,
							...);
/* Bytes as they come, newlines and all; others that do not print as '?'. */
void sim_log_bytes(struct sim_log *log, const char *bytes, size_t nr);
/* The whole text, or "". */
const char *sim_log_text(const struct sim_log *log);

#endif
