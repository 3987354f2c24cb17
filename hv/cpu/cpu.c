/* SPDX-License-Identifier: MIT */
/*
 * Set-up of a CPU: descriptor tables, task state, SYSCALL and SYSENTER, and
 * the control registers as guests are to find them. CR4 leaves out what a PV
 * guest cannot be given or would spoil its isolation: PGE (both its address
 * spaces would share entries), TSD, SMEP and SMAP (its kernel's pages are user
 * pages), OSXSAVE (only FXSAVE state is kept).
 */
#include "abi/addr.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/mm/layout.h"
#include "hv/report/panic.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define DESC_CODE64 UINT64_C(0x00af9b000000ffff)
#define DESC_DATA UINT64_C(0x00cf93000000ffff)
#define DESC_USER_CODE32 UINT64_C(0x00cffb000000ffff)
#define DESC_USER_DATA UINT64_C(0x00cff3000000ffff)
#define DESC_USER_CODE64 UINT64_C(0x00affb000000ffff)
#define DESC_TSS UINT64_C(0x0000890000000000)
#define DESC_LDT UINT64_C(0x0000e20000000000)

#define GATE_INTERRUPT 0x8e
#define GATE_DPL3 0x60
#define IST_DF 1
#define IST_NMI 2
#define IST_DB 3
#define IST_MC 4
#define IST_STACK 0x2000
#define VECTOR_INT80 0x80

#define RESERVED_INDEX(sel) ((sel) / 8 - RESERVED_GDT_PAGE * PT_ENTRIES)
#define GDT_LIMIT ((RESERVED_GDT_PAGE + 1) * PAGE_SIZE - 1)

#define APIC_BASE_MASK UINT64_C(0x000ffffffffff000)

struct tss {
	uint32_t spare0;
	uint64_t rsp[3];
	uint64_t spare1;
	uint64_t ist[7];
	uint64_t spare2;
	uint16_t spare3;
	uint16_t iomap; /* past the limit: no port is the guest's */
} __attribute__((packed));

struct gate {
	uint16_t offset0, selector;
	uint8_t ist, flags;
	uint16_t offset1;
	uint32_t offset2, spare;
};

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern struct cpu cpu0;
extern const uint64_t entry_stubs[256];
extern char entry_syscall[], entry_syscall32[], entry_sysenter[];

static _Alignas(4096) uint64_t gdt_page[PT_ENTRIES];
static struct gate idt[256];
static struct tss tss;
static _Alignas(16) uint8_t ist_stack[4][IST_STACK];
static volatile uint32_t *lapic;

static void set_system_desc(unsigned int selector, uint64_t type, uint64_t base,
			    uint64_t limit)
{
	uint64_t *d = &gdt_page[RESERVED_INDEX(selector)];

	d[0] = type | (limit & 0xffff) | ((limit >> 16 & 15) << 48) |
	       ((base & 0xffffff) << 16) | ((base >> 24 & 0xff) << 56);
	d[1] = base >> 32;
}

static void load_gdtr(uint64_t base)
{
	struct table_pointer p = {.limit = GDT_LIMIT, .base = base};

	__asm__ volatile("lgdt %0" : : "m"(p));
}

static void init_gdt(void)
{
	gdt_page[RESERVED_INDEX(SEL_HV_CS)] = DESC_CODE64;
	gdt_page[RESERVED_INDEX(SEL_HV_SS)] = DESC_DATA;
	gdt_page[RESERVED_INDEX(SEL_USER_CS32)] = DESC_USER_CODE32;
	gdt_page[RESERVED_INDEX(SEL_USER_SS)] = DESC_USER_DATA;
	gdt_page[RESERVED_INDEX(SEL_USER_CS64)] = DESC_USER_CODE64;
	set_system_desc(SEL_TSS, DESC_TSS, (uint64_t)&tss, sizeof(tss) - 1);
	/* Where page 14 would be the reserved page; the others are not used. */
	load_gdtr((uint64_t)gdt_page - RESERVED_GDT_PAGE * PAGE_SIZE);
	__asm__ volatile("pushq %0; lea 1f(%%rip), %%rax; pushq %%rax; lretq;"
			 "1: mov %1, %%ss"
			 :
			 : "i"(SEL_HV_CS), "r"(SEL_HV_SS)
			 : "rax", "memory");
}

static void init_tss(void)
{
	/* What the CPU pushes ends up in struct regs, just below. */
	tss.rsp[0] = (uint64_t)&cpu0;
	tss.iomap = sizeof(tss);
	for (unsigned int i = 0; i < 4; i++) {
		tss.ist[i] = (uint64_t)ist_stack[i] + IST_STACK;
	}
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
}

