/* SPDX-License-Identifier: MIT */
/*
 * The connection to QEMU's gdb stub, as long as it is ours: until a real gdb
 * takes its place.
 */
#ifndef PW_CLI_DEBUGGER_H
#define PW_CLI_DEBUGGER_H

#include "cli/gdbstub.h"
#include "cli/qemu.h"

struct debugger {
	int fd;       /* -1: there is none, or no more */
	bool to_mark; /* a mark is to be run to, from the first instruction */
	struct gdbstub stub;
};

enum debugger_news {
	DEBUGGER_NOTHING,
	DEBUGGER_PAUSED,  /* the machine has stopped itself */
	DEBUGGER_ENTERED, /* at the guest's beginning: to which mark? */
	DEBUGGER_READY,   /* it stands where gdb is to find it */
	DEBUGGER_FAILED,  /* stub.error */
};

/*
 * The machine is stopped. It is brought to the guest's first instruction, or it
 * runs until it stops itself. False: there is a stub, and it cannot be reached.
 */
bool debugger_open(struct debugger *debugger, const struct qemu *qemu,
		   const struct run_options *options, uint64_t entry);
/* What has arrived; size 0: the connection has ended. */
enum debugger_news debugger_feed(struct debugger *debugger, const char *data,
				 size_t size);
/* After DEBUGGER_PAUSED: on, as far as there. */
void debugger_go_to(struct debugger *debugger, uint64_t rip, uint64_t rsp);
/* After DEBUGGER_ENTERED: on, as far as that mark tells. */
void debugger_go_to_mark(struct debugger *debugger, uint64_t mark);
/* Leaves the machine as it is. */
void debugger_close(struct debugger *debugger);

#endif
