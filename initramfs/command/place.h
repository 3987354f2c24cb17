/* SPDX-License-Identifier: MIT */
/* What was copied in, to where it belongs. */
#ifndef PW_INITRAMFS_COMMAND_PLACE_H
#define PW_INITRAMFS_COMMAND_PLACE_H

#include <stdbool.h>

/*
 * Moves a file or folder; folders that are there already keep what else is in
 * them, and those above are made. False: errno says why.
 */
bool place(const char *from, const char *to);

#endif
