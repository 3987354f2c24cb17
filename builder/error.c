// SPDX-License-Identifier: MIT
/*
 * Puts an error line together. Every message of the builder is written here,
 * into a buffer of fixed size: it is always terminated, never overrun, and
 * what came out of a kernel file ("%S") is printable before anyone shows it.
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
		w->text[w->used++] = c;
	}
}

static void put_string(struct writer *w, const char *s, bool untrusted)
{
	for (; *s != '\0'; s++) {
		bool prints = *s >= ' ' && *s <= '~';

		put_char(w, untrusted && !prints ? '?' : *s);
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

static void put_argument(struct writer *w, char conversion, va_list *args)
{
	switch (conversion) {
	case 's':
		put_string(w, va_arg(*args, const char *), false);
		break;
	case 'S':
		put_string(w, va_arg(*args, const char *), true);
		break;
	case 'u':
		put_number(w, va_arg(*args, uint64_t), 10);
		break;
	case 'x':
		put_string(w, "0x", false);
		put_number(w, va_arg(*args, uint64_t), 16);
		break;
	default:
		put_char(w, conversion);
		break;
	}
}

int error_set(struct build_error *e, int xen_errno, const char *format, ...)
{
	struct writer w = {.text = e->text, .size = sizeof(e->text)};
	va_list args;

	va_start(args, format);
	for (const char *f = format; *f != '\0'; f++) {
		if (*f == '%' && f[1] != '\0') {
			f++;
			put_argument(&w, *f, &args);
		} else {
			put_char(&w, *f);
		}
	}
	va_end(args);
	e->text[w.used] = '\0';
	return -xen_errno;
}
