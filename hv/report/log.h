/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own lines on COM1, and formatting for them. Understood are
 * %s, %c, %d, %i, %u, %x, %p and %%, with #, 0, a width, and l, ll or z.
 */
#ifndef PW_HV_REPORT_LOG_H
#define PW_HV_REPORT_LOG_H

#include <stdarg.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
extern enum log_level log_level;

/* One line, with the prefix "(pw) "; the newline is added. */
__attribute__((format(printf, 2, 3))) void log_line(enum log_level level,
						    const char *format, ...);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Always ends in NUL; returns the length written. */
__attribute__((format(printf, 3, 4))) size_t format(char *buffer, size_t size,
						    const char *text, ...);
size_t format_args(char *buffer, size_t size, const char *text, va_list args);

#endif
