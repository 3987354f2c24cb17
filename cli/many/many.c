/* SPDX-License-Identifier: MIT */
/*
 * A run's process tells what it came to in memory that it shares with us, as
 * its very last act: one that dies before has told nothing, and that is what is
 * said of it. Children and signals are waited for in one place, so that neither
 * is missed; each child has a process group of its own, so that a Ctrl-C comes
 * to it once, and through us.
 */
#define _GNU_SOURCE /* NSIG, prctl's names */

#include "cli/many/many.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/host_memory.h"
#include "cli/qemu.h"
#include "cli/run.h"

static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

bool many_begin(struct many *m, struct many_job *jobs, unsigned int nr,
		unsigned int cpus)
{
	const long host = sysconf(_SC_NPROCESSORS_ONLN);

	*m = (struct many){
		.jobs = jobs,
		.nr = nr,
		.cpus = cpus != 0  ? cpus
			: host < 1 ? 1
				   : (unsigned int)host,
		.memory = host_memory_free(),
		.told = mmap(NULL, nr * sizeof(*m->told),
			     PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			     -1, 0),
	};
	if (m->told == MAP_FAILED) {
		return false;
	}
	for (unsigned int i = 0; i < nr; i++) {
		struct many_job *j = &jobs[i];

		j->state = MANY_WAITS;
		j->cost = host_memory_guest(j->options.memory);
		j->cpus = qemu_cpus(&j->options);
		/* It has been asked for all of them; the others' is not ours.
		 */
		j->options.overcommit = true;
		j->options.cases = &m->told[i].cases;
	}
	sigemptyset(&m->wanted);
	sigaddset(&m->wanted, SIGCHLD);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		sigaddset(&m->wanted, ends[i]);
	}
	sigprocmask(SIG_BLOCK, &m->wanted, &m->old);
	return true;
}

/* The child. */
static _Noreturn void be_run(const struct many *m, unsigned int which,
			     pid_t parent)
{
	const struct many_job *j = &m->jobs[which];
	const int nothing = open("/dev/null", O_RDWR);
	int status;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent) {
		_exit(STATUS_OURS);
	}
	sigprocmask(SIG_SETMASK, &m->old, NULL);
	(void)dup2(nothing, STDIN_FILENO);
	(void)dup2(j->log, STDOUT_FILENO);
	(void)dup2(j->log, STDERR_FILENO);
	status = run_with(&j->options);
	(void)fflush(NULL);
	m->told[which].status = status;
	m->told[which].told = true;
	_exit(status);
}

__attribute__((format(printf, 2, 3))) static void fail(struct many_job *j,
						       const char *format, ...)
{
	va_list args;

	j->state = MANY_ENDED;
	j->status = STATUS_OURS;
	j->result.outcome = JUNIT_ERROR;
	va_start(args, format);
	vsnprintf(j->result.title, sizeof(j->result.title), format, args);
	va_end(args);
}

static void start(struct many *m, unsigned int which)
{
	struct many_job *j = &m->jobs[which];
	const pid_t self = getpid();

	(void)fflush(NULL);
	j->pid = fork();
	if (j->pid == 0) {
		be_run(m, which, self);
	} else if (j->pid < 0) {
		fail(j, "it cannot be started: %s", strerror(errno));
	} else {
		j->state = MANY_RUNS;
	}
}

/* As many as fit, in order; one at least, however much it takes. */
static void start_some(struct many *m)
{
	uint64_t memory = 0;
	unsigned int cpus = 0;

	for (unsigned int i = 0; i < m->nr; i++) {
		if (m->jobs[i].state == MANY_RUNS) {
			memory += m->jobs[i].cost;
			cpus += m->jobs[i].cpus;
		}
	}
	for (unsigned int i = 0; i < m->nr; i++) {
		struct many_job *j = &m->jobs[i];

		if (j->state != MANY_WAITS) {
			continue;
		}
		if (cpus != 0 && (cpus + j->cpus > m->cpus ||
				  memory + j->cost > m->memory)) {
			return;
		}
		start(m, i);
		cpus += j->cpus;
		memory += j->cost;
	}
}

/* As the status of a run without a command is. */
static int status_of(enum junit_outcome outcome, int status)
{
	switch (outcome) {
	case JUNIT_PASSED:
	case JUNIT_SKIPPED:
		return STATUS_OK;
	case JUNIT_FAILED:
		return STATUS_GUEST;
	case JUNIT_ERROR:
		break;
	}
	return status == STATUS_USAGE ? STATUS_USAGE : STATUS_OURS;
}

static void finish(struct many *m, unsigned int which, int how)
{
	const struct many_told *told = &m->told[which];
	struct many_job *j = &m->jobs[which];

	if (m->signal != 0) {
		fail(j, "interrupted by signal %d", m->signal);
	} else if (!told->told && WIFSIGNALED(how)) {
		fail(j, "the run was killed by signal %d", WTERMSIG(how));
	} else if (!told->told || told->cases.nr == 0) {
		fail(j, "the run did not tell how it ended");
	} else {
		j->result = told->cases.list[0];
		j->status = status_of(j->result.outcome, told->status);
		j->state = MANY_ENDED;
	}
}

static void reap(struct many *m)
{
	int how;
	pid_t pid;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		for (unsigned int i = 0; i < m->nr; i++) {
			if (m->jobs[i].state == MANY_RUNS &&
			    m->jobs[i].pid == pid) {
				finish(m, i, how);
			}
		}
	}
}

/* Each ends its machine in its own way; asked twice, at once. */
static void stop_all(struct many *m, int number)
{
	if (m->signal == 0) {
		m->signal = number;
	}
	for (unsigned int i = 0; i < m->nr; i++) {
		if (m->jobs[i].state == MANY_RUNS) {
			(void)kill(m->jobs[i].pid, number);
		} else if (m->jobs[i].state == MANY_WAITS) {
			fail(&m->jobs[i], "not begun: interrupted");
		}
	}
}

void many_wait(struct many *m, unsigned int which)
{
	while (m->jobs[which].state != MANY_ENDED) {
		int number;

		reap(m);
		start_some(m);
		if (m->jobs[which].state == MANY_ENDED) {
			return;
		}
		number = sigwaitinfo(&m->wanted, NULL);
		if (number > 0 && number != SIGCHLD) {
			stop_all(m, number);
		}
	}
}

void many_end(struct many *m)
{
	const int number = m->signal;

	(void)munmap(m->told, m->nr * sizeof(*m->told));
	if (number != 0) {
		(void)fflush(NULL);
		(void)signal(number, SIG_DFL);
		(void)raise(number);
	}
	sigprocmask(SIG_SETMASK, &m->old, NULL);
}
