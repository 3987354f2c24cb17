/* SPDX-License-Identifier: MIT */
/* Whoever reads the control channel looks at the machine meanwhile: reader.c.
 */
#ifndef PW_HV_REPORT_READER_H
#define PW_HV_REPORT_READER_H

#include <stdbool.h>

/* Boot option `wait`: after what is told so, for CONTROL_GO (abi/control.h). */
extern bool reader_waits;

/* Something is about to be told that the reader wants to look into. */
void reader_begin(void);
/*
 * It has been. With that option: until the reader has seen how things are.
 * Else, where it can be, the machine is stopped for as long.
 */
void reader_end(void);

/* A byte that came, if one did: the word that it ends, or -1 (words_take()). */
bool reader_word(int *ret_word);

#endif
