/* SPDX-License-Identifier: MIT */
/*
 * What differs between a 64-bit kernel and a 32-bit one with PAE to whoever
 * builds its domain, as data. A 32-bit kernel without PAE has no width here:
 * a 64-bit hypervisor cannot run it.
 */
#ifndef PW_BUILDER_WIDTH_H
#define PW_BUILDER_WIDTH_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/addr.h"
#include "builder/error.h"

/* A slot of the hypercall page; the number is put into a call's mov. */
struct guest_hypercall {
	const uint8_t *call;
	uint64_t call_size;
	uint64_t number_at;
	const uint8_t *iret;
	uint64_t iret_size;
};

struct guest_width {
	const char *name;
	const char *magic; /* of start_info */
	/* Bytes of its unsigned long: numbers of start_info, P2M entries. */
	unsigned int word;
	unsigned int levels; /* of its page tables; the last is the root */
	unsigned int root_entries; /* that it may use of the root */
	/*
	 * All entries of the root are there, and so the tables below it, even
	 * if nothing is mapped by them; and tables lie in the order in which
	 * Xen takes them, the first L1 and L2 before the root.
	 */
	bool full_root;
	uint64_t last_address;
	uint64_t va_mask;  /* the bits of an address that tables translate */
	uint64_t hv_start; /* HV_START_LOW may not be above this */
	/* Its addresses: below this, and above that. */
	uint64_t guest_end;
	uint64_t guest_resumes;
	/* As many as the M2P that it sees can have frames. */
	uint64_t max_pages;
	uint64_t max_mfn;
	const struct guest_hypercall *hypercall;
};

extern const struct guest_width guest_64;
extern const struct guest_width guest_pae;

/* May its kernel have memory at [first, first + size)? */
bool guest_width_has(const struct guest_width *width, vaddr_t first,
		     uint64_t size);

#endif
