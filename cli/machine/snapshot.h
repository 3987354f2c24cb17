/* SPDX-License-Identifier: MIT */
#ifndef PW_CLI_MACHINE_SNAPSHOT_H
#define PW_CLI_MACHINE_SNAPSHOT_H

#include <stdbool.h>

/* An empty image for QEMU's snapshots. False: errno says why. */
bool snapshot_image_write(int fd);

#endif
