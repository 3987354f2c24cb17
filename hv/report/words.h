/* SPDX-License-Identifier: MIT */
/* What the command says on COM2: words of a byte, and of three. */
#ifndef PW_HV_REPORT_WORDS_H
#define PW_HV_REPORT_WORDS_H

#include <stdbool.h>

/*
 * One more byte. Returns it if it is a word of its own; -1 if it belongs to a
 * longer one, which is kept when it is whole.
 */
int words_take(int byte);

/* Is there one that is kept? */
extern bool words_kept;
/* The next: so many vCPUs of that domain, by its place in the table. */
bool words_next(unsigned int *ret_slot, unsigned int *ret_vcpus);

#endif
