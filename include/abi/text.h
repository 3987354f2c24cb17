/* SPDX-License-Identifier: MIT */
/*
 * The one formatter: lines put together in a buffer that never overflows, for
 * code that has no printf. What does not fit is cut, and counted (lost).
 *
 * text_format() understands %s, %c, %d, %i, %u, %x, %p and %%, with #, 0, a
 * width, and l, ll or z, as printf() does, but for %#x of 0, which is 0x0: a
 * number that is read by its 0x has it always. Nothing here allocates, and
 * nothing is written beyond the buffer's end.
 */
#ifndef PW_ABI_TEXT_H
#define PW_ABI_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	char *buffer;
	size_t size; /* of the buffer; 0: nothing is written */
	size_t used; /* characters, without the NUL that ends them */
	size_t lost; /* characters that did not fit */
};

static inline struct text text_in(char *buffer, size_t size)
{
	struct text t = {.buffer = buffer, .size = size, .used = 0, .lost = 0};

	if (size != 0) {
		buffer[0] = '\0';
	}
	return t;
}

static inline void text_char(struct text *t, char c)
{
	if (t->used + 1 < t->size) {
		t->buffer[t->used++] = c;
		t->buffer[t->used] = '\0';
	} else {
		t->lost++;
	}
}

/* What had no room shows that it goes on. */
static inline void text_mark_cut(struct text *t)
{
	for (size_t i = 1; t->lost != 0 && i <= 3 && i <= t->used; i++) {
		t->buffer[t->used - i] = '.';
	}
}

static inline void text_string(struct text *t, const char *s)
{
	while (*s != '\0') {
		text_char(t, *s++);
	}
}

/* What stands between a % and its letter. */
struct text_spec {
	bool prefix;        /* 0x before a hexadecimal number */
	bool zero;          /* filled with zeros, not with spaces */
	unsigned int width; /* at least so many characters */
	unsigned int longs; /* the argument has 64 bits */
};

static inline struct text_spec text_plain(bool zero, unsigned int width)
{
	return (struct text_spec){.prefix = false,
				  .zero = zero,
				  .width = width,
				  .longs = 0};
}

static inline void text_fill(struct text *t, char c, unsigned int used,
			     unsigned int width)
{
	for (; used < width; used++) {
		text_char(t, c);
	}
}

static inline void text_number(struct text *t, struct text_spec s, uint64_t v,
			       unsigned int base, bool negative)
{
	bool prefix = s.prefix && base == 16;
	char digits[24]; /* 2^64 has 20 decimal digits */
	unsigned int n = 0;
	unsigned int used;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	used = n + (negative ? 1 : 0) + (prefix ? 2 : 0);
	text_fill(t, ' ', used, s.zero ? 0 : s.width);
	text_string(t, negative ? "-" : "");
	text_string(t, prefix ? "0x" : "");
	text_fill(t, '0', used, s.zero ? s.width : 0);
	while (n > 0) {
		text_char(t, digits[--n]);
	}
}

static inline void text_decimal(struct text *t, uint64_t v)
{
	text_number(t, text_plain(false, 0), v, 10, false);
}

/* Without 0x; at least so many digits. */
static inline void text_hex(struct text *t, uint64_t v, unsigned int digits)
{
	text_number(t, text_plain(true, digits), v, 16, false);
}

static inline void text_signed(struct text *t, struct text_spec s, int64_t v)
{
	text_number(t, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0);
}

static inline void text_padded(struct text *t, struct text_spec s,
			       const char *string)
{
	unsigned int n = 0;

	while (n < s.width && string[n] != '\0') {
		n++;
	}
	text_fill(t, ' ', n, s.width);
	text_string(t, string);
}

static inline const char *text_spec_read(const char *p, struct text_spec *s)
{
	*s = text_plain(false, 0);
	if (*p == '#') {
		s->prefix = true;
		p++;
	}
	if (*p == '0') {
		s->zero = true;
		p++;
	}
	while (*p >= '0' && *p <= '9') {
		s->width = s->width * 10 + (unsigned int)(*p++ - '0');
	}
	while (*p == 'l' || *p == 'z') {
		s->longs++;
		p++;
	}
	return p;
}

/* A format that ends in the middle of a conversion ends there. */
static inline void text_format_args(struct text *t, const char *format,
				    va_list args)
{
	for (const char *p = format; *p != '\0'; p++) {
		struct text_spec s;

		if (*p != '%') {
			text_char(t, *p);
			continue;
		}
		p = text_spec_read(p + 1, &s);
		switch (*p) {
		case '\0':
			return;
		case 'd':
		case 'i':
			text_signed(t, s,
				    s.longs != 0 ? va_arg(args, int64_t)
						 : va_arg(args, int));
			break;
		case 'u':
		case 'x':
			text_number(t, s,
				    s.longs != 0 ? va_arg(args, uint64_t)
						 : va_arg(args, unsigned int),
				    *p == 'u' ? 10 : 16, false);
			break;
		case 'p':
			s.prefix = true;
			text_number(t, s, va_arg(args, uintptr_t), 16, false);
			break;
		case 's':
			text_padded(t, s, va_arg(args, const char *));
			break;
		case 'c':
			text_char(t, (char)va_arg(args, int));
			break;
		default:
			text_char(t, *p);
		}
	}
}

static inline __attribute__((format(printf, 2, 3))) void text_format(
	struct text *t, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text_format_args(t, format, args);
	va_end(args);
}

#endif
