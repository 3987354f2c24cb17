/* SPDX-License-Identifier: MIT */
/*
 * What is said when a machine stands still for gdb: the guest's first
 * instruction, or the one behind a request, which the hypervisor has told, or
 * left as a mark where it may not tell anything.
 */
#include "cli/session_gdb.h"

#include <inttypes.h>

#include "abi/control.h"
#include "cli/say.h"

static void say_request(uint64_t rip, uint64_t request)
{
	say("gdb: stopped at 0x%" PRIx64 ", where the guest goes on "
	    "after request #%" PRIu64,
	    rip, request);
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
	say("gdb: connect with target remote 127.0.0.1:%d", port);
}

void session_tell_missed(const struct session *s, const struct debugger *d)
{
	if (d->stub.state == GDBSTUB_MARKED) {
		say("gdb: the machine ended before request #%" PRIu64,
		    s->options->stop_at);
	}
}
