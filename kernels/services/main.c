/* SPDX-License-Identifier: MIT */
/*
 * A guest that uses what a domain is given beside its memory: events, time,
 * waiting, console and store, grants, emulated instructions. One line of TAP
 * for each thing seen to be right, and the sum.
 */
#include "kernels/services/services.h"

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
extern const char event_entry[];
void kernel_main(uint64_t start_info);

static uint8_t shared_page[PAGE_SIZE] __attribute__((aligned(4096)));

static uint64_t passed;
static uint64_t failed;
volatile uint64_t event_count;

/* Counts, and returns with events masked, as the callback was entered. */
__asm__(".text\n"
	"event_entry:\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	orb $3, 8(%rsp)\n"
	"	incq event_count(%rip)\n"
	"	iretq\n");

void expect(const char *what, int64_t got, int64_t want)
{
	if (got == want) {
		passed++;
		say("ok %lu - %s", passed + failed, what);
		return;
	}
	failed++;
	say("not ok %lu - %s: %ld, expected %ld", passed + failed, what, got,
	    want);
}

void expect_true(const char *what, bool got)
{
	expect(what, got, true);
}

uint64_t mfn_at(const struct services *s, const void *address)
{
	return s->p2m[((uintptr_t)address - s->virt_base) >> PAGE_SHIFT];
}

void *va_of(const struct services *s, uint64_t frame)
{
	const uint64_t *m2p = (const uint64_t *)MACH2PHYS_VIRT_START;

	return (void *)(s->virt_base + (m2p[frame] << PAGE_SHIFT));
}

volatile uint64_t *entry_of(const struct services *s, const void *address)
{
	vaddr_t va = vaddr((uintptr_t)address);
	pte_t *table = s->l4;

	for (unsigned int level = 4; level > 1; level--) {
		table = va_of(s, pte_mfn(table[pt_index(va, level)]).v);
	}
	return &table[pt_index(va, 1)].v;
}

int64_t map_page(const void *page, uint64_t entry)
{
	return hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page, entry,
			 UVMF_INVLPG | UVMF_LOCAL, 0, 0);
}

int64_t event_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_event_channel_op, cmd, (uintptr_t)op, 0,
			 0, 0);
}

int64_t vcpu_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_vcpu_op, cmd, 0, (uintptr_t)op, 0, 0);
}

int64_t sched_op(unsigned int cmd, void *op)
{
	return hypercall(__HYPERVISOR_sched_op, cmd, (uintptr_t)op, 0, 0, 0);
}

static void start(struct services *s, uint64_t start_info)
{
	struct callback_register callback = {
		.type = CALLBACKTYPE_event,
		.address = (uintptr_t)event_entry,
	};

	s->start = (const struct start_info *)start_info;
	s->virt_base = (uintptr_t)virt_base;
	s->p2m = (const uint64_t *)s->start->mfn_list;
	s->l4 = (pte_t *)s->start->pt_base;
	s->shared = (struct shared_info *)(void *)shared_page;
	if (map_page(shared_page, s->start->shared_info | MAP_RW) != 0 ||
	    hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
		      (uintptr_t)&callback, 0, 0, 0) != 0) {
		die("shared info or event callback refused");
	}
	traps_init(s->shared);
}

/* The last of all: what the vCPU is told moves to another page for good. */
static void vcpu_info_moves_once(const struct services *s)
{
	static uint8_t page[PAGE_SIZE] __attribute__((aligned(4096)));
	struct vcpu_register_vcpu_info to = {.mfn = mfn_at(s, page)};

	expect("another place for the vCPU's page",
	       vcpu_op(VCPUOP_register_vcpu_info, &to), 0);
	to.offset = 2048;
	expect("and one more", vcpu_op(VCPUOP_register_vcpu_info, &to),
	       -XEN_EINVAL);
}

void kernel_main(uint64_t start_info)
{
	struct services s;

	start(&s, start_info);
	if (cmdline_has((const char *)s.start->cmd_line, "watchdog")) {
		wait_for_watchdog();
	}
	if (cmdline_has((const char *)s.start->cmd_line, "flood")) {
		flood(&s);
	}
	if (cmdline_has((const char *)s.start->cmd_line, "input")) {
		typed_during_a_request(&s);
	}
	check_memory(&s);
	check_version();
	check_events(&s);
	check_time(&s);
	check_instructions(&s);
	check_page_table_writes(&s);
	check_faults(&s);
	check_grants(&s);
	check_rings(&s);
	vcpu_info_moves_once(&s);
	say("%lu passed, %lu failed", passed, failed);
	shut_down(failed == 0 ? SHUTDOWN_poweroff : SHUTDOWN_crash);
}
