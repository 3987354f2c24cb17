/* SPDX-License-Identifier: MIT */
/*
 * The guest library in a 32-bit kernel: its first steps under the engine. The
 * tables begin two frames before pt_base and are all known and reserved; the
 * builder's list has words of 4 bytes; what is more than the addresses reach is
 * left alone; and a start_info that contradicts the tables is refused. What all
 * guests have in common is in the other tests, which run in this world, too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <xen/foreign/x86_32.h>

#include "sim/check.h"
#include "sim/domain.h"
#include "tests/unit/support/rig.h"

#define BASE UINT64_C(0xc0000000)
#define PAGES 4096

struct pae {
	struct sim *s;
	struct guest *g;
	struct guest_config config;
	struct start_info_x86_32 *si; /* in the machine's memory */
	int error;
	bool mapped; /* the memory map is wanted, too */
};

static void make(struct pae *p, uint64_t base)
{
	const struct sim_config config = {
		.nr_frames = sim_frames_for(PAGES),
		.seed = 3,
		.hypervisor = true,
		.cpu = sim_cpu(PAGING_PAE),
		.tlb = {TLB_KEEP_ALL, 16},
		.check_always = true,
	};
	const struct sim_domain d = {
		.kernel = {.virt_base = vaddr(base),
			   .start = pfn(16),
			   .end = pfn(80)},
		.nr_pages = PAGES,
		.scattered = true,
	};
	struct build_error e = {""};

	*p = (struct pae){
		.config = {.geometry = &guest_geometry_pae,
			   .cpu = {.nx = true},
			   .virt_base = vaddr(base),
			   .kernel_start = pfn(16),
			   .kernel_end = pfn(80),
			   .direct_base = vaddr(base),
			   .windows = vaddr(base + 72 * PAGE_SIZE)},
	};
	p->s = sim_create(&config, &e);
	assert_non_null(p->s);
	assert_int_equal(sim_start_domain(p->s, &d, &e), 0);
	p->g = &p->s->guest;
	p->si = frame_data(&p->s->mmu, p->s->built.start_info_frame);
}

static void a_32_bit_domain_is_not_started_lazily(void **state)
{
	const struct sim_config config = {.nr_frames = sim_frames_for(PAGES),
					  .hypervisor = true,
					  .cpu = sim_cpu(PAGING_PAE)};
	const struct sim_domain d = {.kernel = {.virt_base = vaddr(BASE),
						.start = pfn(16),
						.end = pfn(80)},
				     .nr_pages = PAGES,
				     .lazy = true};
	struct build_error e = {""};
	struct sim *s = sim_create(&config, &e);

	(void)state;
	assert_non_null(s);
	assert_int_equal(sim_start_domain(s, &d, &e), -XEN_EINVAL);
	assert_non_null(strstr(e.text, "cannot be started lazily"));
	sim_destroy(s);
}

static int in_the_run(struct sim *s, void *argument)
{
	struct pae *p = argument;

	p->error = guest_start(&s->guest, &p->config, s->built.start_info);
	if (p->error == 0 && p->mapped) {
		p->error = guest_memory_map(&s->guest);
	}
	return 0;
}

static void run(struct pae *p)
{
	assert_int_equal(sim_run(p->s, in_the_run, p), SIM_RETURNED);
}

static void refused(struct pae *p, const char *says)
{
	run(p);
	assert_int_equal(p->error, -XEN_EINVAL);
	if (strstr(p->g->message, says) == NULL) {
		fail_msg("\"%s\"", p->g->message);
	}
	sim_destroy(p->s);
}

static void all_tables_are_known_and_reserved(void **state)
{
	const struct layout_range *tables;
	struct pae p;

	(void)state;
	make(&p, BASE);
	p.mapped = true;
	run(&p);
	assert_int_equal(p.error, 0);
	tables = &p.s->layout.part[LAYOUT_TABLES];
	assert_int_equal(p.g->boot.tables_start.v, tables->pfn.v);
	assert_int_equal(p.g->boot.tables_end.v, tables->pfn.v + tables->nr);
	assert_int_equal(p.g->boot.root.v, tables->pfn.v + 2);
	for (uint64_t i = 0; i < tables->nr; i++) {
		pfn_t at = pfn_add(tables->pfn, i);

		assert_true(guest_memblock_is_reserved(&p.g->memblock, at));
		assert_true(guest_is_table(p.g, at));
	}
	sim_destroy(p.s);
}

