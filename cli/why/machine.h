/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory, shared with QEMU: frame table, M2P and page tables as
 * they are while the hypervisor waits, or as the run left them. What is in it
 * may be anything; every access is checked against its size.
 */
#ifndef PW_CLI_WHY_MACHINE_H
#define PW_CLI_WHY_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/pte.h"
#include "engine/table/frame.h"

struct why_machine {
	const uint8_t *ram; /* NULL: nothing is known */
	uint64_t size;
	/* QEMU's pc keeps this much below 4 GiB, the rest begins there. */
	uint64_t below_4g;
	const struct frame *frames;
	uint64_t nr_frames;
	const uint64_t *m2p;
	uint16_t tag; /* of the domain */
};

/* How much of so much RAM lies below 4 GiB (QEMU's hw/i386/pc_piix.c). */
uint64_t why_below_4g(uint64_t ram);

/* The bytes at a machine address, or NULL if they are not all there. */
const void *why_at(const struct why_machine *m, uint64_t maddr, uint64_t size);

/*
 * Frame table and M2P are at these machine addresses. False, and nothing is
 * known: they are not within the memory.
 */
bool why_machine_locate(struct why_machine *m, uint64_t frames,
			uint64_t nr_frames, uint64_t m2p, uint16_t tag);

/* The record of a frame, or NULL. */
const struct frame *why_frame(const struct why_machine *m, uint64_t mfn);
/* The 512 entries of a frame, or NULL. */
const pte_t *why_entries(const struct why_machine *m, uint64_t mfn);

#endif
