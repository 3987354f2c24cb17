/* SPDX-License-Identifier: MIT */
/* Privileged instructions, and what cpuid and xen_version say. */
#include "kernels/services/services.h"

#include <xen/arch-x86/cpuid.h>

#define UNKNOWN_MSR 0x12345
#define MSR_GS_BASE 0xc0000101
#define MSR_HYPERCALL_PAGE 0x40000000
#define NOT_CANONICAL UINT64_C(0x0000900000000000)
#define GENERAL_PROTECTION 13

/* Set in between, by the trap. */
static volatile int trapped;
static volatile uint64_t trap_error;
static volatile uint64_t insn_size;

static bool skip_insn(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	trapped = (int)f->vector;
	trap_error = f->error;
	f->rip += insn_size;
	return true;
}

/* Runs an instruction of so many bytes; which trap it was, or -1. */
#define TRY(size, text, ...)               \
	(trapped = -1, insn_size = (size), \
	 ({ __asm__ volatile(text __VA_ARGS__); }), trapped)

static uint8_t spare_page[PAGE_SIZE] __attribute__((aligned(4096)));

static void msrs(const struct pv *s)
{
	uint64_t within = (mfn_at(s, spare_page) << PAGE_SHIFT) + 16;
	uint32_t low = 0;
	uint32_t high = 0;

	expect("an MSR that there is not",
	       TRY(2, "rdmsr",
		   : "=a"(low), "=d"(high)
		   : "c"(UNKNOWN_MSR)),
	       GENERAL_PROTECTION);
	expect("the GS base",
	       TRY(2, "wrmsr",
		   :
		   : "c"(MSR_GS_BASE), "a"(0x12345000), "d"(0)),
	       -1);
	expect("read again",
	       TRY(2, "rdmsr",
		   : "=a"(low), "=d"(high)
		   : "c"(MSR_GS_BASE)),
	       -1);
	expect("is what was written", low, 0x12345000);
	expect("a hypercall page that begins within a page",
	       TRY(2, "wrmsr",
		   :
		   : "c"(MSR_HYPERCALL_PAGE), "a"((uint32_t)within),
		     "d"((uint32_t)(within >> 32))),
	       GENERAL_PROTECTION);
	expect("one that is not canonical",
	       TRY(2, "wrmsr",
		   :
		   : "c"(MSR_GS_BASE), "a"((uint32_t)NOT_CANONICAL),
		     "d"((uint32_t)(NOT_CANONICAL >> 32))),
	       GENERAL_PROTECTION);
}

static void control(const struct pv *s)
{
	uint64_t value = 0;

	expect("CR3", TRY(3, "mov %%cr3, %%rax", : "=a"(value)), -1);
	expect("is the page table", (int64_t)(value >> PAGE_SHIFT),
	       (int64_t)mfn_at(s, s->root));
	expect("the same CR3 again",
	       TRY(3, "mov %%rax, %%cr3",
		   :
		   : "a"(value)
		   : "memory"),
	       -1);
	expect("CR3 with a page of data",
	       TRY(3, "mov %%rax, %%cr3",
		   :
		   : "a"(s->start->shared_info)
		   : "memory"),
	       GENERAL_PROTECTION);
	expect("CR0", TRY(3, "mov %%cr0, %%rax", : "=a"(value)), -1);
	expect_true("has paging on", value >> 31 & 1);
	expect("CR0 without paging",
	       TRY(3, "mov %%rax, %%cr0",
		   :
		   : "a"(value & 0x7fffffff)),
	       GENERAL_PROTECTION);
	expect("clts", TRY(2, "clts", ), -1);
	expect("wbinvd", TRY(2, "wbinvd", ), -1);
	expect("hlt", TRY(1, "hlt", ), GENERAL_PROTECTION);
	expect("swapgs", TRY(3, "swapgs", ), GENERAL_PROTECTION);
}

static int64_t set_iopl(uint32_t level)
{
	struct physdev_set_iopl op = {.iopl = level};

	return hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl,
			 (uintptr_t)&op, 0, 0, 0);
}

