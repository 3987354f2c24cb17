/* SPDX-License-Identifier: MIT */
/* What is printed when a guest cannot go on. */
#ifndef PW_HV_REPORT_CRASH_H
#define PW_HV_REPORT_CRASH_H

#include "abi/addr.h"

struct regs;
struct vcpu;

/*
 * Reason, registers, page-table walk of the last fault address, guest stack.
 * r is complete (all 15 general registers). The guest's tables are loaded.
 */
void crash_report(struct vcpu *v, const struct regs *r);

/* "Pagetable walk from ...:" and a line for each level, as Xen prints them. */
void show_page_walk(const struct vcpu *v, vaddr_t va);

#endif
