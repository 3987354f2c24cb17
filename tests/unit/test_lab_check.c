/* SPDX-License-Identifier: MIT */
/*
 * The check of a booted machine sees each single page that is wrong, wherever
 * in its table it stands: of a machine as a good boot leaves it one thing is
 * changed, and the findings grow by what that is, and by nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lab/check.h"
#include "sim/cpu.h"
#include "tests/unit/support/rig.h"

/* Free memory: the first, the second, any and the last entry of a table. */
static const uint64_t pages[] = {0x800, 0x801, 0x864, 0x9ff};

static struct lab_findings look(struct rig *r)
{
	struct lab_kernel k = {.config = r->config};
	struct lab_findings f;

	lab_check(r->s, &k, &f);
	lab_findings_fini(&f);
	f.audit = 0; /* it has tests of its own */
	return f;
}

static void grew_by(struct lab_findings now, const struct lab_findings *before,
		    const struct lab_findings *by)
{
	assert_int_equal(now.missing, before->missing + by->missing);
	assert_int_equal(now.wrong, before->wrong + by->wrong);
	assert_int_equal(now.beyond, before->beyond + by->beyond);
	assert_int_equal(now.small, before->small + by->small);
	assert_int_equal(now.executable, before->executable + by->executable);
	assert_int_equal(now.not_executable,
			 before->not_executable + by->not_executable);
	assert_int_equal(now.table_writable,
			 before->table_writable + by->table_writable);
	assert_int_equal(now.table_free, before->table_free + by->table_free);
	assert_int_equal(now.left_readonly,
			 before->left_readonly + by->left_readonly);
	assert_int_equal(now.old_p2m, before->old_p2m + by->old_p2m);
	assert_int_equal(now.lost, before->lost + by->lost);
}

/* The entry of a level that maps a frame in the direct map. */
static pte_t *entry_at(const struct rig *r, pfn_t frame, unsigned int level)
{
	struct walk w;

	cpu_peek(r->s, vaddr_add(r->config.direct_base, frame.v << PAGE_SHIFT),
		 &w);
	assert_int_equal(w.end, 1);
	return (pte_t *)(r->s->mmu.ram + w.step[level].at.v);
}

/* Flags of a page's entry are flipped. */
static void an_entry_that_is_wrong_is_found(struct rig *r)
{
	static const struct {
		uint64_t flip;
		struct lab_findings by;
	} rows[] = {
		{PTE_RW, {.left_readonly = 1}},
		{PTE_NX, {.executable = 1}},
		{PTE_P, {.missing = 1}},
		{PTE_RW | PTE_NX, {.left_readonly = 1, .executable = 1}},
		{PAGE_SIZE, {.wrong = 1}},
		{UINT64_C(1) << 30, {.wrong = 1}}, /* no frame of the machine */
		{PTE_A | PTE_D, {.wrong = 0}},
	};
	const struct lab_findings before = look(r);

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t p = 0; p < sizeof(pages) / sizeof(pages[0]); p++) {
			pte_t *e = entry_at(r, pfn(pages[p]), 1);

			e->v ^= rows[i].flip;
			grew_by(look(r), &before, &rows[i].by);
			e->v ^= rows[i].flip;
		}
	}
	grew_by(look(r), &before, &(struct lab_findings){0});
}

/* What is known of the frame behind a page is changed. */
static void a_frame_that_is_wrong_is_found(struct rig *r)
{
	static const struct lab_findings wrong = {.wrong = 1};
	static const struct lab_findings table = {.table_writable = 1,
						  .table_free = 1};
	const struct lab_findings before = look(r);

	for (size_t p = 0; p < sizeof(pages) / sizeof(pages[0]); p++) {
		mfn_t f = rig_behind(r, pfn(pages[p]));
		struct frame *fr = frame_of(&r->s->mmu, f);
		const struct frame kept = *fr;

		fr->owner++;
		grew_by(look(r), &before, &wrong);
		*fr = kept;
		fr->type = FRAME_L1;
		fr->type_count = 1;
		grew_by(look(r), &before, &table);
		*fr = kept;
		r->s->mmu.m2p[f.v]++;
		grew_by(look(r), &before, &wrong);
		r->s->mmu.m2p[f.v]--;
	}
	grew_by(look(r), &before, &(struct lab_findings){0});
}

