/* SPDX-License-Identifier: MIT */
/* Where each vCPU was at the end of a run, in words. */
#ifndef PW_CLI_PLACE_H
#define PW_CLI_PLACE_H

#include "cli/monitor.h"
#include "cli/why/kernel.h"

/* On stderr, a few lines for each; nothing if the hypervisor told nothing. */
void places_tell(const struct monitor *monitor,
		 const struct why_kernel *kernel);

#endif
