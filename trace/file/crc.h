/* SPDX-License-Identifier: MIT */
/* The checksum of headers and blocks (pagewarden/trace.h). */
#ifndef PW_TRACE_CRC_H
#define PW_TRACE_CRC_H

#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

static inline uint32_t crc_of(const void *bytes, size_t size)
{
	return (uint32_t)crc32(0, bytes, (uInt)size);
}

#endif
