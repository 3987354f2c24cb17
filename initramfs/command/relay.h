/* SPDX-License-Identifier: MIT */
/* Between the command in the guest and the pipe, until the command ends. */
#ifndef PW_INITRAMFS_COMMAND_RELAY_H
#define PW_INITRAMFS_COMMAND_RELAY_H

#include "initramfs/command/child.h"

/* Returns the exit status. */
int relay(struct child *c);

#endif