/* A table's own entry takes a right from all of its pages, or forbids one. */
static void what_the_tables_above_say_counts(struct rig *r)
{
	const struct lab_findings before = look(r);
	pte_t *above = entry_at(r, pfn(pages[1]), 2);
	pte_t *e = entry_at(r, pfn(pages[1]), 1);

	above->v ^= PTE_RW;
	assert_int_equal(look(r).left_readonly, before.left_readonly + 512);
	above->v ^= PTE_RW;
	assert_true((above->v & PTE_NX) == 0);
	above->v ^= PTE_NX;
	e->v ^= PTE_NX;
	grew_by(look(r), &before, &(struct lab_findings){0});
	above->v ^= PTE_NX;
	e->v ^= PTE_NX;
}

/* By the memory map one of the pages is no RAM. */
static void what_is_no_ram_is_not_to_be_mapped(struct rig *r)
{
	const struct lab_findings before = look(r);
	const struct guest_e820_map kept = r->s->e820;
	const bool had = r->s->has_e820;

	for (size_t p = 0; p < sizeof(pages) / sizeof(pages[0]); p++) {
		const uint64_t hole = pages[p] << PAGE_SHIFT;

		r->s->has_e820 = true;
		r->s->e820 = (struct guest_e820_map){
			.nr = 2,
			.entry = {{0, hole, GUEST_E820_RAM},
				  {hole + PAGE_SIZE,
				   (RIG_PAGES << PAGE_SHIFT) - hole - PAGE_SIZE,
				   GUEST_E820_RAM}},
		};
		assert_int_equal(look(r).beyond, before.beyond + 1);
		assert_int_equal(look(r).missing, before.missing);
	}
	r->s->e820 = kept;
	r->s->has_e820 = had;
}

/* Text may run; a page of it that may not is found among its neighbours. */
static void text_that_cannot_run_is_found(struct rig *r)
{
	const struct lab_findings before = look(r);
	pte_t *e;

	/* The image is not in the direct map of a 64-bit kernel here. */
	r->config.text_start = pfn(pages[1]);
	r->config.text_end = pfn(pages[1] + 3);
	r->config.virt_base = r->config.direct_base;
	assert_int_equal(look(r).not_executable, before.not_executable + 3);
	e = entry_at(r, pfn(pages[1] + 1), 1);
	e->v ^= PTE_NX;
	assert_int_equal(look(r).not_executable, before.not_executable + 2);
	e->v ^= PTE_NX;
}

/* The frames of the builder's P2M are asked for more than that. */
static void what_was_the_builders_is_to_be_free(struct rig *r)
{
	struct layout_range *list = &r->s->layout.part[LAYOUT_P2M];
	const struct layout_range kept = *list;
	pte_t *e = entry_at(r, pfn(pages[1]), 1);
	struct lab_findings before;

	*list = (struct layout_range){.pfn = pfn(pages[0]), .nr = 8};
	before = look(r);
	e->v ^= PTE_RW;
	assert_int_equal(look(r).old_p2m, before.old_p2m + 1);
	e->v ^= PTE_RW;
	assert_int_equal(guest_memblock_reserve(&r->g->memblock, pfn(0x802),
						pfn(0x804)),
			 0);
	assert_int_equal(look(r).old_p2m, before.old_p2m + 2);
	assert_int_equal(guest_memblock_free(&r->g->memblock, pfn(0x802),
					     pfn(0x804)),
			 0);
	*list = kept;
}

static void both(rig_body *body)
{
	rig_run_in(RIG_XEN, TLB_KEEP_ALL, body);
	rig_run_in(RIG_XEN_PAE, TLB_KEEP_ALL, body);
}

#define IN_BOTH(name)                            \
	static void name##_in_both(void **state) \
	{                                        \
		(void)state;                     \
		both(name);                      \
	}
IN_BOTH(an_entry_that_is_wrong_is_found)
IN_BOTH(a_frame_that_is_wrong_is_found)
IN_BOTH(what_the_tables_above_say_counts)
IN_BOTH(what_is_no_ram_is_not_to_be_mapped)
IN_BOTH(text_that_cannot_run_is_found)
IN_BOTH(what_was_the_builders_is_to_be_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_that_is_wrong_is_found_in_both),
		cmocka_unit_test(a_frame_that_is_wrong_is_found_in_both),
		cmocka_unit_test(what_the_tables_above_say_counts_in_both),
		cmocka_unit_test(what_is_no_ram_is_not_to_be_mapped_in_both),
		cmocka_unit_test(text_that_cannot_run_is_found_in_both),
		cmocka_unit_test(what_was_the_builders_is_to_be_free_in_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
