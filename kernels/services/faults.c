/* SPDX-License-Identifier: MIT */
/*
 * Faults that the hypervisor has while it looks at one of the guest's are its
 * own affair: CR2 and DR6 say what happened to the guest, and nothing else.
 */
#include "kernels/services/services.h"

#define PAGE_FAULT 14
#define DEBUG_EXCEPTION 1
#define STORE_SIZE 3
#define DR7_WRITE(n) (UINT64_C(1) << (2 * (n)) | UINT64_C(1) << (16 + 4 * (n)))
#define DR7_ACCESS(n) (DR7_WRITE(n) | UINT64_C(2) << (16 + 4 * (n)))

static uint8_t code[2 * PAGE_SIZE] __attribute__((aligned(4096)));
static uint8_t data[PAGE_SIZE] __attribute__((aligned(4096)));
static volatile uint64_t watched_by_us, read_by_it[2];

static volatile uint64_t seen_cr2;
static volatile uint64_t traps;

static bool skip_store(struct trap_frame *f, uint64_t cr2)
{
	if (f->vector != PAGE_FAULT) {
		return false;
	}
	seen_cr2 = cr2;
	f->rip += STORE_SIZE;
	return true;
}

static bool count_debug(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	if (f->vector != DEBUG_EXCEPTION) {
		return false;
	}
	traps++;
	return true;
}

/* mov %rsi,(%rdi); ret: the last bytes of a page with nothing behind it. */
static void store_at_the_edge(uint64_t where, uint64_t value)
{
	uint8_t *at = code + PAGE_SIZE - 4;

	seen_cr2 = 0;
	((void (*)(uint64_t, uint64_t))(uintptr_t)at)(where, value);
}

static void page_faults(const struct pv *s)
{
	const volatile uint64_t *table = entry_of(s, data);
	uint64_t data_entry = *table;
	uint64_t code_entry = *entry_of(s, code + PAGE_SIZE);
	uint64_t where = (uintptr_t)data + 0x128;
	uint64_t entry = (uintptr_t)table;
	static const uint8_t insn[4] = {0x48, 0x89, 0x37, 0xc3};

	memcpy(code + PAGE_SIZE - 4, insn, sizeof(insn));
	traps_expect(skip_store);
	map_page(data, data_entry & ~PTE_RW);
	map_page(code + PAGE_SIZE, 0);
	store_at_the_edge(where, 1);
	expect("a store to a page of data, as CR2", (int64_t)seen_cr2,
	       (int64_t)where);
	/* Of the table itself, writable: refused, after the code was read. */
	store_at_the_edge(entry,
			  (mfn_at(s, (const void *)entry) << PAGE_SHIFT) |
				  MAP_RW);
	expect("a store to a page table, as CR2", (int64_t)seen_cr2,
	       (int64_t)entry);
	map_page(code + PAGE_SIZE, code_entry);
	map_page(data, data_entry);
	traps_expect(NULL);
}

static int64_t set_debugreg(unsigned int number, uint64_t value)
{
	return hypercall(__HYPERVISOR_set_debugreg, number, value, 0, 0, 0);
}

static void watchpoints(void)
{
	traps_expect(count_debug);
	expect("a watchpoint", set_debugreg(0, (uintptr_t)read_by_it), 0);
	expect("and another", set_debugreg(1, (uintptr_t)&watched_by_us), 0);
	expect("both on", set_debugreg(7, 0x400 | DR7_ACCESS(0) | DR7_WRITE(1)),
	       0);
	/* The hypervisor reads what the first watches. */
	hypercall(__HYPERVISOR_mmu_update, (uintptr_t)read_by_it, 1, 0,
		  DOMID_SELF, 0);
	expect("what it reads is no trap of ours", (int64_t)traps, 0);
	watched_by_us = 1;
	expect("what we write is", (int64_t)traps, 1);
	expect("and DR6 says which",
	       hypercall(__HYPERVISOR_get_debugreg, 6, 0, 0, 0, 0) & 15, 2);
	expect("off again", set_debugreg(7, 0x400), 0);
	expect("and DR6 clear", set_debugreg(6, 0xffff0ff0), 0);
	traps_expect(NULL);
}

void check_faults(const struct pv *s)
{
	page_faults(s);
	watchpoints();
}
