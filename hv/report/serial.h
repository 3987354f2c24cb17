/* SPDX-License-Identifier: MIT */
/* 16550 serial ports: COM1 is the console, COM2 the control channel. */
#ifndef PW_HV_REPORT_SERIAL_H
#define PW_HV_REPORT_SERIAL_H

#include <stddef.h>
#include <stdint.h>

enum serial_port { SERIAL_CONSOLE, SERIAL_CONTROL };

/* I/O base of the port. */
uint16_t serial_base(enum serial_port port);

/* 115200 8N1, FIFOs on, interrupts off. */
void serial_init(void);
void serial_write(enum serial_port port, const void *bytes, size_t size);
/* A byte that has come in, or -1. */
int serial_read(enum serial_port port);
/* Interrupts when bytes come in. */
void serial_enable_interrupt(enum serial_port port);

#endif
