/* SPDX-License-Identifier: MIT */
/*
 * Puts an error line together. Every message of the builder is written here,
 * into a buffer of fixed size: it is always terminated, never overrun, and
 * what came out of a kernel file is printable before anyone shows it.
 */
#include "builder/error.h"

#include "abi/text.h"

int error_set(struct build_error *e, int xen_errno, const char *format, ...)
{
	struct text t = text_in(e->text, sizeof(e->text));
	va_list args;

	va_start(args, format);
	text_format_args(&t, format, args);
	va_end(args);
	for (size_t i = 0; i < t.used; i++) {
		if (e->text[i] < ' ' || e->text[i] > '~') {
			e->text[i] = '?';
		}
	}
	return -xen_errno;
}
