/* SPDX-License-Identifier: MIT */
/*
 * The differential mode runs beside stock Xen, and Debian's is built without
 * 32-bit guests: a 32-bit kernel has nothing to be compared with. Its engine is
 * stepped beside the independent model instead (tests/unit/).
 */
#include "kernels/reference/reference.h"

void differential(struct kernel *k)
{
	fail(k, "diff: there is no hypervisor to compare a 32-bit kernel on");
}
