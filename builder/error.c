/* SPDX-License-Identifier: MIT */
/*
 * Puts an error line together. Every message of the builder is written here,
 * into a buffer of fixed size: it is always terminated, never overrun, and
 * what came out of a kernel file is printable before anyone shows it.
 */
#include "builder/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct writer {
	char *text;
	size_t size;
	size_t used;
};

static void put_char(struct writer *w, char c)
{
	if (w->used + 1 < w->size) {
		w->text[w->used++] = c >= ' ' && c <= '~' ? c : '?';
	}
}

static void put_string(struct writer *w, const char *s)
{
	while (*s != '\0') {
		put_char(w, *s++);
	}
}

static void put_number(struct writer *w, uint64_t value, unsigned int base)
{
	char digits[20]; /* 2^64 has 20 decimal digits */
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0);
	while (n > 0) {
		put_char(w, digits[--n]);
	}
}

/* Does the text go on with a word? Then steps over it. */
static bool skip(const char **at, const char *word)
{
	const char *f = *at;

	while (*word != '\0') {
		if (*f++ != *word++) {
			return false;
		}
	}
	*at = f;
	return true;
}

int error_set(struct build_error *e, int xen_errno, const char *format, ...)
{
	struct writer w = {.text = e->text, .size = sizeof(e->text)};
	va_list args;

	va_start(args, format);
	while (*format != '\0') {
		if (skip(&format, "%s")) {
			put_string(&w, va_arg(args, const char *));
		} else if (skip(&format, "%lu")) {
			put_number(&w, va_arg(args, uint64_t), 10);
		} else if (skip(&format, "%#lx")) {
			put_string(&w, "0x");
			put_number(&w, va_arg(args, uint64_t), 16);
		} else if (skip(&format, "%%")) {
			put_char(&w, '%');
		} else {
			put_char(&w, *format++);
		}
	}
	va_end(args);
	e->text[w.used] = '\0';
	return -xen_errno;
}
