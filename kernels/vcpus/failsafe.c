/* SPDX-License-Identifier: MIT */
/*
 * A segment's descriptor goes while its selector is in GS. With both vCPUs on
 * one CPU the second takes the first's place; when that comes back, GS cannot
 * be loaded, and its kernel is told by the failsafe callback.
 */
#include "kernels/vcpus/vcpus.h"

#define FLAT_DATA UINT64_C(0x00cff3000000ffff) /* ring 3 */
#define INDEX 9
#define SELECTOR (INDEX * 8 + 3)
/* Where the hypervisor has its image. */
#define NOWHERE UINT64_C(0xffff828000280000)

extern const char failsafe_entry[];

/* rcx, r11, four selectors, then a frame as that of an event. */
__asm__(".text\n"
	"failsafe_entry:\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	popq failsafe_had(%rip)\n"
	"	popq failsafe_had + 8(%rip)\n"
	"	popq failsafe_had + 16(%rip)\n"
	"	popq failsafe_had + 24(%rip)\n"
	"	incq failsafe_count(%rip)\n"
	"	orb $3, 8(%rsp)\n"
	"	iretq\n");

volatile uint64_t failsafe_count;
volatile uint64_t failsafe_had[4]; /* ds, es, fs, gs */

static uint64_t gdt[512] __attribute__((aligned(4096)));

static void nothing(void)
{
}

static uint16_t gs(void)
{
	uint16_t selector;

	__asm__ volatile("mov %%gs, %0" : "=r"(selector));
	return selector;
}

static void use_gdt(void)
{
	unsigned long frame = mfn_at(&pv, gdt);

	gdt[INDEX] = FLAT_DATA;
	expect("a GDT's page", map_page(gdt, frame << PAGE_SHIFT | MAP_RO), 0);
	expect("a GDT",
	       hypercall(__HYPERVISOR_set_gdt, (uintptr_t)&frame, 512, 0, 0, 0),
	       0);
	__asm__ volatile("mov %0, %%gs" : : "r"(SELECTOR));
	expect("a selector of it", gs(), SELECTOR);
}

/*
 * The first spins with a stack in the hypervisor's memory, until the second has
 * its turn: there is nowhere to tell it.
 */
static _Noreturn void spin_nowhere(void)
{
	__asm__ volatile("mov %0, %%rsp\n"
			 "1:	pause\n"
			 "	jmp 1b\n"
			 :
			 : "r"(NOWHERE));
	__builtin_unreachable();
}

/* The second has the CPU for a while. */
static void descriptor_goes(bool nowhere)
{
	const uint64_t at = (mfn_at(&pv, gdt) << PAGE_SHIFT) + INDEX * 8;

	second_do(nothing);
	expect("a segment that is there is loaded again", gs(), SELECTOR);
	expect("its descriptor goes",
	       hypercall(__HYPERVISOR_update_descriptor, at, 0, 0, 0, 0), 0);
	if (nowhere) {
		spin_nowhere();
	}
	second_do(nothing);
}

void check_failsafe(bool nowhere)
{
	const struct callback_register op = {
		.type = CALLBACKTYPE_failsafe,
		.address = (uintptr_t)failsafe_entry,
	};

	use_gdt();
	expect("a failsafe callback",
	       hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
			 (uintptr_t)&op, 0, 0, 0),
	       0);
	descriptor_goes(nowhere);
	expect("it was called, once", (int64_t)failsafe_count, 1);
	expect("with what GS was to be", (int64_t)failsafe_had[3], SELECTOR);
	expect("and DS was", (int64_t)failsafe_had[0] & ~3, 0);
	expect("GS has nothing now", gs() & ~3, 0);
	second_do(nothing);
	expect("which can be loaded", (int64_t)failsafe_count, 1);
}
