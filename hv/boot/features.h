/* SPDX-License-Identifier: MIT */
/* What the hypervisor cannot do without, of what CPUs may lack. */
#ifndef PW_HV_BOOT_FEATURES_H
#define PW_HV_BOOT_FEATURES_H

/*
 * Returns if the CPU has all of it; else the machine ends, with one line that
 * names what is missing. 64-bit mode is there by then (boot/head.S).
 */
void features_check(void);

#endif
