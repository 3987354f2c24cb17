/* SPDX-License-Identifier: MIT */
/*
 * QEMU as a child process. It must never outlive the command: it is told to
 * die with its parent (PR_SET_PDEATHSIG), which holds whatever ends us. It is
 * in a process group of its own, so that Ctrl-C reaches only us, who then end
 * it in order. It inherits the descriptors named in the configuration and
 * none besides: all others are close-on-exec.
 */
#define _GNU_SOURCE /* pipe2 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/qemu.h"

/* Every byte of a serial port is a message of its own to the kernel. */
#define SOCKET_BUFFER (4 << 20)

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
		*fd = -1;
	}
}

/* Returns our end, and QEMU's in *theirs; or -1. */
static int open_channel(int *theirs)
{
	int pair[2];
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
		return -1;
	}
	/* As large as is allowed; it works with less. */
	if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &size,
		       sizeof(size)) != 0) {
		setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	}
	*theirs = pair[1];
	return pair[0];
}

/*
 * We listen ourselves, on a port that the kernel chooses: so there is no
 * moment at which another could take it.
 */
static int open_gdb(int *ret_port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		return -1;
	}
	if (bind(fd, (struct sockaddr *)&address, length) != 0 ||
	    listen(fd, 1) != 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
		close(fd);
		return -1;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static void inherit(int fd)
{
	if (fd >= 0) {
		fcntl(fd, F_SETFD, 0);
	}
}

/* In the child: becomes QEMU, or writes errno to report. */
_Noreturn static void become_qemu(char **arguments,
				  const struct qemu_config *config,
				  pid_t parent, int errors, int report)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t none;
	int error;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) {
		_exit(1); /* it had died before the line above */
	}
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
	    dup2(null, STDOUT_FILENO) >= 0 &&
	    dup2(errors, STDERR_FILENO) >= 0) {
		for (unsigned int i = 0; i < config->nr_guests; i++) {
			inherit(config->guest[i].kernel);
			inherit(config->guest[i].initrd);
		}
		inherit(config->memory);
		inherit(config->console);
		inherit(config->control);
		inherit(config->bell);
		inherit(config->gdb);
		if (config->options->record_machine != NULL ||
		    config->options->replay_machine != NULL) {
			inherit(config->events);
			inherit(config->snapshot);
		}
		for (unsigned int i = 0; qemu_pauses(config) && i < PAUSES;
		     i++) {
			inherit(config->pause[i]);
		}
		execvp(arguments[0], arguments);
	}
	error = errno;
	while (write(report, &error, sizeof(error)) < 0 && errno == EINTR) {
	}
	_exit(1);
}

