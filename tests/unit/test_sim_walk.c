/* SPDX-License-Identifier: MIT */
/*
 * sim/walk.c: what a walk finds, by mode, is a table of cases; rights are
 * those of every level together; error codes are the architecture's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim/walk.h"

/* Frame n of the memory is the table of level n; data lies at frame 8. */
#define FRAMES 16
#define DATA UINT64_C(0x8000)
#define ALL (PTE_P | PTE_RW | PTE_US)

struct memory {
	uint8_t byte[FRAMES * 4096];
};

static struct walk_ram ram_of(struct memory *m)
{
	return (struct walk_ram){m->byte, sizeof(m->byte)};
}

static unsigned int entry_bytes(enum paging_mode mode)
{
	return mode == PAGING_2LEVEL ? 4 : 8;
}

static void put(struct memory *m, enum paging_mode mode, unsigned int level,
		unsigned int index, uint64_t entry)
{
	unsigned int bytes = entry_bytes(mode);

	memcpy(&m->byte[level * 4096 + index * bytes], &entry, bytes);
}

static uint64_t get(const struct memory *m, enum paging_mode mode,
		    unsigned int level, unsigned int index)
{
	unsigned int bytes = entry_bytes(mode);
	uint64_t entry = 0;

	memcpy(&entry, &m->byte[level * 4096 + index * bytes], bytes);
	return entry;
}

/* Bits that an entry has in one case, and flags of the CPU. */
struct variant {
	const char *name;
	enum paging_mode mode;
	bool no_pse;
	bool no_nx;
	bool no_huge;
	uint64_t entry[5]; /* flags of level n; address 0: the next table */
	/* What is to be found. */
	unsigned int end;
	bool mapped;
	bool reserved;
	unsigned int shift;
	uint64_t rights;
};

#define NO_RW (PTE_P | PTE_US)
#define NO_US (PTE_P | PTE_RW)
#define RW_US (PTE_RW | PTE_US)

static const struct variant variants[] = {
	{"2-level, 4 KiB",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, 0, 0},
	 1,
	 true,
	 false,
	 12,
	 RW_US},
	{"2-level, not present at level 2",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, RW_US, 0, 0},
	 2,
	 false,
	 false,
	 0,
	 0},
	{"2-level, not present at level 1",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, RW_US, ALL, 0, 0},
	 1,
	 false,
	 false,
	 0,
	 0},
	{"2-level, RW missing above",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, NO_RW, 0, 0},
	 1,
	 true,
	 false,
	 12,
	 PTE_US},
	{"2-level, US missing below",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, NO_US, ALL, 0, 0},
	 1,
	 true,
	 false,
	 12,
	 PTE_RW},
	{"2-level, 4 MiB",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, 0, ALL | PTE_PS | 0x400000, 0, 0},
	 2,
	 true,
	 false,
	 22,
	 RW_US},
	{"2-level, 4 MiB with a reserved bit",
	 PAGING_2LEVEL,
	 false,
	 false,
	 false,
	 {0, 0, ALL | PTE_PS | 0x200000, 0, 0},
	 2,
	 false,
	 true,
	 0,
	 0},
	{"2-level without PSE ignores PS",
	 PAGING_2LEVEL,
	 true,
	 false,
	 false,
	 {0, ALL, ALL | PTE_PS, 0, 0},
	 1,
	 true,
	 false,
	 12,
	 RW_US},
	{"PAE, 4 KiB",
	 PAGING_PAE,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, PTE_P, 0},
	 1,
	 true,
	 false,
	 12,
	 RW_US},
	{"PAE, no right comes from the PDPTE",
	 PAGING_PAE,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, PTE_P, 0},
	 1,
	 true,
	 false,
	 12,
	 RW_US},
	{"PAE, 2 MiB",
	 PAGING_PAE,
	 false,
	 false,
	 false,
	 {0, 0, ALL | PTE_PS | 0x200000, PTE_P, 0},
	 2,
	 true,
	 false,
	 21,
	 RW_US},
	{"PAE, 2 MiB with a reserved bit",
	 PAGING_PAE,
	 false,
	 false,
	 false,
	 {0, 0, ALL | PTE_PS | 0x2000, PTE_P, 0},
	 2,
	 false,
	 true,
	 0,
	 0},
	{"PAE, NX",
	 PAGING_PAE,
	 false,
	 false,
	 false,
	 {0, ALL | PTE_NX, ALL, PTE_P, 0},
	 1,
	 true,
	 false,
	 12,
	 RW_US | PTE_NX},
	{"PAE, NX without EFER.NX is reserved",
	 PAGING_PAE,
	 false,
	 true,
	 false,
	 {0, ALL | PTE_NX, ALL, PTE_P, 0},
	 1,
	 false,
	 true,
	 0,
	 0},
	{"PAE, bit 62 is reserved",
	 PAGING_PAE,
	 false,
	 false,
	 false,
	 {0, ALL | UINT64_C(1) << 62, ALL, PTE_P, 0},
	 1,
	 false,
	 true,
	 0,
	 0},
	{"4-level, 4 KiB",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, ALL, ALL},
	 1,
	 true,
	 false,
	 12,
	 RW_US},
	{"4-level, bit 62 is the software's",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL | UINT64_C(1) << 62, ALL, ALL, ALL},
	 1,
	 true,
	 false,
	 12,
	 RW_US},
	{"4-level, not present at level 4",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, ALL, 0},
	 4,
	 false,
	 false,
	 0,
	 0},
	{"4-level, RW missing at level 4",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, ALL, NO_RW},
	 1,
	 true,
	 false,
	 12,
	 PTE_US},
	{"4-level, NX at level 3",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, ALL | PTE_NX, ALL},
	 1,
	 true,
	 false,
	 12,
	 RW_US | PTE_NX},
	{"4-level, 2 MiB",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, 0, ALL | PTE_PS | 0x200000, ALL, ALL},
	 2,
	 true,
	 false,
	 21,
	 RW_US},
	{"4-level, 1 GiB",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, 0, 0, ALL | PTE_PS | 0x40000000, ALL},
	 3,
	 true,
	 false,
	 30,
	 RW_US},
	{"4-level, 1 GiB where the CPU has none",
	 PAGING_4LEVEL,
	 false,
	 false,
	 true,
	 {0, 0, 0, ALL | PTE_PS | 0x40000000, ALL},
	 3,
	 false,
	 true,
	 0,
	 0},
	{"4-level, 1 GiB misaligned",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, 0, 0, ALL | PTE_PS | 0x200000, ALL},
	 3,
	 false,
	 true,
	 0,
	 0},
	{"4-level, PS at level 4",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL, ALL, ALL, ALL | PTE_PS},
	 4,
	 false,
	 true,
	 0,
	 0},
	{"4-level, an address above the CPU's",
	 PAGING_4LEVEL,
	 false,
	 false,
	 false,
	 {0, ALL | UINT64_C(1) << 50, ALL, ALL, ALL},
	 1,
	 false,
	 true,
	 0,
	 0},
};
#define NR_VARIANTS (sizeof(variants) / sizeof(variants[0]))

