/* SPDX-License-Identifier: MIT */
/*
 * What QEMU's end means for the run: the status with which the hypervisor has
 * ended it, and what was told on the control channel before.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/session_end.h"

static bool is_cpu_complaint(const char *line)
{
	return strstr(line, "unable to find CPU model") != NULL ||
	       strstr(line, "-x86_64-cpu") != NULL;
}

/* The hypervisor has given up: what it said of that. */
static void judge_failure(struct session *s)
{
	const struct monitor *m = s->monitor;

	if (m->unfit != NULL) {
		s->result = RUN_BAD_CPU;
		snprintf(s->error, sizeof(s->error),
			 "this model lacks what the hypervisor needs: %s",
			 monitor_text(m->unfit, UNFIT_LACKS,
				      "it is not known"));
		return;
	}
	s->result = RUN_HV_FAILED;
	snprintf(s->error, sizeof(s->error), "%s",
		 m->panic != NULL ? monitor_text(m->panic, PANIC_REASON, "")
				  : "its last words are on the console");
}

/* QEMU has ended by itself; its last line says why. */
static void judge_qemu(struct session *s, const char *last_line)
{
	s->result = is_cpu_complaint(last_line) ? RUN_BAD_CPU : RUN_QEMU_FAILED;
	snprintf(s->error, sizeof(s->error), "%s%s",
		 s->result == RUN_BAD_CPU ? "QEMU does not take this model: "
					  : "",
		 *last_line != '\0' ? last_line : "it gave no reason");
}

/* True: QEMU's last line is its own, and told. */
static bool judge_exit(struct session *s, int code, const char *last_line)
{
	switch (code) {
	case QEMU_EXIT_BROKEN:
		s->result = RUN_STOPPED;
		return false;
	case QEMU_EXIT_POWEROFF:
		s->result = RUN_POWERED_OFF;
		return false;
	case QEMU_EXIT_CRASH:
		s->result = strcmp(monitor_text(s->monitor->shutdown,
						SHUTDOWN_REASON, ""),
				   "halted") == 0
				    ? RUN_HALTED
				    : RUN_CRASHED;
		return false;
	case QEMU_EXIT_REBOOT:
		s->result = RUN_REBOOTED;
		return false;
	case QEMU_EXIT_HV_FAILED:
		judge_failure(s);
		return false;
	case 0:
		/* By -no-reboot a reset ends QEMU in order; so does gdb, or
		 * whoever ended the run that is replayed. */
		s->result = s->options->gdb || s->options->replay_told
				    ? RUN_QUIT
				    : RUN_HV_FAILED;
		snprintf(s->error, sizeof(s->error),
			 "the machine was reset (a triple fault?)");
		return false;
	default:
		judge_qemu(s, last_line);
		return true;
	}
}

bool session_end(struct session *s, int status, bool ended_by_us,
		 const char *last_line)
{
	if (WIFEXITED(status)) {
		/* Else we have a reason of our own. */
		return (!ended_by_us ||
			WEXITSTATUS(status) == QEMU_EXIT_HV_FAILED) &&
		       judge_exit(s, WEXITSTATUS(status), last_line);
	}
	if (!ended_by_us) {
		/* Nothing is told of it but the signal; the kernel's is this.
		 */
		const char *why =
			WTERMSIG(status) == SIGKILL ? " (out of memory?)" : "";

		s->result = RUN_QEMU_FAILED;
		snprintf(s->error, sizeof(s->error),
			 "it was killed by signal %d%s", WTERMSIG(status), why);
	}
	return false;
}