static void tables_that_nr_pt_frames_leaves_out_are_refused(void **state)
{
	static const struct {
		uint32_t less;
		const char *says;
	} rows[] = {{4, "is not among"}, {3, "is not among"}, {1, "is mapped"}};
	struct pae p;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		make(&p, BASE);
		assert_int_equal(p.si->nr_pt_frames, 7);
		p.si->nr_pt_frames -= rows[i].less;
		refused(&p, rows[i].says);
	}
}

static void a_kernel_below_the_last_gigabyte_is_refused(void **state)
{
	struct pae p;

	(void)state;
	make(&p, 0x80000000);
	refused(&p, "not in the last gigabyte");
}

static void memory_beyond_the_addresses_is_left_alone(void **state)
{
	struct pae p;

	(void)state;
	make(&p, BASE);
	p.mapped = true;
	/* 8 MiB below the hypervisor. */
	p.config.direct_base = vaddr(0xf5000000);
	run(&p);
	assert_int_equal(p.error, 0);
	assert_int_equal(guest_memblock_end(&p.g->memblock).v, 2048);
	sim_destroy(p.s);
}

/* Two frames change places while the list is not in use. */
static void list_comes_back(struct rig *r)
{
	struct guest *g = r->g;
	pfn_t a = rig_frame(r);
	pfn_t b = rig_frame(r);
	mfn_t of_a = guest_p2m_get(g, a);
	mfn_t of_b = guest_p2m_get(g, b);

	assert_int_equal(g->p2m.kind, GUEST_P2M_LIST);
	for (pfn_t at = pfn(0); at.v < g->boot.nr_pages; at = pfn_add(at, 1)) {
		assert_int_equal(guest_p2m_get(g, at).v, rig_behind(r, at).v);
	}
	assert_int_equal(guest_p2m_build(g, GUEST_P2M_TREE, vaddr(0)), 0);
	assert_int_equal(guest_p2m_set(g, a, of_b), 0);
	assert_int_equal(guest_p2m_set(g, b, MFN_INVALID), 0);
	assert_int_equal(guest_p2m_teardown(g), 0);
	assert_int_equal(g->p2m.kind, GUEST_P2M_LIST);
	assert_int_equal(guest_p2m_get(g, a).v, of_b.v);
	assert_true(mfn_eq(guest_p2m_get(g, b), MFN_INVALID));
	/* The words beside them are whole. */
	assert_int_equal(guest_p2m_get(g, pfn(b.v - 1)).v,
			 rig_behind(r, pfn(b.v - 1)).v);
	assert_int_equal(guest_p2m_set(g, a, of_a), 0);
	assert_int_equal(guest_p2m_set(g, b, of_b), 0);
	assert_true(rig_p2m_true(r));
}

static void the_list_has_words_of_four_bytes(void **state)
{
	const struct rig_options o = {.world = RIG_XEN_PAE,
				      .keep = TLB_KEEP_ALL,
				      .stage = RIG_MAPPED};

	(void)state;
	rig_run(&o, list_comes_back);
}

/* One table of each root holds the hypervisor's slots, and is nobody's pin. */
static void last_l2_is_its_own(struct rig *r)
{
	const struct guest_slot slot = {3, r->g->kernel.root, 3};
	pfn_t last = guest_p2m_find(r->g, pte_mfn(pte(rig_entry(r, slot))));

	assert_true(rig_typed(r, last, FRAME_L2_XEN, 1));
	assert_false(rig_pinned(r, last));
	assert_true(rig_pinned(r, r->g->kernel.root));
	assert_int_equal(r->s->vcpu.kernel_root.v,
			 rig_behind(r, r->g->kernel.root).v);
	for (unsigned int i = 0; i < 3; i++) {
		const struct guest_slot other = {3, r->g->kernel.root, i};
		pte_t e = pte(rig_entry(r, other));

		assert_true(pte_present(e));
		assert_true(rig_typed(r, guest_p2m_find(r->g, pte_mfn(e)),
				      FRAME_L2, 1));
	}
}

