/* SPDX-License-Identifier: MIT */
/* How the machine ends. */
#ifndef PW_HV_REPORT_MACHINE_H
#define PW_HV_REPORT_MACHINE_H

#include <stdbool.h>

/* Values for QEMU's isa-debug-exit; QEMU exits with 2 * value + 1. */
enum machine_exit {
	EXIT_POWEROFF = 0x10,
	EXIT_CRASHED = 0x11,
	EXIT_FAILED = 0x12, /* the hypervisor itself */
	EXIT_REBOOT = 0x13,
};

/* Is there such a device? On a real machine there is not. */
extern bool machine_debug_exit;

/* Lets the serial ports drain, then exits or halts. */
_Noreturn void machine_end(enum machine_exit value);

#endif