static void io(void)
{
	static uint8_t bitmap[128];
	struct physdev_set_iobitmap map = {.nr_ports = 1024};
	uint32_t value = 0;

	memset(bitmap, 0xff, sizeof(bitmap));
	bitmap[0x60 / 8] &= (uint8_t) ~(1u << 0x60 % 8);
	set_xen_guest_handle(map.bitmap, bitmap);
	expect("in, without the right to it",
	       TRY(2, "inb $0x60, %%al",
		   : "=a"(value)),
	       GENERAL_PROTECTION);
	expect("a bitmap that allows port 60h",
	       hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap,
			 (uintptr_t)&map, 0, 0, 0),
	       0);
	expect("in from there", TRY(2, "inb $0x60, %%al", : "+a"(value)), -1);
	expect("gives nothing", value & 0xff, 0xff);
	expect("in from the next",
	       TRY(2, "inb $0x61, %%al",
		   : "+a"(value)),
	       GENERAL_PROTECTION);
	expect("both together",
	       TRY(3, "inw $0x60, %%ax",
		   : "+a"(value)),
	       GENERAL_PROTECTION);
	expect("cli", TRY(1, "cli", ), GENERAL_PROTECTION);
	expect("I/O privilege", set_iopl(1), 0);
	expect("cli then", TRY(1, "cli; sti", ), -1);
	expect("in from anywhere",
	       TRY(1, "inl %%dx, %%eax",
		   : "=a"(value)
		   : "d"(0xcf8)),
	       -1);
	expect("gives nothing", value, 0xffffffff);
	expect("out", TRY(1, "outb %%al, %%dx", : : "a"(0), "d"(0xcf8)), -1);
	expect("more privilege than there is", set_iopl(4), -XEN_EINVAL);
}

static void strings(void)
{
	static uint8_t buffer[200];
	uint64_t count = sizeof(buffer);
	void *to = buffer;

	expect("rep insb",
	       TRY(2, "rep insb",
		   : "+D"(to), "+c"(count)
		   : "d"(0x100)
		   : "memory"),
	       -1);
	expect("takes them all", (int64_t)count, 0);
	expect("and ends behind them", (uint8_t *)to - buffer, 200);
	expect("in one piece",
	       buffer[0] & buffer[63] & buffer[64] & buffer[199], 0xff);
}

/*
 * Prefixes mean nothing to INT n. A handler finds rip behind all of it, the
 * fault of a vector without one leaves it at the first prefix.
 */
static void software_interrupts(void)
{
	expect("int $0", TRY(0, ".byte 0xcd, 0x00", ), 0);
	expect("with two operand prefixes",
	       TRY(0, ".byte 0x66, 0x66, 0xcd, 0x00", ), 0);
	expect("with a segment", TRY(0, ".byte 0x2e, 0xcd, 0x00", ), 0);
	expect("of a vector without a handler", TRY(2, ".byte 0xcd, 0x40", ),
	       GENERAL_PROTECTION);
	expect("which the error tells", (int64_t)trap_error, 0x40 * 8 + 2);
	expect("with prefixes, too", TRY(4, ".byte 0x66, 0x66, 0xcd, 0x41", ),
	       GENERAL_PROTECTION);
	expect("which the error tells", (int64_t)trap_error, 0x41 * 8 + 2);
}

void check_instructions(const struct pv *s)
{
	struct cpuid id = cpuid(XEN_CPUID_FIRST_LEAF);

	expect_true("cpuid says Xen",
		    id.ebx == XEN_CPUID_SIGNATURE_EBX &&
			    id.ecx == XEN_CPUID_SIGNATURE_ECX);
	id = cpuid(1);
	expect_true("and a hypervisor", id.ecx >> 31);
	expect("and no large pages", id.edx >> 3 & 1, 0);
	traps_expect(skip_insn);
	msrs(s);
	control(s);
	io();
	strings();
	software_interrupts();
	traps_expect(NULL);
}

void check_version(void)
{
	char extra[16];
	struct xen_feature_info features = {.submap_idx = 0};

	memset(extra, 'x', sizeof(extra));
	expect("the version",
	       hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0),
	       4 << 16 | 17);
	expect("what comes behind it",
	       hypercall(__HYPERVISOR_xen_version, XENVER_extraversion,
			 (uintptr_t)extra, 0, 0, 0),
	       0);
	expect("ends in zeros", extra[15], 0);
	expect("the features",
	       hypercall(__HYPERVISOR_xen_version, XENVER_get_features,
			 (uintptr_t)&features, 0, 0, 0),
	       0);
	expect("as a PV guest may have them",
	       features.submap & (1u << XENFEAT_writable_page_tables |
				  1u << XENFEAT_auto_translated_physmap |
				  1u << XENFEAT_mmu_pt_update_preserve_ad),
	       1u << XENFEAT_mmu_pt_update_preserve_ad);
}
