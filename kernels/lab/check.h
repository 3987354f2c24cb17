/* SPDX-License-Identifier: MIT */
#ifndef PW_KERNELS_LAB_CHECK_H
#define PW_KERNELS_LAB_CHECK_H

#include "lab/kernel.h"

/*
 * Looks at every page of the direct map of a kernel that has booted, and at
 * what was the builder's P2M, says each stretch of pages that is not as it
 * should be, and returns how many pages those are. The kernel is of no use
 * afterwards.
 */
uint64_t lab_mistakes(struct guest *g, const struct lab_kernel *k);

#endif
