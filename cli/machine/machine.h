/* SPDX-License-Identifier: MIT */
/* The folder of a machine that QEMU records (--record-machine), or replays. */
#ifndef PW_CLI_MACHINE_MACHINE_H
#define PW_CLI_MACHINE_MACHINE_H

#include "cli/machine/about.h"

/*
 * Opens what QEMU is to write or read, for a run that does either, when all
 * else is prepared; a status that is not STATUS_OK is told in error, of
 * MACHINE_ERROR_SIZE bytes.
 */
enum exit_status machine_open(struct qemu_config *config, char *error);
/* QEMU has ended, or was told to: completes the folder, and says so. Closes
 * all. */
enum exit_status machine_close(struct qemu_config *config, bool told,
			       char *error);

#endif
