/* SPDX-License-Identifier: MIT */
/*
 * What is told of a run that has taken place: the report for people or for
 * programs, and for CI, the verdict, and the status that it comes to.
 */
#include "cli/run_end.h"

#include <fcntl.h>
#include <stdio.h>

#include "cli/doctor.h"
#include "cli/machine_report.h"
#include "cli/why/lint.h"

/* The run as a whole; with one guest that is the guest's report. */
static struct run_report report_of_run(const struct run *r,
				       const struct session *s,
				       const char *asker)
{
	return (struct run_report){
		.result = s->result,
		.monitor = s->monitor,
		.reports = s->why[0].reports,
		.expect = r->options.expect,
		.expect_seen = s->expect_seen,
		.strict = r->options.strict,
		.audit = r->options.audit != RUN_AUDIT_OFF,
		.icount = r->options.icount,
		.memory = r->guest[0].options.memory,
		.seconds = s->seconds,
		.kernel = r->guest[0].kernel_path,
		.asker = asker,
		.detail = s->error,
	};
}

/* Of each life; at most MONITOR_MAX_LIVES. Returns how many. */
static unsigned int report_lives(const struct run *r, const struct session *s,
				 const struct run_report *whole,
				 struct run_report *lives)
{
	const struct monitor *m = whole->monitor;
	unsigned int nr = 0;

	for (; r->nr_guests > 1 && m != NULL; m = m->next) {
		const struct guest *g =
			&r->guest[run_options_which(&r->options,
						    monitor_name(m))];

		lives[nr] = *whole;
		lives[nr].monitor = m;
		lives[nr].reports = s->why[nr].reports;
		lives[nr].expect = NULL;
		lives[nr].memory = g->options.memory;
		lives[nr].kernel = g->kernel_path;
		lives[nr].result = report_result(m, whole->result);
		nr++;
	}
	return nr;
}

static void hint_at_console(const struct run *r, const struct session *s,
			    enum exit_status status)
{
	if (status == STATUS_GUEST && s->result != RUN_STOPPED &&
	    r->nr_guests == 1) {
		silence_hint(&s->shown, r->guest[0].cmdline);
	}
}

/* Stdout is the command's own; the report is in the log, if there is one. */
static void report_beside_command(const struct run *r,
				  const struct machine_report *machine)
{
	FILE *f = NULL;
	int fd;

	if (r->options.json) {
		(void)machine_json(stderr, machine);
	} else if (r->command.log >= 0) {
		fd = fcntl(r->command.log, F_DUPFD_CLOEXEC, 3);
		f = fd < 0 ? NULL : fdopen(fd, "w");
		if (f != NULL) {
			machine_text(f, machine);
			fclose(f);
		}
	}
}

/* With a command in the guest. */
static void conclude_command(struct run *r, const struct session *s,
			     const struct machine_report *machine,
			     enum exit_status status)
{
	report_beside_command(r, machine);
	for (const struct monitor *m = s->monitor; m != NULL; m = m->next) {
		lint_say(m);
	}
	r->command_status = command_end(&r->command, s->result, status);
	if (status != STATUS_OK) {
		machine_verdicts(machine);
	}
}

enum exit_status run_conclude(struct run *r, const struct session *s,
			      const char *asker)
{
	const struct run_report whole = report_of_run(r, s, asker);
	struct run_report lives[MONITOR_MAX_LIVES];
	const struct machine_report machine = {
		.whole = &whole,
		.lives = lives,
		.nr_lives = report_lives(r, s, &whole, lives),
	};
	enum exit_status status = machine_status(&machine);

	cases_of(&r->cases, &machine);
	if (has_command(r)) {
		conclude_command(r, s, &machine, status);
		return status;
	}
	if (r->options.doctor) {
		doctor_report(&whole);
	} else if (r->options.tap) {
		/* When it is known how the rest of the run went. */
		say_console_mid_line(false);
	} else if (!r->options.json) {
		/* A machine that never ran has nothing to tell. */
		if (s->result != RUN_BAD_CPU && s->result != RUN_QEMU_FAILED) {
			say_console_mid_line(false);
			machine_text(stdout, &machine);
		}
	} else if (!machine_json(stdout, &machine)) {
		say("out of memory for the summary");
		status = STATUS_OURS;
	}
	fflush(stdout);
	for (const struct monitor *m = s->monitor; m != NULL; m = m->next) {
		lint_say(m);
	}
	hint_at_console(r, s, status);
	machine_verdicts(&machine);
	return status;
}

/* What the exit status is about, where that is not the machine. */
static struct cases_end end_of(const struct run *r, int result)
{
	const bool own = r->command.ended && result == r->command.status;

	return (struct cases_end){
		.kernel = r->guest[0].kernel_path,
		.error = r->error,
		.result = result,
		.status = r->command.status,
		.who = !own             ? NULL
		       : has_command(r) ? "the command"
					: "the shell",
		.guest_is_guilty = result == STATUS_GUEST ||
				   result == COMMAND_GUEST ||
				   result == COMMAND_TIMEOUT,
	};
}

int run_cases_end(struct run *r, int result)
{
	const struct cases_end end = end_of(r, result);
	bool written = true;

	cases_conclude(&r->cases, &end);
	if (r->options.tap) {
		cases_tap(has_command(r) ? stderr : stdout, &r->cases);
	}
	if (r->options.junit != NULL) {
		written = cases_junit(&r->cases, r->options.junit);
	}
	if (r->options.cases != NULL) {
		*r->options.cases = r->cases;
	}
	return written ? result : has_command(r) ? COMMAND_OURS : STATUS_OURS;
}
