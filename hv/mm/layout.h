/* SPDX-License-Identifier: MIT */
/*
 * What the hypervisor maps in its part of every address space: L4 slots 256 to
 * 271, which the ABI reserves for it.
 *
 *   slot  address             what
 *   256   0xffff800000000000  M2P: read-only to guests, the ABI's address
 *   260   0xffff820000000000  descriptor windows, 32 pages for each vCPU
 *   261   0xffff828000000000  the image, at IMAGE_START + machine address
 *         0xffff82c000000000  device registers, uncached
 *   262   0xffff830000000000  direct map of all RAM, to the end of slot 271
 *
 * Only the M2P is visible to guests. The low 32 bits of IMAGE_START are zero,
 * so that a 32-bit ELF header can carry the image's addresses.
 */
#ifndef PW_HV_MM_LAYOUT_H
#define PW_HV_MM_LAYOUT_H

#include "abi/guest_range.h"

#define M2P_START 0xffff800000000000
#define DESC_WINDOWS 0xffff820000000000
#define IMAGE_START 0xffff828000000000
#define DEVICE_MAP 0xffff82c000000000
#define DIRECTMAP_START 0xffff830000000000
#define DIRECTMAP_SIZE 0x50000000000 /* ten slots, 5 TiB */

/* Selectors of the reserved part of every GDT (xen/arch-x86/xen-x86_64.h). */
#define RESERVED_GDT_PAGE 14
#define SEL_HV_CS 0xe008
#define SEL_HV_SS 0xe010
#define SEL_USER_CS32 0xe023
#define SEL_USER_SS 0xe02b
#define SEL_USER_CS64 0xe033
#define SEL_TSS 0xe040
#define SEL_LDT 0xe050
/* And of a 32-bit guest's (xen/arch-x86/xen-x86_32.h). */
#define SEL_32_KERNEL_CS 0xe019
#define SEL_32_KERNEL_SS 0xe021
#define SEL_32_USER_CS 0xe02b
#define SEL_32_USER_SS 0xe033

#ifndef __ASSEMBLY__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/addr.h"

static inline void *direct_map(uint64_t machine_address)
{
	return (void *)(DIRECTMAP_START + machine_address);
}
static inline uint64_t direct_map_address(const void *p)
{
	return (uint64_t)p - DIRECTMAP_START;
}
/* Machine address of something in the image. */
static inline uint64_t image_address(const void *p)
{
	return (uint64_t)p - IMAGE_START;
}

#endif
#endif
