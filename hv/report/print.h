/* SPDX-License-Identifier: MIT */
/* The hypervisor's registers, for its own last report. */
#ifndef PW_HV_REPORT_PRINT_H
#define PW_HV_REPORT_PRINT_H

struct regs;

void registers_print(const struct regs *r);
/* rax to r14, which guests have, too. */
void registers_general(const struct regs *r);
/* Of an exception. */
const char *trap_name(unsigned int vector);

#endif
