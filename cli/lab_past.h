/* SPDX-License-Identifier: MIT */
/* Questions to the record of a simulated machine. */
#ifndef PW_CLI_LAB_PAST_H
#define PW_CLI_LAB_PAST_H

#include "cli/lab_why.h"

/* Callers as the record has them, cut to the guest's own. */
void lab_past_stack(const struct sim *s, uint32_t callers,
		    struct lab_stack *ret);
/* Who made the entry what it is. */
void lab_past_entry(const struct sim *s, mfn_t table, unsigned int slot,
		    struct lab_maker *ret);
/* Who pinned the frame. */
void lab_past_pin(const struct sim *s, mfn_t f, struct lab_maker *ret);
/* The last events of a frame, and of the tables that hold it. */
void lab_past_history(const struct sim *s, struct lab_why *w, mfn_t f);

#endif