static struct paging cpu_of(const struct variant *v)
{
	return (struct paging){
		.mode = v->mode,
		.pse = !v->no_pse,
		.huge = !v->no_huge,
		.pge = true,
		.nx = !v->no_nx,
		.wp = true,
	};
}

/* Fills the tables of a case; va gets index n + 1 at level n. */
static vaddr_t fill(struct memory *m, const struct variant *v)
{
	uint64_t va = 0x123;

	memset(m, 0, sizeof(*m));
	for (unsigned int level = 1; level <= walk_levels(v->mode); level++) {
		unsigned int index =
			v->mode == PAGING_PAE && level == 3 ? 2 : level + 1;
		uint64_t next =
			level == 1 ? DATA : (level - 1) * UINT64_C(4096);
		uint64_t entry = v->entry[level];

		if ((entry & PTE_PS) == 0 || (level == 2 && v->no_pse) ||
		    level == 4) {
			entry |= next;
		}
		put(m, v->mode, level, index, entry);
		va |= (uint64_t)index << walk_shift(v->mode, level);
	}
	return vaddr(va);
}

static void walks_find_what_the_tables_say(void **state)
{
	static struct memory m;

	(void)state;
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct walk_ram ram = ram_of(&m);
		struct paging p = cpu_of(v);
		vaddr_t va = fill(&m, v);
		maddr_t root = maddr(walk_levels(v->mode) * UINT64_C(4096));
		struct walk w;

		if (v->mode == PAGING_PAE) {
			assert_true(walk_load_pdptes(&ram, &p, root));
		}
		walk_tables(&ram, &p, root, va, &w);
		if (w.end != v->end || w.mapped != v->mapped ||
		    w.reserved != v->reserved) {
			fail_msg("%s: ended at level %u, mapped %d, reserved "
				 "%d",
				 v->name, w.end, w.mapped, w.reserved);
		}
		if (!v->mapped) {
			continue;
		}
		if (w.to.shift != v->shift ||
		    (w.to.flags & (RW_US | PTE_NX)) != v->rights) {
			fail_msg("%s: shift %u, rights %llx", v->name,
				 w.to.shift, (unsigned long long)w.to.flags);
		}
		if (v->shift == 12) {
			assert_int_equal(w.to.page.v, DATA);
		}
	}
}

