/* SPDX-License-Identifier: MIT */
/*
 * Machine addresses have a hole below 4 GiB, the file has none. Where things
 * are the machine tells, and it may tell anything.
 */
#include "cli/ram.h"

#include <stddef.h>
#include <sys/mman.h>

#include "cli/why/machine.h"

#define PAGE 4096

void *ram_map(int fd, uint64_t size, uint64_t at, uint64_t bytes)
{
	const uint64_t below = why_below_4g(size);
	const uint64_t high = UINT64_C(1) << 32;
	uint64_t end = below;
	uint64_t offset = at;
	void *map;

	if (at >= high) {
		offset = at - high + below;
		end = size;
	}
	if (at % PAGE != 0 || offset > end || bytes > end - offset) {
		return NULL;
	}
	map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   (off_t)offset);
	return map == MAP_FAILED ? NULL : map;
}
