/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the engine and on a slow model of the contract side by
 * side: same result, same types, same counts, same memory after every one, for
 * either width of a domain's tables, and of its requests.
 * Prints its seed; PW_SEED=n and PW_STEPS=n replay and lengthen a run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/support/machine.h"
#include "trace/oracle/model.h"

#define SEEDS 24
#define STEPS 1500
/* Few frames, so that they meet in all types. */
#define PLAYED 12

enum width { WIDE, PAE, NARROW };

struct play {
	struct machine *m;
	struct model *o;
	uint64_t random;
	bool pae;
	bool narrow; /* its requests have words of 4 bytes */
};

static uint32_t next(struct play *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return (uint32_t)(p->random >> 16);
}

static uint64_t pick_frame(struct play *p)
{
	static const uint64_t odd[] = {0,
				       5,
				       SHARED_FRAME,
				       MACHINE_FRAMES - 1,
				       MACHINE_FRAMES,
				       0xffffffffff};

	if (next(p) % 24 == 0) {
		uint64_t f = odd[next(p) % (sizeof(odd) / sizeof(odd[0]))];

		return p->narrow ? (uint32_t)f : f;
	}
	return dom_frame(next(p) % PLAYED).v;
}

static unsigned int pick_index(struct play *p)
{
	static const unsigned int indices[] = {0,   0,   0,   1,   1,  2,
					       255, 256, 271, 272, 511};
	static const unsigned int pae[] = {0, 0, 0,   1,   1,   2,
					   3, 3, 427, 428, 511, 4};

	return p->pae ? pae[next(p) % (sizeof(pae) / sizeof(pae[0]))]
		      : indices[next(p) %
				(sizeof(indices) / sizeof(indices[0]))];
}

static uint64_t pick_entry(struct play *p)
{
	static const uint64_t flags[] = {
		TABLE_FLAGS,     TABLE_FLAGS,
		RO_FLAGS,        RO_FLAGS,
		PTE_P | PTE_RW,  PTE_P,
		PTE_P | PTE_NX,  PTE_P | PTE_PS,
		PTE_P | PTE_PCD, PTE_P | PTE_G | PTE_US,
		PTE_RW | PTE_US, 0};

	return pte_make(mfn(pick_frame(p)),
			flags[next(p) % (sizeof(flags) / sizeof(flags[0]))])
		.v;
}

