/* SPDX-License-Identifier: MIT */
/*
 * Cases in QEMU: the lab's kernel on our hypervisor, started as any guest by
 * `pagewarden run`, or on stock Xen as its first domain. What happened is read
 * from the console: the kernel says when it is done, and each hypervisor says
 * in its own words why a domain had to die.
 */
#define _GNU_SOURCE /* pipe2, O_PATH */
#include "cli/lab_metal.h"

#include "cli/host_memory.h"
#include "cli/lab_metal_why.h"
#include "cli/seconds.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Beside the executable. */
#define KERNEL "kernels/lab.elf"
#define KERNEL_32 "kernels/lab32.elf"
#define XEN "xen-stock"
#define LIMIT_SECONDS "300"
/* With Xen's own needs beside it. */
#define XEN_EXTRA_MIB 512
/* A boot that shows as much as one with more. */
#define MEMORY_MAX (UINT64_C(2) << 30)

static bool on_hv(const struct lab_job *job)
{
	return strcmp(job->on, "hv") == 0;
}

bool lab_metal_can(const struct lab_case *c, const char *on,
		   const struct lab_options *o)
{
	if (c->world->memory == LAB_MEMORY_BIG &&
	    (!o->big_asked || strcmp(on, "hv") != 0)) {
		return false;
	}
	/* The stock hypervisor is built without 32-bit guests. */
	if (c->world->tables == LAB_PAE && strcmp(on, "xen") == 0) {
		return false;
	}
	return c->world->on_metal && !c->policy->sim_only;
}

static const char *kernel_of(const struct lab_job *job)
{
	return job->c->world->tables == LAB_PAE ? KERNEL_32 : KERNEL;
}

static uint64_t memory_of(const struct lab_job *job)
{
	uint64_t bytes = lab_memory(job->c->world, &job->options);

	return bytes < MEMORY_MAX || job->c->world->memory == LAB_MEMORY_BIG
		       ? bytes
		       : MEMORY_MAX;
}

uint64_t lab_metal_cost(const struct lab_job *job)
{
	return host_memory_guest(memory_of(job));
}

static void policy_words(const struct lab_job *job, char *to, size_t size)
{
	const struct lab_policy *p = job->c->policy;

	(void)snprintf(to, size, "policy=%s/%s limit=%" PRIu64 "%s%s%s",
		       p->history, p->name,
		       lab_limit(job->c->world, &job->options),
		       job->c->world->two_ranges ? " two-ranges" : "",
		       job->c->world->high_tables ? " high-tables" : "",
		       job->c->world->template ? " direct=virt" : "");
}

static void exec_hv(const struct lab_job *job, const char *words, uint64_t mib)
{
	const bool explain = lab_metal_explains(job->c);
	char memory[32];

	/* Whether the host has the memory has been asked of all runs. */
	(void)snprintf(memory, sizeof(memory), "%" PRIu64 "M", mib);
	execl("/proc/self/exe", "pagewarden", "run", "--kernel", kernel_of(job),
	      "--no-initrd", "--append", words, "--memory", memory, "--timeout",
	      LIMIT_SECONDS, "--overcommit",
	      explain ? "--explain" : (char *)NULL, (char *)NULL);
}

static void exec_xen(const struct lab_job *job, const char *words, uint64_t mib)
{
	char memory[32];
	char append[256];
	char module[512];

	(void)snprintf(memory, sizeof(memory), "%" PRIu64 "M",
		       mib + XEN_EXTRA_MIB);
	(void)snprintf(append, sizeof(append),
		       "dom0_mem=%" PRIu64 "M,max:%" PRIu64
		       "M dom0_max_vcpus=1 console=com1 com1=115200,8n1 "
		       "loglvl=all guest_loglvl=all noreboot",
		       mib, mib);
	(void)snprintf(module, sizeof(module), "%s %s", kernel_of(job), words);
	execlp("timeout", "timeout", LIMIT_SECONDS, "qemu-system-x86_64",
	       "-accel", "tcg", "-cpu", "Nehalem", "-machine", "pc", "-m",
	       memory, "-nodefaults", "-no-user-config", "-display", "none",
	       "-no-reboot", "-serial", "stdio", "-kernel", XEN, "-append",
	       append, "-initrd", module, (char *)NULL);
}

