/* SPDX-License-Identifier: MIT */
/*
 * What a kernel of 64 bits and one of 32 have in different words: how they call
 * the hypervisor, what a trap leaves on the stack, and which addresses are
 * free.
 */
#ifndef PW_KERNELS_WIDTH_H
#define PW_KERNELS_WIDTH_H

#ifdef __i386__
#include "kernels/metal32/width.h"
#else
#include "kernels/metal/width.h"
#endif

#endif
