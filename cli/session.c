/* SPDX-License-Identifier: MIT */
/*
 * The main loop of a run: carries bytes between QEMU and the terminal until
 * QEMU has ended. Everything that can happen arrives by poll: console,
 * control channel, QEMU's messages, keys, gdb stub, signals (signalfd), time.
 * QEMU's end is seen as the end of its channels, and only then is it waited
 * for; so nothing that it said before it ended is lost. Whoever wants the run
 * to end early kills QEMU, and the loop ends by the same way.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "abi/control.h"
#include "cli/command/command.h"
#include "cli/core/dump.h"
#include "cli/debugger.h"
#include "cli/expect.h"
#include "cli/messages.h"
#include "cli/recording.h"
#include "cli/remote.h"
#include "cli/seconds.h"
#include "cli/session.h"
#include "cli/session_end.h"
#include "cli/session_gdb.h"
#include "cli/terminal.h"
#include "cli/write_all.h"

enum {
	P_CONSOLE,
	P_CONTROL,
	P_ERRORS,
	P_SIGNAL,
	P_STDIN,
	P_GDB,
	P_BELL,
	P_REMOTE,
	NR_POLLED,
};

#define CHUNK 65536
#define LINE 256
/* An audit of a large domain takes some of them. */
#define ANSWER_SECONDS 15

struct loop {
	struct session *session;
	struct qemu qemu;
	struct expect expect;
	struct expect until;
	struct expect fail_on;
	struct debugger debugger;
	int signal_fd;
	int input; /* -1: keys are not wanted, or have ended */
	int output;
	bool mid_line; /* so the console has stopped */
	/* Keys that the guest has not taken yet. */
	char keys[LINE];
	size_t nr_keys;
	struct messages messages;
	bool ended_by_us; /* for session->result */
	bool killed;
	double kill_at; /* the hypervisor was asked to end it; 0: not */
	char chunk[CHUNK];
};

static void kill_now(struct loop *l)
{
	l->killed = true;
	l->kill_at = 0;
	qemu_kill(&l->qemu);
}

/*
 * The hypervisor tells where the guest is and what it has counted, then ends
 * the machine. It is asked only when it can be expected to answer, and has a
 * while to do so. A machine that QEMU records hears nothing (7.2): QEMU ends
 * it.
 */
static void ask_to_end(struct loop *l, enum run_result why)
{
	const char word = why == RUN_SEEN ? CONTROL_END : CONTROL_BREAK;
	bool wanted = why == RUN_TIMED_OUT || why == RUN_QUIT ||
		      why == RUN_SEEN || why == RUN_FAIL_SEEN;

	if (wanted && l->session->options->record_machine != NULL) {
		qemu_end(&l->qemu);
		l->kill_at = seconds_now() + ANSWER_SECONDS;
	} else if (!wanted || l->session->options->gdb ||
		   l->session->monitor->guest_start == NULL ||
		   send(l->qemu.control, &word, 1,
			MSG_DONTWAIT | MSG_NOSIGNAL) != 1) {
		kill_now(l);
	} else {
		l->kill_at = seconds_now() + ANSWER_SECONDS;
	}
}

/* The first reason to end the run stays the reason. */
static void end_run(struct loop *l, enum run_result why)
{
	if (!l->ended_by_us) {
		l->ended_by_us = true;
		l->session->result = why;
		ask_to_end(l, why);
	}
}

/* Reads a chunk; at the end closes *fd. Returns how much there is. */
static size_t receive(struct loop *l, int *fd)
{
	ssize_t n = read(*fd, l->chunk, sizeof(l->chunk));

	if (n > 0) {
		return (size_t)n;
	}
	if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(*fd);
		*fd = -1;
	}
	return 0;
}

/* A command's own input and output are the run's, not the console's. */
static bool runs_command(const struct session *s)
{
	return s->command != NULL && command_wanted(&s->options->command);
}

static bool show(struct loop *l, size_t n)
{
	if (runs_command(l->session)) {
		return command_log(l->session->command, l->chunk, n);
	}
	say_console_mid_line(l->mid_line);
	return write_all(l->output, l->chunk, n);
}

static void on_console(struct loop *l)
{
	size_t n = receive(l, &l->qemu.console);

	if (n == 0) {
		return;
	}
	messages_alive(&l->messages);
	expect_feed(&l->expect, l->chunk, n);
	expect_feed(&l->until, l->chunk, n);
	expect_feed(&l->fail_on, l->chunk, n);
	silence_feed(&l->session->shown, l->chunk, n);
	l->mid_line = l->chunk[n - 1] != '\n';
	if (!l->killed && !show(l, n)) {
		end_run(l, RUN_OUTPUT_FAILED);
	}
}

