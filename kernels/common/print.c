/* SPDX-License-Identifier: MIT */
/*
 * The console: lines, through the hypervisor's own (console_io), which is
 * there from the first instruction on, for any domain that may talk.
 */
#include "abi/text.h"
#include "kernels/common/kernel.h"

#define LINE_SIZE 512

void say(const char *format, ...)
{
	char line[LINE_SIZE];
	struct text t = text_in(line, sizeof(line) - 1);
	va_list args;

	va_start(args, format);
	text_format_args(&t, format, args);
	va_end(args);
	line[t.used++] = '\n';
	hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, t.used,
		  (uintptr_t)line, 0, 0);
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
