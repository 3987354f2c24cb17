/* SPDX-License-Identifier: MIT */
/* The last words, on both serial ports. */
#include "abi/control.h"
#include "abi/text.h"
#include "hv/report/panic.h"

#include <stdarg.h>
#include <stdbool.h>

#include "hv/cpu/lock.h"
#include "hv/report/control.h"
#include "hv/report/log.h"
#include "hv/report/machine.h"

_Noreturn void panic(const char *why, ...)
{
	static bool panicking;
	char line[256];
	struct text t = text_in(line, sizeof(line));
	va_list args;

	if (!panicking) {
		panicking = true;
		/* Whoever has it may be what is broken. */
		machine_lock_break();
		va_start(args, why);
		text_format_args(&t, why, args);
		va_end(args);
		log_error("panic: %s", line);
		control_begin(EVENT_PANIC);
		control_text(PANIC_REASON, line);
		control_end();
	}
	machine_end(CONTROL_EXIT_FAILED);
}
