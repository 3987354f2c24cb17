/* SPDX-License-Identifier: MIT */
/* The end of the machine: QEMU's exit device, or a halt. */
#include "hv/report/machine.h"

#include "hv/report/serial.h"
#include "hv/cpu/x86.h"

#define DEBUG_EXIT_PORT 0xf4
#define UART_LSR 5
#define UART_LSR_TEMT 0x40
#define DRAIN_TRIES 1000000

bool machine_debug_exit;

/* Bounded: a port that is not there reads as all ones, or never drains. */
static void drain(enum serial_port port)
{
	for (unsigned int i = 0; i < DRAIN_TRIES; i++) {
		uint16_t lsr = (uint16_t)(serial_base(port) + UART_LSR);

		if (x86_in8(lsr) & UART_LSR_TEMT) {
			return;
		}
	}
}

_Noreturn void machine_end(enum machine_exit value)
{
	drain(SERIAL_CONSOLE);
	drain(SERIAL_CONTROL);
	if (machine_debug_exit) {
		x86_out8(DEBUG_EXIT_PORT, (uint8_t)value);
	}
	for (;;) {
		__asm__ volatile("cli; hlt");
	}
}
