/* SPDX-License-Identifier: MIT */
/* 16550 serial ports: COM1 is the console, COM2 the control channel. */
#ifndef PW_HV_REPORT_SERIAL_H
#define PW_HV_REPORT_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum serial_port { SERIAL_CONSOLE, SERIAL_CONTROL, SERIAL_PORTS };

/* 115200 8N1, FIFOs on, interrupts off. */
void serial_init(void);

/* All of it or nothing; never waits. What has no room is counted. */
void serial_write(enum serial_port port, const void *bytes, size_t size);
/* Between begin and end, by who began: its CPU alone. */
void serial_append(enum serial_port port, const void *bytes, size_t size);
/* A message in pieces: all of it or nothing, by its end. */
void serial_begin(enum serial_port port);
void serial_end(enum serial_port port);

/* Bytes that would find room now. */
size_t serial_room(enum serial_port port);
/* And bytes that wait for the other end. */
size_t serial_queued(enum serial_port port);
/* As much as the other end takes at once. */
void serial_drain(enum serial_port port);
/* The machine ends: waits for the other end as long as that takes any. */
void serial_flush(enum serial_port port);

/* What had no room so far: messages, and bytes in them. */
struct serial_lost {
	uint64_t messages;
	uint64_t bytes;
};
struct serial_lost serial_lost(enum serial_port port);

/* A byte that has come in, or -1. */
int serial_read(enum serial_port port);
/* Interrupts: for room, and (`input`) when bytes come in. */
void serial_enable_interrupt(enum serial_port port, bool input);
/* Deals with the port's interrupt, but for what has come in. */
void serial_interrupt(enum serial_port port);

#endif
