/* SPDX-License-Identifier: MIT */
/* Chains of callers, from the words of a guest's stack. */
#ifndef PW_CLI_WHY_CALLERS_H
#define PW_CLI_WHY_CALLERS_H

#include <cjson/cJSON.h>

#include "abi/text.h"
#include "cli/why/kernel.h"

#define WHY_INDENT "             "
#define WHY_NAME 256

/*
 * "f+0x12 < g+0x34 (h.c:5) < ...", the innermost first, in lines of 80 columns
 * that are indented, the first one with `head` in front. rip: the instruction
 * after the one that it is about, as the innermost; 0: there is none. Nothing
 * at all without a kernel or without one name.
 */
void callers_tell(struct text *t, const char *head, uint64_t rip,
		  const cJSON *stack, const struct why_kernel *kernel);

/* The same as a list of records (members.h); rip may be 0. */
cJSON *callers_list(uint64_t rip, const cJSON *stack,
		    const struct why_kernel *kernel);

/* The innermost caller, as "f+0x12". False, and "": there is none. */
bool callers_first(const cJSON *stack, const struct why_kernel *kernel,
		   char name[WHY_NAME]);
/* The function before an address, or NULL. */
const char *callers_function(const struct why_kernel *kernel, uint64_t rip);

#endif
