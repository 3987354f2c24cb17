/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_HOSTILE_H
#define PW_KERNELS_HOSTILE_H

#include "kernels/common/pv.h"

#define NOBODY 77 /* a number that no domain of these boots has */

/* Each does its worst for a while, and comes back. */
void spin(const struct pv *s);
void flush(const struct pv *s);
void thrash_tables(const struct pv *s);
void move_frames(const struct pv *s);
void flood_events(const struct pv *s);
void flood_grants(const struct pv *s);
void flood_console(const struct pv *s);
void flood_store(const struct pv *s);
void set_timers(const struct pv *s);

#endif
