/* SPDX-License-Identifier: MIT */
/*
 * What this host can give, and what a machine takes of it, asked before it is
 * begun: a host without memory ends what it likes, not who asked for too much.
 */
#ifndef PW_CLI_HOST_MEMORY_H
#define PW_CLI_HOST_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes in a line "NAME: N kB" of /proc/meminfo's text; 0 if there is none. */
uint64_t host_memory_line(const char *meminfo, const char *name);

/*
 * Bytes that can be had: what the kernel says is available, or what is left to
 * the control group (version 2) of this process, if that is less.
 */
uint64_t host_memory_free(void);

/*
 * Bytes of the host that a guest of that size takes at least: its memory is
 * given as it is touched, and a kernel touches what describes it all (Linux: 64
 * bytes for a page in its own map, 16 in the P2M, 8 in the direct map; the
 * hypervisor: 24) before its first process.
 */
uint64_t host_memory_guest(uint64_t bytes);

/* False with the reason, one line, if the host has no such bytes for WHAT. */
bool host_memory_fits(const char *what, uint64_t bytes, char *reason,
		      size_t size);

/* Is there no room for two runs of so much at once? Then says so. */
bool host_memory_in_turn(uint64_t bytes, uint64_t free_bytes, char *line,
			 size_t size);

#endif
