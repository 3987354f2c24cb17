/* SPDX-License-Identifier: MIT */
/* Faults of the guest: handed to its handler, or the end of it. */
#ifndef PW_SIM_FAULT_H
#define PW_SIM_FAULT_H

#include "sim/sim.h"

/* A page fault: comes back only if the guest's handler has repaired it. */
void fault_page(struct sim *s, vaddr_t va, uint32_t code);
_Noreturn void fault_general_protection(struct sim *s, vaddr_t va);
/* The guest's BUG(): ud2, which no early kernel handles. */
_Noreturn void fault_invalid_opcode(struct sim *s);

#endif
