/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_BAD_H
#define PW_KERNELS_BAD_H

#include "abi/pte.h"
#include "kernels/common/expect.h"
#include "kernels/common/kernel.h"

struct bad {
	const struct start_info *start;
	const uint64_t *p2m;
	pte_t *l4; /* mapped read-only */
	uint64_t virt_base;
};

/* The machine frame behind an address of the initial mapping. */
uint64_t mfn_at(const struct bad *b, const void *address);
/* The L1 table that maps an address of the initial mapping. */
pte_t *l1_of(const struct bad *b, const void *address);
/* The address at which the initial mapping shows a machine frame. */
void *va_of(const struct bad *b, uint64_t frame);

/* A page of data, mapped writable at first. */
extern uint8_t page_a[PAGE_SIZE];
extern uint8_t page_b[PAGE_SIZE];

/* Maps a page of data again with these flags; 0 or what was returned. */
int64_t remap(const struct bad *b, void *page, uint64_t flags);
int64_t mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2);
int64_t update(uint64_t ptr, uint64_t val);

#define MAP_RW (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define MAP_RO (PTE_P | PTE_US | PTE_A | PTE_D)

/* Addresses that no request may use. */
#define HYPERVISOR_IMAGE UINT64_C(0xffff828000100000)
#define HYPERVISOR_MAP UINT64_C(0xffff830000000000)
#define HYPERVISOR_GDT UINT64_C(0xffff820000000000)
#define NOT_CANONICAL UINT64_C(0x0000900000000000)
#define NOT_MAPPED UINT64_C(0x0000100000000000)

void check_requests(const struct bad *b);
void check_tables(const struct bad *b);
void check_descriptors(const struct bad *b);
void check_services(const struct bad *b);
void check_access(const struct bad *b);
void check_hostile(const struct bad *b);
void check_linear(const struct bad *b);
void check_more(const struct bad *b);
/* end=held: requests about frames that no table keeps (held.c). */
void hold_frames(const struct bad *b);
void live_and_die(const struct bad *b);
void set_breakpoint(const struct bad *b);
/* One of each kind that --lint warns of; and what it does not warn of. */
void lint_all(const struct bad *b);
void lint_none(const struct bad *b);
void end_by(const struct bad *b, const char *name);
void random_calls(const struct bad *b, uint64_t seed, uint64_t ops,
		  uint64_t show_from);

#endif
