/* SPDX-License-Identifier: MIT */
/*
 * What is said when a machine stands still for gdb: the guest's first
 * instruction, or the one behind a request, which the hypervisor has told, or
 * left as a mark where it may not tell anything.
 */
#include "cli/session_gdb.h"

#include <inttypes.h>
#include <unistd.h>

#include "abi/control.h"
#include "builder/elf.h"
#include "cli/say.h"

static void say_request(uint64_t rip, uint64_t request)
{
	say("gdb: stopped at 0x%" PRIx64 ", where the guest goes on "
	    "after request #%" PRIu64,
	    rip, request);
}

/*
 * QEMU describes the registers of the whole CPU, which gdb refuses for a file
 * of 32 bits unless it is told so before.
 */
static bool is_32(const struct session *s)
{
	const struct why_live *w = &s->why_of[0];
	uint8_t ident[16];

	return pread(w->kernel_fd, ident, sizeof(ident), 0) ==
		       (ssize_t)sizeof(ident) &&
	       elf_says_32(ident, sizeof(ident));
}

void session_tell_gdb(const struct session *s, const struct debugger *d,
		      int port)
{
	const cJSON *stopped = s->monitor->stopped;

	if (stopped != NULL) {
		say_request(monitor_hex(stopped, STOPPED_RIP),
			    monitor_number(stopped, STOPPED_REQUEST, 0));
	} else if (d->stub.mark != 0) {
		say_request(d->stub.entry, d->stub.request);
	} else {
		say("gdb: stopped at the guest's first instruction, "
		    "0x%" PRIx64,
		    s->entry);
	}
	if (is_32(s)) {
		say("gdb: a 32-bit kernel in a 64-bit CPU: before that, set "
		    "architecture i386:x86-64");
	}
	say("gdb: connect with target remote 127.0.0.1:%d", port);
}

void session_tell_missed(const struct session *s, const struct debugger *d)
{
	if (d->stub.state == GDBSTUB_MARKED) {
		say("gdb: the machine ended before request #%" PRIu64,
		    s->options->stop_at);
	}
}
