/* SPDX-License-Identifier: MIT */
#ifndef PW_CLI_RUN_CHECK_H
#define PW_CLI_RUN_CHECK_H

#include <stddef.h>

#include "cli/run_options.h"
#include "cli/say.h"

/*
 * Accelerator, symbols, the host's memory, the hypervisor's image; with a line
 * in error.
 */
enum exit_status run_check(const struct run_options *options,
			   const char *hypervisor, char *error, size_t size);

#endif
