/* SPDX-License-Identifier: MIT */
#ifndef PW_CLI_SESSION_GDB_H
#define PW_CLI_SESSION_GDB_H

#include "cli/debugger.h"
#include "cli/session.h"

/* The machine stands: where, and how a debugger finds it. */
void session_tell_gdb(const struct session *session,
		      const struct debugger *debugger, int port);

/* QEMU has ended: was it before the request at which it was to stop? */
void session_tell_missed(const struct session *session,
			 const struct debugger *debugger);

#endif
