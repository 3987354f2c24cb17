/* SPDX-License-Identifier: MIT */
#ifndef PW_KERNELS_LAB_CHECK_H
#define PW_KERNELS_LAB_CHECK_H

#include "pagewarden/guest.h"

/*
 * Looks at every page of the direct map of a kernel that has booted, says
 * each stretch of pages that is not as it should be, and returns how many
 * pages those are. The kernel is of no use afterwards.
 */
uint64_t lab_mistakes(struct guest *g);

#endif
