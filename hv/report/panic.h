/* SPDX-License-Identifier: MIT */
/* The hypervisor's own fault, or a machine that it cannot use. */
#ifndef PW_HV_REPORT_PANIC_H
#define PW_HV_REPORT_PANIC_H

__attribute__((format(printf, 1, 2))) _Noreturn void panic(const char *why,
							   ...);

#endif
