/* SPDX-License-Identifier: MIT */
/* All tables and mappings that a domain's vCPUs have, by a walk. */
#ifndef PW_CLI_WHY_REACH_H
#define PW_CLI_WHY_REACH_H

#include "cli/why/machine.h"

/* A leaf entry of the kernel's half. */
struct reach_entry {
	uint64_t va;
	uint64_t table; /* mfn of its L1 */
	unsigned int slot;
	pte_t entry;
	bool writable; /* as all levels have it */
	bool executable;
};

struct reach {
	const struct why_machine *machine;
	uint8_t *seen; /* a bit for each frame: it is a table of theirs */
	/* For each leaf entry of the kernel's half; NULL: none is wanted. */
	void (*entry)(void *context, const struct reach_entry *entry);
	void *context;
};

/* False: memory is short. */
bool reach_init(struct reach *reach, const struct why_machine *machine);
/* From that L4 on. What was seen before is not walked again. */
void reach_walk(struct reach *reach, uint64_t root);
bool reach_saw(const struct reach *reach, uint64_t mfn);
void reach_fini(struct reach *reach);

#endif
