/* SPDX-License-Identifier: MIT */
/* A kernel of 64 bits: see kernels/common/width.h. */
#ifndef PW_KERNELS_METAL_WIDTH_H
#define PW_KERNELS_METAL_WIDTH_H

#include <stddef.h>
#include <stdint.h>

#include "abi/xen.h"

/* The shape of its page tables, and addresses that it may use. */
#define KERNEL_GEOMETRY guest_geometry_4level
/*
 * Levels; that whose tables have slots of the hypervisor's, and these; how a
 * request for one is refused.
 */
#define KERNEL_LEVELS 4
#define KERNEL_ROOT_NAME "l4"
#define KERNEL_SLOT_LEVEL 4
#define KERNEL_XEN_FIRST XEN_L4_FIRST
#define KERNEL_XEN_LAST XEN_L4_LAST
#define KERNEL_XEN_REFUSED XEN_EINVAL
/* Nothing of a guest's can be there. */
#define KERNEL_NO_ADDRESS (UINT64_C(1) << 63)
#define KERNEL_M2P_BYTES (UINT64_C(1) << 38)
#define KERNEL_DIRECT_BASE UINT64_C(0xffff888000000000)
/* Where the direct map ends, and the kernel's own mappings begin: it does not.
 */
#define KERNEL_DIRECT_END 0
/*
 * A slot of the root for the linear P2M, and one for mappings of tests; others
 * are in other tables of level 2.
 */
#define KERNEL_LINEAR_P2M UINT64_C(0xffffc88000000000)
#define KERNEL_TEST_BASE UINT64_C(0xffffd00000000000)
#define KERNEL_TEST_OTHER UINT64_C(0xffffd00100000000)

/* The string instructions move words of this size. */
#define WORD_MOVE "rep movsq"
#define WORD_FILL "rep stosq"

/* A hypercall of up to five arguments. */
static inline int64_t hypercall(unsigned int nr, uint64_t a1, uint64_t a2,
				uint64_t a3, uint64_t a4, uint64_t a5)
{
	register uint64_t r10 __asm__("r10") = a4;
	register uint64_t r8 __asm__("r8") = a5;
	int64_t ret;

	__asm__ volatile("syscall"
			 : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10),
			   "+r"(r8)
			 : "0"((uint64_t)nr)
			 : "rcx", "r11", "r9", "memory");
	return ret;
}

/* As trap_entry.S leaves them on the stack, lowest address first. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, rbp, rbx, r10, r9, r8;
	uint64_t rax, rcx, rdx, rsi, rdi, r11;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

#endif
