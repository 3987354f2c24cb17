// SPDX-License-Identifier: MIT
/* Differential test. */
#include "kernels/reference/reference.h"

void differential(struct kernel *k)
{
	(void)k;
}
