/* SPDX-License-Identifier: MIT */
/*
 * Zeroed memory that costs nothing until it is touched: a machine of 1 TiB is
 * reserved in an instant, and takes from the host what is used of it.
 */
#ifndef PW_SIM_MEMORY_H
#define PW_SIM_MEMORY_H

#include <stdint.h>

/* NULL if the host has not even the addresses. */
void *memory_reserve(uint64_t bytes);
/* Asks for large host pages: for what will be touched from end to end. */
void memory_expect_dense(void *at, uint64_t bytes);
/*
 * Fills reserved memory with copies of a unit (whose size divides a page's)
 * that take room only when they are written. 0, or -1 if the host refuses.
 */
int memory_repeat(void *at, uint64_t bytes, const void *unit, uint64_t size);
void memory_release(void *at, uint64_t bytes);

#endif