static void the_kernels_root_has_four_tables_of_level_2(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN_PAE, TLB_KEEP_ALL, last_l2_is_its_own);
}

static uint64_t nr_free(struct rig *r)
{
	return guest_memblock_nr_free(&r->g->memblock);
}

/*
 * As on a machine, where the hypervisor maps its M2P by large pages: the engine
 * here has none, and is asked for nothing meanwhile.
 */
static void set_m2p(struct rig *r, uint64_t flags)
{
	const struct guest_slot slot = {3, r->g->kernel.root, 3};
	pte_t *last = frame_data(&r->s->mmu, pte_mfn(pte(rig_entry(r, slot))));

	last[XEN_L2_FIRST] = pte(flags);
}

/* The last table's slots from XEN_L2_FIRST on, and no other table's. */
static void hypervisors_slots(struct rig *r)
{
	const struct guest_space *space = &r->g->kernel;
	const vaddr_t own = vaddr(UINT64_C(0x35800000));
	const vaddr_t first = vaddr(XEN_COMPAT_START);
	struct guest_slot slot;
	pte_t e;
	pfn_t frame = rig_frame(r);
	uint64_t before = nr_free(r);

	set_m2p(r, PTE_P | PTE_PS | PTE_A | PTE_D);
	assert_int_equal(guest_lookup(r->g, space->root, first, &slot, &e),
			 -XEN_EFAULT);
	assert_int_equal(guest_map(r->g, space, first, frame, PTE_P),
			 -XEN_EFAULT);
	assert_int_equal(guest_unmap(r->g, space, first), -XEN_EFAULT);
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_LINEAR, first),
			 -XEN_EFAULT);
	assert_int_equal(nr_free(r), before);
	set_m2p(r, 0);
	assert_int_equal(guest_map(r->g, space, own, frame, PTE_P), 0);
	assert_int_equal(guest_flush(r->g), 0);
	assert_int_equal(guest_lookup(r->g, space->root, own, &slot, &e), 0);
	assert_int_equal(slot.level, 1);
}

static void only_the_last_table_has_slots_of_the_hypervisors(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN_PAE, TLB_KEEP_ALL, hypervisors_slots);
}

/* What was under the root, empty, from the builder: a frame as any other. */
static void empty_table_goes(struct rig *r)
{
	const struct guest_slot slot = {3, r->g->kernel.root, 1};
	pfn_t builders = guest_p2m_find(r->g, pte_mfn(pte(rig_entry(r, slot))));
	uint64_t before;

	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_TREE, vaddr(0)), 0);
	before = nr_free(r);
	assert_true(guest_is_table(r->g, builders));
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_LINEAR,
					 vaddr(UINT64_C(0x40000000))),
			 0);
	assert_int_equal(guest_p2m_build(r->g, GUEST_P2M_TREE, vaddr(0)), 0);
	assert_int_equal(nr_free(r), before + 1);
	assert_int_equal(rig_entry(r, slot), 0);
	assert_false(guest_is_table(r->g, builders));
	assert_true(rig_typed(r, builders, FRAME_WRITABLE, 1));
}

static void an_empty_table_of_the_builders_can_be_given_back(void **state)
{
	(void)state;
	rig_run_in(RIG_XEN_PAE, TLB_KEEP_ALL, empty_table_goes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_32_bit_domain_is_not_started_lazily),
		cmocka_unit_test(all_tables_are_known_and_reserved),
		cmocka_unit_test(
			tables_that_nr_pt_frames_leaves_out_are_refused),
		cmocka_unit_test(a_kernel_below_the_last_gigabyte_is_refused),
		cmocka_unit_test(memory_beyond_the_addresses_is_left_alone),
		cmocka_unit_test(the_list_has_words_of_four_bytes),
		cmocka_unit_test(the_kernels_root_has_four_tables_of_level_2),
		cmocka_unit_test(
			only_the_last_table_has_slots_of_the_hypervisors),
		cmocka_unit_test(
			an_empty_table_of_the_builders_can_be_given_back),
	};

	return cmocka_run_group_tests_name("guest_pae", tests, NULL, NULL);
}
