/* SPDX-License-Identifier: MIT */
/*
 * A kernel of 32 bits: see kernels/common/width.h. Its registers go by their
 * names of 64 bits, so that one source reads both.
 */
#ifndef PW_KERNELS_METAL32_WIDTH_H
#define PW_KERNELS_METAL32_WIDTH_H

#include <stddef.h>
#include <stdint.h>

#include "abi/xen.h"

/* The shape of its page tables, and addresses that it may use. */
#define KERNEL_GEOMETRY guest_geometry_pae
/*
 * Levels; that whose tables have slots of the hypervisor's, and these; how a
 * request for one is refused.
 */
#define KERNEL_LEVELS 3
#define KERNEL_ROOT_NAME "l3"
#define KERNEL_SLOT_LEVEL 2
#define KERNEL_XEN_FIRST XEN_L2_FIRST
#define KERNEL_XEN_LAST XEN_L2_LAST
#define KERNEL_XEN_REFUSED XEN_EPERM
/* Nothing of a guest's can be there. */
#define KERNEL_NO_ADDRESS UINT64_C(0xfffff000)
#define KERNEL_M2P_BYTES (UINT64_C(0xffe00000) - UINT64_C(0xf5800000))
#define KERNEL_DIRECT_BASE UINT64_C(0xc0000000)
/* Where the direct map ends, and the kernel's own mappings begin. */
#define KERNEL_DIRECT_END UINT64_C(0xf5000000)
#define KERNEL_LINEAR_P2M UINT64_C(0xf5200000)
/* A gigabyte for mappings of tests, and one for others. */
#define KERNEL_TEST_BASE UINT64_C(0x40000000)
#define KERNEL_TEST_OTHER UINT64_C(0x80000000)

#define WORD_MOVE "rep movsl"
#define WORD_FILL "rep stosl"

/* A hypercall of up to five arguments, of which each is a word. */
static inline int64_t hypercall(unsigned int nr, uint64_t a1, uint64_t a2,
				uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t ebx = (uint32_t)a1;
	uint32_t ecx = (uint32_t)a2;
	uint32_t edx = (uint32_t)a3;
	uint32_t esi = (uint32_t)a4;
	uint32_t edi = (uint32_t)a5;
	int32_t ret;

	__asm__ volatile("int $0x82"
			 : "=a"(ret), "+b"(ebx), "+c"(ecx), "+d"(edx),
			   "+S"(esi), "+D"(edi)
			 : "0"(nr)
			 : "memory");
	return ret;
}

/* As trap_entry.S leaves them on the stack, lowest address first. */
struct trap_frame {
	uint32_t rbp, rbx, rsi, rdi, rdx, rcx, rax;
	uint32_t vector;
	uint32_t error;
	uint32_t rip, cs, rflags;
	/* If it came from user mode: */
	uint32_t rsp, ss;
};

#endif