/* The executable's folder, opened; -1 if it cannot be. */
static int open_home(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	self[n < 0 ? 0 : n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL) {
		return -1;
	}
	slash[1] = '\0';
	return open(self, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* What must have been built or fetched; true with the reason if it is not. */
static bool is_missing(const struct lab_job *job, int home,
		       struct lab_result *r)
{
	const char *file = kernel_of(job);

	if (faccessat(home, file, R_OK, 0) == 0) {
		if (on_hv(job) || faccessat(home, XEN, R_OK, 0) == 0) {
			return false;
		}
		file = XEN;
	}
	(void)snprintf(r->message, sizeof(r->message),
		       "%s, beside the command: %s; `make` makes it", file,
		       strerror(errno));
	return true;
}

/* The child with its output in a pipe; -1 if it cannot be started. */
static int start(const struct lab_job *job, int home, pid_t *ret_pid)
{
	uint64_t mib = memory_of(job) >> 20;
	char words[160];
	int ends[2];

	policy_words(job, words, sizeof(words));
	if (fflush(NULL) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
		return -1;
	}
	*ret_pid = fork();
	if (*ret_pid == 0) {
		if (fchdir(home) != 0) {
			_exit(127);
		}
		(void)dup2(ends[1], STDOUT_FILENO);
		(void)dup2(ends[1], STDERR_FILENO);
		if (on_hv(job)) {
			exec_hv(job, words, mib);
		} else {
			exec_xen(job, words, mib);
		}
		_exit(127);
	}
	(void)close(ends[1]);
	if (*ret_pid < 0) {
		(void)close(ends[0]);
		return -1;
	}
	return ends[0];
}

/*
 * Xen halts after a crash of its first domain instead of ending: what we came
 * to see has then been said.
 */
static bool is_over(const char *log)
{
	return strstr(log, "Hardware Dom0 crashed") != NULL ||
	       strstr(log, "Hardware Dom0 halted") != NULL ||
	       strstr(log, "Hardware Dom0 shutdown") != NULL;
}

static void read_console(int from, pid_t pid, struct sim_log *log)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(from, chunk, sizeof(chunk))) > 0 ||
	       (n < 0 && errno == EINTR)) {
		size_t kept = 0;

		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] != '\r') {
				chunk[kept++] = chunk[i];
			}
		}
		sim_log_bytes(log, chunk, kept);
		if (is_over(sim_log_text(log))) {
			(void)kill(pid, SIGTERM);
			break;
		}
	}
	(void)close(from);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
}

/* The step that was announced last. */
static enum lab_step last_step(const char *log)
{
	enum lab_step last = LAB_START;

	for (enum lab_step s = LAB_START; s < LAB_STEPS; s++) {
		char line[64];

		(void)snprintf(line, sizeof(line), "lab: %s\n",
			       lab_step_name[s]);
		if (strstr(log, line) != NULL) {
			last = s;
		}
	}
	return last;
}

/* The line of the log that has the text, as the reason. */
static bool take_line(const char *log, const char *text, struct lab_result *r)
{
	const char *at = strstr(log, text);

	if (at == NULL) {
		return false;
	}
	(void)snprintf(r->message, sizeof(r->message), "%.*s",
		       (int)strcspn(at, "\n"), at);
	return true;
}

static void judge(struct lab_result *r)
{
	const char *log = sim_log_text(&r->log);
	const char *stats = strstr(log, "lab: hypercalls ");
	const char *found = strstr(log, "lab: mistakes ");
	uint64_t mistakes;

	r->step = last_step(log);
	r->outcome = LAB_BROKEN;
	if (stats != NULL) {
		r->counted =
			sscanf(stats,
			       "lab: hypercalls %" SCNu64 " writes %" SCNu64
			       " flushes %" SCNu64 " walked %" SCNu64,
			       &r->hypercalls, &r->entry_writes, &r->flushes,
			       &r->pages_walked) == 4;
	}
	if (found != NULL &&
	    sscanf(found, "lab: mistakes %" SCNu64, &mistakes) == 1) {
		r->outcome = mistakes == 0 ? LAB_RIGHT : LAB_WRONG;
		(void)take_line(log, "lab: pfn ", r);
	} else if (take_line(log, "unhandled page fault (ec=", r) ||
		   take_line(log, "Unhandled: vec 14, #PF[", r)) {
		r->outcome = LAB_FAULT;
	} else if (take_line(log, "Bad type (saw ", r) ||
		   take_line(log, "lab: refused", r)) {
		r->outcome = LAB_REFUSED;
	} else if (!take_line(log, "pagewarden: ", r)) {
		(void)snprintf(r->message, sizeof(r->message),
			       "the console does not say how it ended");
	}
}

/* On our hypervisor a failure has to be explained, too. */
static bool explained(const struct lab_job *job, struct lab_result *r)
{
	const char *differs =
		on_hv(job) && lab_metal_explains(job->c)
			? lab_metal_differs(job->c, sim_log_text(&r->log))
			: NULL;
	size_t used = strlen(r->message);

	if (differs != NULL) {
		(void)snprintf(r->message + used, sizeof(r->message) - used,
			       "; the report is wrong: %s", differs);
	}
	return differs == NULL;
}

void lab_metal_run(struct lab_job *job)
{
	const struct lab_policy *p = job->c->policy;
	enum lab_outcome expected =
		p->metal_forgives ? LAB_RIGHT : job->c->expected;
	enum lab_step step = p->metal_forgives ? LAB_DONE : job->c->step;
	struct lab_result *r = &job->result;
	double start_time = seconds_now();
	int home = open_home();
	int from = -1;
	pid_t pid;

	*r = (struct lab_result){.memory = memory_of(job)};
	r->outcome = LAB_BROKEN;
	if (!is_missing(job, home, r)) {
		from = start(job, home, &pid);
		if (from < 0) {
			(void)snprintf(r->message, sizeof(r->message),
				       "QEMU cannot be started: %s",
				       strerror(errno));
		}
	}
	if (home >= 0) {
		(void)close(home);
	}
	if (from < 0) {
		return;
	}
	read_console(from, pid, &r->log);
	judge(r);
	r->as_expected = r->outcome == expected && r->step == step &&
			 (expected != LAB_WRONG ||
			  strstr(sim_log_text(&r->log), job->c->says) != NULL);
	r->as_expected = explained(job, r) && r->as_expected;
	r->seconds = seconds_now() - start_time;
}
