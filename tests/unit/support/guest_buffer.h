/* SPDX-License-Identifier: MIT */
/*
 * What the ports of the test machines see as the guest's memory: one buffer at
 * one address, and a fault everywhere else.
 */
#ifndef PW_TESTS_GUEST_BUFFER_H
#define PW_TESTS_GUEST_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#define GUEST_BUFFER UINT64_C(0x10000)

/* In a buffer of so many bytes; NULL: a fault. */
static inline uint8_t *guest_buffer_at(uint8_t *buffer, size_t size,
				       uint64_t address, size_t bytes)
{
	uint64_t offset = address - GUEST_BUFFER;

	return offset > size || bytes > size - offset ? NULL : buffer + offset;
}

#endif
