/* SPDX-License-Identifier: MIT */
/* A case of the lab on a real hypervisor, in QEMU. */
#ifndef PW_CLI_LAB_METAL_H
#define PW_CLI_LAB_METAL_H

#include <stdbool.h>

#include "lab/many.h"

enum lab_metal {
	LAB_ON_HV,  /* Pagewarden's own */
	LAB_ON_XEN, /* stock Xen: the kernel is its first domain */
};

/* Does the case run there? */
bool lab_metal_can(const struct lab_case *c);
/*
 * Boots the lab's kernel with the case's policy, and reads its console. The
 * result is filled in, with the console as its log.
 */
void lab_metal_run(struct lab_job *job, enum lab_metal on);

#endif
