/* SPDX-License-Identifier: MIT */
/*
 * The guest's first process for `pagewarden run -- CMD`: makes the few file
 * systems that programs take for granted, runs the command, sends what it says
 * and how it ended through the pipe (abi/pipe.h), then the files that are asked
 * for, and powers off. It needs no program of the root's, and the root may be
 * anyone's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "initramfs/command/child.h"
#include "initramfs/command/job.h"
#include "initramfs/command/pipe.h"
#include "initramfs/command/place.h"
#include "initramfs/command/relay.h"
#include "initramfs/pack.h"

#define JOB_SIZE 262144
#define WORDS 4096

struct job {
	char *arguments[WORDS + 1];
	unsigned int nr_arguments;
	char *copies[WORDS];
	unsigned int nr_copies;
	unsigned int nr_in;
	bool terminal;
	bool busybox;
};

/* Where it is there already, as in a root that has devtmpfs, that serves. */
static void mount_all(void)
{
	static const struct {
		const char *type;
		const char *at;
	} list[] = {
		{"proc", "/proc"},
		{"sysfs", "/sys"},
		{"devtmpfs", "/dev"},
		{"devpts", "/dev/pts"},
		{"tmpfs", "/dev/shm"},
		{"tmpfs", "/run"},
		{"tracefs", "/sys/kernel/tracing"},
		{"debugfs", "/sys/kernel/debug"},
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		mkdir(list[i].at, 0755);
		(void)mount(list[i].type, list[i].at, list[i].type, 0, NULL);
	}
	mkdir("/tmp", 01777);
	mkdir("/root", 0700);
	(void)symlink("/proc/self/fd", "/dev/fd");
	(void)symlink("/proc/self/fd/0", "/dev/stdin");
	(void)symlink("/proc/self/fd/1", "/dev/stdout");
	(void)symlink("/proc/self/fd/2", "/dev/stderr");
}

static void set_variables(void)
{
	setenv("PATH",
	       "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	       1);
	setenv("HOME", "/root", 1);
	setenv("USER", "root", 1);
}

static bool keep(char **list, unsigned int *nr, char *word)
{
	if (*nr == WORDS) {
		return false;
	}
	list[(*nr)++] = word;
	return true;
}

/* At once: what follows may need it. */
static bool copy_in(struct job *j, const char *to)
{
	char from[64];

	snprintf(from, sizeof(from), "/" JOB_IN "/%u", j->nr_in++);
	if (!place(from, to)) {
		pipe_text(PIPE_ERROR, "--copy-in %s: %s", to, strerror(errno));
		return false;
	}
	return true;
}

static bool take(struct job *j, char *word)
{
	switch (word[0]) {
	case JOB_ARGUMENT:
		return keep(j->arguments, &j->nr_arguments, word + 1);
	case JOB_VARIABLE:
		return putenv(word + 1) == 0;
	case JOB_COPY_IN:
		return copy_in(j, word + 1);
	case JOB_COPY_OUT:
		return keep(j->copies, &j->nr_copies, word + 1);
	case JOB_TERMINAL:
		j->terminal = true;
		return true;
	case JOB_BUSYBOX:
		j->busybox = true;
		return true;
	default:
		return false;
	}
}

static bool read_job(struct job *j)
{
	static char text[JOB_SIZE];
	int fd = open("/" JOB_FILE, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t n;

	if (fd < 0) {
		return false;
	}
	while ((n = read(fd, text + size, sizeof(text) - 1 - size)) > 0) {
		size += (size_t)n;
	}
	close(fd);
	for (char *at = text; at < text + size; at += strlen(at) + 1) {
		if (!take(j, at)) {
			return false;
		}
	}
	return j->nr_arguments != 0;
}

static void install_busybox(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/busybox", "busybox", "--install", "-s", "/bin",
		      (char *)NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

bool pack_put(struct pack *p, const void *data, size_t size)
{
	(void)p;
	pipe_send(PIPE_FILES, data, size);
	return true;
}

bool pack_seen(struct pack *p, const char *path, const struct stat *status)
{
	(void)p;
	(void)path;
	(void)status;
	return true;
}

/* Each under its number: the command knows what it is to be there. */
static void copy_out(const struct job *j)
{
	static struct pack p;

	for (unsigned int i = 0; i < j->nr_copies; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u", i);
		if (!pack_tree(&p, j->copies[i], name)) {
			pipe_text(PIPE_ERROR, "--copy-out %s", p.error);
			return;
		}
	}
	if (j->nr_copies != 0 && !pack_end(&p)) {
		pipe_text(PIPE_ERROR, "--copy-out %s", p.error);
	}
}

static int run(struct job *j)
{
	static struct child child;
	int status = child_start(&child, j->arguments, j->terminal);

	return status != 0 ? status : relay(&child);
}

int main(void)
{
	static struct job job;
	int32_t status = 126;

	mount_all();
	set_variables();
	if (!read_job(&job)) {
		pipe_text(PIPE_ERROR, "the job cannot be done");
	} else {
		if (job.busybox) {
			install_busybox();
		}
		status = run(&job);
		copy_out(&job);
	}
	sync();
	pipe_send(PIPE_EXIT, &status, sizeof(status));
	reboot(RB_POWER_OFF);
	return 1;
}
