/* SPDX-License-Identifier: MIT */
/*
 * Raw mode for --interactive and --shell: every key, Ctrl-C too, goes to the
 * guest. The state before is restored by atexit, so that no return path can
 * forget it; signals that end the command arrive through its main loop, which
 * returns. For --interactive output keeps its post-processing, since the
 * hypervisor's own lines end in a bare newline; a command's terminal has its
 * own.
 */
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "cli/terminal.h"

static struct termios saved;
static int saved_fd = -1;

void terminal_restore(void)
{
	if (saved_fd >= 0) {
		tcsetattr(saved_fd, TCSANOW, &saved);
		saved_fd = -1;
	}
}

bool terminal_raw(int fd, bool lines)
{
	struct termios raw;

	if (!isatty(fd)) {
		return true;
	}
	if (tcgetattr(fd, &saved) != 0 || atexit(terminal_restore) != 0) {
		return false;
	}
	raw = saved;
	cfmakeraw(&raw);
	if (lines) {
		raw.c_oflag |= OPOST;
	}
	if (tcsetattr(fd, TCSANOW, &raw) != 0) {
		return false;
	}
	saved_fd = fd;
	return true;
}
