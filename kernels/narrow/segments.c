/* SPDX-License-Identifier: MIT */
/*
 * Descriptors: none of a ring below 1, none of 64-bit code, no gate that can be
 * gone through; and whatever base and limit say, an address ends at 4 GiB.
 */
#include "kernels/narrow/narrow.h"

static uint64_t gdt[512] __attribute__((aligned(4096)));
static uint64_t ldt[512] __attribute__((aligned(4096)));

#define FLAT_CODE UINT64_C(0x00cfbb000000ffff) /* ring 1 */
#define FLAT_DATA UINT64_C(0x00cfb3000000ffff)
#define DPL(n) ((uint64_t)(n) << 45)
#define LONG (UINT64_C(1) << 53)
#define CONFORMING (UINT64_C(4) << 40)
#define GATE UINT64_C(0x00008c000000e019)
#define AT(n) ((n)*8 + 1)

static uint32_t far_to[2];

static void jumps_far(void)
{
	__asm__ volatile("movl $1f, %0; ljmp *%0; 1:"
			 : "+m"(far_to)
			 :
			 : "memory");
}

static void calls_far(void)
{
	__asm__ volatile("lcall *%0" : : "m"(far_to) : "memory");
}

static uint16_t selector;
static void loads_gs(void)
{
	__asm__ volatile("mov %0, %%gs" : : "r"((uint32_t)selector));
}

static uint32_t offset;
static uint32_t value;
static void reads_gs(void)
{
	__asm__ volatile("mov %%gs:(%1), %0" : "=r"(value) : "r"(offset));
}

static void writes_gs(void)
{
	__asm__ volatile("movl $0, %%gs:(%0)" : : "r"(offset) : "memory");
}

static void loads_ss_null(void)
{
	__asm__ volatile("push %%ss; mov %0, %%ss; pop %%ss" : : "r"(0));
}

#define MANY 4096
static multicall_entry_t many[MANY];
extern char wraps_to[];
int32_t wrapped_call(uint32_t eip, uint32_t cs, multicall_entry_t *list,
		     uint32_t nr);

static int64_t describe(unsigned int n, uint64_t desc)
{
	const uint64_t at = mfn_of(gdt) * PAGE + n * sizeof(desc);

	return hypercall(__HYPERVISOR_update_descriptor, (uint32_t)at,
			 (uint32_t)(at >> 32), (uint32_t)desc,
			 (uint32_t)(desc >> 32), 0);
}

static void test_gdt(void)
{
	const uint64_t entry = mfn_of(gdt) * PAGE;
	unsigned long frames[1] = {(unsigned long)mfn_of(gdt)};

	gdt[1] = FLAT_CODE;
	gdt[2] = FLAT_CODE & ~DPL(3); /* ring 0 */
	expect("a writable page is no GDT",
	       hypercall(__HYPERVISOR_set_gdt, (uint32_t)frames, 512, 0, 0, 0),
	       -XEN_EINVAL);
	map_page(gdt, entry | RO);
	expect("set_gdt",
	       hypercall(__HYPERVISOR_set_gdt, (uint32_t)frames, 512, 0, 0, 0),
	       0);
	expect("ring 0 became ring 1", (int32_t)(gdt[2] >> 45 & 3), 1);
	expect("64-bit code is refused",
	       describe(3, (FLAT_CODE & ~(UINT64_C(1) << 54)) | LONG),
	       -XEN_EINVAL);
	expect("a segment of ring 3 is not", describe(4, FLAT_DATA | DPL(3)),
	       0);
	expect("a conforming one is not", describe(5, FLAT_CODE | CONFORMING),
	       0);
	expect("a call gate is not", describe(6, GATE | DPL(3)), 0);
	expect("an interrupt gate is",
	       describe(7, UINT64_C(0x0000ee000008e008)), -XEN_EINVAL);
	expect("so is a TSS", describe(7, UINT64_C(0x0000890000000067)),
	       -XEN_EINVAL);
}

