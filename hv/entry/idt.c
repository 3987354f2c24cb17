/* SPDX-License-Identifier: MIT */
/*
 * The gates of the IDT, and the model-specific registers of SYSCALL and
 * SYSENTER. Exceptions that may come where the stack cannot be trusted have
 * stacks of their own.
 */
#include "hv/entry/idt.h"

#include <stdint.h>

#include "hv/cpu/cpu.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/mm/layout.h"

#define GATE_INTERRUPT 0x8e
#define GATE_DPL3 0x60
#define VECTOR_INT80 0x80
#define GATE_DPL1 0x20
#define VECTOR_CALL_32 0x82

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

extern const uint64_t entry_stubs[256];
extern char entry_syscall_measured[];
extern char entry_syscall_stubs[], entry_syscall32_stubs[];
extern char entry_syscall[], entry_syscall32[], entry_sysenter[];

static struct gate idt[256];

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

void idt_init(void)
{
	for (unsigned int i = 0; i < 256; i++) {
		set_gate(i, 0, GATE_INTERRUPT);
	}
	set_gate(TRAP_BP, 0, GATE_INTERRUPT | GATE_DPL3);
	set_gate(TRAP_OF, 0, GATE_INTERRUPT | GATE_DPL3);
	set_gate(VECTOR_INT80, 0, GATE_INTERRUPT | GATE_DPL3);
	/* Hypercalls of 32-bit kernels: not of their users, nor of 64-bit
	 * ones, whose kernel is in ring 3, too. */
	set_gate(VECTOR_CALL_32, 0, GATE_INTERRUPT | GATE_DPL1);
	set_gate(TRAP_DF, IST_DF + 1, GATE_INTERRUPT);
	set_gate(TRAP_NMI, IST_NMI + 1, GATE_INTERRUPT);
	set_gate(TRAP_DB, IST_DB + 1, GATE_INTERRUPT);
	set_gate(TRAP_MC, IST_MC + 1, GATE_INTERRUPT);
}

#define STUB_SIZE 32

static const char *entry_syscall_first(void)
{
	return slice_measured ? entry_syscall_measured : entry_syscall;
}

/* Each CPU has its own way in: it names its stack. */
static uint64_t entry_of(const char *first, const char *others)
{
	const unsigned int id = cpu_here()->id;

	return id == 0 ? (uint64_t)first
		       : (uint64_t)others + (id - 1) * STUB_SIZE;
}

static void load_syscall(void)
{
	const uint64_t star =
		(uint64_t)SEL_USER_CS32 << 48 | (uint64_t)SEL_HV_CS << 32;

	x86_wrmsr(MSR_STAR, star);
	x86_wrmsr(MSR_LSTAR,
		  entry_of(entry_syscall_first(), entry_syscall_stubs));
	x86_wrmsr(MSR_CSTAR, entry_of(entry_syscall32, entry_syscall32_stubs));
	x86_wrmsr(MSR_SYSCALL_MASK, X86_RFLAGS_AC | X86_RFLAGS_VM |
					    X86_RFLAGS_RF | X86_RFLAGS_NT |
					    X86_RFLAGS_DF | X86_RFLAGS_IF |
					    X86_RFLAGS_TF);
	x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_SCE);
	x86_wrmsr(MSR_SYSENTER_CS, SEL_HV_CS);
	x86_wrmsr(MSR_SYSENTER_ESP, (uint64_t)cpu_here());
	x86_wrmsr(MSR_SYSENTER_EIP, (uint64_t)entry_sysenter);
}

void idt_load(void)
{
	struct table_pointer p = {.limit = sizeof(idt) - 1,
				  .base = (uint64_t)idt};

	__asm__ volatile("lidt %0" : : "m"(p));
	load_syscall();
}