/* The command in the guest has something to say. */
static void on_bell(struct loop *l)
{
	receive(l, &l->qemu.bell);
	if (!command_pump(l->session->command)) {
		end_run(l, RUN_OUTPUT_FAILED);
	}
}

/* It has been seen how things are: the hypervisor goes on. */
static void release_hypervisor(struct loop *l, unsigned int refusals)
{
	const struct qemu_config *config = l->session->config;
	const char go = CONTROL_GO;

	while (refusals-- > 0 && l->qemu.control >= 0) {
		if (qemu_pauses(config)) {
			pauses_release(&l->qemu.pauses);
		} else if (qemu_waits(config)) {
			(void)!send(l->qemu.control, &go, 1,
				    MSG_DONTWAIT | MSG_NOSIGNAL);
		}
	}
}

/* The domain has stopped, and the hypervisor waits. */
static void take_dump(const struct loop *l, struct why_live *w,
		      struct monitor *m)
{
	struct session *s = l->session;
	const struct core_source source = {
		.machine = &w->machine,
		.memory = s->config->memory,
		.kernel = why_live_kernel(w),
		.registers = m->registers,
		.low = (int64_t)s->entry >= 0,
		.bare = s->options->dump_bare,
	};

	if (s->dump != NULL && w->machine.frames != NULL) {
		dump_take(s->dump, l->qemu.pid, &source);
	}
	m->dumped = true;
}

static void on_control(struct loop *l)
{
	struct session *s = l->session;
	unsigned int n = 0;

	monitor_feed(s->monitor, l->chunk, receive(l, &l->qemu.control));
	if (s->options->repeats) {
		return;
	}
	if (s->command != NULL && s->monitor->pipe != NULL) {
		command_open(s->command,
			     monitor_hex(s->monitor->pipe, PIPE_RINGS));
	}
	if (s->recording != NULL &&
	    !recording_update(s->recording, s->monitor)) {
		end_run(l, RUN_OUTPUT_FAILED);
	}
	for (struct monitor *m = s->monitor; m != NULL; m = m->next, n++) {
		struct why_live *w = session_why(s, n, m);

		release_hypervisor(l, why_live_update(w, m));
		if (m->dump != NULL && !m->dumped) {
			take_dump(l, w, m);
			release_hypervisor(l, 1);
		}
	}
}

/* A string that ends the run has been shown. */
static void end_by_console(struct loop *l)
{
	if (l->fail_on.seen) {
		end_run(l, RUN_FAIL_SEEN);
	} else if (l->until.seen) {
		end_run(l, RUN_SEEN);
	}
}

/* Not urgent: waits for the console to end its line. */
static void tell_start(struct loop *l)
{
	const bool several = run_options_nr(l->session->options) > 1;
	struct monitor *m = l->session->monitor;

	if (l->mid_line || l->session->options->repeats) {
		return;
	}
	for (; m != NULL; m = m->next) {
		if (m->guest_started) {
			m->guest_started = false;
			note("%s%sguest starts at %s",
			     several ? monitor_name(m) : "",
			     several ? ": " : "",
			     monitor_text(m->guest_start, "entry",
					  "its entry"));
		}
	}
}

static void on_errors(struct loop *l)
{
	messages_feed(&l->messages, l->chunk, receive(l, &l->qemu.errors));
	if (l->messages.given_up && !l->ended_by_us) {
		snprintf(l->session->error, sizeof(l->session->error),
			 "%.100s; --accel tcg needs no KVM", l->messages.last);
		end_run(l, RUN_QEMU_FAILED);
	}
}

static void on_resize(struct loop *l)
{
	if (l->session->command != NULL) {
		command_resize(l->session->command);
	}
}

static void on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (read(l->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGWINCH) {
			on_resize(l);
			return;
		}
		if (l->session->signal == 0) {
			l->session->signal = (int)info.ssi_signo;
		}
		if (l->ended_by_us) {
			kill_now(l); /* asked twice: no more waiting */
		}
		end_run(l, RUN_QUIT);
	}
}

