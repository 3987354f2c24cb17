/* SPDX-License-Identifier: MIT */
/*
 * A start_info that contradicts itself, or the tables that it speaks of. Each
 * row changes one field of a machine that boots: the library says which in
 * one line, has made no table and asked the hypervisor for nothing, and each
 * word of the machine's memory is what it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sim/sim.h"
#include "tests/unit/support/start.h"

enum how {
	IS,
	PLUS,
};

struct row {
	const char *field;
	size_t offset;
	size_t bytes;
	enum how how;
	uint64_t value;
	const char *says;
};

#define F(f)                                \
#f, offsetof(struct start_info, f), \
		sizeof(((struct start_info *)NULL)->f)
#define MINUS(n) PLUS, (uint64_t)0 - (n)

/* Wherever the P2M is. */
static const struct row anywhere[] = {
	{"magic", 0, 8, IS, 0, "start_info: no magic"},
	{"magic, of another version", 4, 1, IS, '2', "start_info: no magic"},
	{F(nr_pages), IS, 0, "start_info: nr_pages 0 makes no sense"},
	{F(nr_pages), IS, (UINT64_C(1) << 40) + 1,
	 "start_info: nr_pages 10000000001 makes no sense"},
	{F(nr_pages), IS, UINT64_MAX,
	 "start_info: nr_pages ffffffffffffffff makes no sense"},
	{F(shared_info), IS, 0, "start_info: shared_info 0 makes no sense"},
	{F(shared_info), PLUS, 1,
	 "start_info: shared_info 2001 makes no sense"},
	{F(shared_info), PLUS, UINT64_C(1) << 52,
	 "start_info: shared_info 10000000002000 makes no sense"},
	{F(pt_base), IS, 0, "start_info: pt_base 0 makes no sense"},
	{F(pt_base), IS, START_VA(100) + 8,
	 "start_info: pt_base ffffffff80064008 makes no sense"},
	{F(pt_base), IS, START_BASE - PAGE_SIZE,
	 "start_info: pt_base ffffffff7ffff000 makes no sense"},
	{F(pt_base), IS, START_VA(START_PAGES),
	 "start_info: pt_base ffffffff81000000 makes no sense"},
	/* Below start_info, where the tables never are. */
	{F(pt_base), IS, START_VA(79),
	 "start_info: pt_base ffffffff8004f000 makes no sense"},
	/* Where nothing is mapped: not even a fault. */
	{F(pt_base), IS, START_VA(2000),
	 "start_info: pt_base ffffffff807d0000 makes no sense"},
	{F(nr_pt_frames), IS, 0, "start_info: nr_pt_frames 0 makes no sense"},
	{F(nr_pt_frames), IS, 3, "start_info: nr_pt_frames 3 makes no sense"},
	{F(mfn_list), IS, 0, "start_info: mfn_list 0 makes no sense"},
	{F(mfn_list), IS, UINT64_C(1) << 63,
	 "start_info: mfn_list 8000000000000000 makes no sense"},
	{F(mfn_list), IS, UINT64_C(1) << 47,
	 "start_info: mfn_list 800000000000 makes no sense"},
	{F(mfn_list), IS, START_P2M_BASE + PAGE_SIZE,
	 "start_info: mfn_list 8000001000 makes no sense"},
	/* The last page of the lower half, and one more. */
	{F(mfn_list), IS, (UINT64_C(1) << 47) - PAGE_SIZE,
	 "start_info: mfn_list 7ffffffff000 makes no sense"},
	{F(mfn_list), IS, START_VA(2) + 8,
	 "start_info: mfn_list ffffffff80002008 makes no sense"},
	{F(mfn_list), IS, START_VA(2000),
	 "start_info: mfn_list ffffffff807d0000 makes no sense"},
	{F(mfn_list), IS, START_VA(START_PAGES),
	 "start_info: mfn_list ffffffff81000000 makes no sense"},
	{F(mfn_list), IS, START_VA(START_MODULE_FRAME - 1),
	 "start_info: the module (pfn 4 to 8) overlaps the P2M (pfn 3 to b)"},
	{F(mfn_list), IS, START_VA(START_KERNEL_END - 1),
	 "start_info: the kernel (pfn 10 to 50) overlaps the P2M (pfn 4f to "
	 "57)"},
	{F(mod_start), IS, 0, "start_info: mod_start 0 makes no sense"},
	{F(mod_start), PLUS, 1,
	 "start_info: mod_start ffffffff80004001 makes no sense"},
	{F(mod_start), IS, START_VA(START_PAGES),
	 "start_info: mod_start ffffffff81000000 makes no sense"},
	{F(mod_start), IS, START_VA(START_PAGES - 3),
	 "start_info: module: 4 frames from pfn ffd are beyond nr_pages 4096"},
	{F(mod_start), IS, START_VA(START_KERNEL - 3),
	 "start_info: the kernel (pfn 10 to 50) overlaps the module (pfn d to "
	 "11)"},
	{F(mod_len), IS, (START_PAGES << PAGE_SHIFT) + 1,
	 "start_info: mod_len 1000001 makes no sense"},
	{F(mod_len), IS, UINT64_MAX,
	 "start_info: mod_len ffffffffffffffff makes no sense"},
	{F(mod_len), IS, START_PAGES << PAGE_SHIFT,
	 "start_info: module: 4096 frames from pfn 4 are beyond nr_pages 4096"},
	{F(mod_len), IS, 0xc001,
	 "start_info: the kernel (pfn 10 to 50) overlaps the module (pfn 4 to "
	 "11)"},
	{F(flags), IS, SIF_MOD_START_PFN,
	 "start_info: module: 4 frames from pfn ffffffff80004000 are beyond "
	 "nr_pages 4096"},
};

