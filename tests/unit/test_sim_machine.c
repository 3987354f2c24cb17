/* SPDX-License-Identifier: MIT */
/*
 * The simulated machine as a whole: what the CPU does to tables and TLB when a
 * guest loads and stores, how faults reach it, that a store into a table is
 * caught even when the TLB allows it, and that a domain started lazily cannot
 * be told from another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pagewarden/port.h"
#include "lab/kernel.h"
#include "sim/check.h"
#include "sim/cpu.h"
#include "sim/domain.h"
#include "sim/fault.h"
#include "sim/hypercall.h"
#include "sim/lazy.h"
#include "sim/sim.h"

#define BASE UINT64_C(0xffffffff80000000)
#define PAGES (16 * UINT64_C(256))
#define KERNEL_START 16
#define KERNEL_END 80

static struct sim *make(bool lazy, enum tlb_keep keep)
{
	const struct sim_config config = {
		.nr_frames = sim_frames_for(PAGES),
		.seed = 7,
		.hypervisor = true,
		.cpu = sim_cpu(PAGING_4LEVEL),
		.tlb = {keep, 16},
		.check_always = true,
	};
	const struct sim_domain domain = {
		.kernel = {vaddr(BASE), pfn(KERNEL_START), pfn(KERNEL_END),
			   true, vaddr(UINT64_C(1) << 39)},
		.nr_pages = PAGES,
		.lazy = lazy,
		.scattered = true,
		.cmdline = "a command line",
	};
	struct build_error e = {""};
	struct sim *s = sim_create(&config, &e);

	assert_non_null(s);
	assert_int_equal(sim_start_domain(s, &domain, &e), 0);
	return s;
}

static vaddr_t page_va(uint64_t page)
{
	return vaddr(BASE + (page << PAGE_SHIFT));
}

static uint64_t page_mfn(struct sim *s, uint64_t page)
{
	struct walk w;

	cpu_peek(s, page_va(page), &w);
	assert_true(w.mapped);
	return w.to.page.v >> PAGE_SHIFT;
}

static int64_t update_va(struct sim *s, uint64_t page, uint64_t entry,
			 uint64_t flags)
{
	return guest_port_call(&s->guest, __HYPERVISOR_update_va_mapping,
			       page_va(page).v, entry, flags, 0);
}

static int pin(struct sim *s, uint64_t page, unsigned int command)
{
	struct mmuext_op op = {.cmd = command};

	op.arg1.mfn = page_mfn(s, page);
	return (int)guest_port_call(&s->guest, __HYPERVISOR_mmuext_op,
				    (uintptr_t)&op, 1, 0, DOMID_SELF);
}

static uint64_t read_only(struct sim *s, uint64_t page)
{
	return page_mfn(s, page) << PAGE_SHIFT | PTE_P | PTE_A | PTE_US;
}

/* Each guest function runs inside sim_run(). */
static int load_and_store(struct sim *s, void *argument)
{
	(void)argument;
	guest_port_store64(&s->guest, page_va(20), 0x1122334455667788);
	assert_int_equal(guest_port_load64(&s->guest, page_va(20)),
			 0x1122334455667788);
	assert_int_equal(guest_port_load32(&s->guest,
					   vaddr_add(page_va(20), 4)),
			 0x11223344);
	guest_port_copy_page(&s->guest, page_va(21), page_va(20));
	assert_int_equal(guest_port_load64(&s->guest, page_va(21)),
			 0x1122334455667788);
	guest_port_clear_page(&s->guest, page_va(20));
	assert_int_equal(guest_port_load64(&s->guest, page_va(20)), 0);
	return 5;
}

static void loads_and_stores_go_through_the_tables(void **state)
{
	struct sim *s = make(false, TLB_KEEP_LRU);
	struct walk w;

	(void)state;
	assert_int_equal(sim_run(s, load_and_store, NULL), SIM_RETURNED);
	assert_int_equal(s->guest_result, 5);
	cpu_peek(s, page_va(20), &w);
	assert_true((w.step[1].entry & (PTE_A | PTE_D)) == (PTE_A | PTE_D));
	cpu_peek(s, page_va(30), &w);
	assert_true((w.step[1].entry & PTE_D) == 0);
	assert_int_equal(s->stats.stale_uses, 0);
	sim_destroy(s);
}

