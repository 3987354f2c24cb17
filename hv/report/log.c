/* SPDX-License-Identifier: MIT */
/*
 * Formatting, and the hypervisor's lines. What a guest puts into a number or a
 * string can make a line long, never more than a line: the buffer's size is
 * the bound everywhere.
 */
#include "hv/report/log.h"

#include <stdbool.h>
#include <stdint.h>

#include "hv/report/serial.h"

#define LINE_SIZE 1024
#define NUMBER_SIZE 24
#define PREFIX "(pw) "

enum log_level log_level = LOG_INFO;

struct out {
	char *buffer;
	size_t size;
	size_t used;
	bool cut;
};

static void put(struct out *o, char c)
{
	if (o->used + 1 < o->size) {
		o->buffer[o->used++] = c;
	} else {
		o->cut = true;
	}
}

/* What had no room shows that it goes on. */
static void mark_cut(struct out *o)
{
	for (size_t i = 1; o->cut && i <= 3 && i <= o->used; i++) {
		o->buffer[o->used - i] = '.';
	}
}

/* One conversion: what stands between % and its letter. */
struct spec {
	bool prefix;
	bool zero;
	unsigned int width;
	unsigned int longs;
};

static const char *parse_spec(const char *p, struct spec *s)
{
	*s = (struct spec){0};
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

static void put_number(struct out *o, const struct spec *s, uint64_t v,
		       unsigned int base, bool negative)
{
	char digits[NUMBER_SIZE];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	if (s->prefix && base == 16) {
		digits[n++] = 'x';
		digits[n++] = '0';
	}
	if (negative) {
		digits[n++] = '-';
	}
	for (unsigned int i = n; i < s->width; i++) {
		put(o, s->zero ? '0' : ' ');
	}
	while (n > 0) {
		put(o, digits[--n]);
	}
}

static void put_string(struct out *o, const struct spec *s, const char *text)
{
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		put(o, text[n]);
	}
	for (; n < s->width; n++) {
		put(o, ' ');
	}
}

static void put_signed(struct out *o, const struct spec *s, int64_t v)
{
	put_number(o, s, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, v < 0);
}

size_t format_args(char *buffer, size_t size, const char *text, va_list args)
{
	struct out o = {.buffer = buffer, .size = size};
	struct spec s;

	for (const char *p = text; *p != '\0'; p++) {
		if (*p != '%') {
			put(&o, *p);
			continue;
		}
		p = parse_spec(p + 1, &s);
		switch (*p) {
		case 'd':
		case 'i':
			put_signed(&o, &s,
				   s.longs != 0 ? va_arg(args, int64_t)
						: va_arg(args, int));
			break;
		case 'u':
		case 'x':
			put_number(&o, &s,
				   s.longs != 0 ? va_arg(args, uint64_t)
						: va_arg(args, unsigned int),
				   *p == 'u' ? 10 : 16, false);
			break;
		case 'p':
			put_number(&o, &s, va_arg(args, uintptr_t), 16, false);
			break;
		case 's':
			put_string(&o, &s, va_arg(args, const char *));
			break;
		case 'c':
			put(&o, (char)va_arg(args, int));
			break;
		default:
			put(&o, *p);
		}
	}
	if (size != 0) {
		mark_cut(&o);
		buffer[o.used] = '\0';
	}
	return o.used;
}

size_t format(char *buffer, size_t size, const char *text, ...)
{
	va_list args;
	size_t n;

	va_start(args, text);
	n = format_args(buffer, size, text, args);
	va_end(args);
	return n;
}

void log_line(enum log_level level, const char *text, ...)
{
	char line[LINE_SIZE];
	va_list args;
	size_t n;

	if (level > log_level) {
		return;
	}
	va_start(args, text);
	n = format_args(line, sizeof(line), text, args);
	va_end(args);
	serial_begin(SERIAL_CONSOLE);
	serial_write(SERIAL_CONSOLE, PREFIX, sizeof(PREFIX) - 1);
	serial_write(SERIAL_CONSOLE, line, n);
	serial_write(SERIAL_CONSOLE, "\r\n", 2);
	serial_end(SERIAL_CONSOLE);
}
