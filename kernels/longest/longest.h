/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_LONGEST_H
#define PW_KERNELS_LONGEST_H

#include "abi/pte.h"
#include "kernels/common/kernel.h"

struct longest {
	const struct start_info *start;
	const uint64_t *p2m;
	uint64_t virt_base;
};

#define MAP_RW (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define MAP_RO (PTE_P | PTE_US | PTE_A | PTE_D)

extern uint8_t data_page[PAGE_SIZE];

uint64_t mfn_at(const struct longest *l, const void *address);
void *va_of(const struct longest *l, uint64_t frame);
int64_t map_page(const void *page, uint64_t entry);
/* Says what was done; ends the domain if the result is another. */
void must(const char *what, int64_t got, int64_t want);

void long_tables(const struct longest *l);
void long_lists(const struct longest *l);
void long_services(const struct longest *l);
/* Last: the free memory is in pieces afterwards. */
void long_memory(const struct longest *l);

#endif