static void test_jumps(void)
{
	static const struct {
		const char *what;
		uint16_t to;
		int vector;
	} jumps[] = {
		{"a jump to one's own code", AT(1), -1},
		{"to a conforming segment", AT(5), -1},
		{"back to the flat one", FLAT_KERNEL_CS, -1},
		{"to the hypervisor's", 0xe008, 13},
		{"to where 64-bit guests have 64-bit code", 0xe033, 13},
		{"to user code", FLAT_USER_CS, 13},
		{"by a call gate", AT(6), 13},
		{"to its TSS", 0xe040, 13},
	};

	for (unsigned int i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		far_to[1] = jumps[i].to;
		expect(jumps[i].what, try_it(jumps_far), jumps[i].vector);
	}
	far_to[1] = AT(6);
	expect("a call by a gate", try_it(calls_far), 13);
	far_to[1] = 0xe008;
	expect("a call of the hypervisor", try_it(calls_far), 13);
}

static void test_data(void)
{
	selector = 0xe010;
	expect("the hypervisor's data", try_it(loads_gs), 13);
	expect("no stack", try_it(loads_ss_null), 13);
	selector = AT(8);
	/* From 64 KiB below 4 GiB on, and as long as can be. */
	expect("a segment with a base",
	       describe(8, FLAT_DATA | UINT64_C(0xff) << 56 |
				   UINT64_C(0xff0000) << 16),
	       0);
	expect("is loaded", try_it(loads_gs), -1);
	offset = 0x10000 + (uint32_t)&pv.start;
	expect("wraps at 4 GiB", try_it(reads_gs), -1);
	expect("to what is there", value == (uint32_t)pv.start, 1);
	offset = 0x8000;
	expect("and reaches nothing of the hypervisor's", try_it(writes_gs),
	       14);
	offset = 0xf5800000u + 0x10000;
	expect("reads the M2P", try_it(reads_gs), -1);
	expect("but does not write it", try_it(writes_gs), 14);
}

/* A hypercall where eip wraps, and one so long that it is issued again. */
static void test_wrapped(void)
{
	const uint64_t base = (uint32_t)wraps_to;

	expect("code that begins in its midst",
	       describe(10, FLAT_CODE | (base & 0xffffff) << 16 |
				    (base >> 24) << 56),
	       0);
	for (unsigned int i = 0; i < MANY; i++) {
		many[i].op = __HYPERVISOR_xen_version;
		many[i].args[0] = XENVER_version;
	}
	expect("a hypercall at its end",
	       wrapped_call(0xfffffffeu, AT(10), many, 1), 0);
	expect("with its result", (int32_t)many[0].result, 4 << 16 | 17);
	expect("a long one", wrapped_call(0xfffffffeu, AT(10), many, MANY), 0);
	expect("to its last", (int32_t)many[MANY - 1].result, 4 << 16 | 17);
}

static void test_ldt(void)
{
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};

	ldt[2] = FLAT_DATA;
	map_page(ldt, mfn_of(ldt) * PAGE | RO);
	op.arg1.linear_addr = 0xf5800000u;
	op.arg2.nr_ents = 512;
	expect("an LDT in the hypervisor's range",
	       hypercall(__HYPERVISOR_mmuext_op, (uint32_t)&op, 1, 0,
			 DOMID_SELF, 0),
	       -XEN_EINVAL);
	op.arg1.linear_addr = (unsigned long)ldt;
	expect("set_ldt",
	       hypercall(__HYPERVISOR_mmuext_op, (uint32_t)&op, 1, 0,
			 DOMID_SELF, 0),
	       0);
	selector = 2 * 8 | 4 | 1;
	expect("a segment of it", try_it(loads_gs), -1);
	offset = (uint32_t)&pv.start;
	expect("can be used", try_it(reads_gs), -1);
	selector = 3 * 8 | 4 | 1;
	expect("one that is not there", try_it(loads_gs), 13);
	selector = 0;
	loads_gs();
}

uint16_t spoil_gs(void)
{
	describe(9, FLAT_DATA);
	selector = AT(9);
	loads_gs();
	describe(9, 0);
	return selector;
}

void test_segments(void)
{
	test_gdt();
	test_jumps();
	test_data();
	test_wrapped();
	test_ldt();
}
