/* SPDX-License-Identifier: MIT */
/*
 * A guest that uses what a domain is given beside its memory: events, time,
 * waiting, console and store, grants, emulated instructions. One line of TAP
 * for each thing seen to be right, and the sum.
 */
#include "kernels/services/services.h"

extern const char event_entry[];
void kernel_main(uint64_t start_info);

volatile uint64_t event_count;

/* Counts, and returns with events masked, as the callback was entered. */
__asm__(".text\n"
	"event_entry:\n"
	"	pop %rcx\n"
	"	pop %r11\n"
	"	orb $3, 8(%rsp)\n"
	"	incq event_count(%rip)\n"
	"	iretq\n");

static void start(struct pv *s, uint64_t start_info)
{
	struct callback_register callback = {
		.type = CALLBACKTYPE_event,
		.address = (uintptr_t)event_entry,
	};

	pv_start(s, start_info);
	if (hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register,
		      (uintptr_t)&callback, 0, 0, 0) != 0) {
		die("event callback refused");
	}
}

/* The last of all: what the vCPU is told moves to another page for good. */
static void vcpu_info_moves_once(const struct pv *s)
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
	struct pv s;

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
	expect_end();
}
