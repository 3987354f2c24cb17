/* SPDX-License-Identifier: MIT */
/*
 * The direct map: all RAM at one base. It is built range by range, and each
 * range takes its tables from a buffer at the top of free memory, which the
 * range may itself contain; so the permission of each page is a question, and
 * the answers that were tried over the years are the policies below.
 *
 * The default policies are the ones that are right everywhere; the others
 * are there to be compared.
 */
#ifndef PAGEWARDEN_DIRECTMAP_H
#define PAGEWARDEN_DIRECTMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "pagewarden/memblock.h"
#include "pagewarden/pagetable.h"

struct guest;

/* What to do where the page tables already map something. */
enum template_policy {
	TEMPLATE_OVERWRITE, /* write, with the permission of ordinary RAM */
	TEMPLATE_ASK,       /* write what a callback says, page by page */
	TEMPLATE_QUERY,     /* write what a look-up by pfn says */
	TEMPLATE_KEEP,      /* leave what is present */
	TEMPLATE_FILTER,    /* write, but never add RW to a present entry */
	TEMPLATE_NR,
};

/* How to map the buffer that the map's own tables come from. */
enum buffer_policy {
	BUFFER_USED_ONLY,    /* RO what is in use when the entry is written */
	BUFFER_RO_FOREVER,   /* RO all of it */
	BUFFER_RW_PAST,      /* RO all; tail to RW when seen reserved */
	BUFFER_PUBLISH_FREE, /* RO all; the builder gives back the tail */
	BUFFER_REMEMBER,     /* used-only, and RO later if it was too early */
	BUFFER_RAW_WALK,     /* used-only, and RO at hook time by raw walk */
	BUFFER_NR,
};

/* Recycling a frame of the builder's tables: RO to RW. */
enum recycle_policy {
	RECYCLE_FLUSH,
	RECYCLE_NO_FLUSH,
	RECYCLE_NR,
};

struct guest_policies {
	enum template_policy template;
	enum buffer_policy buffer;
	enum recycle_policy recycle;
};

#define GUEST_POLICIES_DEFAULT                 \
	((struct guest_policies){              \
		.template = TEMPLATE_FILTER,   \
		.buffer = BUFFER_PUBLISH_FREE, \
		.recycle = RECYCLE_FLUSH,      \
	})

extern const char *const template_policy_name[TEMPLATE_NR];
extern const char *const buffer_policy_name[BUFFER_NR];
extern const char *const recycle_policy_name[RECYCLE_NR];

/* [start, end) in use, end the next to take, top the end of the estimate. */
struct table_buffer {
	pfn_t start;
	pfn_t end;
	pfn_t top;
};

#define DIRECTMAP_MAX_RANGES 8
#define DIRECTMAP_MAX_REMEMBERED 64

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
	/* rw-past: the range that is watched until it is seen reserved. */
	bool watching;
	struct table_buffer watched;
	/* remember: pages that could not be made RO when they were taken. */
	unsigned int nr_remembered;
	pfn_t remembered[DIRECTMAP_MAX_REMEMBERED];
};

#endif
