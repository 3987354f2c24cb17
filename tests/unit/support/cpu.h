/* SPDX-License-Identifier: MIT */
/*
 * The worst CPU that the architecture allows, one for each vCPU: it caches
 * every translation that it could have made since it was last told to forget,
 * by the kernel's root and by the user's, and every table and descriptor page
 * on the way; it forgets nothing of its own accord, so that what the guest
 * took out of its tables long ago is still there.
 *
 * It has process-context identifiers, if it is given them, and is told what
 * engine/table/tags.c says and nothing else: what a load of CR3 or an INVLPG
 * leaves by the architecture is left, with the other tag, or global. What it
 * cannot use, because the tag owes a flush, is there but no offence.
 */
#ifndef PW_TESTS_CPU_H
#define PW_TESTS_CPU_H

#include "engine/mmu.h"
#include "engine/table/tags.h"

struct cached {
	uint64_t va; /* of a descriptor page: which of the window */
	uint64_t frame;
	bool writable;
	bool global;
	uint8_t tag; /* of the root that it was found from */
	/* 1: a mapping; above: a table on the way; 0: a descriptor page */
	unsigned int level;
};

/* By address, then from the top level down; grows as it has to. */
struct cached_list {
	struct cached *at;
	unsigned int nr;
	unsigned int room;
};

struct worst_cpu {
	struct mmu_vcpu *vcpu; /* NULL: it runs none */
	pte_t window[DESC_WINDOW_ENTRIES];
	/* A 32-bit vCPU's L4 is the hypervisor's: its only entry of a guest's.
	 */
	pte_t top;
	struct tags tags;
	enum tag current; /* of CR3 */
	struct cached_list cache;
	struct cached_list spare; /* the next cache is written here */
	struct cached_list seen;  /* by the walk under way */
};

void cpu_fini(struct worst_cpu *c);

/* It runs: all that its tables say now may be cached from now on. */
void cpu_run(struct worst_cpu *c);
void cpu_flush_all(struct worst_cpu *c);
void cpu_flush_page(struct worst_cpu *c, vaddr_t va);
/* In kernel mode: another kernel root, another user root. */
void cpu_load_root(struct worst_cpu *c);
void cpu_leave_user(struct worst_cpu *c);
/* Can it be used, or would be dropped before it could? */
bool cpu_can_use(const struct worst_cpu *c, const struct cached *entry);

/* What may come of the guest's write (or read, for the second) at va. */
enum cpu_access {
	ACCESS_DONE,
	ACCESS_NOT_PRESENT,
	ACCESS_READ_ONLY,
	/* The tables allow it; what is cached may not. */
	ACCESS_STALE,
};
enum cpu_access cpu_write(const struct worst_cpu *c, vaddr_t va);

/*
 * No protected frame behind a cached writable mapping; no frame that the guest
 * can write behind a cached table or descriptor page; nothing cached of a frame
 * that left the domain: while an operation is under way, that nobody else got
 * it. False, and why, otherwise.
 */
bool cpu_is_sound(const struct worst_cpu *c, char *why, size_t size);

#endif
