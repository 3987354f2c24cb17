/* SPDX-License-Identifier: MIT */
/*
 * Why a kernel cannot start: one line that names the field and its values.
 * The builder has no printf, and needs none: a line is put together from
 * text, decimal and hexadecimal numbers.
 */
#ifndef PW_BUILDER_ERROR_H
#define PW_BUILDER_ERROR_H

#include <stdint.h>

struct build_error {
	/* NUL-terminated, no newline; empty while nothing has failed. */
	char text[256];
};

/*
 * error_set(e, errno, "note %s: %u is above %x", name, (uint64_t)a, ...):
 * fills the line and returns -errno. Understood are %s (const char *), %u and
 * %x (both uint64_t), %S (const char *, untrusted: what does not print
 * becomes '?') and %%. What does not fit is cut.
 */
int error_set(struct build_error *e, int xen_errno, const char *format, ...);

#endif
