/* SPDX-License-Identifier: MIT */
/*
 * A run of the guest: a plain call, left by longjmp when the machine ends it.
 * Nothing of the guest's or the engine's is left half done in a way that
 * matters then: what was crashed is only looked at afterwards.
 */
#include <stdarg.h>
#include <stdio.h>

#include "sim/sim.h"

const char *const sim_end_name[] = {
	[SIM_RUNNING] = "running",      [SIM_RETURNED] = "returned",
	[SIM_POWEROFF] = "powered off", [SIM_CRASHED] = "crashed",
	[SIM_VIOLATION] = "violation",  [SIM_NO_MEMORY] = "out of memory",
};

enum sim_end sim_run(struct sim *s, sim_guest *guest, void *argument)
{
	s->end = SIM_RUNNING;
	s->in_run = true;
	s->dom.watched = s->record != NULL || s->ear != NULL;
	if (setjmp(s->out) == 0) {
		s->guest_result = guest(s, argument);
		s->end = SIM_RETURNED;
	}
	s->in_run = false;
	return s->end;
}

_Noreturn void sim_stop(struct sim *s, enum sim_end end)
{
	s->end = end;
	if (!s->in_run) {
		/* Set-up code ran into what only a guest can: our own bug. */
		(void)fprintf(stderr, "sim: stopped outside a run: %s\n",
			      s->why);
		__builtin_trap();
	}
	longjmp(s->out, 1);
}

_Noreturn void sim_violation(struct sim *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(s->why, sizeof(s->why), format, args);
	va_end(args);
	sim_log_line(&s->log, "(sim) VIOLATION: %s", s->why);
	sim_stop(s, SIM_VIOLATION);
}

void sim_say(struct sim *s, const char *format, ...)
{
	char line[384];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	sim_log_line(&s->log, "(pw) %s", line);
}
