/* SPDX-License-Identifier: MIT */
/*
 * The structures of requests, in the two forms that they have. To a 32-bit
 * guest a word (an address, a frame number, an unsigned long) is four bytes,
 * and nothing is aligned to more than four; all else is the same in both. So a
 * form is a line of data, and a request is copied in as the 64-bit structure
 * whoever made it. What does not know a 32-bit guest is built by the width of
 * its tables (table/level.h); this is about how it was compiled.
 */
#ifndef PW_ENGINE_FORM_H
#define PW_ENGINE_FORM_H

#include "engine/port.h"

struct form {
	uint16_t wide;   /* bytes, as a 64-bit guest has it */
	uint16_t narrow; /* and as a 32-bit one */
	uint32_t words;  /* bit i: its i-th four bytes are a word */
};
#define FORM_WIDE_MAX 80

/* A word alone, as in lists of frames. */
extern const struct form form_word;

/* What lies between the members is 0. */
void form_widen(const struct form *f, void *to, const void *from);
/* Words lose their upper half. */
void form_narrow(const struct form *f, void *to, const void *from);

MUST_CHECK int form_in_narrow(struct mmu_vcpu *v, const struct form *f,
			      void *to, uint64_t from);
MUST_CHECK int form_out_narrow(struct mmu_vcpu *v, const struct form *f,
			       uint64_t to, const void *from);

static inline size_t form_size(const struct mmu_domain *d, const struct form *f)
{
	return unlikely(d->narrow) ? f->narrow : f->wide;
}

/* `narrow`: the vCPU's domain's, for loops that ask once. */
MUST_CHECK static inline __attribute__((always_inline)) int form_copy_in(
	struct mmu_vcpu *v, const struct form *f, bool narrow, void *to,
	uint64_t from)
{
	return unlikely(narrow) ? form_in_narrow(v, f, to, from)
				: port_copy_in(v, to, from, f->wide);
}

MUST_CHECK static inline int form_in(struct mmu_vcpu *v, const struct form *f,
				     void *to, uint64_t from)
{
	return form_copy_in(v, f, v->dom->narrow, to, from);
}

MUST_CHECK static inline int form_out(struct mmu_vcpu *v, const struct form *f,
				      uint64_t to, const void *from)
{
	return unlikely(v->dom->narrow) ? form_out_narrow(v, f, to, from)
					: port_copy_out(v, to, from, f->wide);
}

/* The i-th word of a guest's list. */
static inline uint64_t word_at(const struct mmu_domain *d, uint64_t list,
			       uint64_t i)
{
	return list + i * form_size(d, &form_word);
}
MUST_CHECK static inline int word_in(struct mmu_vcpu *v, uint64_t *to,
				     uint64_t from)
{
	return form_in(v, &form_word, to, from);
}
/* nr of them. */
MUST_CHECK int words_in(struct mmu_vcpu *v, uint64_t *to, uint64_t from,
			unsigned int nr);
MUST_CHECK static inline int word_out(struct mmu_vcpu *v, uint64_t to,
				      uint64_t word)
{
	return form_out(v, &form_word, to, &word);
}

#endif
