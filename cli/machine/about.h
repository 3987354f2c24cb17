/* SPDX-License-Identifier: MIT */
/* What a recorded machine was: machine.json in its folder. */
#ifndef PW_CLI_MACHINE_ABOUT_H
#define PW_CLI_MACHINE_ABOUT_H

#include <cjson/cJSON.h>

#include "cli/qemu.h"
#include "cli/say.h"

#define MACHINE_ERROR_SIZE 512

/*
 * Writes it, with the descriptors of *config; told: the machine did not end by
 * itself, QEMU was told to end it.
 */
enum exit_status about_write(int folder, const struct qemu_config *config,
			     bool told, char *error);

/*
 * Reads it, and that it is of this version and this QEMU; NULL with a line in
 * error. The options it was run with are `arguments`, from `folder`.
 */
cJSON *about_read(int folder, char *error);

/* Are the machine's files what they were? */
enum exit_status about_check(const cJSON *about,
			     const struct qemu_config *config, char *error);

#endif
