/* SPDX-License-Identifier: MIT */
/*
 * Our page tables (layout: mm/layout.h). They are complete before the first
 * domain is built and their L4 entries never change afterwards: every guest L4
 * holds copies of them.
 *
 * Supervisor only, all of it, but for the M2P, which is read-only at every
 * level that could say otherwise. Nothing but the image's text is executable,
 * where the CPU knows NX, and that is writable nowhere: the direct map shows
 * the image's text and constants read-only, too. Below each stack a page is
 * missing.
 */
#include "hv/mm/paging.h"

#include "hv/mm/memory.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/mm/layout.h"
#include "hv/report/panic.h"
#include "hv/cpu/x86.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)
/*
 * Every address space has the same, for ever: global, where the CPU is told to
 * heed it (cpu/flush.c).
 */
#define SAME (PTE_P | PTE_A | PTE_G)
#define RAM_FLAGS (SAME | PTE_RW | PTE_D)
#define GIB (UINT64_C(1) << 30)
#define LARGE (UINT64_C(2) << 20)
#define CPUID_EXT_FEATURES 0x80000001
#define CPUID_NX (1u << 20)
#define CPUID_1G (1u << 26)
#define DEVICES 16

extern char image_start[], image_text_end[], image_rodata_end[], image_end[];

static uint64_t root;
static uint64_t nx;
static bool has_1g;
static pte_t *device_entries;

static pte_t *new_table(void)
{
	pte_t *t = direct_map(memory_take(PAGE_SIZE, PAGE_SIZE, 4 * GIB));

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		t[i] = pte(0);
	}
	return t;
}

/* The entry of `level` for va; makes the tables above it. */
static pte_t *entry_of(uint64_t va, unsigned int level, uint64_t user)
{
	pte_t *t = direct_map(root);

	for (unsigned int l = 4; l > level; l--) {
		pte_t *e = &t[pt_index(vaddr(va), l)];

		if (!pte_present(*e)) {
			uint64_t m = direct_map_address(new_table());

			*e = pte(m | TABLE_FLAGS | user);
		}
		t = direct_map(pte_mfn(*e).v << PAGE_SHIFT);
	}
	return &t[pt_index(vaddr(va), level)];
}

static void map_at(uint64_t va, uint64_t at, unsigned int level, uint64_t flags)
{
	*entry_of(va, level, flags & PTE_US) =
		pte(at | flags | (level > 1 ? PTE_PS : 0));
}

/* Largest pages that fit. */
static void map(uint64_t va, uint64_t at, uint64_t bytes, uint64_t flags)
{
	while (bytes != 0) {
		uint64_t bits = va | at;
		unsigned int level = 1;

		if ((bits & (LARGE - 1)) == 0 && bytes >= LARGE) {
			level = 2;
		}
		if (has_1g && (bits & (GIB - 1)) == 0 && bytes >= GIB) {
			level = 3;
		}
		map_at(va, at, level, flags);
		va += pt_span(level);
		at += pt_span(level);
		bytes -= pt_span(level);
	}
}

static void map_direct(uint64_t from, uint64_t to, uint64_t flags)
{
	if (from < to) {
		map(DIRECTMAP_START + from, from, to - from, flags | nx);
	}
}

/* The image's text and constants are not to be written here either. */
static void map_direct_around_image(uint64_t start, uint64_t end)
{
	const uint64_t from = image_address(image_start);
	const uint64_t to = image_address(image_rodata_end);

	map_direct(start, end < from ? end : from, RAM_FLAGS);
	map_direct(start > from ? start : from, end < to ? end : to, SAME);
	map_direct(start > to ? start : to, end, RAM_FLAGS);
}

static void map_ram(void)
{
	uint64_t done = 0;

	for (unsigned int i = 0; i < memory_ram.nr; i++) {
		uint64_t start = memory_ram.range[i].start & ~(LARGE - 1);
		uint64_t end =
			(memory_ram.range[i].end + LARGE - 1) & ~(LARGE - 1);

		if (start < done) {
			start = done;
		}
		if (start < end) {
			map_direct_around_image(start, end);
			done = end;
		}
	}
}

static void map_image(void)
{
	for (uint64_t va = (uint64_t)image_start; va < (uint64_t)image_end;
	     va += PAGE_SIZE) {
		uint64_t flags = RAM_FLAGS | nx;

		if (va < (uint64_t)image_text_end) {
			flags = SAME;
		} else if (va < (uint64_t)image_rodata_end) {
			flags = SAME | nx;
		}
		if (!cpu_is_guard(va)) {
			map_at(va, va - IMAGE_START, 1, flags);
		}
	}
}

void paging_init(void)
{
	struct cpuid c = x86_cpuid(CPUID_EXT_FEATURES, 0);

	if (c.d & CPUID_NX) {
		x86_wrmsr(MSR_EFER, x86_rdmsr(MSR_EFER) | EFER_NXE);
		nx = PTE_NX;
	}
	has_1g = (c.d & CPUID_1G) != 0;
	root = direct_map_address(new_table());
	map_ram();
	map_image();
	/* Tables that only get entries later, so that none is added then. */
	entry_of(M2P_START, 3, PTE_US);
	device_entries = entry_of(DEVICE_MAP, 1, 0);
	for (unsigned int i = 0; i < DESC_WINDOWS_NR / DESC_WINDOWS_A_TABLE;
	     i++) {
		uint64_t at = desc_window_address(i * DESC_WINDOWS_A_TABLE);

		desc_windows_add(i, entry_of(at, 1, 0));
	}
	x86_write_cr3(root);
}

void paging_map_m2p(uint64_t at, uint64_t bytes)
{
	map(M2P_START, at, page_round_up(bytes), SAME | PTE_US | nx);
	/* The way to it is writable for nobody either. */
	pte_t *l4 = (pte_t *)direct_map(root) + XEN_L4_FIRST;

	*l4 = pte(l4->v & ~PTE_RW);
}

void paging_slots(pte_t slots[XEN_L4_SLOTS])
{
	const pte_t *l4 = direct_map(root);

	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		slots[i] = l4[XEN_L4_FIRST + i];
	}
}

uint64_t paging_root(void)
{
	return root;
}

uint64_t paging_nx(void)
{
	return nx;
}

void *device_map(uint64_t machine_address)
{
	static unsigned int used;

	if (used == DEVICES) {
		panic("too many devices");
	}
	device_entries[used] = pte(page_round_down(machine_address) |
				   RAM_FLAGS | PTE_PCD | PTE_PWT | nx);
	return (void *)(DEVICE_MAP + used++ * PAGE_SIZE +
			page_offset(machine_address));
}