static int make_table(struct sim *s, void *argument)
{
	uint64_t *flags = argument;

	/* Read first, so that the TLB has the writable entry. */
	guest_port_clear_page(&s->guest, page_va(20));
	assert_int_equal(update_va(s, 20, read_only(s, 20), *flags), 0);
	assert_int_equal(pin(s, 20, MMUEXT_PIN_L1_TABLE), 0);
	return 0;
}

static int store_to_table(struct sim *s, void *argument)
{
	(void)argument;
	guest_port_store64(&s->guest, page_va(20), 0);
	return 0;
}

static void a_table_made_leaves_no_writable_translation(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);
	uint64_t no_flush = 0;
	struct tlb_entry e;

	(void)state;
	/* The guest asks for no flush; the engine owes one, and pays it. */
	assert_int_equal(sim_run(s, make_table, &no_flush), SIM_RETURNED);
	assert_true(check_tlb(s, &e));
	assert_int_equal(sim_run(s, store_to_table, NULL), SIM_CRASHED);
	assert_non_null(strstr(s->why, "ec=0003"));
	sim_destroy(s);
}

static void a_store_into_a_table_is_caught_whatever_the_tlb_says(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);
	uint64_t no_flush = 0;
	struct tlb_entry e;
	struct translation forged;

	(void)state;
	assert_int_equal(sim_run(s, make_table, &no_flush), SIM_RETURNED);
	/* As if the engine had forgotten its flush. */
	forged = (struct translation){
		.page = maddr(page_mfn(s, 20) << PAGE_SHIFT),
		.shift = PAGE_SHIFT,
		.flags = PTE_RW | PTE_US | PTE_D,
	};
	assert_int_equal(tlb_insert(&s->tlb, page_va(20), &forged), 0);
	assert_false(check_tlb(s, &e));
	assert_int_equal(e.va.v, page_va(20).v);
	assert_int_equal(sim_run(s, store_to_table, NULL), SIM_VIOLATION);
	assert_non_null(strstr(s->why, "(I2)"));
	assert_int_equal(s->stats.stale_allowed, 1);
	sim_destroy(s);
}

static int nothing(struct sim *s, void *argument)
{
	(void)argument;
	return (int)guest_port_call(&s->guest, __HYPERVISOR_mmuext_op, 0, 0, 0,
				    DOMID_SELF);
}

static void the_check_after_a_hypercall_looks_at_the_tlb(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);
	struct translation forged = {
		.page = maddr(UINT64_C(1) << PAGE_SHIFT),
		.shift = PAGE_SHIFT,
		.flags = PTE_RW | PTE_US,
	};

	(void)state;
	assert_int_equal(sim_run(s, nothing, NULL), SIM_RETURNED);
	/* Frame 1 is the hypervisor's (I9). */
	assert_int_equal(tlb_insert(&s->tlb, page_va(20), &forged), 0);
	assert_int_equal(sim_run(s, nothing, NULL), SIM_VIOLATION);
	sim_destroy(s);
}

static void the_check_after_a_hypercall_is_an_audit(void **state)
{
	struct sim *s = make(false, TLB_KEEP_NOTHING);

	(void)state;
	s->mmu.frames[s->built.root.v].count++;
	assert_int_equal(sim_run(s, nothing, NULL), SIM_VIOLATION);
	assert_non_null(strstr(s->why, "(I6)"));
	sim_destroy(s);
}

static bool repair(struct sim *s, vaddr_t va, uint32_t code)
{
	assert_int_equal(va.v & ~PAGE_OFFSET_MASK, page_va(20).v);
	assert_int_equal(code, PF_PRESENT | PF_WRITE);
	return update_va(s, 20, read_only(s, 20) | PTE_RW, UVMF_INVLPG) == 0;
}

