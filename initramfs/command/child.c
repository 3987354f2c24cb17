/* SPDX-License-Identifier: MIT */
/*
 * The command as a process: with three pipes, or in a session of its own with a
 * terminal, so that keys become signals and jobs are controlled as anywhere.
 * What cannot be run ends with 126 or 127, as from a shell.
 */
#define _GNU_SOURCE /* pipe2, ptsname_r */

#include "initramfs/command/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "initramfs/command/pipe.h"

#define NOT_RUN 126
#define NOT_FOUND 127

struct ends {
	int in;
	int out;
	int err;
};

static void close_fd(int fd)
{
	if (fd > STDERR_FILENO) {
		close(fd);
	}
}

/* A pipe; its first end is *a, its second *b. */
static bool open_pipe(int *a, int *b)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		return false;
	}
	*a = ends[0];
	*b = ends[1];
	return true;
}

static bool open_pipes(struct child *c, struct ends *theirs)
{
	return open_pipe(&theirs->in, &c->in) &&
	       open_pipe(&c->out, &theirs->out) &&
	       open_pipe(&c->err, &theirs->err) &&
	       fcntl(c->in, F_SETFL, O_NONBLOCK) == 0;
}

static bool open_terminal(struct child *c, struct ends *theirs)
{
	char name[64];
	int ours = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	int other;

	if (ours < 0 || grantpt(ours) != 0 || unlockpt(ours) != 0 ||
	    ptsname_r(ours, name, sizeof(name)) != 0) {
		return false;
	}
	other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	*theirs = (struct ends){other, other, other};
	c->in = c->out = ours;
	c->err = -1;
	return other >= 0 && fcntl(ours, F_SETFL, O_RDWR | O_NONBLOCK) == 0;
}

_Noreturn static void become(char **argv, const struct ends *e, bool terminal)
{
	sigset_t none;
	int error;

	setsid();
	if (terminal) {
		ioctl(e->in, TIOCSCTTY, 0);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(e->in, 0) >= 0 && dup2(e->out, 1) >= 0 &&
	    dup2(e->err, 2) >= 0) {
		execvp(argv[0], argv);
	}
	error = errno;
	fprintf(stderr, "pagewarden: %s: %s\n", argv[0],
		error == ENOENT && access(argv[0], F_OK) == 0
			? "its interpreter or loader is not there"
			: strerror(error));
	_exit(error == ENOENT ? NOT_FOUND : NOT_RUN);
}

int child_start(struct child *c, char **argv, bool terminal)
{
	struct ends theirs = {-1, -1, -1};

	*c = (struct child){.in = -1, .out = -1, .err = -1};
	c->terminal = terminal;
	if (!(terminal ? open_terminal(c, &theirs) : open_pipes(c, &theirs))) {
		pipe_text(PIPE_ERROR, "no %s: %s",
			  terminal ? "terminal" : "pipes", strerror(errno));
		return NOT_RUN;
	}
	c->pid = fork();
	if (c->pid == 0) {
		become(argv, &theirs, terminal);
	}
	if (c->pid < 0) {
		pipe_text(PIPE_ERROR, "no process: %s", strerror(errno));
		return NOT_RUN;
	}
	close_fd(theirs.in);
	if (!terminal) {
		close_fd(theirs.out);
		close_fd(theirs.err);
	}
	return 0;
}

bool child_reap(const struct child *c, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == c->pid) {
			*ret_status = WIFSIGNALED(status)
					      ? 128 + WTERMSIG(status)
					      : WEXITSTATUS(status);
			ended = true;
		}
	}
	return ended;
}
