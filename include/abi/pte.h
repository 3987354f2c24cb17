/* SPDX-License-Identifier: MIT */
/*
 * Page-table entries: one type for every level, the level passed beside it.
 * Bits as in Intel SDM 3A, tables 4-15 to 4-20.
 */
#ifndef PW_ABI_PTE_H
#define PW_ABI_PTE_H

#include "abi/addr.h"

#define PT_ENTRIES 512
#define PT_INDEX_BITS 9

#define PTE_P (UINT64_C(1) << 0)               /* present */
#define PTE_RW (UINT64_C(1) << 1)              /* writable */
#define PTE_US (UINT64_C(1) << 2)              /* user */
#define PTE_PWT (UINT64_C(1) << 3)             /* write-through */
#define PTE_PCD (UINT64_C(1) << 4)             /* cache disable */
#define PTE_A (UINT64_C(1) << 5)               /* accessed */
#define PTE_D (UINT64_C(1) << 6)               /* dirty (leaf) */
#define PTE_PS (UINT64_C(1) << 7)              /* large page at level 2 and 3 */
#define PTE_PAT (UINT64_C(1) << 7)             /* PAT index at level 1 */
#define PTE_G (UINT64_C(1) << 8)               /* global (leaf) */
#define PTE_AVAIL (UINT64_C(7) << 9)           /* software, low */
#define PTE_AVAIL_HIGH (UINT64_C(0x7ff) << 52) /* software, high (62:52) */
#define PTE_NX (UINT64_C(1) << 63)
#define PTE_FRAME_MASK UINT64_C(0x000ffffffffff000)
#define PTE_FLAGS_MASK (~PTE_FRAME_MASK)

typedef struct {
	uint64_t v;
} pte_t;

static inline pte_t pte(uint64_t v)
{
	return (pte_t){v};
}
static inline pte_t pte_make(mfn_t frame, uint64_t flags)
{
	return pte(((frame.v << PAGE_SHIFT) & PTE_FRAME_MASK) | flags);
}
static inline mfn_t pte_mfn(pte_t e)
{
	return mfn((e.v & PTE_FRAME_MASK) >> PAGE_SHIFT);
}
static inline uint64_t pte_flags(pte_t e)
{
	return e.v & PTE_FLAGS_MASK;
}
static inline bool pte_present(pte_t e)
{
	return (e.v & PTE_P) != 0;
}
static inline bool pte_writable(pte_t e)
{
	return (e.v & PTE_RW) != 0;
}
/* Reads once: what is judged is the copy, whatever the CPU sets meanwhile. */
static inline pte_t pte_read(const pte_t *p)
{
	return pte(__atomic_load_n(&p->v, __ATOMIC_RELAXED));
}
static inline void pte_write(pte_t *p, pte_t e)
{
	__atomic_store_n(&p->v, e.v, __ATOMIC_RELAXED);
}

/* Shift of the address bits that index the table of a level (1 to 4). */
static inline unsigned int pt_shift(unsigned int level)
{
	return PAGE_SHIFT + (level - 1) * PT_INDEX_BITS;
}
static inline unsigned int pt_index(vaddr_t a, unsigned int level)
{
	return (unsigned int)(a.v >> pt_shift(level)) & (PT_ENTRIES - 1);
}
/* Bytes that one entry of a level maps: 4 KiB, 2 MiB, 1 GiB, 512 GiB. */
static inline uint64_t pt_span(unsigned int level)
{
	return UINT64_C(1) << pt_shift(level);
}

#endif
