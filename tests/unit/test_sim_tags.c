/* SPDX-License-Identifier: MIT */
/*
 * The engine on a machine whose TLB has tags and forgets nothing: a guest that
 * goes back and forth between its kernel's root and its user's, stores through
 * both, changes its mappings, makes tables of pages and pages of tables,
 * flushes when it likes. After each hypercall no translation that can be used
 * lets it write a table (I2, I9), and no store ever lands in one. With each set
 * of what a CPU may have, by seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pagewarden/port.h"
#include "sim/cpu.h"
#include "sim/domain.h"
#include "sim/sim.h"

#define BASE UINT64_C(0xffffffff80000000)
#define PAGES (16 * UINT64_C(256))
#define KERNEL_START 16
#define KERNEL_END 80
#define FIRST_PAGE 20
#define NR_PAGES 6
#define STEPS 3000
#define SEEDS 6
#define GUEST_KERNEL (UINT64_C(1) << 52)
#define ALL_FEATURES (TAGS_PCID | TAGS_INVPCID | TAGS_GLOBAL)

struct play {
	struct sim_random random;
	uint64_t mfn[NR_PAGES];
	uint64_t root;
	unsigned int pinned; /* pages that became tables, in all */
	unsigned int stores;
};

static struct sim *make(uint64_t seed, uint32_t features)
{
	const struct sim_config config = {
		.nr_frames = sim_frames_for(PAGES),
		.seed = seed,
		.hypervisor = true,
		.cpu = sim_cpu(PAGING_4LEVEL),
		.tags = features,
		.tlb = {TLB_KEEP_ALL, 0},
		.check_always = true,
	};
	const struct sim_domain domain = {
		.kernel = {vaddr(BASE), pfn(KERNEL_START), pfn(KERNEL_END),
			   true, vaddr(UINT64_C(1) << 39)},
		.nr_pages = PAGES,
	};
	struct build_error e = {""};
	struct sim *s = sim_create(&config, &e);

	assert_non_null(s);
	assert_int_equal(sim_start_domain(s, &domain, &e), 0);
	return s;
}

static unsigned int below(struct play *p, unsigned int limit)
{
	return (unsigned int)sim_random_below(&p->random, limit);
}

static vaddr_t page_va(unsigned int page)
{
	return vaddr(BASE + ((uint64_t)(FIRST_PAGE + page) << PAGE_SHIFT));
}

static int64_t ext(struct sim *s, unsigned int command, uint64_t arg)
{
	struct mmuext_op op = {.cmd = command};

	op.arg1.mfn = arg;
	return guest_port_call(&s->guest, __HYPERVISOR_mmuext_op,
			       (uintptr_t)&op, 1, 0, DOMID_SELF);
}

static void change_mapping(struct sim *s, struct play *p, unsigned int page)
{
	static const uint64_t flags[] = {PTE_P, PTE_P | PTE_US,
					 PTE_P | PTE_US | PTE_RW,
					 PTE_P | PTE_RW | PTE_G,
					 PTE_P | PTE_US | PTE_RW |
						 GUEST_KERNEL};
	static const uint64_t flush[] = {UVMF_NONE, UVMF_NONE,
					 UVMF_INVLPG | UVMF_LOCAL,
					 UVMF_TLB_FLUSH | UVMF_ALL};

	(void)guest_port_call(&s->guest, __HYPERVISOR_update_va_mapping,
			      page_va(page).v,
			      p->mfn[page] << PAGE_SHIFT | PTE_A |
				      flags[below(p, 5)],
			      flush[below(p, 4)], 0);
}

/* Zeros: what is stored to stays fit for a table. */
static void store(struct sim *s, struct play *p, unsigned int page)
{
	const uint64_t zero = 0;
	const bool by_user = s->vcpu.user_root.v != 0 && below(p, 2) == 0;

	if (by_user) {
		cpu_to_user(s);
	}
	p->stores += cpu_try_write(s, page_va(page), &zero, sizeof(zero));
	if (by_user) {
		cpu_to_kernel(s);
	}
}

