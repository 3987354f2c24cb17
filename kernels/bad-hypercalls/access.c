/* SPDX-License-Identifier: MIT */
/* Plain loads and stores where there is nothing of the guest's. */
#include "kernels/bad-hypercalls/bad.h"

#define PAGE_FAULT 14
#define GENERAL_PROTECTION 13
#define NO_TRAP (-1)

/* The M2P ends with the machine's memory: at 1 TiB of it at the latest here. */
#define M2P_FAR (MACH2PHYS_VIRT_START + (UINT64_C(8) << 28))

static void hypervisor(void)
{
	static const uint64_t at[] = {
		HYPERVISOR_IMAGE,
		HYPERVISOR_MAP,
		HYPERVISOR_GDT,
		HYPERVISOR_GDT + 0xe000,
	};

	for (unsigned int i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		say("# at %lx", at[i]);
		expect("read of the hypervisor's memory",
		       probe_read(at[i], NULL, NULL), PAGE_FAULT);
		expect("write of the hypervisor's memory",
		       probe_write(at[i], 0, NULL, NULL), PAGE_FAULT);
	}
}

static void m2p(const struct bad *b)
{
	uint64_t entry = MACH2PHYS_VIRT_START + mfn_at(b, page_a) * 8;

	expect("read of the M2P", probe_read(entry, NULL, NULL), NO_TRAP);
	expect("write of the M2P", probe_write(entry, 0, NULL, NULL),
	       PAGE_FAULT);
	expect("read past the M2P", probe_read(M2P_FAR, NULL, NULL),
	       PAGE_FAULT);
}

/* An instruction of `size` bytes that should trap: its vector. */
static int trapped;
static uint64_t insn_size;

static bool skip_insn(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	trapped = (int)f->vector;
	f->rip += insn_size;
	return true;
}

static void instructions(void)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) table = {0xffff, 0};

	traps_expect(skip_insn);
	trapped = NO_TRAP;
	insn_size = 1;
	__asm__ volatile("hlt" : : : "memory");
	expect("hlt", trapped, GENERAL_PROTECTION);

	trapped = NO_TRAP;
	insn_size = 3;
	__asm__ volatile("lgdt (%0)" : : "a"(&table) : "memory");
	expect("lgdt", trapped, GENERAL_PROTECTION);

	trapped = NO_TRAP;
	insn_size = 3;
	__asm__ volatile("lidt (%0)" : : "a"(&table) : "memory");
	expect("lidt", trapped, GENERAL_PROTECTION);

	trapped = NO_TRAP;
	insn_size = 3;
	__asm__ volatile("swapgs" : : : "memory");
	expect("swapgs", trapped, GENERAL_PROTECTION);

	trapped = NO_TRAP;
	insn_size = 2;
	__asm__ volatile("wrmsr"
			 :
			 : "c"(0xc0000100), "a"(0), "d"(0x9000)
			 : "memory");
	expect("a segment base by wrmsr that is not canonical", trapped,
	       GENERAL_PROTECTION);
	traps_expect(NULL);
}

/* A hypercall gives back every register but rax, rcx and r11. */
static void preserved(void)
{
	uint64_t wrong;

	__asm__ volatile("push %%rbp\n"
			 "mov $17, %%eax\n" /* xen_version, no such command */
			 "mov $99, %%edi\n"
			 "mov $0x11, %%esi\n"
			 "mov $0x12, %%edx\n"
			 "mov $0x13, %%r10d\n"
			 "mov $0x14, %%r8d\n"
			 "mov $0x15, %%r9d\n"
			 "mov $0x16, %%ebx\n"
			 "mov $0x17, %%ebp\n"
			 "mov $0x18, %%r12d\n"
			 "mov $0x19, %%r13d\n"
			 "mov $0x1a, %%r14d\n"
			 "mov $0x1b, %%r15d\n"
			 "syscall\n"
			 "xor $99, %%rdi\n"
			 "xor $0x11, %%rsi\n"
			 "xor $0x12, %%rdx\n"
			 "xor $0x13, %%r10\n"
			 "xor $0x14, %%r8\n"
			 "xor $0x15, %%r9\n"
			 "xor $0x16, %%rbx\n"
			 "xor $0x17, %%rbp\n"
			 "xor $0x18, %%r12\n"
			 "xor $0x19, %%r13\n"
			 "xor $0x1a, %%r14\n"
			 "xor $0x1b, %%r15\n"
			 "or %%rdi, %%rsi\n"
			 "or %%rdx, %%rsi\n"
			 "or %%r10, %%rsi\n"
			 "or %%r8, %%rsi\n"
			 "or %%r9, %%rsi\n"
			 "or %%rbx, %%rsi\n"
			 "or %%rbp, %%rsi\n"
			 "or %%r12, %%rsi\n"
			 "or %%r13, %%rsi\n"
			 "or %%r14, %%rsi\n"
			 "or %%r15, %%rsi\n"
			 "mov %%rsi, %%rax\n"
			 "pop %%rbp\n"
			 : "=a"(wrong)
			 :
			 : "rcx", "r11", "rdi", "rsi", "rdx", "r10", "r8", "r9",
			   "rbx", "r12", "r13", "r14", "r15", "cc", "memory");
	expect("registers after a hypercall", (int64_t)wrong, 0);
}

void check_access(const struct bad *b)
{
	hypervisor();
	m2p(b);
	instructions();
	preserved();
}
