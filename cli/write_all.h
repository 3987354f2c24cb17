/* SPDX-License-Identifier: MIT */
#ifndef PW_CLI_WRITE_ALL_H
#define PW_CLI_WRITE_ALL_H

#include <stdbool.h>
#include <stddef.h>

/* False: it cannot be written, errno says why. */
bool write_all(int fd, const void *bytes, size_t size);

#endif
