/* SPDX-License-Identifier: MIT */
/*
 * What a domain finds in its memory: nothing of what was there before, neither
 * the firmware's nor the loader's nor another domain's.
 */
#include "kernels/services/services.h"

#define ROUND (UINT64_C(4) << 20)

static uint64_t page[PAGE_SIZE / sizeof(uint64_t)]
	__attribute__((aligned(4096)));

static bool is_zero(void)
{
	for (unsigned int i = 0; i < sizeof(page) / sizeof(page[0]); i++) {
		if (page[i] != 0) {
			return false;
		}
	}
	return true;
}

void check_memory(const struct pv *s)
{
	struct mmuext_op op = {.cmd = MMUEXT_COPY_PAGE};
	uint64_t used = s->start->pt_base - s->virt_base +
			s->start->nr_pt_frames * PAGE_SIZE;
	/* Behind the tables there is a page of stack, and room to 4 MiB. */
	uint64_t first = ((used / ROUND + 1) * ROUND) >> PAGE_SHIFT;
	uint64_t dirty = 0;

	op.arg1.mfn = mfn_at(s, page);
	for (uint64_t p = first; p < s->start->nr_pages; p++) {
		if (p - s->start->first_p2m_pfn < s->start->nr_p2m_frames) {
			continue; /* the builder's list, which is ours */
		}
		op.arg2.src_mfn = s->p2m[p];
		if (hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)&op, 1, 0,
			      DOMID_SELF, 0) != 0) {
			die("a page of memory cannot be read");
		}
		dirty += is_zero() ? 0 : 1;
	}
	expect_true("there is memory to look at", first < s->start->nr_pages);
	expect("pages that hold another's data", (int64_t)dirty, 0);
}