/* The P2M has an address of its own: start_info is frame 0x50. */
static const struct row outside[] = {
	{F(nr_pages), IS, 80,
	 "start_info: address ffffffff80050000 makes no sense"},
	{F(nr_pages), IS, 83,
	 "start_info: pt_base ffffffff80053000 makes no sense"},
	{F(nr_pages), IS, 85,
	 "start_info: page tables: 5 frames from pfn 53 are beyond nr_pages 85"},
	{F(nr_pages), IS, UINT64_C(1) << 40,
	 "start_info: nr_p2m_frames 11 has no room for a list of 2147483648 "
	 "and its tables"},
	{F(pt_base), PLUS, PAGE_SIZE,
	 "start_info: the table at pt_base, pfn 54, has nothing at mfn_list "
	 "8000000000"},
	{F(pt_base), MINUS(PAGE_SIZE),
	 "start_info: the table at pt_base, pfn 52, has nothing at mfn_list "
	 "8000000000"},
	{F(pt_base), IS, START_VA(80),
	 "start_info: pt_base ffffffff80050000 makes no sense"},
	{F(pt_base), IS, START_VA(80 + 128),
	 "start_info: the table at pt_base, pfn d0, has nothing at mfn_list "
	 "8000000000"},
	{F(pt_base), IS, START_VA(80 + 129),
	 "start_info: pt_base ffffffff800d1000 makes no sense"},
	/* An entry that is not in the list: the stack, and the last table. */
	{F(nr_pt_frames), PLUS, 1,
	 "start_info: nr_pt_frames 6: pfn 58 is mapped by entry *"},
	{F(nr_pt_frames), MINUS(1),
	 "start_info: nr_pt_frames 4: pfn 57 is mapped by entry "
	 "10000000067025"},
	{F(nr_pt_frames), IS, 200,
	 "start_info: nr_pt_frames 200: pfn 58 is mapped by entry *"},
	{F(nr_pt_frames), IS, START_PAGES,
	 "start_info: page tables: 4096 frames from pfn 53 are beyond nr_pages "
	 "4096"},
	{F(nr_pt_frames), IS, UINT64_MAX,
	 "start_info: page tables: 18446744073709551615 frames from pfn 53 are "
	 "beyond nr_pages 4096"},
	{F(mfn_list), IS, 2 * START_P2M_BASE,
	 "start_info: the table at pt_base, pfn 53, has nothing at mfn_list "
	 "10000000000"},
	{F(first_p2m_pfn), IS, START_PAGES,
	 "start_info: first_p2m_pfn: 11 frames from pfn 1000 are beyond "
	 "nr_pages 4096"},
	{F(first_p2m_pfn), IS, UINT64_MAX,
	 "start_info: first_p2m_pfn: 11 frames from pfn ffffffffffffffff are "
	 "beyond nr_pages 4096"},
	{F(first_p2m_pfn), IS, 0,
	 "start_info: the module (pfn 4 to 8) overlaps the P2M (pfn 0 to b)"},
	{F(first_p2m_pfn), IS, 79,
	 "start_info: the kernel (pfn 10 to 50) overlaps the P2M (pfn 4f to "
	 "5a)"},
	{F(first_p2m_pfn), IS, 81,
	 "start_info: the P2M (pfn 51 to 5c) overlaps start_info (pfn 50 to "
	 "53)"},
	{F(first_p2m_pfn), IS, 88,
	 "start_info: the P2M (pfn 58 to 63) overlaps the page tables and the "
	 "stack (pfn 53 to 59)"},
	{F(nr_p2m_frames), IS, 8,
	 "start_info: nr_p2m_frames 8 has no room for a list of 8 and its "
	 "tables"},
	{F(nr_p2m_frames), IS, UINT64_MAX,
	 "start_info: first_p2m_pfn: 18446744073709551615 frames from pfn 400 "
	 "are beyond nr_pages 4096"},
	{F(mod_start), IS, START_VA(81),
	 "start_info: the module (pfn 51 to 55) overlaps start_info (pfn 50 to "
	 "53)"},
	{F(mod_start), IS, START_VA(88),
	 "start_info: the module (pfn 58 to 5c) overlaps the page tables and "
	 "the stack (pfn 53 to 59)"},
	{F(mod_start), IS, START_VA(START_P2M_OUTSIDE + 10),
	 "start_info: the module (pfn 40a to 40e) overlaps the P2M (pfn 400 to "
	 "40b)"},
};