static bool give_up(struct sim *s, vaddr_t va, uint32_t code)
{
	(void)s;
	(void)va;
	(void)code;
	return false;
}

static int store_read_only(struct sim *s, void *argument)
{
	s->fault_handler = argument;
	assert_int_equal(update_va(s, 20, read_only(s, 20), UVMF_INVLPG), 0);
	guest_port_store64(&s->guest, vaddr_add(page_va(20), 16), 99);
	return (int)guest_port_load64(&s->guest, vaddr_add(page_va(20), 16));
}

static void a_handler_can_repair_a_fault(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);

	(void)state;
	assert_int_equal(sim_run(s, store_read_only, (void *)repair),
			 SIM_RETURNED);
	assert_int_equal(s->guest_result, 99);
	assert_int_equal(s->stats.faults, 1);
	assert_int_equal(sim_run(s, store_read_only, (void *)give_up),
			 SIM_CRASHED);
	sim_destroy(s);
}

static int write_an_entry(struct sim *s, void *argument)
{
	uint64_t *entry = argument;
	uint64_t none = 0;

	if (frame_of(&s->mmu, mfn(page_mfn(s, 20)))->type_count == 0 ||
	    frame_of(&s->mmu, mfn(page_mfn(s, 20)))->type != FRAME_L1) {
		(void)make_table(s, &none);
	}
	guest_port_store64(&s->guest, vaddr_add(page_va(20), 24), *entry);
	return 0;
}

static int assist(struct sim *s, void *argument)
{
	(void)argument;
	return (int)guest_port_call(&s->guest, __HYPERVISOR_vm_assist,
				    VMASST_CMD_enable,
				    VMASST_TYPE_writable_pagetables, 0, 0);
}

static void a_store_to_an_l1_is_emulated_with_the_assist(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);
	uint64_t good = read_only(s, 30) | PTE_RW;
	uint64_t bad = page_mfn(s, 20) << PAGE_SHIFT | PTE_P | PTE_RW | PTE_US;
	pte_t *table = frame_ptes(&s->mmu, mfn(page_mfn(s, 20)));

	(void)state;
	assert_int_equal(sim_run(s, write_an_entry, &good), SIM_CRASHED);
	assert_int_equal(sim_run(s, assist, NULL), SIM_RETURNED);
	assert_int_equal(sim_run(s, write_an_entry, &good), SIM_RETURNED);
	assert_int_equal(table[3].v & ~PTE_G, good);
	/* An entry that may not be written is a fault like any other. */
	assert_int_equal(sim_run(s, write_an_entry, &bad), SIM_CRASHED);
	assert_int_equal(table[3].v & ~PTE_G, good);
	sim_destroy(s);
}

static int load_wild(struct sim *s, void *argument)
{
	(void)guest_port_load64(&s->guest, vaddr(*(uint64_t *)argument));
	return 0;
}

static void wild_addresses_crash_the_domain_alone(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);
	uint64_t unmapped = UINT64_C(0x123456789000);
	uint64_t impossible = UINT64_C(0x8000000000000000);
	uint64_t hypervisors = UINT64_C(0xffff800000000000);

	(void)state;
	assert_int_equal(sim_run(s, load_wild, &unmapped), SIM_CRASHED);
	assert_non_null(strstr(s->why, "ec=0000"));
	assert_int_equal(sim_run(s, load_wild, &hypervisors), SIM_CRASHED);
	assert_int_equal(sim_run(s, load_wild, &impossible), SIM_CRASHED);
	assert_non_null(strstr(s->why, "general protection"));
	check_machine(s);
	sim_destroy(s);
}

static int power_off(struct sim *s, void *argument)
{
	struct sched_shutdown off = {.reason = SHUTDOWN_poweroff};
	static const char text[] = "last words\n";

	(void)argument;
	assert_int_equal(guest_port_call(&s->guest, __HYPERVISOR_console_io,
					 CONSOLEIO_write, sizeof(text) - 1,
					 (uintptr_t)text, 0),
			 0);
	assert_int_equal(guest_port_call(&s->guest, __HYPERVISOR_sched_op, 99,
					 (uintptr_t)&off, 0, 0),
			 -XEN_ENOSYS);
	assert_int_equal(guest_port_call(&s->guest, 60, 0, 0, 0, 0),
			 -XEN_ENOSYS);
	(void)guest_port_call(&s->guest, __HYPERVISOR_sched_op,
			      SCHEDOP_shutdown, (uintptr_t)&off, 0, 0);
	fail_msg("came back from the dead");
	return 0;
}

