/* SPDX-License-Identifier: MIT */
#define KERNEL_NAME "pagewarden-narrow"
#include "kernels/metal32/head.S"
