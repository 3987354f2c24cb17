/* SPDX-License-Identifier: MIT */
/*
 * GDTR and LDTR of a CPU, and the windows that they point into. Both tables
 * are seen through the running vCPU's window, whose pages the engine maps; the
 * page of reserved descriptors in it is the CPU's own.
 */
#include "hv/cpu/desc.h"

#include "hv/cpu/cpu.h"

#define DESC_LDT UINT64_C(0x0000e20000000000)
#define GDT_LIMIT ((RESERVED_GDT_PAGE + 1) * PAGE_SIZE - 1)

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

static pte_t *tables[DESC_WINDOWS_NR / DESC_WINDOWS_A_TABLE];

void desc_windows_add(unsigned int i, pte_t *table)
{
	tables[i] = table;
}

pte_t *desc_window_entries(unsigned int window)
{
	if (window >= DESC_WINDOWS_NR) {
		return NULL;
	}
	return tables[window / DESC_WINDOWS_A_TABLE] +
	       window % DESC_WINDOWS_A_TABLE * DESC_WINDOW_ENTRIES;
}

void desc_set_system(struct cpu_tables *t, unsigned int selector, uint64_t type,
		     uint64_t base, uint64_t limit)
{
	const unsigned int at = RESERVED_INDEX(selector);
	uint64_t *d = &t->gdt_page[at];
	uint64_t *d_32 = &t->gdt_page_32[at];

	d[0] = type | (limit & 0xffff) | ((limit >> 16 & 15) << 48) |
	       ((base & 0xffffff) << 16) | ((base >> 24 & 0xff) << 56);
	d[1] = base >> 32;
	d_32[0] = d[0];
	d_32[1] = d[1];
}

void desc_load_gdtr(uint64_t base)
{
	struct table_pointer p = {.limit = GDT_LIMIT, .base = base};

	__asm__ volatile("lgdt %0" : : "m"(p));
}

static void load_ldt(const struct mmu_vcpu *v, unsigned int window)
{
	struct cpu *c = cpu_here();

	c->ldt_entries = v->ldt_entries;
	if (c->ldt_entries == 0) {
		__asm__ volatile("lldt %w0" : : "r"(0));
		return;
	}
	desc_set_system(c->tables, SEL_LDT, DESC_LDT,
			desc_window_address(window) + DESC_WINDOW_LDT,
			(uint64_t)c->ldt_entries * 8 - 1);
	__asm__ volatile("lldt %w0" : : "r"(SEL_LDT));
}

void desc_sync_ldt(const struct mmu_vcpu *v, unsigned int window)
{
	if (cpu_here()->ldt_entries != v->ldt_entries) {
		load_ldt(v, window);
	}
}

void desc_load(const struct mmu_vcpu *v, unsigned int window)
{
	const struct cpu_tables *t = cpu_here()->tables;
	const uint64_t at =
		image_address(v->dom->narrow ? t->gdt_page_32 : t->gdt_page);

	pte_write(&v->desc_window[RESERVED_GDT_PAGE],
		  pte_make(mfn(at >> PAGE_SHIFT),
			   PTE_P | PTE_RW | PTE_A | PTE_D));
	desc_load_gdtr(desc_window_address(window));
	load_ldt(v, window);
}

bool desc_is_ldt(unsigned int window, uint64_t address, unsigned int *ret_page)
{
	uint64_t offset = address - desc_window_address(window);

	if (offset < DESC_WINDOW_LDT || offset >= DESC_WINDOW_SIZE) {
		return false;
	}
	*ret_page = (unsigned int)((offset - DESC_WINDOW_LDT) >> PAGE_SHIFT);
	return true;
}
