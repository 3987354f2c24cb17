/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: code that a kernel calls instead of trapping itself. A
 * slot of 32 bytes for each hypercall number. iret does not come back: it
 * pushes one register more, and leaves the frame that the hypercall takes.
 */
#include <string.h>

#include "abi/xen.h"
#include "builder/build.h"

#define SLOT_SIZE 32
#define NR_SLOTS (PAGE_SIZE / SLOT_SIZE)
#define INT3 0xcc

void build_hypercall_page(uint8_t *page, const struct guest_width *width)
{
	const struct guest_hypercall *code = width->hypercall;

	memset(page, INT3, PAGE_SIZE);
	for (unsigned int n = 0; n < NR_SLOTS; n++) {
		uint8_t *slot = page + (size_t)n * SLOT_SIZE;

		if (n == __HYPERVISOR_iret) {
			memcpy(slot, code->iret, code->iret_size);
		} else {
			memcpy(slot, code->call, code->call_size);
			slot[code->number_at] = (uint8_t)n;
		}
	}
}
