// SPDX-License-Identifier: MIT
/* Micro-benchmarks. */
#include "kernels/reference/reference.h"

void benchmarks(struct kernel *k)
{
	(void)k;
}
