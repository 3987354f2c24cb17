/* SPDX-License-Identifier: MIT */
/*
 * One line of text for people, from a format of four conversions: there is
 * no printf below the kernel, and none is needed. Everything is cut to the
 * size of the message; nothing is allocated.
 */
#include "guest/internal.h"

struct line {
	char *text;
	size_t size;
	size_t used;
};

static void put_char(struct line *l, char c)
{
	if (l->used + 1 < l->size) {
		l->text[l->used++] = c;
	}
}

static void put_text(struct line *l, const char *s)
{
	for (; *s; s++) {
		put_char(l, *s);
	}
}

static void put_number(struct line *l, uint64_t v, unsigned int base)
{
	char digit[20];
	unsigned int n = 0;

	do {
		digit[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n) {
		put_char(l, digit[--n]);
	}
}

static void put_signed(struct line *l, int64_t v)
{
	if (v < 0) {
		put_char(l, '-');
		put_number(l, -(uint64_t)v, 10);
	} else {
		put_number(l, (uint64_t)v, 10);
	}
}

static void format_line(struct line *l, const char *format, va_list args)
{
	for (; *format; format++) {
		if (*format != '%') {
			put_char(l, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_text(l, va_arg(args, const char *));
			break;
		case 'u':
			put_number(l, va_arg(args, uint64_t), 10);
			break;
		case 'x':
			put_number(l, va_arg(args, uint64_t), 16);
			break;
		case 'd':
			put_signed(l, va_arg(args, int64_t));
			break;
		case '\0':
			format--;
			break;
		default:
			put_char(l, *format);
			break;
		}
	}
	l->text[l->used] = '\0';
}

int guest_fail(struct guest *g, int xen_errno, const char *format, ...)
{
	struct line l = {.text = g->message, .size = sizeof(g->message)};
	va_list args;

	va_start(args, format);
	format_line(&l, format, args);
	va_end(args);
	return -xen_errno;
}

void guest_note(struct guest *g, const char *format, ...)
{
	char text[GUEST_MESSAGE_SIZE];
	struct line l = {.text = text, .size = sizeof(text)};
	va_list args;

	va_start(args, format);
	format_line(&l, format, args);
	va_end(args);
	port_log(g, text);
}
