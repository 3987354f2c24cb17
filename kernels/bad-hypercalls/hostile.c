/* SPDX-License-Identifier: MIT */
/*
 * Frames for iret that no kernel would make, and what a user may try: bad
 * selectors and addresses, flags that are not his, every INT n, privileged
 * instructions. Each must come back as the trap that a CPU would give, and
 * never be the hypervisor's own.
 *
 * User and kernel share one set of tables here, so that the kernel's own code
 * runs as the user.
 */
#include "kernels/bad-hypercalls/hostile.h"

#define ENTRY_SIZE 16

#define DEBUG 1
#define BREAKPOINT 3
#define OVERFLOW 4
#define BAD_INSTRUCTION 6
#define GENERAL_PROTECTION 13
#define PAGE_FAULT 14
#define INT_80 0x80

#define FLAG_TF (UINT64_C(1) << 8)
#define FLAG_IF (UINT64_C(1) << 9)
#define FLAG_DF (UINT64_C(1) << 10)
#define FLAG_IOPL (UINT64_C(3) << 12)
#define FLAG_NT (UINT64_C(1) << 14)
#define FLAG_VM (UINT64_C(1) << 17)
#define FLAG_AC (UINT64_C(1) << 18)

#define HYPERVISOR_CS 0xe008
#define HYPERVISOR_SS 0xe010
#define TASK_STATE 0xe040
#define BEYOND_GDT 0xfff0
#define OF_NO_LDT 4

static uint8_t kernel_stack[PAGE_SIZE] __attribute__((aligned(16)));
static uint8_t user_stack[PAGE_SIZE] __attribute__((aligned(16)));

struct iret_context hostile_user(const void *rip)
{
	return (struct iret_context){
		.rip = (uintptr_t)rip,
		.cs = FLAT_USER_CS,
		.rflags = FLAG_IF,
		.rsp = (uintptr_t)user_stack + sizeof(user_stack),
		.ss = FLAT_USER_SS,
	};
}

static uint64_t entry_of(unsigned int number)
{
	return (uintptr_t)hostile_entries + number * ENTRY_SIZE;
}

void hostile_trap(unsigned int vector, unsigned int dpl)
{
	struct trap_info t[2] = {
		{
			.vector = (uint8_t)vector,
			.flags = (uint8_t)dpl,
			.cs = FLAT_KERNEL_CS,
			.address = entry_of(vector),
		},
	};

	hypercall(__HYPERVISOR_set_trap_table, (uintptr_t)t, 0, 0, 0, 0);
}

static void callback(unsigned int type, unsigned int number)
{
	struct callback_register reg = {.type = (uint16_t)type,
					.address = entry_of(number)};

	hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
		  (uintptr_t)&reg, 0, 0, 0);
}

void hostile_begin(const struct bad *b)
{
	for (unsigned int vector = 0; vector < 20; vector++) {
		hostile_trap(vector, 0);
	}
	callback(CALLBACKTYPE_syscall, HOSTILE_SYSCALL);
	callback(CALLBACKTYPE_sysenter, HOSTILE_SYSENTER);
	mmuext(MMUEXT_NEW_USER_BASEPTR, mfn_at(b, b->l4), 0);
	hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
		  (uintptr_t)kernel_stack + sizeof(kernel_stack), 0, 0, 0);
}

static void end(void)
{
	hypercall(__HYPERVISOR_set_trap_table, 0, 0, 0, 0, 0);
	mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	traps_init(NULL);
}

