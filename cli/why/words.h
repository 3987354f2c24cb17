/* SPDX-License-Identifier: MIT */
/* Numbers of the engine's, in words: entries and frame types. */
#ifndef PW_CLI_WHY_WORDS_H
#define PW_CLI_WHY_WORDS_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/text.h"

/* The flags of an entry by name: "P RW US A D NX". */
void words_flags(struct text *t, uint64_t flags);
/* Xen's type_info: "writable, validated, 1 reference". */
void words_type_info(struct text *t, uint64_t type_info);
/* The type alone: "L1 table". */
const char *words_type(uint64_t type_info);

/* Has it a pin? */
bool words_is_pinned(uint64_t type_info);
/* Is it the type of a page table? */
bool words_is_table(uint64_t type_info);

#endif
