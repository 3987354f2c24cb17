/* SPDX-License-Identifier: MIT */
/*
 * Frame table and M2P cover all machine addresses up to the end of RAM. Frames
 * between the ranges of RAM keep their zeros, which say "nobody's"; frames
 * that the hypervisor holds by now are marked as its own.
 */
#include "hv/mm/machine_frames.h"

#include "engine/domain/pool.h"
#include "hv/mm/memory.h"
#include "hv/mm/paging.h"
#include "hv/mm/layout.h"
#include "hv/record/record.h"

#define LARGE (UINT64_C(2) << 20)

/* Of the L2's, those that the window has. */
#define COMPAT_M2P_SLOTS ((XEN_COMPAT_M2P_END - XEN_COMPAT_START) / LARGE)

struct mmu machine_mmu;
bool frames_fresh;

static void mark_own(uint64_t start, uint64_t end)
{
	for (uint64_t m = start; m < end; m += PAGE_SIZE) {
		machine_mmu.frames[m >> PAGE_SHIFT].owner = OWNER_XEN;
	}
}

/* RAM that is not free: all of it is ours at this point. */
static void mark_all_own(void)
{
	unsigned int f = 0;

	for (unsigned int i = 0; i < memory_ram.nr; i++) {
		uint64_t at = memory_ram.range[i].start;
		const uint64_t end = memory_ram.range[i].end;

		while (f < memory_free.nr && memory_free.range[f].end <= end) {
			mark_own(at, memory_free.range[f].start);
			at = memory_free.range[f++].end;
		}
		mark_own(at, end);
	}
}

/* Where there are none but zeros it is not touched. */
void *frames_zeroed_table(uint64_t bytes)
{
	uint64_t at = memory_take(page_round_up(bytes), PAGE_SIZE, UINT64_MAX);

	if (!frames_fresh || memory_untouched(at) < at + bytes) {
		__builtin_memset(direct_map(at), 0, bytes);
	}
	return direct_map(at);
}

void frames_init(void)
{
	struct mmu *m = &machine_mmu;
	uint64_t m2p_bytes;
	uint64_t at;

	m->ram = direct_map(0);
	m->pte_nx = paging_nx();
	m->nr_frames = memory_end() >> PAGE_SHIFT;
	m2p_bytes = page_round_up(m->nr_frames * sizeof(*m->m2p));
	at = memory_take(m2p_bytes, LARGE, UINT64_MAX);
	paging_map_m2p(at, m2p_bytes);
	m->m2p = direct_map(at);
	__builtin_memset(m->m2p, 0xff, m2p_bytes);
	m->frames = frames_zeroed_table(m->nr_frames * sizeof(*m->frames));
	mark_all_own();
	paging_slots(m->xen_slots);
	m->zero_frame = frames_take_own(1);
	if (record_wanted()) {
		recorder_machine(&record_machine, m,
				 (uint64_t)((const uint8_t *)m->m2p - m->ram));
	}
}

/*
 * Whole large pages, of which nothing but the table is shown to a guest: what
 * it does not need of the last one stays empty.
 */
void frames_second_m2p(void)
{
	struct mmu *m = &machine_mmu;
	const uint64_t used = m->nr_frames * sizeof(*m->m2p32);
	const uint64_t bytes = (used + LARGE - 1) & ~(LARGE - 1);
	uint64_t at;

	if (m->m2p32 != NULL) {
		return;
	}
	at = memory_take(bytes, LARGE, UINT64_MAX);
	mark_own(at, at + bytes);
	record_frames(TRACE_OWN, mfn(at >> PAGE_SHIFT), bytes >> PAGE_SHIFT);
	__builtin_memset(direct_map(at), 0xff, bytes);
	m->m2p32 = direct_map(at);
	for (uint64_t i = 0; i < m->nr_frames; i++) {
		m->m2p32[i] = (uint32_t)m->m2p[i];
	}
	for (uint64_t i = 0; i < COMPAT_M2P_SLOTS && i * LARGE < bytes; i++) {
		m->xen_l2_slots[i] = pte((at + i * LARGE) | PTE_P | PTE_A |
					 PTE_PS | paging_nx());
	}
}

static bool is_zero(const uint64_t *w)
{
	for (unsigned int i = 0; i < PAGE_SIZE / sizeof(*w); i += 8) {
		if ((w[i] | w[i + 1] | w[i + 2] | w[i + 3] | w[i + 4] |
		     w[i + 5] | w[i + 6] | w[i + 7]) != 0) {
			return false;
		}
	}
	return true;
}

/*
 * Looks before it writes, and where memory is known to be clear does not even
 * look: what nobody has used costs a virtual machine's host nothing, and should
 * not begin to. A host gives shared memory at the first read.
 */
void frames_scrub(mfn_t first, uint64_t nr)
{
	uint64_t at = first.v << PAGE_SHIFT;
	const uint64_t end = at + (nr << PAGE_SHIFT);

	while (at < end) {
		uint64_t clear = frames_fresh ? memory_untouched(at) : at;

		if (clear > at) {
			at = clear;
			continue;
		}
		if (!is_zero(direct_map(at))) {
			__builtin_memset(direct_map(at), 0, PAGE_SIZE);
		}
		at += PAGE_SIZE;
	}
}

mfn_t frames_take_own(uint64_t nr)
{
	return frames_take_own_below(nr, UINT64_MAX);
}

mfn_t frames_take_own_below(uint64_t nr, uint64_t limit)
{
	uint64_t bytes = nr << PAGE_SHIFT;
	uint64_t at = memory_take(bytes, PAGE_SIZE, limit);

	__builtin_memset(direct_map(at), 0, bytes);
	mark_own(at, at + bytes);
	record_frames(TRACE_OWN, mfn(at >> PAGE_SHIFT), nr);
	return mfn(at >> PAGE_SHIFT);
}

void frames_to_pool(void)
{
	for (unsigned int i = 0; i < memory_free.nr; i++) {
		const struct boot_range *r = &memory_free.range[i];

		mfn_t first = mfn(r->start >> PAGE_SHIFT);
		uint64_t nr = (r->end - r->start) >> PAGE_SHIFT;

		pool_add(&machine_mmu, first, nr);
		record_frames(TRACE_POOL, first, nr);
	}
	memory_free.nr = 0;
	frames_fresh = false; /* what comes from the pool has been used */
}
