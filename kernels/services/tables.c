/* SPDX-License-Identifier: MIT */
/*
 * Direct writes to a page table that is mapped read-only, by every instruction
 * that kernels have for it. The entry is that of a page of data; each row says
 * what it must be afterwards.
 */
#include "kernels/services/services.h"

#define PAGE_FAULT 14
#define AVAIL9 (UINT64_C(1) << 9) /* software bits of an entry */
#define AVAIL10 (UINT64_C(1) << 10)
#define AVAIL11 (UINT64_C(1) << 11)
/* A and D are the CPU's, US is set by the hypervisor. */
#define JUDGED (~(PTE_A | PTE_D | PTE_US | PTE_G))

static volatile uint8_t page[PAGE_SIZE] __attribute__((aligned(4096)));

static void expect_entry(const char *what, const volatile uint64_t *e,
			 uint64_t want)
{
	expect(what, (int64_t)((*e ^ want) & JUDGED), 0);
}

static void writes(volatile uint64_t *e, uint64_t rw)
{
	uint64_t old = rw | AVAIL9;
	uint8_t carry;

	__asm__ volatile("movq %1, %0" : "+m"(*e) : "r"(old));
	expect_entry("mov", e, rw | AVAIL9);
	old = rw | AVAIL10;
	__asm__ volatile("xchg %1, %0" : "+m"(*e), "+r"(old));
	expect_entry("xchg", e, rw | AVAIL10);
	expect("gives what was there", (int64_t)((old ^ rw ^ AVAIL9) & JUDGED),
	       0);
	__asm__ volatile("lock orq %1, %0" : "+m"(*e) : "r"(AVAIL9) : "cc");
	expect_entry("lock or", e, rw | AVAIL9 | AVAIL10);
	__asm__ volatile("lock andb $0xfd, %0" : "+m"(*e) : : "cc");
	expect_entry("lock andb", e, (rw & ~PTE_RW) | AVAIL9 | AVAIL10);
	__asm__ volatile("lock btsq $1, %0; setc %1"
			 : "+m"(*e), "=q"(carry)
			 :
			 : "cc");
	expect_entry("lock bts", e, rw | AVAIL9 | AVAIL10);
	expect("says that the bit was clear", carry, 0);
	__asm__ volatile("lock btrq %2, %0; setc %1"
			 : "+m"(*e), "=q"(carry)
			 : "r"(UINT64_C(9))
			 : "cc");
	expect_entry("lock btr", e, rw | AVAIL10);
	expect("says that the bit was set", carry, 1);
	__asm__ volatile("lock btcq $11, %0" : "+m"(*e) : : "cc");
	expect_entry("lock btc", e, rw | AVAIL10 | AVAIL11);
	__asm__ volatile("orb %b1, 1(%0)"
			 :
			 : "r"(e), "q"(AVAIL9 >> 8)
			 : "memory", "cc");
	expect_entry("or of one byte", e, rw | AVAIL9 | AVAIL10 | AVAIL11);
	__asm__ volatile("andl %1, %0"
			 : "+m"(*(volatile uint32_t *)e)
			 : "r"((uint32_t)~AVAIL10)
			 : "cc");
	expect_entry("and of four bytes", e, rw | AVAIL9 | AVAIL11);
	__asm__ volatile("lock xaddq %1, %0" : "+m"(*e), "+r"((uint64_t){0}));
	expect_entry("lock xadd", e, rw | AVAIL9 | AVAIL11);
}

static void exchanges(volatile uint64_t *e, uint64_t rw)
{
	uint64_t old = *e;
	uint64_t seen = old;
	bool equal;

	__asm__ volatile("lock cmpxchgq %3, %0; setz %1"
			 : "+m"(*e), "=q"(equal), "+a"(seen)
			 : "r"(rw)
			 : "cc");
	expect_true("lock cmpxchg of what is there", equal);
	expect_entry("writes", e, rw);
	seen = 0;
	__asm__ volatile("lock cmpxchgq %3, %0; setz %1"
			 : "+m"(*e), "=q"(equal), "+a"(seen)
			 : "r"(UINT64_C(0))
			 : "cc");
	expect_true("of something else", !equal);
	expect_entry("does not", e, rw);
	expect("and says what is there", (int64_t)(seen ^ *e), 0);
}

static void strings(volatile uint64_t *e, uint64_t rw)
{
	uint64_t source = rw | AVAIL9;
	uint64_t count = 1;
	volatile void *to = e;
	const void *from = &source;

	__asm__ volatile("rep stosq"
			 : "+D"(to), "+c"(count)
			 : "a"(rw | AVAIL10)
			 : "memory");
	expect_entry("rep stos", e, rw | AVAIL10);
	expect("ends behind it", (volatile uint64_t *)to - e, 1);
	to = e;
	__asm__ volatile("movsq" : "+D"(to), "+S"(from) : : "memory");
	expect_entry("movs", e, rw | AVAIL9);
}

/* What mmu_update would refuse is a page fault here. */
static void refusals(const struct pv *s, volatile uint64_t *e)
{
	uint64_t own = (uint64_t)mfn_at(s, (const void *)e) << PAGE_SHIFT;
	uint64_t old = *e;

	expect("a writable mapping of the table itself",
	       probe_write((uintptr_t)e, own | MAP_RW, NULL, NULL), PAGE_FAULT);
	expect("a mapping of nobody's frame",
	       probe_write((uintptr_t)e, PTE_FRAME_MASK | MAP_RO, NULL, NULL),
	       PAGE_FAULT);
	expect("a large page",
	       probe_write((uintptr_t)e, old | PTE_PS, NULL, NULL), PAGE_FAULT);
	expect_entry("change nothing", e, old);
}

void check_page_table_writes(const struct pv *s)
{
	volatile uint64_t *e = entry_of(s, (const void *)page);
	uint64_t rw = *e;

	expect("a direct write, unassisted",
	       probe_write((uintptr_t)e, rw, NULL, NULL), PAGE_FAULT);
	expect("assistance",
	       hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			 VMASST_TYPE_writable_pagetables, 0, 0, 0),
	       0);
	writes(e, rw);
	exchanges(e, rw);
	strings(e, rw);
	refusals(s, e);
	*e = rw;
	page[0] = 1;
	expect("the page is as before", page[0], 1);
}
