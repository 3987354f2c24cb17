/* SPDX-License-Identifier: MIT */
/* The machine's stops, by QEMU's devices; where there are none it halts. */
#include "hv/report/machine.h"

#include "hv/report/lines.h"
#include "hv/report/serial.h"
#include "hv/cpu/x86.h"

bool machine_debug_exit;
bool machine_pauses;

void machine_pause(void)
{
	static uint16_t turn;

	if (machine_pauses) {
		serial_flush(SERIAL_CONTROL);
		x86_out8(CONTROL_PAUSE_PORT + turn, 0);
		turn ^= 1;
	}
}

void machine_stop(void)
{
	serial_flush(SERIAL_CONTROL);
	x86_out8(CONTROL_STOP_PORT, CONTROL_STOP);
}

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
