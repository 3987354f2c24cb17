/* SPDX-License-Identifier: MIT */
/* The hypervisor's, but for what only ring 0 may do: metal.c does that. */
#ifndef PW_TESTS_METAL_X86_H
#define PW_TESTS_METAL_X86_H

#include <stdint.h>

#define x86_cpuid ring0_cpuid
#define x86_rdmsr ring0_rdmsr
#define x86_wrmsr ring0_wrmsr
#define x86_read_cr4 ring0_read_cr4
#define x86_write_cr4 ring0_write_cr4
#define x86_read_cr3 ring0_read_cr3
#define x86_write_cr3 ring0_write_cr3
#define x86_invlpg ring0_invlpg
#define x86_invpcid ring0_invpcid
#define x86_swapgs ring0_swapgs
#define x86_out8 ring0_out8
#include_next "hv/cpu/x86.h"
#undef x86_cpuid
#undef x86_rdmsr
#undef x86_wrmsr
#undef x86_read_cr4
#undef x86_write_cr4
#undef x86_read_cr3
#undef x86_write_cr3
#undef x86_invlpg
#undef x86_invpcid
#undef x86_swapgs
#undef x86_out8

struct cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t x86_rdmsr(uint32_t msr);
void x86_wrmsr(uint32_t msr, uint64_t value);
uint64_t x86_read_cr4(void);
void x86_write_cr4(uint64_t value);
uint64_t x86_read_cr3(void);
void x86_write_cr3(uint64_t value);
void x86_invlpg(uint64_t va);
void x86_invpcid(uint64_t kind, uint64_t tag, uint64_t va);
void x86_swapgs(void);
void x86_out8(uint16_t port, uint8_t value);

#endif
