/* SPDX-License-Identifier: MIT */
/*
 * Two 16550s, polled for output. Output never waits for ever: a port that is
 * not there reads as all ones, which says "ready", and one whose other end
 * stands still costs a bounded wait for each byte, then the byte is dropped.
 */
#include "hv/report/serial.h"

#include "hv/cpu/x86.h"

enum {
	REG_DATA = 0,
	REG_INTERRUPT = 1,
	REG_FIFO = 2,
	REG_LINE = 3,
	REG_MODEM = 4,
	REG_STATUS = 5,
};
#define STATUS_INPUT 0x01
#define STATUS_ROOM 0x20
#define LINE_8N1 0x03
#define LINE_DIVISOR 0x80
#define FIFO_ON 0xc7
#define MODEM_READY 0x0b /* DTR, RTS, and OUT2: interrupts reach the PIC */
#define SPINS 1000000

uint16_t serial_base(enum serial_port port)
{
	return port == SERIAL_CONSOLE ? 0x3f8 : 0x2f8;
}

static uint16_t reg(enum serial_port port, unsigned int number)
{
	return (uint16_t)(serial_base(port) + number);
}

static void init_port(enum serial_port port)
{
	x86_out8(reg(port, REG_INTERRUPT), 0);
	x86_out8(reg(port, REG_LINE), LINE_DIVISOR | LINE_8N1);
	x86_out8(reg(port, REG_DATA), 1); /* 115200 baud */
	x86_out8(reg(port, REG_INTERRUPT), 0);
	x86_out8(reg(port, REG_LINE), LINE_8N1);
	x86_out8(reg(port, REG_FIFO), FIFO_ON);
	x86_out8(reg(port, REG_MODEM), MODEM_READY);
}

void serial_init(void)
{
	init_port(SERIAL_CONSOLE);
	init_port(SERIAL_CONTROL);
}

static void put(enum serial_port port, uint8_t byte)
{
	for (unsigned int i = 0; i < SPINS; i++) {
		if (x86_in8(reg(port, REG_STATUS)) & STATUS_ROOM) {
			x86_out8(reg(port, REG_DATA), byte);
			return;
		}
		x86_pause();
	}
}

void serial_write(enum serial_port port, const void *bytes, size_t size)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < size; i++) {
		put(port, p[i]);
	}
}

int serial_read(enum serial_port port)
{
	uint8_t status = x86_in8(reg(port, REG_STATUS));

	if (status == 0xff || (status & STATUS_INPUT) == 0) {
		return -1;
	}
	return x86_in8(reg(port, REG_DATA));
}

void serial_enable_interrupt(enum serial_port port)
{
	x86_out8(reg(port, REG_INTERRUPT), 1);
}
