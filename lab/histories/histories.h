/* SPDX-License-Identifier: MIT */
/* One line for each file of this folder. */
#ifndef PW_LAB_HISTORIES_H
#define PW_LAB_HISTORIES_H

#include "lab/history.h"

extern const struct lab_history history_template;
extern const struct lab_history history_early_alias;
extern const struct lab_history history_highmem_entry;
extern const struct lab_history history_unmapped_table;
extern const struct lab_history history_table_high;
extern const struct lab_history history_mfn_list;
extern const struct lab_history history_pt_quirk;
extern const struct lab_history history_tlb;
extern const struct lab_history history_big_p2m;
extern const struct lab_history history_large_p2m;
extern const struct lab_history history_image_tables;
extern const struct lab_history history_early_reserve;
extern const struct lab_history history_accessed_bit;
extern const struct lab_history history_huge_page;
extern const struct lab_history history_wide_root;
extern const struct lab_history history_struct_page;
extern const struct lab_history history_pfn_as_mfn;
extern const struct lab_history history_double_pin;
extern const struct lab_history history_forgotten_unpin;
extern const struct lab_history history_user_half;
extern const struct lab_history history_beyond_ram;

#endif