/* It is in the initial mapping: start_info is frame 0x58. */
static const struct row inside[] = {
	{F(nr_pages), PLUS, 1,
	 "start_info: the P2M (pfn 50 to 59) overlaps start_info (pfn 58 to "
	 "5b)"},
	{F(pt_base), PLUS, PAGE_SIZE,
	 "start_info: the table at pt_base, pfn 5c, has nothing at mfn_list "
	 "ffffffff80050000"},
	{F(mfn_list), PLUS, PAGE_SIZE,
	 "start_info: the P2M (pfn 51 to 59) overlaps start_info (pfn 58 to "
	 "5b)"},
	{F(mfn_list), IS, START_VA(0x58),
	 "start_info: mfn_list ffffffff80058000 makes no sense"},
	{F(mod_start), IS, START_VA(0x57),
	 "start_info: the module (pfn 57 to 5b) overlaps the P2M (pfn 50 to "
	 "58)"},
};

static void change(const struct start *t, const struct row *r)
{
	uint8_t *at = (uint8_t *)t->si + r->offset;
	uint64_t value = 0;

	memcpy(&value, at, r->bytes);
	value = r->how == PLUS ? value + r->value : r->value;
	memcpy(at, &value, r->bytes);
}

static void check_rows(const struct row *row, size_t nr, bool is_inside)
{
	for (size_t i = 0; i < nr; i++) {
		struct start t = start_make(is_inside);

		change(&t, &row[i]);
		start_run(&t);
		start_check_refused(&t, row[i].field, row[i].says, 0);
		start_destroy(&t);
	}
}

#define CHECK_ROWS(rows, is_inside) \
	check_rows(rows, sizeof(rows) / sizeof((rows)[0]), is_inside)

static void a_field_that_makes_no_sense_is_refused_by_name(void **state)
{
	(void)state;
	CHECK_ROWS(anywhere, false);
	CHECK_ROWS(anywhere, true);
}

static void so_is_one_beside_a_p2m_outside(void **state)
{
	(void)state;
	CHECK_ROWS(outside, false);
}

static void so_is_one_beside_a_p2m_inside(void **state)
{
	(void)state;
	CHECK_ROWS(inside, true);
}

static struct start outside_machine(void)
{
	return start_make(false);
}

static void refused_at_once(struct start *t, const char *says)
{
	start_run(t);
	start_check_refused(t, says, says, 0);
	start_destroy(t);
}

static void a_command_line_without_an_end_is_refused(void **state)
{
	struct start t = outside_machine();

	(void)state;
	memset(t.si->cmd_line, 'x', sizeof(t.si->cmd_line));
	refused_at_once(&t, "start_info: cmd_line does not end");
}

static void one_that_ends_with_its_last_byte_is_kept(void **state)
{
	struct start t = outside_machine();

	(void)state;
	memset(t.si->cmd_line, 'x', sizeof(t.si->cmd_line) - 1);
	t.si->cmd_line[sizeof(t.si->cmd_line) - 1] = 0;
	start_run(&t);
	start_check_taken(&t, "cmd_line");
	assert_int_equal(strlen(t.g->boot.cmdline), GUEST_CMDLINE_SIZE - 1);
	assert_string_equal(t.g->boot.cmdline, (const char *)t.si->cmd_line);
	start_destroy(&t);
}

static void start_info_itself_must_be_a_page_of_the_mapping(void **state)
{
	struct start t = outside_machine();

	(void)state;
	t.start_info = vaddr(START_VA(80) + 8);
	refused_at_once(&t,
			"start_info: address ffffffff80050008 makes no sense");
	/* It can be read there, but is none of the initial mapping. */
	t = outside_machine();
	t.start_info = vaddr(START_P2M_BASE);
	memcpy(start_page(&t, t.p2m), t.si, sizeof(*t.si));
	refused_at_once(&t, "start_info: address 8000000000 makes no sense");
}