static uint64_t pick_va(struct play *p)
{
	uint64_t va = 0;

	for (unsigned int level = p->pae ? 3 : 4; level >= 1; level--) {
		va |= (uint64_t)pick_index(p) << pt_shift(level);
	}
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

static int64_t engine_set_gdt(struct play *p, uint64_t frame,
			      unsigned int entries)
{
	memcpy(p->m->guest, &frame, p->narrow ? 4 : sizeof(frame));
	return machine_call(p->m, hc_set_gdt, GUEST_BUFFER, entries, 0, 0);
}

static void step_set_gdt(struct play *p, int64_t *engine, int64_t *model)
{
	uint64_t frame = pick_frame(p);
	unsigned int entries = next(p) % 3 * 16;

	*model = model_set_gdt(p->o, &frame, entries);
	*engine = engine_set_gdt(p, frame, entries);
}

static uint64_t pick_descriptor(struct play *p)
{
	static const uint64_t kinds[] = {
		0x00cf9b000000ffff, /* code, flat */
		0x00cf93000000ffff, /* data */
		0x00cf930000005fff, /* to some way before the end */
		0x00af9b000000ffff, /* 64-bit code */
		0x00008c0000080000, /* a call gate */
		0x00008c1f00080000, /* one that copies words */
		0x00008e0000080000, /* an interrupt gate */
		0x0000890000000067, /* a TSS */
		0,
	};
	uint64_t d = kinds[next(p) % (sizeof(kinds) / sizeof(kinds[0]))];
	const uint64_t dpl = (uint64_t)(next(p) % 4) << 45;

	/*
	 * Of segments: what a gate's was is in its selector afterwards, and a
	 * page that is judged once more does not find it there.
	 */
	d |= (d >> 44 & 1) != 0 ? dpl : 0;
	return d | (next(p) % 4 == 0 ? (uint64_t)(next(p) & 0xff) << 32 : 0);
}

static void step_descriptor(struct play *p, uint64_t where, int64_t *engine,
			    int64_t *model)
{
	const uint64_t d = pick_descriptor(p);

	*model = model_update_descriptor(p->o, where, d);
	*engine = p->narrow ? machine_call(p->m, hc_update_descriptor_32,
					   (uint32_t)where, where >> 32,
					   (uint32_t)d, d >> 32)
			    : machine_call(p->m, hc_update_descriptor, where, d,
					   0, 0);
}

static const char *step(struct play *p, int64_t *engine, int64_t *model)
{
	uint64_t frame = pick_frame(p);
	unsigned int level = 1 + next(p) % 4;
	unsigned int index = pick_index(p);
	uint64_t entry = pick_entry(p);
	uint64_t va = pick_va(p);

	switch (next(p) % 16) {
	case 0:
	case 1:
		*model = model_pin(p->o, frame, (enum frame_type)level);
		*engine = call_mmuext(p->m, MMUEXT_PIN_L1_TABLE + level - 1,
				      frame, 0);
		return "pin";
	case 2:
		*model = model_unpin(p->o, frame);
		*engine = call_mmuext(p->m, MMUEXT_UNPIN_TABLE, frame, 0);
		return "unpin";
	case 3:
		if (frame == 0) {
			frame = dom_frame(0).v;
		}
		*model = model_kernel_root(p->o, frame);
		*engine = call_mmuext(p->m, MMUEXT_NEW_BASEPTR, frame, 0);
		return "new_baseptr";
	case 4:
		*model = model_user_root(p->o, frame);
		*engine = call_mmuext(p->m, MMUEXT_NEW_USER_BASEPTR, frame, 0);
		return "new_user_baseptr";
	case 5:
		step_set_gdt(p, engine, model);
		return "set_gdt";
	case 9:
		step_descriptor(p, (frame << PAGE_SHIFT) + index * 8, engine,
				model);
		return "update_descriptor";
	case 6:
		*model = model_clear_page(p->o, frame);
		*engine = call_mmuext(p->m, MMUEXT_CLEAR_PAGE, frame, 0);
		return "clear_page";
	case 7:
	case 8:
		*model = model_va_mapping(p->o, va, entry);
		*engine = call_va_mapping(p->m, va, entry, UVMF_NONE);
		return "update_va_mapping";
	default:
		*model = model_update(p->o, frame, index, entry, false);
		*engine =
			call_mmu_update(p->m, (frame << PAGE_SHIFT) + index * 8,
					entry);
		return "mmu_update";
	}
}

static void compare(struct play *p, uint64_t seed, unsigned int n,
		    const char *name)
{
	struct model_refs refs[MACHINE_FRAMES];
	const struct model_frame *mine = p->o->frame;
	struct machine *m = p->m;
	unsigned int preempt = m->preempt_after;

	m->preempt_after = 0;
	assert_int_equal(mmu_settle(&m->dom), 0);
	m->preempt_after = preempt;
	machine_check(m);
	model_recount(p->o, refs);
	for (uint64_t f = 0; f < FIRST_FRAME + DOM_FRAMES; f++) {
		const struct frame *fr = &m->frames[f];
		struct model_refs r = refs[f];
		unsigned int type = frame_type_refs(fr) > 0 ? fr->type : 0;

		if (mine[f].plain != r.plain || mine[f].typed != r.typed) {
			fail_msg("seed %lu step %u %s: the model miscounts "
				 "frame %lu",
				 seed, n, name, f);
		}
		if (fr->owner == OWNER_XEN) {
			continue;
		}
		if (fr->count != r.plain || frame_type_refs(fr) != r.typed ||
		    type != mine[f].type) {
			fail_msg("seed %lu step %u %s: frame %lu has type %u "
				 "(%u/%u), the model says %u (%u/%u)",
				 seed, n, name, f, type, fr->count,
				 frame_type_refs(fr), mine[f].type, r.plain,
				 r.typed);
		}
	}
	if (memcmp(m->mmu.ram, p->o->mem, MACHINE_FRAMES * PAGE_SIZE) != 0) {
		fail_msg("seed %lu step %u %s: memory differs", seed, n, name);
	}
}

static void new_model(struct model *o, const struct machine *m)
{
	assert_true(model_init(o, MACHINE_FRAMES, &m->mmu.xen_slots[0].v,
			       m->mmu.pte_nx));
	for (uint64_t f = 0; f < MACHINE_FRAMES; f++) {
		o->frame[f].owner = m->frames[f].owner;
	}
	assert_non_null(model_add_domain(o, TEST_TAG, TEST_DOMID));
	o->dom->pae = m->dom.width == &pt_pae;
	memcpy(o->xen_l2_slot, m->mmu.xen_l2_slots, sizeof(o->xen_l2_slot));
	model_assign(o, FIRST_FRAME, DOM_FRAMES);
	model_share(o, SHARED_FRAME, true);
	memcpy(o->mem, m->mmu.ram, MACHINE_FRAMES * PAGE_SIZE);
}

static void play(uint64_t seed, unsigned int steps, unsigned int preempt,
		 enum width width, uint64_t *ret_roots)
{
	struct play p = {.m = width == WIDE ? machine_new() : machine_new_pae(),
			 .o = calloc(1, sizeof(struct model)),
			 .random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1,
			 .pae = width != WIDE,
			 .narrow = width == NARROW};
	unsigned int accepted = 0;

	p.m->dom.narrow = p.narrow;
	assert_non_null(p.o);
	new_model(p.o, p.m);
	p.m->preempt_after = preempt;
	for (unsigned int n = 0; n < steps; n++) {
		int64_t engine, model;
		const char *name = step(&p, &engine, &model);

		if (engine != model) {
			fail_msg("seed %lu step %u %s: engine %ld, model %ld "
				 "(%s)",
				 seed, n, name, engine, model, p.m->refusal);
		}
		accepted += engine == 0;
		compare(&p, seed, n, name);
	}
	/* A run that is refused everything would say nothing. */
	assert_true(accepted > steps / 10);
	*ret_roots += p.m->dom.stats.peak[p.m->dom.width->root];
	model_fini(p.o);
	free(p.o);
	machine_free(p.m);
}

static unsigned int from_environment(const char *name, unsigned int otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (unsigned int)strtoul(text, NULL, 0) : otherwise;
}

static void run(unsigned int preempt, enum width width)
{
	unsigned int first = from_environment("PW_SEED", 0);
	unsigned int steps = from_environment("PW_STEPS", STEPS);
	uint64_t roots = 0;

	if (first != 0) {
		play(first, steps, preempt, width, &roots);
		return;
	}
	print_message("seeds 1 to %d, %u steps each\n", SEEDS, steps);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		play(seed, steps, preempt, width, &roots);
	}
	/* Nor would one that never had an address space. */
	assert_true(roots > SEEDS / 2);
}

static void the_engine_agrees_with_the_model(void **state)
{
	(void)state;
	run(0, WIDE);
}

static void it_does_so_when_interrupted_all_the_time(void **state)
{
	(void)state;
	run(1, WIDE);
}

static void it_does_so_when_interrupted_now_and_then(void **state)
{
	(void)state;
	run(3, WIDE);
}

static void it_agrees_for_a_32_bit_domain(void **state)
{
	(void)state;
	run(0, PAE);
}

static void and_for_one_that_is_interrupted(void **state)
{
	(void)state;
	run(1, PAE);
	run(3, PAE);
}

static void and_for_one_whose_words_have_4_bytes(void **state)
{
	(void)state;
	run(3, NARROW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_engine_agrees_with_the_model),
		cmocka_unit_test(it_does_so_when_interrupted_all_the_time),
		cmocka_unit_test(it_does_so_when_interrupted_now_and_then),
		cmocka_unit_test(it_agrees_for_a_32_bit_domain),
		cmocka_unit_test(and_for_one_that_is_interrupted),
		cmocka_unit_test(and_for_one_whose_words_have_4_bytes),
	};

	return cmocka_run_group_tests_name("engine model", tests, NULL, NULL);
}