static void selectors(void)
{
	static const struct {
		const char *what;
		uint64_t cs, ss;
		uint64_t error;
	} bad[] = {
		{"null as CS", 3, FLAT_USER_SS, 0},
		{"the hypervisor's CS", HYPERVISOR_CS, FLAT_USER_SS,
		 HYPERVISOR_CS},
		{"a task state as CS", TASK_STATE, FLAT_USER_SS, TASK_STATE},
		{"a data segment as CS", FLAT_USER_SS, FLAT_USER_SS,
		 FLAT_USER_SS & ~3},
		{"a CS beyond the GDT", BEYOND_GDT, FLAT_USER_SS, BEYOND_GDT},
		{"a CS of no LDT", OF_NO_LDT, FLAT_USER_SS, OF_NO_LDT},
		{"null as SS", FLAT_USER_CS, 3, 0},
		{"the hypervisor's SS", FLAT_USER_CS, HYPERVISOR_SS,
		 HYPERVISOR_SS},
		{"a code segment as SS", FLAT_USER_CS, FLAT_USER_CS,
		 FLAT_USER_CS & ~3},
	};

	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct iret_context f = hostile_user(hostile_nop);

		f.cs = bad[i].cs | 3;
		f.ss = bad[i].ss;
		say("# iret with %s", bad[i].what);
		expect("is a general protection fault", hostile_run(&f),
		       GENERAL_PROTECTION);
		expect("with its error code", (int64_t)hostile_words[2],
		       (int64_t)bad[i].error);
		expect("where it was going", (int64_t)hostile_words[3],
		       (int64_t)f.rip);
	}
}

static void addresses(void)
{
	struct iret_context f = hostile_user(hostile_nop);

	f.rip = NOT_CANONICAL;
	expect("iret to an address that is not canonical", hostile_run(&f),
	       GENERAL_PROTECTION);
	f.rip = HYPERVISOR_IMAGE;
	expect("iret into the hypervisor", hostile_run(&f), PAGE_FAULT);
	f.rip = HYPERVISOR_MAP;
	expect("iret into its map of all memory", hostile_run(&f), PAGE_FAULT);
	f.rip = MACH2PHYS_VIRT_START;
	expect("iret into the M2P", hostile_run(&f), PAGE_FAULT);
	f.rip = NOT_MAPPED;
	expect("iret to nothing", hostile_run(&f), PAGE_FAULT);
	f = hostile_user(hostile_nop);
	f.rsp = NOT_CANONICAL;
	expect("iret to a stack that is not canonical", hostile_run(&f),
	       BAD_INSTRUCTION);
	f.rsp = HYPERVISOR_IMAGE;
	expect("iret to a stack in the hypervisor", hostile_run(&f),
	       BAD_INSTRUCTION);
}

static void flags(void)
{
	const uint64_t not_his = FLAG_IOPL | FLAG_VM;
	const uint64_t live = FLAG_TF | FLAG_NT | FLAG_VM | FLAG_AC;
	struct iret_context f = hostile_user(hostile_nop);

	f.rflags = UINT64_MAX;
	expect("iret with all flags steps", hostile_run(&f), DEBUG);
	expect("without IOPL and VM", (int64_t)(hostile_words[4] & not_his), 0);
	expect("which the kernel does not see", (int64_t)(hostile_flags & live),
	       0);
	f = hostile_user(hostile_syscall);
	f.rflags |= FLAG_NT | FLAG_AC | FLAG_DF;
	expect("syscall with NT, AC and DF", hostile_run(&f), HOSTILE_SYSCALL);
	expect("which the kernel does not see", (int64_t)(hostile_flags & live),
	       0);
	expect("but finds in the frame",
	       (hostile_words[4] & (FLAG_NT | FLAG_AC | FLAG_DF)) ==
		       (FLAG_NT | FLAG_AC | FLAG_DF),
	       1);
	f = hostile_user(hostile_sysenter);
	f.rflags |= FLAG_NT | FLAG_AC;
	expect("sysenter with NT and AC", hostile_run(&f), HOSTILE_SYSENTER);
	f = hostile_user(hostile_sysenter);
	f.rflags |= FLAG_TF | FLAG_NT;
	expect("sysenter with TF and NT", hostile_run(&f), HOSTILE_SYSENTER);
	expect("and neither is left",
	       (int64_t)(hostile_flags & (FLAG_TF | FLAG_NT)), 0);
}

