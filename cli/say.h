/* SPDX-License-Identifier: MIT */
/*
 * What the command says of its own: lines `pagewarden: ...` on stderr, so
 * that stdout holds nothing but the guest's console and the report.
 */
#ifndef PW_CLI_SAY_H
#define PW_CLI_SAY_H

#include <stdbool.h>

enum exit_status {
	STATUS_OK = 0,
	STATUS_GUEST = 1, /* the guest crashed, or expectations not met */
	STATUS_USAGE = 2, /* bad usage or bad input */
	STATUS_OURS = 3,  /* Pagewarden itself failed */
};

/* A line: what cannot be shown in one, control characters, are `?`. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What need not be known; nothing is said after say_no_notes(). */
void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_no_notes(void);
/* What was said last, without the "pagewarden: "; "" if nothing was. */
const char *say_last(void);

/*
 * The console was left in the middle of a line: what is said next starts a
 * new one if both are shown in the same place.
 */
void say_console_mid_line(bool mid_line);

#endif
