/* SPDX-License-Identifier: MIT */
/*
 * The guest library's port on metal: a load is a load. Only the M2P may have
 * holes, so reading it goes through a fix-up that the page-fault handler
 * knows (kernels/common/trap.c).
 */
#ifndef PW_KERNELS_PORT_INLINE_H
#define PW_KERNELS_PORT_INLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/addr.h"

struct guest;

/* Frames whose entries fit the M2P's window of the ABI. */
#define PORT_M2P_ENTRIES (UINT64_C(1) << 35)
#define PORT_M2P_BASE UINT64_C(0xffff800000000000)

void kernel_log(const char *line);

static inline uint32_t guest_port_load32(struct guest *g, vaddr_t from)
{
	(void)g;
	return *(const volatile uint32_t *)from.v;
}

static inline uint64_t guest_port_load64(struct guest *g, vaddr_t from)
{
	(void)g;
	return *(const volatile uint64_t *)from.v;
}

static inline void guest_port_store32(struct guest *g, vaddr_t to,
				      uint32_t value)
{
	(void)g;
	*(volatile uint32_t *)to.v = value;
}

static inline void guest_port_store64(struct guest *g, vaddr_t to,
				      uint64_t value)
{
	(void)g;
	*(volatile uint64_t *)to.v = value;
}

static inline void guest_port_read(struct guest *g, void *to, vaddr_t from,
				   size_t nr)
{
	(void)g;
	__asm__ volatile("" ::: "memory");
	__builtin_memcpy(to, (const void *)from.v, nr);
}

static inline void guest_port_write(struct guest *g, vaddr_t to,
				    const void *from, size_t nr)
{
	(void)g;
	__builtin_memcpy((void *)to.v, from, nr);
	__asm__ volatile("" ::: "memory");
}

static inline void guest_port_clear_page(struct guest *g, vaddr_t page)
{
	(void)g;
	__builtin_memset((void *)page.v, 0, PAGE_SIZE);
	__asm__ volatile("" ::: "memory");
}

static inline void guest_port_copy_page(struct guest *g, vaddr_t to,
					vaddr_t from)
{
	guest_port_write(g, to, (const void *)from.v, PAGE_SIZE);
}

/* Reads 8 bytes at an address that may not be mapped. */
static inline bool port_probe(uint64_t address, uint64_t *ret)
{
	uint64_t value = 0;
	bool ok = true;

	__asm__ volatile("1: movq (%2), %0\n"
			 "2:\n"
			 ".pushsection .text.fixup, \"ax\"\n"
			 "3: movb $0, %1\n"
			 "jmp 2b\n"
			 ".popsection\n"
			 ".pushsection .fixups, \"a\"\n"
			 ".quad 1b, 3b\n"
			 ".popsection\n"
			 : "+r"(value), "+q"(ok)
			 : "r"(address)
			 : "memory");
	*ret = value;
	return ok;
}

static inline bool guest_port_m2p(struct guest *g, mfn_t frame, pfn_t *ret)
{
	uint64_t value;

	(void)g;
	if (frame.v >= PORT_M2P_ENTRIES ||
	    !port_probe(PORT_M2P_BASE + frame.v * 8, &value)) {
		return false;
	}
	*ret = pfn(value);
	return true;
}

static inline int64_t guest_port_call(struct guest *g, unsigned int nr,
				      uint64_t a1, uint64_t a2, uint64_t a3,
				      uint64_t a4)
{
	register uint64_t r10 __asm__("r10") = a4;
	int64_t ret;

	(void)g;
	__asm__ volatile("syscall"
			 : "=a"(ret), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10)
			 : "0"((uint64_t)nr)
			 : "rcx", "r11", "r8", "r9", "memory");
	return ret;
}

/* On a machine nobody asks. */
static inline void guest_port_queued(struct guest *g, unsigned int request)
{
	(void)g;
	(void)request;
}

/* These need ring 0: never called under a hypervisor. */
static inline void guest_port_invlpg(struct guest *g, vaddr_t va)
{
	(void)g;
	__asm__ volatile("invlpg (%0)" ::"r"(va.v) : "memory");
}

static inline void guest_port_write_cr3(struct guest *g, maddr_t root)
{
	(void)g;
	__asm__ volatile("mov %0, %%cr3" ::"r"(root.v) : "memory");
}

static inline void guest_port_log(struct guest *g, const char *line)
{
	(void)g;
	kernel_log(line);
}

#endif
