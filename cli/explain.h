/* SPDX-License-Identifier: MIT */
/* --explain: the run again, for what could not be known the first time. */
#ifndef PW_CLI_EXPLAIN_H
#define PW_CLI_EXPLAIN_H

#include "cli/session.h"

/* *s is a run that is over: its first refusal is told with all about it. */
void explain_again(const struct session *s);

#endif
