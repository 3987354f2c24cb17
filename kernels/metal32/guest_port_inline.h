/* SPDX-License-Identifier: MIT */
/*
 * The guest library's port on metal, in a 32-bit kernel: a load is a load, and
 * addresses of the library's 64 bits have 32 of them here. An entry of 8 bytes
 * is stored as two words, so that only tables which are not in use may be
 * written so: all others are the hypervisor's to write. The M2P has words of 4
 * bytes and may have holes: reading it goes through a fix-up that the
 * page-fault handler knows (kernels/common/trap.c).
 */
#ifndef PW_KERNELS_PORT_INLINE_H
#define PW_KERNELS_PORT_INLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/addr.h"

struct guest;

/* From the hypervisor's first address to the last 2 MiB. */
#define PORT_M2P_BASE UINT64_C(0xf5800000)
#define PORT_M2P_ENTRIES ((UINT64_C(0xffe00000) - PORT_M2P_BASE) / 4)

void kernel_log(const char *line);

static inline void *port_pointer(vaddr_t at)
{
	return (void *)(uintptr_t)at.v;
}

static inline uint32_t guest_port_load32(struct guest *g, vaddr_t from)
{
	(void)g;
	return *(const volatile uint32_t *)port_pointer(from);
}

static inline uint64_t guest_port_load64(struct guest *g, vaddr_t from)
{
	(void)g;
	return *(const volatile uint64_t *)port_pointer(from);
}

static inline void guest_port_store32(struct guest *g, vaddr_t to,
				      uint32_t value)
{
	(void)g;
	*(volatile uint32_t *)port_pointer(to) = value;
}

static inline void guest_port_store64(struct guest *g, vaddr_t to,
				      uint64_t value)
{
	(void)g;
	*(volatile uint64_t *)port_pointer(to) = value;
}

static inline void guest_port_read(struct guest *g, void *to, vaddr_t from,
				   size_t nr)
{
	(void)g;
	__asm__ volatile("" ::: "memory");
	__builtin_memcpy(to, port_pointer(from), nr);
}

static inline void guest_port_write(struct guest *g, vaddr_t to,
				    const void *from, size_t nr)
{
	(void)g;
	__builtin_memcpy(port_pointer(to), from, nr);
	__asm__ volatile("" ::: "memory");
}

static inline void guest_port_clear_page(struct guest *g, vaddr_t page)
{
	(void)g;
	__builtin_memset(port_pointer(page), 0, PAGE_SIZE);
	__asm__ volatile("" ::: "memory");
}

static inline void guest_port_copy_page(struct guest *g, vaddr_t to,
					vaddr_t from)
{
	guest_port_write(g, to, port_pointer(from), PAGE_SIZE);
}

/* Reads 4 bytes at an address that may not be mapped. */
static inline bool port_probe(uint32_t address, uint32_t *ret)
{
	uint32_t value = 0;
	bool ok = true;

	__asm__ volatile("1: movl (%2), %0\n"
			 "2:\n"
			 ".pushsection .text.fixup, \"ax\"\n"
			 "3: movb $0, %1\n"
			 "jmp 2b\n"
			 ".popsection\n"
			 ".pushsection .fixups, \"a\"\n"
			 ".long 1b, 0, 3b, 0\n"
			 ".popsection\n"
			 : "+r"(value), "+q"(ok)
			 : "r"(address)
			 : "memory");
	*ret = value;
	return ok;
}

static inline bool guest_port_m2p(struct guest *g, mfn_t frame, pfn_t *ret)
{
	uint32_t value;

	(void)g;
	if (frame.v >= PORT_M2P_ENTRIES ||
	    !port_probe((uint32_t)(PORT_M2P_BASE + frame.v * 4), &value)) {
		return false;
	}
	*ret = value == UINT32_MAX ? PFN_INVALID : pfn(value);
	return true;
}

static inline int64_t guest_port_call(struct guest *g, unsigned int nr,
				      uint64_t a1, uint64_t a2, uint64_t a3,
				      uint64_t a4)
{
	uint32_t ebx = (uint32_t)a1;
	uint32_t ecx = (uint32_t)a2;
	uint32_t edx = (uint32_t)a3;
	uint32_t esi = (uint32_t)a4;
	int32_t ret;

	(void)g;
	__asm__ volatile("int $0x82"
			 : "=a"(ret), "+b"(ebx), "+c"(ecx), "+d"(edx), "+S"(esi)
			 : "0"(nr)
			 : "memory");
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
	__asm__ volatile("invlpg (%0)" ::"r"(port_pointer(va)) : "memory");
}

static inline void guest_port_write_cr3(struct guest *g, maddr_t root)
{
	(void)g;
	__asm__ volatile("mov %0, %%cr3" ::"r"((uint32_t)root.v) : "memory");
}

static inline void guest_port_log(struct guest *g, const char *line)
{
	(void)g;
	kernel_log(line);
}

#endif