/* Returns the errno with which exec failed, or 0 if QEMU is running. */
static int await_exec(int report)
{
	int error = 0;
	ssize_t n;

	do {
		n = read(report, &error, sizeof(error));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

static void explain(int error, char *text)
{
	if (error == ENOENT) {
		snprintf(text, QEMU_ERROR_SIZE,
			 "%s is missing: install the package %s", QEMU_PROGRAM,
			 QEMU_PACKAGE);
	} else {
		snprintf(text, QEMU_ERROR_SIZE, "cannot start %s: %s",
			 QEMU_PROGRAM, strerror(error));
	}
}

/* With all descriptors open. Returns 0 or an errno. */
static int spawn(struct qemu *qemu, const struct qemu_config *config,
		 int errors)
{
	char **arguments = qemu_arguments(config);
	pid_t parent = getpid();
	int report[2];
	int error;

	if (arguments == NULL) {
		return ENOMEM;
	}
	if (pipe2(report, O_CLOEXEC) != 0) {
		error = errno;
		qemu_free_arguments(arguments);
		return error;
	}
	qemu->pid = fork();
	if (qemu->pid == 0) {
		become_qemu(arguments, config, parent, errors, report[1]);
	}
	error = qemu->pid < 0 ? errno : 0;
	close(report[1]);
	if (error == 0) {
		error = await_exec(report[0]);
		if (error != 0) {
			waitpid(qemu->pid, NULL, 0);
		}
	}
	close(report[0]);
	qemu_free_arguments(arguments);
	return error;
}

static void close_ours(struct qemu *qemu)
{
	close_fd(&qemu->console);
	close_fd(&qemu->control);
	close_fd(&qemu->bell);
	close_fd(&qemu->errors);
	pauses_close(&qemu->pauses);
}

/* Opens all channels. Returns 0 or an errno; what is open is closed later. */
static int open_ends(struct qemu *qemu, struct qemu_config *config, int *errors)
{
	*qemu = (struct qemu){
		.console = -1,
		.control = -1,
		.bell = -1,
		.errors = -1,
		.pauses = {.ours = {-1, -1}},
	};
	config->console = -1;
	config->control = -1;
	config->bell = -1;
	config->gdb = -1;
	qemu->console = open_channel(&config->console);
	qemu->control = open_channel(&config->control);
	if (qemu_has_pipe(config->options)) {
		qemu->bell = open_channel(&config->bell);
	}
	if (config->options->gdb) {
		config->gdb = open_gdb(&qemu->gdb_port);
	}
	if (qemu->console < 0 || qemu->control < 0 ||
	    (qemu_has_pipe(config->options) && qemu->bell < 0) ||
	    (config->options->gdb && config->gdb < 0) ||
	    (qemu_pauses(config) && !pauses_open(&qemu->pauses)) ||
	    pipe2(errors, O_CLOEXEC) != 0) {
		return errno;
	}
	qemu->errors = errors[0];
	for (unsigned int i = 0; i < PAUSES; i++) {
		config->pause[i] = qemu->pauses.theirs[i];
	}
	return 0;
}

/* QEMU's ends, without which we would not see its end. */
static void close_theirs(struct qemu_config *config, int *errors)
{
	close_fd(&config->console);
	close_fd(&config->control);
	close_fd(&config->bell);
	close_fd(&config->gdb);
	close_fd(&errors[1]);
}

int qemu_start(struct qemu *qemu, struct qemu_config *config, char *error)
{
	int errors[2] = {-1, -1};
	int failure = open_ends(qemu, config, errors);

	if (failure == 0) {
		failure = spawn(qemu, config, errors[1]);
	}
	close_theirs(config, errors);
	if (failure != 0) {
		explain(failure, error);
		close_ours(qemu);
		return -1;
	}
	return 0;
}

/* As a shell reads it. */
static void print_word(const char *word)
{
	if (*word != '\0' &&
	    word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "0123456789_-+=.,:/@%")] == '\0') {
		fputs(word, stdout);
		return;
	}
	putchar('\'');
	for (; *word != '\0'; word++) {
		fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, stdout);
	}
	putchar('\'');
}

int qemu_print(struct qemu_config *config, char *error)
{
	int errors[2] = {-1, -1};
	char **arguments = NULL;
	struct qemu qemu;
	int failure = open_ends(&qemu, config, errors);

	if (failure == 0) {
		arguments = qemu_arguments(config);
		failure = arguments == NULL ? ENOMEM : 0;
	}
	for (size_t i = 0; arguments != NULL && arguments[i] != NULL; i++) {
		print_word(arguments[i]);
		putchar(arguments[i + 1] == NULL ? '\n' : ' ');
	}
	qemu_free_arguments(arguments);
	close_theirs(config, errors);
	close_ours(&qemu);
	if (failure != 0) {
		explain(failure, error);
	}
	return failure == 0 ? 0 : -1;
}

void qemu_end(const struct qemu *qemu)
{
	kill(qemu->pid, SIGTERM);
}

void qemu_kill(const struct qemu *qemu)
{
	kill(qemu->pid, SIGKILL);
}

int qemu_finish(struct qemu *qemu)
{
	int status = 0;

	close_ours(qemu);
	while (waitpid(qemu->pid, &status, 0) < 0 && errno == EINTR) {
	}
	return status;
}
