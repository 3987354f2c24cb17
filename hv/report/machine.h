/* SPDX-License-Identifier: MIT */
/* How the machine ends. */
#ifndef PW_HV_REPORT_MACHINE_H
#define PW_HV_REPORT_MACHINE_H

#include <stdbool.h>

#include "abi/control.h"

/* Is there a debug-exit device? On a real machine there is not. */
extern bool machine_debug_exit;

/* Lets the serial ports drain, then exits or halts. */
_Noreturn void machine_end(enum control_exit value);

#endif