static void on_keys(struct loop *l)
{
	ssize_t n = read(l->input, l->keys, sizeof(l->keys));

	if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
		return;
	}
	if (n <= 0) {
		l->input = -1; /* the guest runs on */
		return;
	}
	l->nr_keys = (size_t)n;
	if (isatty(l->input) &&
	    memchr(l->keys, TERMINAL_QUIT, l->nr_keys) != NULL) {
		end_run(l, RUN_QUIT);
	}
}

/* For the command, or for the guest's console. */
static void on_input(struct loop *l)
{
	const struct session *s = l->session;

	if (!runs_command(s)) {
		on_keys(l);
	} else if (command_input(s->command, l->input) && isatty(l->input)) {
		end_run(l, RUN_QUIT);
	}
}

/* What came before the guest is up would be lost with the machine's reset. */
static bool input_wanted(const struct loop *l)
{
	const struct session *s = l->session;

	if (l->ended_by_us) {
		return false;
	}
	return runs_command(s)
		       ? command_wants(s->command)
		       : l->nr_keys == 0 && s->monitor->guest_start != NULL;
}

static void send_keys(struct loop *l)
{
	ssize_t n = send(l->qemu.console, l->keys, l->nr_keys,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n > 0) {
		l->nr_keys -= (size_t)n;
		memmove(l->keys, l->keys + n, l->nr_keys);
	} else if (errno != EAGAIN && errno != EINTR) {
		l->nr_keys = 0; /* QEMU is ending */
	}
}

static bool is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&p, 1, 0) > 0;
}

/* The machine has stopped itself, and what the hypervisor has said is here. */
static void on_stop(struct loop *l)
{
	const cJSON *stopped;

	while (is_readable(l->qemu.control)) {
		on_control(l);
	}
	stopped = l->session->monitor->stopped;
	if (stopped == NULL) {
		snprintf(l->session->error, sizeof(l->session->error),
			 "it stopped, and the hypervisor does not know why");
		end_run(l, RUN_QEMU_FAILED);
		return;
	}
	debugger_go_to(&l->debugger, monitor_hex(stopped, STOPPED_RIP),
		       monitor_hex(stopped, STOPPED_RSP));
}

/* Where is the mark of the request at which a replay is to stop? */
static void on_entered(struct loop *l)
{
	while (is_readable(l->qemu.control)) {
		on_control(l);
	}
	debugger_go_to_mark(&l->debugger,
			    monitor_hex(l->session->monitor->mark, MARK_AT));
}

static void on_debugger(struct loop *l)
{
	size_t n = receive(l, &l->debugger.fd);

	switch (debugger_feed(&l->debugger, l->chunk, n)) {
	case DEBUGGER_NOTHING:
		break;
	case DEBUGGER_PAUSED:
		on_stop(l);
		break;
	case DEBUGGER_ENTERED:
		on_entered(l);
		break;
	case DEBUGGER_READY:
		session_tell_gdb(l->session, &l->debugger, l->qemu.gdb_port);
		break;
	case DEBUGGER_FAILED:
		strncpy(l->session->error, l->debugger.stub.error,
			sizeof(l->session->error) - 1);
		end_run(l, RUN_QEMU_FAILED);
		break;
	}
}

static void handle(struct loop *l, const struct pollfd *p)
{
	if ((p[P_CONSOLE].revents & POLLOUT) != 0) {
		send_keys(l);
	}
	if ((p[P_CONSOLE].revents & ~POLLOUT) != 0) {
		on_console(l);
	}
	if (p[P_CONTROL].revents != 0) {
		on_control(l);
	}
	if (p[P_ERRORS].revents != 0) {
		on_errors(l);
	}
	if (p[P_SIGNAL].revents != 0) {
		on_signal(l);
	}
	if (p[P_STDIN].revents != 0) {
		on_input(l);
	}
	if (p[P_BELL].revents != 0) {
		on_bell(l);
	}
	if (p[P_GDB].revents != 0) {
		on_debugger(l);
	}
	if (p[P_REMOTE].revents != 0) {
		remote_ready(l->session->remote, l->session->options,
			     l->qemu.control);
	}
}

