/* SPDX-License-Identifier: MIT */
/* The end of the machine: QEMU's exit device, or a halt. */
#include "hv/report/machine.h"

#include "hv/report/lines.h"
#include "hv/report/serial.h"
#include "hv/cpu/x86.h"

bool machine_debug_exit;

_Noreturn void machine_end(enum control_exit value)
{
	serial_flush(SERIAL_CONTROL);
	lines_flush();
	serial_flush(SERIAL_CONSOLE);
	if (machine_debug_exit) {
		x86_out8(CONTROL_EXIT_PORT, (uint8_t)value);
	}
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}
