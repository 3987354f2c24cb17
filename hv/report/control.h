/* SPDX-License-Identifier: MIT */
/* The control channel: one JSON object a line on COM2. */
#ifndef PW_HV_REPORT_CONTROL_H
#define PW_HV_REPORT_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

void control_begin(const char *event);
void control_text(const char *key, const char *value);
void control_number(const char *key, uint64_t value);
/* As a string with 0x, because JSON's numbers end at 2^53 for many. */
void control_hex(const char *key, uint64_t value);
void control_flag(const char *key, bool value);
/* An object or list inside; key NULL: an element of a list. */
void control_open(const char *key, char bracket);
void control_close(char bracket);
void control_end(void);

#endif
