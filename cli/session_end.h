/* SPDX-License-Identifier: MIT */
/* The judgement on a run, from QEMU's end. */
#ifndef PW_CLI_SESSION_END_H
#define PW_CLI_SESSION_END_H

#include <stdbool.h>

#include "cli/session.h"

/*
 * Sets result and error by QEMU's wait status; if we had the run ended, the
 * result is kept, unless the hypervisor failed. True: the last line that QEMU
 * wrote is its own complaint, which is in error now.
 */
bool session_end(struct session *s, int status, bool ended_by_us,
		 const char *last_line);

#endif
