/* SPDX-License-Identifier: MIT */
/*
 * Sizes on the command line: a number with B, K, M, G or T (KiB, MiB, GiB,
 * TiB; "KiB" and "KB" may be written too, and mean the same). Without a unit
 * it is MiB, as QEMU's -m takes it.
 */
#ifndef PW_CLI_SIZE_H
#define PW_CLI_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns false if the text is no size, or one that 64 bits do not hold. */
bool size_parse(const char *text, uint64_t *ret_bytes);

#define SIZE_TEXT 32
/* "512 MiB", "4 KiB": the largest unit of which it is a whole number, or
 * with one decimal if that would take more than 5 digits. Returns buffer. */
const char *size_format(uint64_t bytes, char buffer[SIZE_TEXT]);

#endif
