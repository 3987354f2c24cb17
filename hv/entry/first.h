/* SPDX-License-Identifier: MIT */
/* A CPU's first entry into a guest. */
#ifndef PW_HV_ENTRY_FIRST_H
#define PW_HV_ENTRY_FIRST_H

/* The domains are there: looks for a vCPU to run, and enters its guest. */
_Noreturn void cpu_run_first(void);

#endif
