/* SPDX-License-Identifier: MIT */
/*
 * The console: lines, through the hypervisor's own (console_io), which is
 * there from the first instruction on, for any domain that may talk.
 */
#include <stdarg.h>

#include "kernels/common/kernel.h"

#define LINE_SIZE 512

struct out {
	char text[LINE_SIZE];
	size_t used;
};

static void put(struct out *o, char c)
{
	if (o->used < LINE_SIZE) {
		o->text[o->used++] = c;
	}
}

static void put_number(struct out *o, uint64_t v, unsigned int base)
{
	char digit[20];
	unsigned int n = 0;

	do {
		digit[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n) {
		put(o, digit[--n]);
	}
}

static void put_text(struct out *o, const char *s)
{
	while (*s) {
		put(o, *s++);
	}
}

static void write_out(const struct out *o)
{
	hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, o->used,
		  (uintptr_t)o->text, 0, 0);
}

void say(const char *format, ...)
{
	struct out o = {.used = 0};
	va_list args;

	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			put(&o, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			put_text(&o, va_arg(args, const char *));
			break;
		case 'u':
			put_number(&o, va_arg(args, uint64_t), 10);
			break;
		case 'x':
			put_number(&o, va_arg(args, uint64_t), 16);
			break;
		case 'd': {
			int64_t v = va_arg(args, int64_t);

			if (v < 0) {
				put(&o, '-');
			}
			put_number(&o, v < 0 ? -(uint64_t)v : (uint64_t)v, 10);
			break;
		}
		default:
			put(&o, *format);
			break;
		}
	}
	va_end(args);
	put(&o, '\n');
	write_out(&o);
}

void kernel_log(const char *line)
{
	say("%s", line);
}

_Noreturn void shut_down(unsigned int reason)
{
	struct sched_shutdown how = {.reason = reason};

	for (;;) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
			  (uintptr_t)&how, 0, 0, 0);
	}
}

_Noreturn void die(const char *why)
{
	say("kernel: %s", why);
	shut_down(SHUTDOWN_crash);
}
