/* SPDX-License-Identifier: MIT */
/*
 * Reserved with MAP_NORESERVE, so that the host's overcommit check does not
 * count what may never be touched; the kernel gives pages of zeros on touch,
 * which is what RAM of a new machine is taken to hold.
 */
#include "sim/memory.h"

#include <stddef.h>
#include <sys/mman.h>

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

void memory_release(void *at, uint64_t bytes)
{
	if (at != NULL) {
		(void)munmap(at, bytes);
	}
}
