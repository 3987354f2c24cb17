/* SPDX-License-Identifier: MIT */
/*
 * From one form of a structure to the other, four bytes after the other. Both
 * sizes are the form's, never the guest's, so nothing is read or written
 * beyond them.
 */
#include "engine/request/form.h"

#define UNIT sizeof(uint32_t)
#define WORD sizeof(uint64_t)

const struct form form_word = {.wide = 8, .narrow = 4, .words = 1};

static bool is_word(const struct form *f, size_t unit)
{
	return (f->words >> unit & 1) != 0;
}

/* Where the unit stands in the wide form, after what ends at `at`. */
static size_t place(const struct form *f, size_t unit, size_t at)
{
	return is_word(f, unit) ? (at + WORD - 1) & ~(WORD - 1) : at;
}

void form_widen(const struct form *f, void *to, const void *from)
{
	size_t at = 0;

	__builtin_memset(to, 0, f->wide);
	for (size_t i = 0; i < f->narrow / UNIT; i++) {
		at = place(f, i, at);
		__builtin_memcpy((uint8_t *)to + at,
				 (const uint8_t *)from + i * UNIT, UNIT);
		at += is_word(f, i) ? WORD : UNIT;
	}
}

void form_narrow(const struct form *f, void *to, const void *from)
{
	size_t at = 0;

	for (size_t i = 0; i < f->narrow / UNIT; i++) {
		at = place(f, i, at);
		__builtin_memcpy((uint8_t *)to + i * UNIT,
				 (const uint8_t *)from + at, UNIT);
		at += is_word(f, i) ? WORD : UNIT;
	}
}

int form_in_narrow(struct mmu_vcpu *v, const struct form *f, void *to,
		   uint64_t from)
{
	uint32_t narrow[FORM_WIDE_MAX / UNIT];

	if (port_copy_in(v, narrow, from, f->narrow) != 0) {
		return -XEN_EFAULT;
	}
	form_widen(f, to, narrow);
	return 0;
}

int form_out_narrow(struct mmu_vcpu *v, const struct form *f, uint64_t to,
		    const void *from)
{
	uint32_t narrow[FORM_WIDE_MAX / UNIT];

	form_narrow(f, narrow, from);
	return port_copy_out(v, to, narrow, f->narrow);
}

int words_in(struct mmu_vcpu *v, uint64_t *to, uint64_t from, unsigned int nr)
{
	if (likely(!v->dom->narrow)) {
		return port_copy_in(v, to, from, nr * WORD);
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (word_in(v, &to[i], word_at(v->dom, from, i)) != 0) {
			return -XEN_EFAULT;
		}
	}
	return 0;
}
