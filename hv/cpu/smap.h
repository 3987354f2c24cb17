/* SPDX-License-Identifier: MIT */
/* Around every access to guest memory by the guest's tables. See smap.c. */
#ifndef PW_HV_CPU_SMAP_H
#define PW_HV_CPU_SMAP_H

/* Three bytes each: nopl (%rax), or 0f 01 cb (STAC), 0f 01 ca (CLAC). */
#define SMAP_NOP 0x0f, 0x1f, 0x00
#define SMAP_STAC 0xcb
#define SMAP_CLAC 0xca

#ifndef __ASSEMBLY__

#include <stdbool.h>
#include <stdint.h>

#define SMAP_SITE(last)                     \
	"661: .byte 0x0f, 0x1f, 0x00\n"     \
	".pushsection .smap_sites, \"a\"\n" \
	".quad 661b, " #last "\n"           \
	".popsection\n"

static inline void guest_access_begin(void)
{
	__asm__ volatile(SMAP_SITE(0xcb) : : : "memory");
}

static inline void guest_access_end(void)
{
	__asm__ volatile(SMAP_SITE(0xca) : : : "memory");
}

/* Boot option `smap`: even where a translator runs us. */
extern bool smap_forced;
bool smap_present(void);
/* Before the text is mapped read-only, and before CR4 says SMAP. */
void smap_init(void);

#endif
#endif
