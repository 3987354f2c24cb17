/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: code that a kernel calls instead of issuing SYSCALL
 * itself. A slot of 32 bytes for each hypercall number; SYSCALL destroys rcx
 * and r11, so that they are saved around it. iret does not come back: it
 * pushes rax as well, and leaves the frame that the hypercall takes.
 */
#include <string.h>

#include "abi/xen.h"
#include "builder/build.h"

#define SLOT_SIZE 32
#define NR_SLOTS (PAGE_SIZE / SLOT_SIZE)
#define INT3 0xcc

static const uint8_t call_slot[] = {
	0x51,                /* push %rcx */
	0x41, 0x53,          /* push %r11 */
	0xb8, 0,    0, 0, 0, /* mov $number, %eax */
	0x0f, 0x05,          /* syscall */
	0x41, 0x5b,          /* pop %r11 */
	0x59,                /* pop %rcx */
	0xc3,                /* ret */
};
#define CALL_NUMBER_AT 4

static const uint8_t iret_slot[] = {
	0x51,       /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0x50,       /* push %rax */
	0xb8, __HYPERVISOR_iret,
	0,    0,
	0,          /* mov $number, %eax */
	0x0f, 0x05, /* syscall */
};

void build_hypercall_page(uint8_t *page)
{
	memset(page, INT3, PAGE_SIZE);
	for (unsigned int n = 0; n < NR_SLOTS; n++) {
		uint8_t *slot = page + (size_t)n * SLOT_SIZE;

		if (n == __HYPERVISOR_iret) {
			memcpy(slot, iret_slot, sizeof(iret_slot));
		} else {
			memcpy(slot, call_slot, sizeof(call_slot));
			slot[CALL_NUMBER_AT] = (uint8_t)n;
		}
	}
}