static void step(struct sim *s, struct play *p)
{
	const unsigned int page = below(p, NR_PAGES);

	switch (below(p, 12)) {
	case 0:
		p->pinned += ext(s, MMUEXT_PIN_L1_TABLE, p->mfn[page]) == 0;
		break;
	case 1:
		(void)ext(s, MMUEXT_UNPIN_TABLE, p->mfn[page]);
		break;
	case 2:
		(void)ext(s, MMUEXT_NEW_USER_BASEPTR,
			  below(p, 3) == 0 ? 0 : p->root);
		break;
	case 3:
		(void)ext(s,
			  below(p, 2) == 0 ? MMUEXT_NEW_BASEPTR
					   : MMUEXT_TLB_FLUSH_LOCAL,
			  p->root);
		break;
	case 4:
	case 5:
	case 6:
		change_mapping(s, p, page);
		break;
	default:
		store(s, p, page);
		break;
	}
}

static int play(struct sim *s, void *argument)
{
	struct play *p = argument;
	struct walk w;

	for (unsigned int i = 0; i < NR_PAGES; i++) {
		cpu_peek(s, page_va(i), &w);
		p->mfn[i] = maddr_to_mfn(w.to.page).v;
	}
	p->root = s->vcpu.kernel_root.v;
	assert_int_equal(ext(s, MMUEXT_NEW_USER_BASEPTR, p->root), 0);
	for (unsigned int i = 0; i < STEPS; i++) {
		step(s, p);
	}
	return 0;
}

static void no_tag_lets_a_table_be_written(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS * (ALL_FEATURES + 1); seed++) {
		const uint32_t features = seed % (ALL_FEATURES + 1);
		struct sim *s = make(seed, features);
		struct play p = {.random = sim_random_seed(seed)};

		if (sim_run(s, play, &p) != SIM_RETURNED) {
			fail_msg("seed %lu, features %x: %s", seed, features,
				 s->why);
		}
		assert_true(p.pinned > 10 && p.stores > 100);
		sim_destroy(s);
	}
}

/* A load of CR3 and INVLPG reach one tag, as on the CPU. */
static void a_tlb_with_tags_forgets_no_more_than_it_must(void **state)
{
	const struct translation plain = {maddr(0x5000), 12, PTE_RW};
	const struct translation global = {maddr(0x6000), 12, PTE_RW | PTE_G};
	struct tlb t;

	(void)state;
	assert_int_equal(tlb_init(&t, (struct tlb_config){TLB_KEEP_ALL, 0}, 1),
			 0);
	for (t.tag = 1; t.tag <= 2; t.tag++) {
		assert_int_equal(tlb_insert(&t, vaddr(0x1000), &plain), 0);
		assert_int_equal(tlb_insert(&t, vaddr(0x2000), &global), 0);
	}
	assert_int_equal(t.nr, 3); /* the global one is the same */
	t.tag = 3;
	assert_null(tlb_find(&t, vaddr(0x1000)));
	assert_non_null(tlb_find(&t, vaddr(0x2000)));
	t.tag = 1;
	tlb_flush_page(&t, vaddr(0x1000));
	assert_null(tlb_find(&t, vaddr(0x1000)));
	t.tag = 2;
	assert_non_null(tlb_find(&t, vaddr(0x1000)));
	tlb_flush_page_of(&t, vaddr(0x2000), 2);
	assert_non_null(tlb_find(&t, vaddr(0x2000)));
	t.tag = 1;
	tlb_flush(&t, false);
	t.tag = 2;
	assert_non_null(tlb_find(&t, vaddr(0x1000)));
	tlb_flush_page_of(&t, vaddr(0x1000), 2);
	assert_null(tlb_find(&t, vaddr(0x1000)));
	tlb_flush(&t, false);
	assert_non_null(tlb_find(&t, vaddr(0x2000)));
	tlb_flush(&t, true);
	assert_int_equal(t.nr, 0);
	tlb_fini(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tlb_with_tags_forgets_no_more_than_it_must),
		cmocka_unit_test(no_tag_lets_a_table_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