static void marks_are_set_where_they_belong(void **state)
{
	static struct memory m;

	(void)state;
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct walk_ram ram = ram_of(&m);
		struct paging p = cpu_of(v);

		for (int write = 0; v->mapped && write < 2; write++) {
			vaddr_t va = fill(&m, v);
			unsigned int top = walk_levels(v->mode);
			struct walk w;

			(void)walk_load_pdptes(&ram, &p,
					       maddr(top * UINT64_C(4096)));
			walk_tables(&ram, &p, maddr(top * UINT64_C(4096)), va,
				    &w);
			walk_mark(&ram, &p, &w, write != 0);
			for (unsigned int level = v->end; level <= top;
			     level++) {
				bool pdpte =
					v->mode == PAGING_PAE && level == 3;
				uint64_t e = get(&m, v->mode, level,
						 w.step[level].index);
				bool dirty = write != 0 && level == v->end;

				assert_int_equal((e & PTE_A) != 0, !pdpte);
				assert_int_equal((e & PTE_D) != 0, dirty);
			}
		}
	}
}

struct check {
	uint64_t flags;
	struct access access;
	bool wp;
	uint32_t code;
};

static void error_codes_are_the_architectures(void **state)
{
	const struct access read = {false, false, false};
	const struct access write = {true, false, false};
	const struct access user_read = {false, true, false};
	const struct access user_write = {true, true, false};
	const struct access fetch = {false, false, true};
	const struct check checks[] = {
		{RW_US, read, true, 0},
		{RW_US, user_write, true, 0},
		{PTE_US, write, true, PF_PRESENT | PF_WRITE},
		{PTE_US, write, false, 0},
		{PTE_US, user_write, false, PF_PRESENT | PF_WRITE | PF_USER},
		{PTE_RW, user_read, true, PF_PRESENT | PF_USER},
		{PTE_RW, user_write, true, PF_PRESENT | PF_WRITE | PF_USER},
		{RW_US | PTE_NX, read, true, 0},
		{RW_US | PTE_NX, fetch, true, PF_PRESENT | PF_FETCH},
		{RW_US, fetch, true, 0},
	};
	struct paging p = {.mode = PAGING_4LEVEL, .nx = true};
	struct walk w = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		p.wp = checks[i].wp;
		assert_int_equal(walk_check(&p, checks[i].flags,
					    checks[i].access),
				 checks[i].code);
	}
	assert_int_equal(walk_failed(&p, &w, user_write), PF_WRITE | PF_USER);
	w.reserved = true;
	assert_int_equal(walk_failed(&p, &w, read), PF_PRESENT | PF_RESERVED);
	p.nx = false;
	assert_int_equal(walk_failed(&p, &w, fetch), PF_PRESENT | PF_RESERVED);
}

static void pdptes_count_as_cr3_was_loaded(void **state)
{
	static struct memory m;
	struct walk_ram ram = ram_of(&m);
	struct paging p = cpu_of(&variants[8]);
	maddr_t root = maddr(3 * UINT64_C(4096));
	vaddr_t va = fill(&m, &variants[8]);
	struct walk w;

	(void)state;
	assert_true(walk_load_pdptes(&ram, &p, root));
	put(&m, PAGING_PAE, 3, 2, 0);
	walk_tables(&ram, &p, root, va, &w);
	assert_true(w.mapped);
	assert_true(walk_load_pdptes(&ram, &p, root));
	walk_tables(&ram, &p, root, va, &w);
	assert_false(w.mapped);
	/* RW in a PDPTE is reserved: MOV to CR3 faults, and changes nothing. */
	put(&m, PAGING_PAE, 3, 1, PTE_P | PTE_RW);
	assert_false(walk_load_pdptes(&ram, &p, root));
	walk_tables(&ram, &p, root, va, &w);
	assert_false(w.mapped);
}

static void tables_outside_memory_read_as_ones(void **state)
{
	static struct memory m;
	struct walk_ram ram = ram_of(&m);
	struct paging p = cpu_of(&variants[15]);
	struct walk w;

	(void)state;
	walk_tables(&ram, &p, maddr(sizeof(m.byte)), vaddr(0), &w);
	assert_false(w.mapped);
	assert_true(w.reserved);
}

static void addresses_that_cannot_be_are_known(void **state)
{
	(void)state;
	assert_true(walk_address_valid(PAGING_4LEVEL,
				       vaddr(UINT64_C(0xffff800000000000))));
	assert_false(walk_address_valid(PAGING_4LEVEL,
					vaddr(UINT64_C(0x800000000000))));
	assert_true(walk_address_valid(PAGING_PAE, vaddr(0xffffffff)));
	assert_false(
		walk_address_valid(PAGING_PAE, vaddr(UINT64_C(0x100000000))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_find_what_the_tables_say),
		cmocka_unit_test(marks_are_set_where_they_belong),
		cmocka_unit_test(error_codes_are_the_architectures),
		cmocka_unit_test(pdptes_count_as_cr3_was_loaded),
		cmocka_unit_test(tables_outside_memory_read_as_ones),
		cmocka_unit_test(addresses_that_cannot_be_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
