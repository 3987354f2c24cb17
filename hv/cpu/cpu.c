/* SPDX-License-Identifier: MIT */
/*
 * Set-up of a CPU: its GDT, its task state, and the control registers as
 * guests are to find them. CR4 leaves out what a PV guest cannot be given or
 * would spoil its isolation: TSD, OSXSAVE (only FXSAVE state is kept), and PGE
 * where its flush is not one of all tags (flush.c).
 */
#include "hv/cpu/cpu.h"

#include "hv/cpu/desc.h"
#include "hv/cpu/flush.h"
#include "hv/cpu/smap.h"
#include "hv/cpu/x86.h"
#include "hv/mm/layout.h"

#define DESC_CODE64 UINT64_C(0x00af9b000000ffff)
#define DESC_DATA UINT64_C(0x00cf93000000ffff)
#define DESC_USER_CODE32 UINT64_C(0x00cffb000000ffff)
#define DESC_USER_DATA UINT64_C(0x00cff3000000ffff)
#define DESC_USER_CODE64 UINT64_C(0x00affb000000ffff)
/* Their end is that of linear addresses: we are beyond. */
#define DESC_RING1_CODE32 UINT64_C(0x00cfbb000000ffff)
#define DESC_RING1_DATA UINT64_C(0x00cfb3000000ffff)
#define CPUID_FEATURES7 7
#define CPUID7_B_SMEP (1u << 7)
#define CPUID7_C_UMIP (1u << 2)

#define DESC_TSS UINT64_C(0x0000890000000000)

__attribute__((section(".bss.page"))) struct cpu_area cpu_areas[CPUS_MAX];
__attribute__((section(".bss.page"))) struct cpu_tables cpu_tables[CPUS_MAX];
unsigned int nr_cpus = 1;

bool cpu_is_guard(uint64_t va)
{
	for (unsigned int c = 0; c < CPUS_MAX; c++) {
		if (va == (uint64_t)&cpu_areas[c]) {
			return true;
		}
		for (unsigned int i = 0; i < ISTS; i++) {
			if (va == (uint64_t)cpu_tables[c].ist[i].guard) {
				return true;
			}
		}
	}
	return false;
}

static void init_gdt_32(uint64_t *gdt)
{
	gdt[RESERVED_INDEX(SEL_HV_CS)] = DESC_CODE64;
	gdt[RESERVED_INDEX(SEL_HV_SS)] = DESC_DATA;
	gdt[RESERVED_INDEX(SEL_32_KERNEL_CS)] = DESC_RING1_CODE32;
	gdt[RESERVED_INDEX(SEL_32_KERNEL_SS)] = DESC_RING1_DATA;
	gdt[RESERVED_INDEX(SEL_32_USER_CS)] = DESC_USER_CODE32;
	gdt[RESERVED_INDEX(SEL_32_USER_SS)] = DESC_USER_DATA;
}

static void init_gdt(struct cpu_tables *t)
{
	uint64_t *gdt = t->gdt_page;

	init_gdt_32(t->gdt_page_32);

	gdt[RESERVED_INDEX(SEL_HV_CS)] = DESC_CODE64;
	gdt[RESERVED_INDEX(SEL_HV_SS)] = DESC_DATA;
	gdt[RESERVED_INDEX(SEL_USER_CS32)] = DESC_USER_CODE32;
	gdt[RESERVED_INDEX(SEL_USER_SS)] = DESC_USER_DATA;
	gdt[RESERVED_INDEX(SEL_USER_CS64)] = DESC_USER_CODE64;
	desc_set_system(t, SEL_TSS, DESC_TSS, (uint64_t)&t->tss,
			sizeof(t->tss) - 1);
	/* Where page 14 would be the reserved page; the others are not used. */
	desc_load_gdtr((uint64_t)gdt - RESERVED_GDT_PAGE * PAGE_SIZE);
	__asm__ volatile("pushq %0; lea 1f(%%rip), %%rax; pushq %%rax; lretq;"
			 "1: mov %1, %%ss"
			 :
			 : "i"(SEL_HV_CS), "r"(SEL_HV_SS)
			 : "rax", "memory");
}

static void init_tss(struct cpu_tables *t)
{
	/* What the CPU pushes ends up in struct regs, just below. */
	t->tss.rsp[0] = (uint64_t)cpu_here();
	t->tss.iomap = sizeof(t->tss);
	for (unsigned int i = 0; i < ISTS; i++) {
		uint64_t *top = (uint64_t *)(t->ist[i].stack + IST_STACK) - 2;

		/* entry_debug finds its CPU by it. */
		*top = (uint64_t)cpu_here();
		t->tss.ist[i] = (uint64_t)top;
	}
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}

/*
 * Where the CPU has them: no guest page is ever run as ours, nor read or
 * written but where we say so (guests are user code throughout), and the
 * addresses of our tables are nobody else's to read.
 */
static uint64_t protections(void)
{
	struct cpuid c = {0};
	uint64_t cr4 = 0;

	if (x86_cpuid(0, 0).a >= CPUID_FEATURES7) {
		c = x86_cpuid(CPUID_FEATURES7, 0);
	}
	cr4 |= (c.b & CPUID7_B_SMEP) != 0 ? X86_CR4_SMEP : 0;
	cr4 |= (c.c & CPUID7_C_UMIP) != 0 ? X86_CR4_UMIP : 0;
	cr4 |= smap_present() ? X86_CR4_SMAP : 0;
	return cr4;
}

static void init_control(void)
{
	static const uint32_t mxcsr = 0x1f80;

	x86_write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		      X86_CR0_WP | X86_CR0_AM | X86_CR0_PG);
	x86_write_cr4(X86_CR4_DE | X86_CR4_PAE | X86_CR4_OSFXSR |
		      X86_CR4_OSXMMEXCPT | protections() | flush_init());
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

void cpu_protect(bool on)
{
	const uint64_t cr4 = x86_read_cr4();
	const uint64_t wanted = on ? cr4 | cpu_here()->protections
				   : cr4 & ~cpu_here()->protections;

	if (wanted != cr4) {
		x86_write_cr4(wanted);
	}
}

void cpu_init(unsigned int id, struct cpu_tables *t)
{
	struct cpu *c = cpu_here();

	c->id = id;
	c->own_root = x86_read_cr3();
	c->tables = t;
	init_gdt(t);
	init_tss(t);
	init_control();
	c->protections =
		protections() & (uint64_t)(X86_CR4_SMEP | X86_CR4_SMAP);
}