/* To the kernel itself: CS says ring 0. It finds what the frame said. */
static void to_the_kernel(void)
{
	struct iret_context f = hostile_user(hostile_nop);

	f.cs = FLAT_KERNEL_CS & ~3u;
	f.rcx = 0x1111;
	f.r11 = 0x2222;
	f.rflags |= FLAG_DF | FLAG_IOPL;
	expect("iret to the kernel", hostile_run(&f), BAD_INSTRUCTION);
	expect("with RCX", (int64_t)hostile_words[0], 0x1111);
	expect("with R11", (int64_t)hostile_words[1], 0x2222);
	expect("comes from the kernel, events let in",
	       (int64_t)hostile_words[3], (int64_t)f.cs);
	expect("with its flags",
	       (int64_t)(hostile_words[4] & (FLAG_DF | FLAG_IF | FLAG_IOPL)),
	       FLAG_DF | FLAG_IF);
	expect("and stack", (int64_t)hostile_words[5], (int64_t)f.rsp);
	f.rflags = 0;
	expect("iret to the kernel, masked", hostile_run(&f), BAD_INSTRUCTION);
	expect("has events masked", (int64_t)(hostile_words[3] >> 32), 1);
	expect("and IF clear", (int64_t)(hostile_words[4] & FLAG_IF), 0);
	f.rflags = FLAG_IF;
	f.flags = VGCF_in_syscall;
	expect("iret to the kernel, from a system call", hostile_run(&f),
	       BAD_INSTRUCTION);
	expect("has RIP in RCX", (int64_t)hostile_words[0], (int64_t)f.rip);
	f.flags = 0;
	f.rflags |= FLAG_TF | FLAG_VM;
	expect("iret to the kernel that steps", hostile_run(&f), DEBUG);
	f.rflags = FLAG_IF;
	f.cs = HYPERVISOR_CS;
	expect("iret to the kernel, the hypervisor's CS", hostile_run(&f),
	       GENERAL_PROTECTION);
	f.cs = FLAT_KERNEL_CS & ~3u;
	f.rip = NOT_CANONICAL;
	expect("iret to the kernel, not canonical", hostile_run(&f),
	       GENERAL_PROTECTION);
	f.rip = HYPERVISOR_IMAGE;
	expect("iret of the kernel into the hypervisor", hostile_run(&f),
	       PAGE_FAULT);
}

/* All of INT n from user mode, where no gate is for users. */
static void interrupts(void)
{
	unsigned int wrong = 0;
	struct iret_context f;

	for (unsigned int n = 0; n < 256; n++) {
		int vector;

		f = hostile_user(hostile_ints + n * ENTRY_SIZE);
		vector = hostile_run(&f);
		if (n == BREAKPOINT || n == OVERFLOW) {
			wrong += vector != (int)n;
		} else {
			wrong += vector != GENERAL_PROTECTION ||
				 hostile_words[2] != n * 8 + 2 ||
				 hostile_words[3] != f.rip;
		}
	}
	expect("int n that come out otherwise, for all n", wrong, 0);
	hostile_trap(GENERAL_PROTECTION, 3);
	f = hostile_user(hostile_ints + GENERAL_PROTECTION * ENTRY_SIZE);
	expect("int 13, allowed", hostile_run(&f), GENERAL_PROTECTION);
	expect("has no error code", (int64_t)hostile_words[2],
	       (int64_t)f.rip + 2);
	hostile_trap(GENERAL_PROTECTION, 0);
	f = hostile_user(hostile_ints + INT_80 * ENTRY_SIZE);
	expect("int 0x80 without a handler", hostile_run(&f),
	       GENERAL_PROTECTION);
	hostile_trap(INT_80, 3);
	expect("int 0x80 with one", hostile_run(&f), INT_80);
}

static void privileged(void)
{
	unsigned int wrong = 0;

	for (const char *insn = hostile_privileged;
	     insn < hostile_privileged_end; insn += ENTRY_SIZE) {
		struct iret_context f = hostile_user(insn);
		int vector = hostile_run(&f);

		if (vector != GENERAL_PROTECTION || hostile_words[3] != f.rip) {
			say("# privileged instruction at %lx: %ld", f.rip,
			    (int64_t)vector);
			wrong++;
		}
	}
	expect("privileged instructions that a user may", wrong, 0);
}

void check_hostile(const struct bad *b)
{
	hostile_begin(b);
	selectors();
	addresses();
	flags();
	to_the_kernel();
	interrupts();
	privileged();
	end();
}