static void the_kernel_must_fit_what_it_says_of_itself(void **state)
{
	struct start t = outside_machine();

	(void)state;
	t.config.kernel_end = t.config.kernel_start;
	refused_at_once(&t, "config: the kernel's image, pfn 10 to 10, is not "
			    "in 4096 pages");
	t = outside_machine();
	t.config.kernel_end = pfn(START_PAGES + 1);
	refused_at_once(&t, "config: the kernel's image, pfn 10 to 1001, is "
			    "not in 4096 pages");
	t = outside_machine();
	t.config.kernel_end = pfn(START_KERNEL_END + 1);
	refused_at_once(&t, "start_info: the kernel (pfn 10 to 51) overlaps "
			    "start_info (pfn 50 to 53)");
	t = outside_machine();
	t.config.windows = vaddr(t.config.windows.v + 8);
	refused_at_once(&t, "config: an address is not page-aligned");
	t = outside_machine();
	t.config.geometry = &guest_geometry_2level;
	start_run(&t);
	assert_int_equal(t.s->guest_result, -XEN_EINVAL);
	assert_non_null(strstr(t.g->message, "under a 64-bit hypervisor"));
	start_destroy(&t);
}

static uint64_t *entry_of(const struct start *t, unsigned int table,
			  unsigned int index)
{
	uint64_t *entries = start_page(t, t->first + START_TABLES + table);

	return &entries[index];
}

/* The builder's tables: 0 is the L4, 3 the first L1. */
static void tables_that_contradict_start_info_are_refused(void **state)
{
	struct start t = outside_machine();
	uint64_t *entry = entry_of(&t, 3, 300);

	(void)state;
	*entry = (*entry & ~PTE_FRAME_MASK) | start_behind(&t, 301).v << 12;
	refused_at_once(&t, "the initial mapping of pfn 12c is entry *");
	t = outside_machine();
	*entry_of(&t, 2, 1) =
		start_behind(&t, 512).v << 12 | PTE_P | PTE_RW | PTE_PS;
	refused_at_once(&t, "the initial mapping of pfn 200 is entry *");
	t = outside_machine();
	*entry_of(&t, 3, 300) &= ~PTE_RW;
	refused_at_once(&t, "start_info: nr_pt_frames 5: pfn 12c is mapped by "
			    "entry *");
	t = outside_machine();
	*entry_of(&t, 3, 84) |= PTE_RW;
	refused_at_once(&t, "start_info: nr_pt_frames 5: pfn 54 is mapped by "
			    "entry *");
	t = outside_machine();
	*entry_of(&t, 3, 88) = 0;
	refused_at_once(&t, "the initial mapping ends at pfn 58, before what "
			    "the builder put there");
}

static void so_is_a_table_that_is_not_among_them(void **state)
{
	struct start t = outside_machine();
	uint64_t *entry = entry_of(&t, 2, 0);

	(void)state;
	memcpy(start_page(&t, 2), entry_of(&t, 3, 0), PAGE_SIZE);
	*entry = (*entry & ~PTE_FRAME_MASK) | start_behind(&t, 2).v << 12;
	refused_at_once(&t, "start_info: nr_pt_frames 5: the table of entry *");
}

static void so_is_a_p2m_that_the_m2p_does_not_confirm(void **state)
{
	const char *says = "start_info: P2M and M2P do not agree on the frame "
			   "of pt_base, pfn 53";
	struct start t = outside_machine();

	(void)state;
	*start_entry(&t, 83) = start_behind(&t, 84).v;
	refused_at_once(&t, says);
	t = outside_machine();
	*start_entry(&t, 83) = INVALID_FRAME;
	refused_at_once(&t, says);
	t = outside_machine();
	*start_entry(&t, 83) = UINT64_C(1) << 40;
	refused_at_once(&t, says);
	t = outside_machine();
	*start_entry(&t, 85) = start_behind(&t, 2000).v;
	refused_at_once(&t, "start_info: nr_pt_frames 5: the table of entry *");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_field_that_makes_no_sense_is_refused_by_name),
		cmocka_unit_test(so_is_one_beside_a_p2m_outside),
		cmocka_unit_test(so_is_one_beside_a_p2m_inside),
		cmocka_unit_test(a_command_line_without_an_end_is_refused),
		cmocka_unit_test(one_that_ends_with_its_last_byte_is_kept),
		cmocka_unit_test(
			start_info_itself_must_be_a_page_of_the_mapping),
		cmocka_unit_test(the_kernel_must_fit_what_it_says_of_itself),
		cmocka_unit_test(tables_that_contradict_start_info_are_refused),
		cmocka_unit_test(so_is_a_table_that_is_not_among_them),
		cmocka_unit_test(so_is_a_p2m_that_the_m2p_does_not_confirm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
