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

/* [start, end) in use, end the next to take, top the end of the estimate. */
struct table_buffer {
	pfn_t start;
	pfn_t end;
	pfn_t top;
};

#define DIRECTMAP_MAX_RANGES 8

/* State of the construction; the library's own, shown for tests. */
struct directmap {
	vaddr_t base;
	/* What is mapped, complete ranges only. */
	unsigned int nr_mapped;
	struct region mapped[DIRECTMAP_MAX_RANGES];
	/* Buffers of finished ranges, and the present one. */
	unsigned int nr_buffers;
	struct table_buffer buffer[DIRECTMAP_MAX_RANGES];
	bool building;
	struct table_buffer now;
};

#endif
