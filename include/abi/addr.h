/* SPDX-License-Identifier: MIT */
/*
 * Typed addresses. Machine frames, pseudo-physical frames, machine addresses
 * and virtual addresses are structs of one member, so that the compiler
 * refuses a mix-up; they are converted here and nowhere else.
 *
 *   mfn    machine frame number: what a page-table entry holds
 *   pfn    pseudo-physical frame number: the domain's own numbering
 *   maddr  machine address, bytes
 *   paddr  pseudo-physical address, bytes
 *   vaddr  virtual (linear) address, bytes
 */
#ifndef PW_ABI_ADDR_H
#define PW_ABI_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE (UINT64_C(1) << PAGE_SHIFT)
#define PAGE_OFFSET_MASK (PAGE_SIZE - 1)
/* Frame numbers of the x86-64 architecture fit 40 bits (SDM 3A, 4.5). */
#define MFN_BITS 40
#define INVALID_FRAME (~UINT64_C(0))

typedef struct {
	uint64_t v;
} mfn_t;
typedef struct {
	uint64_t v;
} pfn_t;
typedef struct {
	uint64_t v;
} maddr_t;
typedef struct {
	uint64_t v;
} paddr_t;
typedef struct {
	uint64_t v;
} vaddr_t;

static inline mfn_t mfn(uint64_t v)
{
	return (mfn_t){v};
}
static inline pfn_t pfn(uint64_t v)
{
	return (pfn_t){v};
}
static inline maddr_t maddr(uint64_t v)
{
	return (maddr_t){v};
}
static inline paddr_t paddr(uint64_t v)
{
	return (paddr_t){v};
}
static inline vaddr_t vaddr(uint64_t v)
{
	return (vaddr_t){v};
}

#define MFN_INVALID mfn(INVALID_FRAME)
#define PFN_INVALID pfn(INVALID_FRAME)

static inline bool mfn_eq(mfn_t a, mfn_t b)
{
	return a.v == b.v;
}
static inline bool pfn_eq(pfn_t a, pfn_t b)
{
	return a.v == b.v;
}
static inline mfn_t mfn_add(mfn_t m, uint64_t n)
{
	return mfn(m.v + n);
}
static inline pfn_t pfn_add(pfn_t p, uint64_t n)
{
	return pfn(p.v + n);
}
static inline vaddr_t vaddr_add(vaddr_t a, uint64_t n)
{
	return vaddr(a.v + n);
}

static inline maddr_t mfn_to_maddr(mfn_t m)
{
	return maddr(m.v << PAGE_SHIFT);
}
static inline mfn_t maddr_to_mfn(maddr_t a)
{
	return mfn(a.v >> PAGE_SHIFT);
}
static inline paddr_t pfn_to_paddr(pfn_t p)
{
	return paddr(p.v << PAGE_SHIFT);
}
static inline pfn_t paddr_to_pfn(paddr_t a)
{
	return pfn(a.v >> PAGE_SHIFT);
}

static inline uint64_t page_offset(uint64_t address)
{
	return address & PAGE_OFFSET_MASK;
}
static inline uint64_t page_round_up(uint64_t bytes)
{
	return (bytes + PAGE_OFFSET_MASK) & ~PAGE_OFFSET_MASK;
}
static inline uint64_t page_round_down(uint64_t bytes)
{
	return bytes & ~PAGE_OFFSET_MASK;
}

/* 48-bit canonical: bits 63:47 all equal (SDM 1, 3.3.7.1). */
static inline bool vaddr_canonical(vaddr_t a)
{
	uint64_t top = a.v >> 47;

	return top == 0 || top == 0x1ffff;
}

#endif
