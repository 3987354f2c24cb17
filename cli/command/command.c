/* SPDX-License-Identifier: MIT */
/*
 * The command's side of `run -- CMD`. What the command in the guest writes goes
 * to our stdout and stderr as it comes, so these are its own and nobody else's:
 * the kernel's log has a place of its own, and is only shown, its last lines,
 * if the kernel's end came before the command's.
 */
#include "cli/command/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/say.h"
#include "cli/terminal.h"
#include "cli/write_all.h"

#define LAST_LINES 30

static void complain(struct command *c, const char *what, size_t size)
{
	if (!c->failed) {
		c->failed = true;
		snprintf(c->error, sizeof(c->error), "%.*s", (int)size, what);
	}
}

static bool open_log(struct command *c)
{
	const char *log = c->wish->log;

	c->log = -1;
	if (log == NULL) {
		return true;
	}
	c->log = strcmp(log, "-") == 0
			 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3)
			 : open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				0666);
	if (c->log < 0) {
		snprintf(c->error, sizeof(c->error), "--log %.200s: %s", log,
			 strerror(errno));
	}
	return c->log >= 0;
}

bool command_init(struct command *c, const struct command_wish *wish)
{
	c->wish = wish;
	if (!unpack_init(&c->unpack, wish)) {
		snprintf(c->error, sizeof(c->error), "%s", c->unpack.error);
		return false;
	}
	return open_log(c);
}

void command_fini(struct command *c)
{
	ring_close(&c->ring);
	if (c->wish != NULL) {
		unpack_fini(&c->unpack);
	}
	if (c->log >= 0) {
		close(c->log);
	}
}

void command_open(struct command *c, uint64_t at)
{
	if (c->ring.rings == NULL &&
	    !ring_open(&c->ring, c->memory, c->ram, at)) {
		static const char why[] = "the machine's pipe is not where it "
					  "says";

		complain(c, why, sizeof(why));
	}
	command_resize(c);
}

static void take_exit(struct command *c)
{
	if (c->ring.head.size >= sizeof(c->status)) {
		memcpy(&c->status, c->ring.data, sizeof(c->status));
		c->status &= 255;
		c->ended = true;
	}
}

/* False: it cannot be written. */
static bool take(struct command *c)
{
	const char *data = (const char *)c->ring.data;
	const size_t size = c->ring.head.size;

	switch (c->ring.head.kind) {
	case PIPE_STDOUT:
		return write_all(STDOUT_FILENO, data, size);
	case PIPE_STDERR:
		return write_all(STDERR_FILENO, data, size);
	case PIPE_EXIT:
		take_exit(c);
		return true;
	case PIPE_FILES:
		if (!unpack_feed(&c->unpack, data, size)) {
			complain(c, c->unpack.error, sizeof(c->unpack.error));
		}
		return true;
	case PIPE_ERROR:
		complain(c, data, size);
		return true;
	default:
		return true;
	}
}

bool command_pump(struct command *c)
{
	bool good = true;

	while (good && ring_receive(&c->ring)) {
		good = take(c);
		ring_done(&c->ring);
	}
	return good;
}

bool command_wants(const struct command *c)
{
	return !c->input_ended && !c->ended && ring_room(&c->ring) != 0;
}

bool command_input(struct command *c, int fd)
{
	char bytes[PIPE_MESSAGE_MAX];
	ssize_t n = read(fd, bytes, ring_room(&c->ring));

	if (n > 0) {
		ring_send(&c->ring, PIPE_STDIN, bytes, (size_t)n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		c->input_ended = true;
		ring_send(&c->ring, PIPE_STDIN_END, NULL, 0);
	}
	return c->wish->shell && n > 0 &&
	       memchr(bytes, TERMINAL_QUIT, (size_t)n) != NULL;
}

void command_resize(struct command *c)
{
	struct winsize w;
	uint16_t size[2];

	if (c->wish->shell && ioctl(STDIN_FILENO, TIOCGWINSZ, &w) == 0 &&
	    ring_room(&c->ring) >= sizeof(size)) {
		size[0] = w.ws_row;
		size[1] = w.ws_col;
		ring_send(&c->ring, PIPE_WINDOW, size, sizeof(size));
	}
}

bool command_log(struct command *c, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		c->tail[c->logged++ % COMMAND_TAIL] = bytes[i];
	}
	return c->log < 0 || write_all(c->log, bytes, size);
}

/* Where the line that ends before `end` begins, as far as it is kept. */
static uint64_t line_before(const struct command *c, uint64_t end)
{
	uint64_t oldest =
		c->logged > COMMAND_TAIL ? c->logged - COMMAND_TAIL : 0;
	uint64_t at = end;

	while (at > oldest &&
	       (at == end || c->tail[(at - 1) % COMMAND_TAIL] != '\n')) {
		at--;
	}
	return at;
}

/* The hypervisor's own lines; what they say is told otherwise. */
static bool is_ours(const struct command *c, uint64_t at)
{
	return c->tail[at % COMMAND_TAIL] == '(' &&
	       c->tail[(at + 1) % COMMAND_TAIL] == 'p' &&
	       c->tail[(at + 2) % COMMAND_TAIL] == 'w';
}

static void show_line(const struct command *c, uint64_t at, uint64_t end)
{
	for (; at < end; at++) {
		char byte = c->tail[at % COMMAND_TAIL];

		if (byte != '\r') {
			fputc(byte, stderr);
		}
	}
}

/* The kernel's last lines, unless there is a log of all. */
static void show_tail(const struct command *c)
{
	uint64_t start[LAST_LINES];
	uint64_t end[LAST_LINES];
	uint64_t at = c->logged;
	unsigned int nr = 0;

	while (c->wish->log == NULL && nr < LAST_LINES) {
		uint64_t from = line_before(c, at);

		if (from == at) {
			break;
		}
		if (!is_ours(c, from)) {
			start[nr] = from;
			end[nr++] = at;
		}
		at = from;
	}
	while (nr-- > 0) {
		show_line(c, start[nr], end[nr]);
	}
	say_console_mid_line(false);
}

static int status_of(enum run_result result, enum exit_status machine)
{
	if (result == RUN_TIMED_OUT) {
		return COMMAND_TIMEOUT;
	}
	return machine == STATUS_GUEST || machine == STATUS_OK ? COMMAND_GUEST
							       : COMMAND_OURS;
}

int command_end(struct command *c, enum run_result result,
		enum exit_status machine)
{
	if (c->ended && machine == STATUS_OK) {
		if (!unpack_end(&c->unpack)) {
			complain(c, c->unpack.error, sizeof(c->unpack.error));
		}
		if (c->failed) {
			say("%s", c->error);
		}
		return c->failed && c->status == 0 ? COMMAND_OURS : c->status;
	}
	if (result == RUN_SEEN && machine == STATUS_OK) {
		return STATUS_OK;
	}
	if (result != RUN_QUIT && result != RUN_BAD_CPU) {
		show_tail(c);
	}
	if (c->failed) {
		say("%s", c->error);
	}
	if (machine == STATUS_OK) {
		say("the guest powered off before the command ended");
	}
	return status_of(result, machine);
}
