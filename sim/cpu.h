/* SPDX-License-Identifier: MIT */
/* The CPU: accesses through TLB and page walk. */
#ifndef PW_SIM_CPU_H
#define PW_SIM_CPU_H

#include <stdint.h>

#include "sim/sim.h"

/*
 * Translates as the CPU does: from the TLB, or by a walk that marks A and D
 * and fills the TLB. 0 with the physical address, or the error code of a page
 * fault, which drops the address from the TLB.
 */
uint32_t cpu_translate(struct sim *s, vaddr_t va, struct access access,
		       maddr_t *ret);

/*
 * Bytes within one page, at addresses of the guest. The fault is delivered:
 * returns when the access went through.
 */
void cpu_read(struct sim *s, void *to, vaddr_t from, uint64_t bytes);
void cpu_write(struct sim *s, vaddr_t to, const void *from, uint64_t bytes);
/* from NULL: zeros. False: the access faults; nothing is delivered. */
bool cpu_try_read(struct sim *s, void *to, vaddr_t from, uint64_t bytes);
bool cpu_try_write(struct sim *s, vaddr_t to, const void *from, uint64_t bytes);

void cpu_load_cr3(struct sim *s, maddr_t root, bool drop_global);
/* CR3 as engine/table/tags.h makes it, and what it orders (of an address). */
void cpu_load_tagged(struct sim *s, uint64_t cr3);
void cpu_obey(struct sim *s, uint32_t orders, vaddr_t va);
/* The guest's kernel goes to its user, or comes back: another root. */
void cpu_to_user(struct sim *s);
void cpu_to_kernel(struct sim *s);
/* Can it be used, or would be dropped before it could? */
bool cpu_can_use(const struct sim *s, const struct tlb_entry *e);
void cpu_invlpg(struct sim *s, vaddr_t va);

/* A walk of the present tables, for reports and checks; changes nothing. */
void cpu_peek(const struct sim *s, vaddr_t va, struct walk *ret);

#endif
