/* SPDX-License-Identifier: MIT */
/* Many consoles on one port, told apart line by line. See lines.c. */
#ifndef PW_HV_REPORT_LINES_H
#define PW_HV_REPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINES_MOST 16 /* consoles */

/* From here on the console of that number has a queue, and its lines a name. */
void lines_begin(unsigned int which, const char *name);
/* Is there more than one? If not, the port is its owner's alone. */
bool lines_many(void);
/* Its lines are shown as far as they have come: somebody types there. */
void lines_show_at_once(unsigned int which);

/* Bytes that would find room in the console's queue. */
size_t lines_room(unsigned int which);
/* What finds no room is counted, and told. Returns how many did. */
size_t lines_put(unsigned int which, const void *bytes, size_t size);
/* Its writer has ended: so does its last line. */
void lines_end(unsigned int which);
/* As much to the port as it may be given now. */
void lines_pump(void);
/* Some may be given to it a little later, and nothing else need say so. */
bool lines_wait(void);
/* The machine ends: all of it, as far as the other end takes it. */
void lines_flush(void);
/* Bytes that all have lost. */
uint64_t lines_lost(void);

/* Around a line of our own, in the port's message. */
void lines_break(void);

#endif
