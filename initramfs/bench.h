/* SPDX-License-Identifier: MIT */
/* Between the benchmark's two sources. */
#ifndef PW_INITRAMFS_BENCH_H
#define PW_INITRAMFS_BENCH_H

#define BENCH_PAGE 4096UL

/* Says what failed, and ends. */
_Noreturn void bench_fail(const char *what);

/* Nanoseconds, with all processors at once; ROWS are bits, as smp.c has them.
 */
void bench_smp(unsigned int rows);

#endif