static void run_loop(struct loop *l, double deadline)
{
	while (l->qemu.console >= 0 || l->qemu.control >= 0 ||
	       l->qemu.errors >= 0) {
		const bool wanted = input_wanted(l);
		short more = l->nr_keys > 0 ? POLLOUT : 0;
		/* poll passes over negative descriptors. */
		struct pollfd p[NR_POLLED] = {
			[P_CONSOLE] = {l->qemu.console, (short)(POLLIN | more),
				       0},
			[P_CONTROL] = {l->qemu.control, POLLIN, 0},
			[P_ERRORS] = {l->qemu.errors, POLLIN, 0},
			[P_SIGNAL] = {l->signal_fd, POLLIN, 0},
			[P_STDIN] = {wanted ? l->input : -1, POLLIN, 0},
			[P_BELL] = {l->qemu.bell, POLLIN, 0},
			[P_GDB] = {l->debugger.fd, POLLIN, 0},
			[P_REMOTE] = {remote_fd(l->session->remote), POLLIN, 0},
		};
		double until = l->ended_by_us ? l->kill_at : deadline;
		bool timed = until > 0;

		if (poll(p, NR_POLLED, timed ? milliseconds_to(until) : -1) >
		    0) {
			handle(l, p);
		}
		tell_start(l);
		end_by_console(l);
		if (l->kill_at > 0 && seconds_now() >= l->kill_at) {
			say("the hypervisor did not answer in %d s: "
			    "it tells nothing of this run",
			    ANSWER_SECONDS);
			kill_now(l);
		} else if (!l->ended_by_us && timed && seconds_now() >= until) {
			end_run(l, RUN_TIMED_OUT);
		}
	}
	messages_end(&l->messages);
}

static bool wants_raw(const struct session *s)
{
	return s->options->interactive || s->options->command.shell;
}

static void run_qemu(struct loop *l)
{
	struct session *s = l->session;
	double start = seconds_now();

	if (!debugger_open(&l->debugger, &l->qemu, s->options, s->entry)) {
		snprintf(s->error, sizeof(s->error),
			 "cannot connect to its gdb stub");
		end_run(l, RUN_QEMU_FAILED);
	}
	if (wants_raw(s) && !terminal_raw(l->input, !runs_command(s))) {
		say("cannot put the terminal into raw mode");
	}
	run_loop(l, s->options->timeout == 0 ? 0 : start + s->options->timeout);
	terminal_restore();
	/* The machine has ended, and what it wrote last is still there. */
	if (s->command != NULL && !command_pump(s->command) &&
	    !l->ended_by_us) {
		l->ended_by_us = true;
		s->result = RUN_OUTPUT_FAILED;
	}
	debugger_close(&l->debugger);
	session_tell_missed(s, &l->debugger);
	if (session_end(s, qemu_finish(&l->qemu), l->ended_by_us,
			l->messages.last)) {
		l->messages.held = false;
	}
	messages_release(&l->messages);
	s->seconds = seconds_now() - start;
	s->expect_seen = l->expect.seen;
}

static int open_signals(sigset_t *old)
{
	static const int wanted[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				     SIGWINCH};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		sigaddset(&set, wanted[i]);
	}
	sigprocmask(SIG_BLOCK, &set, old);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void fini_expectations(struct loop *l)
{
	expect_fini(&l->expect);
	expect_fini(&l->until);
	expect_fini(&l->fail_on);
}

static bool init_expectations(struct loop *l, const struct run_options *o)
{
	if (expect_init(&l->expect, o->expect) &&
	    expect_init(&l->until, o->until) &&
	    expect_init(&l->fail_on, o->fail_on)) {
		return true;
	}
	fini_expectations(l);
	return false;
}

int session_run(struct session *s)
{
	struct loop *l = calloc(1, sizeof(*l));
	sigset_t old;
	int failed = -1;

	s->signal = 0;
	s->error[0] = '\0';
	if (l == NULL || !init_expectations(l, s->options)) {
		free(l);
		snprintf(s->error, sizeof(s->error), "out of memory");
		return -1;
	}
	l->session = s;
	l->debugger.fd = -1;
	l->input =
		s->options->interactive || runs_command(s) ? STDIN_FILENO : -1;
	l->output = s->options->repeats ? s->silence
					: run_options_console(s->options);
	/* A reader that goes away is told by write, not by death. */
	signal(SIGPIPE, SIG_IGN);
	l->signal_fd = open_signals(&old);
	if (l->signal_fd < 0) {
		snprintf(s->error, sizeof(s->error), "signalfd: %s",
			 strerror(errno));
	} else {
		failed = qemu_start(&l->qemu, s->config, s->error);
		if (failed == 0) {
			run_qemu(l);
		}
	}
	close(l->signal_fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
	fini_expectations(l);
	free(l);
	return failed;
}
