/* SPDX-License-Identifier: MIT */
/* Reading the machine's memory from outside: bounds, and nothing else. */
#include "cli/why/machine.h"

#define GIB4 (UINT64_C(1) << 32)
#define LOW_MAX UINT64_C(0xe0000000)
#define LOW_SPLIT UINT64_C(0xc0000000)

uint64_t why_below_4g(uint64_t ram)
{
	return ram >= LOW_MAX ? LOW_SPLIT : ram;
}

const void *why_at(const struct why_machine *m, uint64_t maddr, uint64_t size)
{
	uint64_t offset = maddr;
	uint64_t end = m->below_4g;

	if (maddr >= GIB4) {
		offset = maddr - GIB4 + m->below_4g;
		end = m->size;
	}
	if (m->ram == NULL || offset > end || size > end - offset) {
		return NULL;
	}
	return m->ram + offset;
}

bool why_machine_locate(struct why_machine *m, uint64_t frames,
			uint64_t nr_frames, uint64_t m2p, uint16_t tag)
{
	if (nr_frames == 0 || nr_frames > UINT64_C(1) << MFN_BITS) {
		return false;
	}
	m->frames = why_at(m, frames, nr_frames * sizeof(*m->frames));
	m->m2p = why_at(m, m2p, nr_frames * sizeof(*m->m2p));
	m->nr_frames = nr_frames;
	m->tag = tag;
	return m->frames != NULL && m->m2p != NULL;
}

const struct frame *why_frame(const struct why_machine *m, uint64_t mfn)
{
	return m->frames == NULL || mfn >= m->nr_frames ? NULL
							: &m->frames[mfn];
}

const pte_t *why_entries(const struct why_machine *m, uint64_t mfn)
{
	return mfn >= m->nr_frames ? NULL
				   : why_at(m, mfn << PAGE_SHIFT, PAGE_SIZE);
}
