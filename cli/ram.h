/* SPDX-License-Identifier: MIT */
/* The machine's RAM, a file that QEMU and we share. */
#ifndef PW_CLI_RAM_H
#define PW_CLI_RAM_H

#include <stdint.h>

/*
 * Maps bytes at a machine address, a whole page's; NULL if they are not all
 * there. To be unmapped by munmap().
 */
void *ram_map(int fd, uint64_t size, uint64_t at, uint64_t bytes);

#endif