static void set_gate(unsigned int vector, uint8_t ist, uint8_t flags)
{
	uint64_t to = entry_stubs[vector];

	idt[vector] = (struct gate){
		.offset0 = (uint16_t)to,
		.selector = SEL_HV_CS,
		.ist = ist,
		.flags = flags,
		.offset1 = (uint16_t)(to >> 16),
		.offset2 = (uint32_t)(to >> 32),
	};
}

static void init_idt(void)
{
	struct table_pointer p = {.limit = sizeof(idt) - 1,
				  .base = (uint64_t)idt};

	for (unsigned int i = 0; i < 256; i++) {
		set_gate(i, 0, GATE_INTERRUPT);
	}
	set_gate(TRAP_BP, 0, GATE_INTERRUPT | GATE_DPL3);
	set_gate(TRAP_OF, 0, GATE_INTERRUPT | GATE_DPL3);
	set_gate(VECTOR_INT80, 0, GATE_INTERRUPT | GATE_DPL3);
	set_gate(TRAP_DF, IST_DF, GATE_INTERRUPT);
	set_gate(TRAP_NMI, IST_NMI, GATE_INTERRUPT);
	set_gate(TRAP_DB, IST_DB, GATE_INTERRUPT);
	set_gate(TRAP_MC, IST_MC, GATE_INTERRUPT);
	__asm__ volatile("lidt %0" : : "m"(p));
}

static void init_syscall(void)
{
	const uint64_t star =
		(uint64_t)SEL_USER_CS32 << 48 | (uint64_t)SEL_HV_CS << 32;

	x86_wrmsr(MSR_STAR, star);
	x86_wrmsr(MSR_LSTAR, (uint64_t)entry_syscall);
	x86_wrmsr(MSR_CSTAR, (uint64_t)entry_syscall32);
	x86_wrmsr(MSR_SYSCALL_MASK, X86_RFLAGS_AC | X86_RFLAGS_VM |
					    X86_RFLAGS_RF | X86_RFLAGS_NT |
					    X86_RFLAGS_DF | X86_RFLAGS_IF |
					    X86_RFLAGS_TF);
	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE);
	x86_wrmsr(MSR_SYSENTER_CS, SEL_HV_CS);
	x86_wrmsr(MSR_SYSENTER_ESP, (uint64_t)&cpu0);
	x86_wrmsr(MSR_SYSENTER_EIP, (uint64_t)entry_sysenter);
}

static void init_control(void)
{
	static const uint32_t mxcsr = 0x1f80;

	x86_write_cr0(X86_CR0_PE | X86_CR0_MP | X86_CR0_ET | X86_CR0_NE |
		      X86_CR0_WP | X86_CR0_AM | X86_CR0_PG);
	x86_write_cr4(X86_CR4_DE | X86_CR4_PAE | X86_CR4_OSFXSR |
		      X86_CR4_OSXMMEXCPT);
	__asm__ volatile("fninit; ldmxcsr %0" : : "m"(mxcsr));
}

void cpu_init(void)
{
	init_gdt();
	init_tss();
	init_idt();
	init_syscall();
	init_control();
	lapic = device_map(x86_rdmsr(MSR_APIC_BASE) & APIC_BASE_MASK);
}

volatile uint32_t *cpu_lapic(void)
{
	return lapic;
}

void ldt_load(struct vcpu *v)
{
	uint64_t base = desc_window_address(v->window) + DESC_WINDOW_LDT;

	v->ldt_loaded = v->mmu.ldt_entries;
	if (v->ldt_loaded == 0) {
		__asm__ volatile("lldt %w0" : : "r"(0));
		return;
	}
	set_system_desc(SEL_LDT, DESC_LDT, base, v->ldt_loaded * 8 - 1);
	__asm__ volatile("lldt %w0" : : "r"(SEL_LDT));
}

void desc_load(struct vcpu *v)
{
	uint64_t base = desc_window_address(v->window);
	mfn_t page = mfn(image_address(gdt_page) >> PAGE_SHIFT);

	pte_write(&v->mmu.desc_window[RESERVED_GDT_PAGE],
		  pte_make(page, PTE_P | PTE_RW | PTE_A | PTE_D));
	load_gdtr(base);
	ldt_load(v);
}

bool desc_is_ldt(const struct vcpu *v, uint64_t address, unsigned int *ret_page)
{
	uint64_t offset = address - desc_window_address(v->window);

	if (offset < DESC_WINDOW_LDT || offset >= DESC_WINDOW_SIZE) {
		return false;
	}
	*ret_page = (unsigned int)((offset - DESC_WINDOW_LDT) >> PAGE_SHIFT);
	return true;
}
