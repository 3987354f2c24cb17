/* SPDX-License-Identifier: MIT */
/* One line for each file of this folder. */
#ifndef PW_LAB_HISTORIES_H
#define PW_LAB_HISTORIES_H

#include "lab/history.h"

extern const struct lab_history history_template;
extern const struct lab_history history_table_high;
extern const struct lab_history history_tlb;
extern const struct lab_history history_big_p2m;

#endif
