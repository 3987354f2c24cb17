/* SPDX-License-Identifier: MIT */
/*
 * Reserved with MAP_NORESERVE, so that the host's overcommit check does not
 * count what may never be touched; the kernel gives pages of zeros on touch,
 * which is what RAM of a new machine is taken to hold.
 */
#define _GNU_SOURCE
#include "sim/memory.h"

#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of the pattern; few mappings, and it stays in the CPU's cache. */
#define PATTERN_BYTES (UINT64_C(2) << 20)
#define HOST_PAGE UINT64_C(4096)

void *memory_reserve(uint64_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

void memory_expect_dense(void *at, uint64_t bytes)
{
	/* Only a wish: without large pages everything works, slower. */
	(void)madvise(at, bytes, MADV_HUGEPAGE);
}

static void repeat_unit(uint8_t *at, uint64_t bytes, const void *unit,
			uint64_t size)
{
	for (uint64_t i = 0; i < bytes; i += size) {
		memcpy(at + i, unit, size);
	}
}

/* A file of copies, without a name. */
static int make_pattern(const void *unit, uint64_t size)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	uint8_t *at;

	if (fd < 0) {
		return -1;
	}
	if (ftruncate(fd, (off_t)PATTERN_BYTES) != 0) {
		(void)close(fd);
		return -1;
	}
	at = mmap(NULL, PATTERN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		  0);
	if (at == MAP_FAILED) {
		(void)close(fd);
		return -1;
	}
	repeat_unit(at, PATTERN_BYTES, unit, size);
	(void)munmap(at, PATTERN_BYTES);
	return fd;
}

int memory_repeat(void *at, uint64_t bytes, const void *unit, uint64_t size)
{
	uint8_t *start = at;
	uint8_t *end = start + bytes;
	uint64_t edge = -(uintptr_t)start & (HOST_PAGE - 1);
	int fd = make_pattern(unit, size);
	int rc = 0;

	if (fd < 0) {
		return -1;
	}
	edge = edge < bytes ? edge : bytes;
	repeat_unit(start, edge, unit, size);
	start += edge;
	while (rc == 0 && (uint64_t)(end - start) >= HOST_PAGE) {
		uint64_t n = (uint64_t)(end - start) & ~(HOST_PAGE - 1);

		n = n < PATTERN_BYTES ? n : PATTERN_BYTES;
		if (mmap(start, n, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, fd,
			 0) == MAP_FAILED) {
			rc = -1;
		}
		start += n;
	}
	if (rc == 0) {
		repeat_unit(start, (uint64_t)(end - start), unit, size);
	}
	(void)close(fd);
	return rc;
}

void memory_release(void *at, uint64_t bytes)
{
	if (at != NULL) {
		(void)munmap(at, bytes);
	}
}
