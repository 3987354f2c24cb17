/* SPDX-License-Identifier: MIT */
/*
 * A case of the lab on a real hypervisor, in QEMU: "hv", Pagewarden's own, or
 * "xen", stock Xen, whose first domain the kernel is.
 */
#ifndef PW_CLI_LAB_METAL_H
#define PW_CLI_LAB_METAL_H

#include <stdbool.h>

#include "lab/many.h"

/* Does the case run there? */
bool lab_metal_can(const struct lab_case *c, const char *on,
		   const struct lab_options *o);
/* Bytes that it takes of the host at least. */
uint64_t lab_metal_cost(const struct lab_job *job);
/*
 * Boots the lab's kernel with the case's policy where job->on says, and reads
 * its console. The result is filled in, with the console as its log.
 */
void lab_metal_run(struct lab_job *job);

#endif
