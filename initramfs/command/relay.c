/* SPDX-License-Identifier: MIT */
/*
 * Carries bytes while the command runs. Nothing tells us that there is input in
 * the pipe, so we look: at once while there is some, then less and less often.
 * When the command has ended, what it has written is still in its pipes, and is
 * sent; processes that it left behind are not waited for.
 */
#define _GNU_SOURCE /* ppoll */

#include "initramfs/command/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "initramfs/command/pipe.h"

#define FIRST_MS 1
#define LAST_MS 16
#define ENDED_MS 200 /* no input comes any more, but other news may */

enum {
	P_OUT,
	P_ERR,
	P_IN,
	P_ENDED,
	NR_POLLED,
};

struct relay {
	struct child *child;
	struct pipe_message message;
	size_t written; /* of its data, to the command */
	bool held;      /* there is a message that is not done */
	bool ended;     /* no more input */
	int wait_ms;
};

static void close_in(struct relay *r)
{
	if (!r->child->terminal && r->child->in >= 0) {
		close(r->child->in);
	}
	r->child->in = -1;
}

/* Sends what can be read; false: nothing can. */
static bool forward(int *fd, enum pipe_out kind)
{
	static unsigned char bytes[PIPE_MESSAGE_MAX];
	ssize_t n = read(*fd, bytes, sizeof(bytes));

	if (n > 0) {
		pipe_send(kind, bytes, (size_t)n);
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		*fd = -1; /* left open: a terminal's other end has it, too */
	}
	return false;
}

/* To the command as much as it takes; true: all of it is gone. */
static bool feed(struct relay *r)
{
	const struct pipe_message *m = &r->message;

	while (r->child->in >= 0 && r->written < m->head.size) {
		ssize_t n = write(r->child->in, m->data + r->written,
				  m->head.size - r->written);

		if (n < 0 && errno == EAGAIN) {
			return false;
		}
		if (n < 0 && errno != EINTR) {
			close_in(r); /* it reads no more */
		}
		r->written += n > 0 ? (size_t)n : 0;
	}
	return true;
}

static void resize(const struct relay *r)
{
	uint16_t size[2];
	struct winsize w = {0};

	if (r->child->terminal && r->message.head.size >= sizeof(size)) {
		memcpy(size, r->message.data, sizeof(size));
		w.ws_row = size[0];
		w.ws_col = size[1];
		ioctl(r->child->out, TIOCSWINSZ, &w);
	}
}

/* True: the message has been dealt with. */
static bool take(struct relay *r)
{
	switch (r->message.head.kind) {
	case PIPE_STDIN:
		return feed(r);
	case PIPE_STDIN_END:
		r->ended = true;
		if (!r->child->terminal) {
			close_in(r);
		} else {
			(void)!write(r->child->in, "\004", 1); /* Ctrl-D */
		}
		return true;
	case PIPE_WINDOW:
		resize(r);
		return true;
	default:
		return true;
	}
}

/* Looks into the pipe; true: there was something. */
static bool listen_once(struct relay *r)
{
	if (!r->held) {
		if (!pipe_receive(&r->message)) {
			return false;
		}
		r->held = true;
		r->written = 0;
	}
	if (take(r)) {
		pipe_done(&r->message);
		r->held = false;
		return true;
	}
	return false;
}

static void look_for_input(struct relay *r)
{
	bool any = false;

	while (listen_once(r)) {
		any = true;
	}
	r->wait_ms = any ? FIRST_MS : r->ended ? ENDED_MS : r->wait_ms * 2;
	if (!r->ended && r->wait_ms > LAST_MS) {
		r->wait_ms = LAST_MS;
	}
}

static void drain(struct child *c)
{
	struct pollfd p = {.events = POLLIN};

	for (unsigned int i = 0; i < 2; i++) {
		int *fd = i == 0 ? &c->out : &c->err;

		do {
			p.fd = *fd;
		} while (*fd >= 0 && poll(&p, 1, 0) > 0 &&
			 forward(fd, i == 0 ? PIPE_STDOUT : PIPE_STDERR));
	}
}

static int open_signals(void)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int relay(struct child *c)
{
	static struct relay r;
	struct signalfd_siginfo info;
	const int signals = open_signals();
	int status = 0;

	r.child = c;
	r.wait_ms = FIRST_MS;
	while (!child_reap(c, &status)) {
		struct pollfd p[NR_POLLED] = {
			[P_OUT] = {c->out, POLLIN, 0},
			[P_ERR] = {c->err, POLLIN, 0},
			[P_IN] = {r.held ? c->in : -1, POLLOUT, 0},
			[P_ENDED] = {signals, POLLIN, 0},
		};

		poll(p, NR_POLLED, r.wait_ms);
		if (p[P_OUT].revents != 0 && forward(&c->out, PIPE_STDOUT)) {
			r.wait_ms = FIRST_MS;
		}
		if (p[P_ERR].revents != 0) {
			forward(&c->err, PIPE_STDERR);
		}
		(void)!read(signals, &info, sizeof(info));
		look_for_input(&r);
	}
	drain(c);
	return status;
}
