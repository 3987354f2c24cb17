/* SPDX-License-Identifier: MIT */
/* The callers, as far as the guest's stack tells them. */
#ifndef PW_HV_REPORT_STACK_H
#define PW_HV_REPORT_STACK_H

#include <stdbool.h>
#include <stdint.h>

#include "hv/vcpu/vcpu.h"

struct regs;

/* Of the words on its stack. */
static inline unsigned int stack_word_bytes(const struct vcpu *v)
{
	return v->narrow ? 4 : 8;
}
/* One of them: false where nothing can be read. */
bool stack_word(const struct vcpu *v, uint64_t at, uint64_t *ret);

#define STACK_WORDS_TOLD 48

/*
 * Words of the stack that may be return addresses, the innermost first; none
 * in user mode. Returns how many there are.
 */
unsigned int stack_read(const struct vcpu *v, const struct regs *r,
			uint64_t word[STACK_WORDS_TOLD]);
/* A list of them, as a member of the event that has been begun. */
void stack_tell_words(const char *key, const uint64_t *word, unsigned int nr);
/* Both. v: NULL, and the list is empty. */
void stack_tell(const char *key, const struct vcpu *v, const struct regs *r);

#endif
