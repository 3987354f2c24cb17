/* SPDX-License-Identifier: MIT */
/*
 * A kernel that says of itself what its command line wants, as an image of the
 * Xen Test Framework does: for the tests of `pagewarden xtf`. The whole line
 * counts, so that it shows what is put before it.
 */
#include "kernels/common/kernel.h"

void kernel_main(uint64_t start_info);

void kernel_main(uint64_t start_info)
{
	const struct start_info *si = (const struct start_info *)start_info;
	const char *cmdline = (const char *)si->cmd_line;

	say("--- command line '%s', of a test", cmdline);
	if (cmdline_has(cmdline, "FAILURE")) {
		say("Fail: at %lx", (uint64_t)(uintptr_t)si->cmd_line);
	}
	if (!cmdline_has(cmdline, "silence")) {
		say("Test result: %s", cmdline);
	}
	shut_down(cmdline_has(cmdline, "crash") ? SHUTDOWN_crash
						: SHUTDOWN_poweroff);
}
