/* SPDX-License-Identifier: MIT */
/* Numbers in files, which need not be aligned. */
#ifndef PW_BUILDER_LITTLE_ENDIAN_H
#define PW_BUILDER_LITTLE_ENDIAN_H

#include <stdint.h>

/* A number of so many bytes, 8 at most. */
static inline uint64_t little_endian(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++) {
		value |= (uint64_t)at[i] << (8 * i);
	}
	return value;
}

#endif
