/* SPDX-License-Identifier: MIT */
/* How the machine is stopped, and how it ends. */
#ifndef PW_HV_REPORT_MACHINE_H
#define PW_HV_REPORT_MACHINE_H

#include <stdbool.h>

#include "abi/control.h"

/* Is there a debug-exit device? On a real machine there is not. */
extern bool machine_debug_exit;

/*
 * Boot option `pause`: the command looks at memory when it has been told
 * something. With it this returns when that has been done.
 */
extern bool machine_pauses;
void machine_pause(void);
/* Stops it for a debugger, which lets it go on; for that there is a device. */
void machine_stop(void);

/* Lets the serial ports drain, then exits or halts. */
_Noreturn void machine_end(enum control_exit value);

#endif
