/* SPDX-License-Identifier: MIT */
/*
 * From ring 1 to ring 3 and back: what a kernel's instructions raise, what its
 * users may not do.
 */
#include "kernels/narrow/narrow.h"

extern void user_hypercall(void), user_after(void), user_reads_m2p(void);
extern void user_far_64(void), user_far_hv(void), user_sysenter(void);
int32_t call_and_return(multicall_entry_t list[2]);
extern char trap_up[];

extern char user_stack_start[];

static uint8_t trap_stack[PAGE] __attribute__((aligned(4096)));

static void halts(void)
{
	__asm__ volatile("hlt");
}
static void breaks(void)
{
	__asm__ volatile("int3");
}
static void is_undefined(void)
{
	__asm__ volatile("ud2");
}
static void asks_for_an_interrupt(void)
{
	__asm__ volatile("int $0x20");
}
static void divides(void)
{
	__asm__ volatile("div %%ecx" : : "a"(1), "d"(0), "c"(0));
}
static void uses_the_fpu(void)
{
	__asm__ volatile("fnop");
}
static void clears_ts(void)
{
	__asm__ volatile("clts");
}
static uint32_t read;
static void reads_cr0(void)
{
	__asm__ volatile("mov %%cr0, %0" : "=r"(read));
}
static void reads_cr3(void)
{
	__asm__ volatile("mov %%cr3, %0" : "=r"(read));
}
static void writes_cr3(void)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(read));
}

static void test_traps(void)
{
	expect("hlt", try_it(halts), 13);
	expect("int3", try_it(breaks), 3);
	expect("its frame is ring 1's", (int32_t)trapped.cs & 0xffff,
	       FLAT_KERNEL_CS);
	expect("events were masked", (int32_t)trapped.cs >> 16, 1);
	expect("which the flags say, too", (int32_t)trapped.eflags & 0x200, 0);
	expect("ud2", try_it(is_undefined), 6);
	expect("div", try_it(divides), 0);
	expect("int 0x20", try_it(asks_for_an_interrupt), 13);
	expect("its error code names the gate", (int32_t)trapped.error,
	       0x20 * 8 + 2);
}

static void test_fpu(void)
{
	expect("fpu_taskswitch",
	       hypercall(__HYPERVISOR_fpu_taskswitch, 1, 0, 0, 0, 0), 0);
	expect("CR0.TS is seen", (try_it(reads_cr0), (int32_t)read & 8), 8);
	expect("the FPU is not there", try_it(uses_the_fpu), 7);
	expect("then it is", try_it(uses_the_fpu), -1);
	hypercall(__HYPERVISOR_fpu_taskswitch, 1, 0, 0, 0, 0);
	expect("clts", try_it(clears_ts), -1);
	expect("it is there again", try_it(uses_the_fpu), -1);
	expect("CR3 is read", try_it(reads_cr3), -1);
	expect("and written", try_it(writes_cr3), -1);
	read = 0xfffff000u;
	expect("but with no such frame", try_it(writes_cr3), 13);
}

static void user_page(const void *of)
{
	const uint32_t at = (uint32_t)of & ~(PAGE - 1);

	map_page((const void *)at, mfn_of((const void *)at) << 12 | RW | USER);
}

static void test_users(void)
{
	expect("stack_switch",
	       hypercall(__HYPERVISOR_stack_switch, FLAT_KERNEL_SS,
			 (uint32_t)(trap_stack + PAGE), 0, 0, 0),
	       0);
	expect("a page without US is not a user's", try_user(user_after), 14);
	expect("as its error code says", (int32_t)trapped.error & 5, 5);
	user_page((const void *)user_hypercall);
	user_page((const void *)user_far_hv);
	user_page(user_stack_start);
	expect("a user comes back by its gate", try_user(user_after), 0x80);
	expect("from ring 3", (int32_t)trapped.cs & 3, 3);
	expect("with its stack",
	       trapped.esp == (uint32_t)user_stack_start + PAGE, 1);
	expect("of its segment", (int32_t)trapped.ss & 0xffff, FLAT_USER_SS);
	expect("no hypercall is a user's", try_user(user_hypercall), 13);
	expect("it is refused at the gate", (int32_t)trapped.error,
	       0x82 * 8 + 2);
	expect("no M2P is", try_user(user_reads_m2p), 14);
	expect("no 64-bit code is", try_user(user_far_64), 13);
	expect("nor the hypervisor's", try_user(user_far_hv), 13);
}

/* XSA-213: what is behind an iret is not done, with whosever rights it be. */
static void test_multicall(void)
{
	multicall_entry_t list[2] = {
		{.op = __HYPERVISOR_iret, .result = 5},
		{.op = __HYPERVISOR_xen_version, .result = 5},
	};

	expect("iret in a multicall returns by its frame",
	       call_and_return(list), 77);
	expect("and the rest is not done", (int32_t)list[1].result, 5);
	list[0].op = __HYPERVISOR_xen_version;
	expect("as it is without", call_and_return(list), 0);
	expect("with its result", (int32_t)list[1].result, 4 << 16 | 17);
}

/* XSA-339: it takes neither stack nor way back along. */
static void test_sysenter(void)
{
	struct callback_register reg = {
		.type = CALLBACKTYPE_sysenter,
		.flags = CALLBACKF_mask_events,
		.address = {FLAT_KERNEL_CS, (unsigned long)trap_up},
	};

	user_page((const void *)user_sysenter);
	expect("SYSENTER without a callback", try_user(user_sysenter), 13);
	expect("says nothing of where it was", (int32_t)trapped.eip, 0);
	expect("but that it was a user's", (int32_t)trapped.cs & 0xffff,
	       FLAT_USER_CS);
	expect("its callback",
	       hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
			 (uint32_t)&reg, 0, 0, 0),
	       0);
	expect("is called by users", try_user(user_sysenter), 0x80);
	expect("with no stack of theirs", (int32_t)trapped.esp, 0);
	expect("whose events were let in", (int32_t)trapped.eflags & 0x200,
	       0x200);
	expect("the kernel's own comes as a user's",
	       (try_it(user_sysenter), (int32_t)trapped.cs & 0xffff),
	       FLAT_USER_CS);
	reg.type = CALLBACKTYPE_syscall;
	expect("there is no SYSCALL of 64-bit code",
	       hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
			 (uint32_t)&reg, 0, 0, 0),
	       -XEN_ENOSYS);
}

void test_rings(void)
{
	test_traps();
	test_fpu();
	test_users();
	test_multicall();
	test_sysenter();
}
