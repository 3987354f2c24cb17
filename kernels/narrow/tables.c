/* SPDX-License-Identifier: MIT */
/*
 * Page tables: the builder's are read-only, the M2P is there to be read by the
 * kernel alone, and a direct write of an entry is carried out as if it were a
 * request, in the ways in which 32-bit code writes 64 bits.
 */
#include "kernels/narrow/narrow.h"

static uint8_t page[PAGE] __attribute__((aligned(4096)));
static volatile uint64_t *entry; /* of `page`, as the guest sees it */
#define M2P ((volatile uint32_t *)0xf5800000u)

static void reads_the_m2p(void)
{
	(void)M2P[mfn_of(page)];
}

static void writes_the_m2p(void)
{
	M2P[mfn_of(page)] = 0;
}

/* What no table of the domain's maps: the hypervisor's own, if anything. */
static void reads_beyond_it(void)
{
	(void)*(volatile uint32_t *)0xfffff000u;
}

static void writes_a_table(void)
{
	*(volatile uint64_t *)pv.start->pt_base = 0;
}

static void runs_the_m2p(void)
{
	((void (*)(void))0xf5800000u)();
}

static void test_m2p(void)
{
	const uint32_t at = ((uint32_t)page - (uint32_t)pv.virt_base) / PAGE;

	expect("the M2P is there", try_it(reads_the_m2p), -1);
	expect("and right", (int32_t)M2P[mfn_of(page)], (int32_t)at);
	expect("but not to be written", try_it(writes_the_m2p), 14);
	expect("which its error code says", (int32_t)trapped.error, 3);
	expect("nor to be run", try_it(runs_the_m2p), 14);
	expect("nothing is beyond", try_it(reads_beyond_it), 14);
	expect("a table is read-only", try_it(writes_a_table), 14);
}

static void writes_low_half(void)
{
	((volatile uint32_t *)entry)[0] &= ~2u;
}

static void writes_by_cmpxchg8b(void)
{
	uint64_t old = *entry;
	uint64_t new = old | 2;

	__asm__ volatile("lock cmpxchg8b %0"
			 : "+m"(*entry), "+A"(old)
			 : "b"((uint32_t) new), "c"((uint32_t)(new >> 32))
			 : "memory");
}

static void maps_a_table(void)
{
	const uint64_t table = mfn_of(pv.root) << 12;

	__asm__ volatile("lock cmpxchg8b %0"
			 : "+m"(*entry)
			 : "a"((uint32_t)*entry), "d"((uint32_t)(*entry >> 32)),
			   "b"((uint32_t)table | 0x63),
			   "c"((uint32_t)(table >> 32))
			 : "memory");
}

static void test_direct(void)
{
	entry = entry_of(&pv, page);
	expect("the entry is found", (int32_t)(*entry >> 12),
	       (int32_t)mfn_of(page));
	expect("without the assist a write faults", try_it(writes_low_half),
	       14);
	expect("vm_assist",
	       hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			 VMASST_TYPE_writable_pagetables, 0, 0, 0),
	       0);
	expect("half an entry is written", try_it(writes_low_half), -1);
	expect("and is read-only", (int32_t)*entry & 2, 0);
	expect("a whole one is", try_it(writes_by_cmpxchg8b), -1);
	expect("and is writable", (int32_t)*entry & 2, 2);
	expect("but no table is mapped so", try_it(maps_a_table), 14);
	expect("which leaves it as it was", (int32_t)(*entry >> 12),
	       (int32_t)mfn_of(page));
}

static void test_roots(void)
{
	struct mmuext_op op = {.cmd = MMUEXT_NEW_USER_BASEPTR};

	expect("there is no user root",
	       hypercall(__HYPERVISOR_mmuext_op, (uint32_t)&op, 1, 0,
			 DOMID_SELF, 0),
	       -XEN_EINVAL);
	op.cmd = MMUEXT_NEW_BASEPTR;
	op.arg1.mfn = (xen_pfn_t)mfn_of(pv.root);
	expect("the root is loaded again",
	       hypercall(__HYPERVISOR_mmuext_op, (uint32_t)&op, 1, 0,
			 DOMID_SELF, 0),
	       0);
	op.arg1.mfn = (xen_pfn_t)mfn_of(page);
	expect("a page is none",
	       hypercall(__HYPERVISOR_mmuext_op, (uint32_t)&op, 1, 0,
			 DOMID_SELF, 0),
	       -XEN_EINVAL);
	expect("a page with NX is mapped",
	       map_page(page, mfn_of(page) << 12 | RW | UINT64_C(1) << 63), 0);
	expect("its entry has all 64 bits", (int32_t)(*entry >> 32),
	       (int32_t)(0x80000000u | (uint32_t)(mfn_of(page) >> 20)));
}

void test_tables(void)
{
	test_m2p();
	test_direct();
	test_roots();
}
