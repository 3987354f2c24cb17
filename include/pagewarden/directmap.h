/* SPDX-License-Identifier: MIT */
/*
 * The direct map: all RAM at one base. It is built range by range, and each
 * range takes its tables from a buffer at the top of free memory, which the
 * range may itself contain; so the permission of each page is a question, and
 * policy.h has the answer.
 */
#ifndef PAGEWARDEN_DIRECTMAP_H
#define PAGEWARDEN_DIRECTMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "pagewarden/memblock.h"
#include "pagewarden/pagetable.h"

struct guest;

/* Frames: [start, end) in use, end the next to take, top the end of the
 * estimate. */
struct guest_table_buffer {
	pfn_t start;
	pfn_t end;
	pfn_t top;
};

#define GUEST_DIRECTMAP_MAX_RANGES 8

/* State of the construction; the library's own, shown for tests. */
struct guest_directmap {
	vaddr_t base;
	/* What is mapped, complete ranges only. */
	unsigned int nr_mapped;
	struct guest_region mapped[GUEST_DIRECTMAP_MAX_RANGES];
	/* Buffers of finished ranges, and the present one. */
	unsigned int nr_buffers;
	struct guest_table_buffer buffer[GUEST_DIRECTMAP_MAX_RANGES];
	bool building;
	struct guest_table_buffer now;
};

#endif
