/* SPDX-License-Identifier: MIT */
/*
 * The shape of page tables, as data: 2-level, PAE and 4-level differ in a
 * const table only, and the library has one walker and one builder.
 */
#ifndef PAGEWARDEN_GEOMETRY_H
#define PAGEWARDEN_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "abi/pte.h"

#ifdef __cplusplus
extern "C" {
#endif

#define GUEST_GEOMETRY_MAX_LEVELS 4
#define GUEST_GEOMETRY_MAX_ENTRIES 1024

struct guest_geometry_level {
	unsigned int shift;         /* of the address bits that index a table */
	unsigned int nr_entries;    /* in a table */
	uint64_t guest_table_flags; /* of an entry that refers to a table */
};

struct guest_geometry {
	const char *name;
	unsigned int levels;
	unsigned int entry_bytes; /* 4 or 8 */
	uint64_t frame_mask;      /* of an entry: the bits of the address */
	bool has_nx;              /* entries have room for it */
	unsigned int large_level; /* highest level of large pages; 1: none */
	unsigned int va_bits;     /* 32, or 48 sign-extended */
	/*
	 * Under a hypervisor: bytes of the numbers in start_info and in the
	 * builder's P2M list (0: none runs such a guest); the level whose
	 * tables have slots of the hypervisor's, and these; where the guest's
	 * addresses end, if before va_bits does; whether the root is the first
	 * of the builder's tables.
	 */
	unsigned int word;
	unsigned int xen_level;
	unsigned int xen_first;
	unsigned int xen_last;
	uint64_t guest_end;
	bool root_first;
	struct guest_geometry_level
		level[GUEST_GEOMETRY_MAX_LEVELS + 1]; /* from [1] */
};

extern const struct guest_geometry
	guest_geometry_2level; /* 4-byte entries, 4 MiB */
extern const struct guest_geometry
	guest_geometry_pae; /* 8-byte entries, 2 MiB */
extern const struct guest_geometry guest_geometry_4level; /* 2 MiB and 1 GiB */

/* Bytes that one entry of a table of a level (from 1) maps. */
static inline uint64_t guest_geometry_span(const struct guest_geometry *s,
					   unsigned int level)
{
	return UINT64_C(1) << s->level[level].shift;
}

/* The index in the table of a level (from 1) of the entry for an address. */
static inline unsigned int guest_geometry_index(const struct guest_geometry *s,
						vaddr_t va, unsigned int level)
{
	return (unsigned int)(va.v >> s->level[level].shift) &
	       (s->level[level].nr_entries - 1);
}

/* What the CPU has, and the library may use. A PV guest has no large pages. */
struct guest_cpu {
	bool large;  /* PSE: 2 MiB or 4 MiB pages */
	bool huge;   /* 1 GiB pages */
	bool global; /* PGE */
	bool nx;
};

#ifdef __cplusplus
}
#endif

#endif
