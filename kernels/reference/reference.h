/* SPDX-License-Identifier: MIT */
/* Between the files of the reference kernel. */
#ifndef PW_KERNELS_REFERENCE_H
#define PW_KERNELS_REFERENCE_H

#include "kernels/common/kernel.h"
#include "pagewarden/guest.h"

#define DIRECT_BASE KERNEL_DIRECT_BASE
#define LINEAR_P2M KERNEL_LINEAR_P2M
#define TEST_BASE KERNEL_TEST_BASE
#define TEST_OTHER KERNEL_TEST_OTHER
#define LEVELS KERNEL_LEVELS
#define SLOT_LEVEL KERNEL_SLOT_LEVEL

/* What the start of day gave, and the modes run on. */
struct kernel {
	struct guest guest;
	struct shared_info *shared;
	unsigned int passed;
	unsigned int failed;
};

/* One check: prints "ok" or "not ok" with the sentence; counts. */
bool check(struct kernel *k, bool ok, const char *sentence);
/* The same for a value that must be another, which it shows if not. */
bool check_value(struct kernel *k, int64_t is, int64_t expected,
		 const char *sentence);

/* Prints what failed, and crashes. */
_Noreturn void fail(struct kernel *k, const char *step);

/* The modes. */
void selftest(struct kernel *k);
/* What can be tested only while the builder's P2M is there. */
void selftest_early(struct kernel *k);
void benchmarks(struct kernel *k);
void differential(struct kernel *k);

/*
 * ask.c: requests that go past the library: 0 or -errno. An address is mapped
 * with the flush of that address.
 */
int64_t ask_mapping(uint64_t va, uint64_t entry);
int64_t ask_update(uint64_t ptr, uint64_t value);
int64_t ask_extended(unsigned int command, uint64_t arg1);

/* Frames for tests; a failure is fatal. */
pfn_t frame_new(struct kernel *k);
/* What a test needs and does not look at itself; an error ends the kernel. */
void must(struct kernel *k, int error, const char *what);
void frame_free(struct kernel *k, pfn_t frame);
/* Where the direct map has a frame. */
uint64_t *frame_ptr(struct kernel *k, pfn_t frame);
mfn_t frame_mfn(struct kernel *k, pfn_t frame);

#endif