static void a_guest_speaks_and_powers_off(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);

	(void)state;
	assert_int_equal(sim_run(s, power_off, NULL), SIM_POWEROFF);
	assert_non_null(strstr(sim_log_text(&s->log), "last words\n"));
	sim_destroy(s);
}

static int copy_fails(struct sim *s, void *argument)
{
	(void)argument;
	s->copy_fail_after = 1;
	assert_int_equal(pin(s, 20, MMUEXT_PIN_L1_TABLE), -XEN_EFAULT);
	assert_int_equal(nothing(s, NULL), 0);
	/* An address of the guest that is not mapped. */
	return (int)guest_port_call(&s->guest, __HYPERVISOR_mmuext_op,
				    UINT64_C(0xffffb00000000000), 1, 0,
				    DOMID_SELF);
}

static void requests_that_cannot_be_read_fail(void **state)
{
	struct sim *s = make(false, TLB_KEEP_ALL);

	(void)state;
	assert_int_equal(sim_run(s, copy_fails, NULL), SIM_RETURNED);
	assert_int_equal(s->guest_result, -XEN_EFAULT);
	sim_destroy(s);
}

static void preemption_is_invisible(void **state)
{
	uint64_t none = 0;

	(void)state;
	for (uint64_t n = 1; n < 20; n++) {
		struct sim *s = make(false, TLB_KEEP_ALL);

		s->preempt_after = n;
		assert_int_equal(sim_run(s, make_table, &none), SIM_RETURNED);
		sim_destroy(s);
	}
}

static int read_p2m(struct sim *s, void *argument)
{
	struct sim *full = argument;
	vaddr_t list = s->layout.part[LAYOUT_P2M].va;

	for (uint64_t i = 0; i < s->layout.part[LAYOUT_P2M].nr * 512; i++) {
		const struct layout_range *r = &full->layout.part[LAYOUT_P2M];
		const struct build_memory m = {full->mmu.ram, full->runs,
					       full->nr_runs};
		mfn_t f = build_mfn(&m, pfn_add(r->pfn, i / 512));
		const uint64_t *page = frame_data(&full->mmu, f);

		assert_int_equal(guest_port_load64(&s->guest,
						   vaddr_add(list, i * 8)),
				 page[i % 512]);
	}
	return 0;
}

static int write_p2m(struct sim *s, void *argument)
{
	vaddr_t at = vaddr_add(s->layout.part[LAYOUT_P2M].va, 80);
	uint64_t before = guest_port_load64(&s->guest, vaddr_add(at, 8));

	(void)argument;
	guest_port_store64(&s->guest, at, 1234);
	assert_int_equal(guest_port_load64(&s->guest, at), 1234);
	assert_int_equal(guest_port_load64(&s->guest, vaddr_add(at, 8)),
			 before);
	/* The same word again, part of it, and then another. */
	guest_port_store64(&s->guest, at, UINT64_C(0x500000006));
	assert_int_equal(guest_port_load32(&s->guest, vaddr_add(at, 4)), 5);
	guest_port_store32(&s->guest, vaddr_add(at, 4), 7);
	assert_int_equal(guest_port_load64(&s->guest, at),
			 UINT64_C(0x700000006));
	guest_port_store64(&s->guest, vaddr_add(at, 16), 99);
	assert_int_equal(guest_port_load64(&s->guest, at),
			 UINT64_C(0x700000006));
	assert_int_equal(guest_port_load64(&s->guest, vaddr_add(at, 8)),
			 before);
	assert_int_equal(guest_port_load64(&s->guest, vaddr_add(at, 16)), 99);
	/* One word alone does not outlive its page. */
	at = vaddr_add(s->layout.part[LAYOUT_P2M].va, PAGE_SIZE + 16);
	before = guest_port_load64(&s->guest, vaddr_add(at, 8));
	guest_port_store64(&s->guest, at, 1);
	guest_port_store64(&s->guest, vaddr_add(at, 24), 2);
	assert_int_equal(guest_port_load64(&s->guest, at), 1);
	assert_int_equal(guest_port_load64(&s->guest, vaddr_add(at, 8)),
			 before);
	guest_port_clear_page(&s->guest, vaddr(at.v & ~PAGE_OFFSET_MASK));
	assert_int_equal(guest_port_load64(&s->guest, at), 0);
	at = vaddr_add(s->layout.part[LAYOUT_P2M].va, 80);
	guest_port_clear_page(&s->guest, s->layout.part[LAYOUT_P2M].va);
	assert_int_equal(guest_port_load64(&s->guest, vaddr_add(at, 8)), 0);
	return 0;
}

static void a_lazy_domain_is_like_any_other(void **state)
{
	struct sim *full = make(false, TLB_KEEP_ALL);
	struct sim *lazy = make(true, TLB_KEEP_ALL);

	(void)state;
	assert_int_equal(lazy->dom.nr_pages, full->dom.nr_pages);
	assert_memory_equal(lazy->mmu.frames, full->mmu.frames,
			    full->mmu.nr_frames * sizeof(struct frame));
	for (uint64_t f = 0; f < full->mmu.nr_frames; f++) {
		assert_int_equal(sim_m2p(lazy, mfn(f)), full->mmu.m2p[f]);
	}
	assert_int_equal(sim_run(lazy, read_p2m, full), SIM_RETURNED);
	assert_int_equal(sim_run(lazy, write_p2m, NULL), SIM_RETURNED);
	sim_destroy(full);
	sim_destroy(lazy);
}

static int start_info_is_there(struct sim *s, void *argument)
{
	struct start_info si;

	(void)argument;
	guest_port_read(&s->guest, &si, s->built.start_info, sizeof(si));
	assert_string_equal((const char *)si.cmd_line, "a command line");
	assert_int_equal(si.nr_pages, PAGES);
	return 0;
}

static void start_info_is_where_rsi_points(void **state)
{
	struct sim *s = make(false, TLB_KEEP_LRU);

	(void)state;
	assert_int_equal(sim_run(s, start_info_is_there, NULL), SIM_RETURNED);
	sim_destroy(s);
}

static void machines_that_cannot_be_are_refused(void **state)
{
	struct sim_config config = {.nr_frames = 10,
				    .hypervisor = true,
				    .cpu = sim_cpu(PAGING_4LEVEL)};
	struct build_error e = {""};

	(void)state;
	assert_null(sim_create(&config, &e));
	assert_true(e.text[0] != '\0');
	config.nr_frames = UINT64_C(1) << 40;
	assert_null(sim_create(&config, &e));
	config.nr_frames = 4096;
	config.cpu = sim_cpu(PAGING_2LEVEL);
	assert_null(sim_create(&config, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_and_stores_go_through_the_tables),
		cmocka_unit_test(a_table_made_leaves_no_writable_translation),
		cmocka_unit_test(
			a_store_into_a_table_is_caught_whatever_the_tlb_says),
		cmocka_unit_test(the_check_after_a_hypercall_looks_at_the_tlb),
		cmocka_unit_test(the_check_after_a_hypercall_is_an_audit),
		cmocka_unit_test(a_handler_can_repair_a_fault),
		cmocka_unit_test(a_store_to_an_l1_is_emulated_with_the_assist),
		cmocka_unit_test(wild_addresses_crash_the_domain_alone),
		cmocka_unit_test(a_guest_speaks_and_powers_off),
		cmocka_unit_test(requests_that_cannot_be_read_fail),
		cmocka_unit_test(preemption_is_invisible),
		cmocka_unit_test(a_lazy_domain_is_like_any_other),
		cmocka_unit_test(start_info_is_where_rsi_points),
		cmocka_unit_test(machines_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
