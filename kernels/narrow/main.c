/* SPDX-License-Identifier: MIT */
/*
 * What a 32-bit kernel has of the hypervisor, from its first instruction on:
 * its ring, its start of day, its console, traps, events; then, in the other
 * files, what it must not be able to do. One line of TAP for each.
 */
#include "kernels/narrow/narrow.h"

void kernel_main(uint64_t start_info);
void trap(struct frame *f);

extern void run_user(void (*eip)(void), void *esp);
extern void leave_user(void);
extern void try_back(void);
extern volatile uint32_t trying, tried_vector;
extern char user_stack[];
extern char trap_de[], trap_db[], trap_bp[], trap_of[], trap_ud[], trap_nm[],
	trap_ts[], trap_np[], trap_ss[], trap_gp[], trap_pf[], trap_ac[],
	trap_up[], trap_event[], trap_failsafe[];

struct pv pv;
struct frame trapped;
volatile uint32_t events_seen, failsafes_seen;
static bool in_user;

void trap(struct frame *f)
{
	if (f->vector == 0x100) {
		events_seen++;
		pv.shared->vcpu_info[0].evtchn_upcall_pending = 0;
		return;
	}
	memcpy(&trapped, f, sizeof(trapped));
	if (f->vector == 0x101) {
		failsafes_seen++;
		return;
	}
	if (in_user) {
		in_user = false;
		leave_user();
	}
	if (trying == 0) {
		expect("no trap but what was wanted", (int32_t)f->vector, -1);
		expect_end();
	}
	tried_vector = f->vector;
	try_back();
}

int try_user(void (*do_it)(void))
{
	in_user = true;
	run_user(do_it, user_stack);
	return (int)trapped.vector;
}

void traps_begin(void)
{
#define TRAP(vector, dpl, name)                                           \
	{                                                                 \
		vector, dpl, FLAT_KERNEL_CS, (unsigned long)(trap_##name) \
	}
	static const struct trap_info table[] = {
		TRAP(0, 0, de),    TRAP(1, 0, db),  TRAP(3, 3, bp),
		TRAP(4, 3, of),    TRAP(6, 0, ud),  TRAP(7, 0, nm),
		TRAP(10, 0, ts),   TRAP(11, 0, np), TRAP(12, 0, ss),
		TRAP(13, 0, gp),   TRAP(14, 0, pf), TRAP(17, 0, ac),
		TRAP(0x80, 3, up), {0, 0, 0, 0},
	};

	expect("set_trap_table",
	       hypercall(__HYPERVISOR_set_trap_table, (uint32_t)table, 0, 0, 0,
			 0),
	       0);
	expect("set_callbacks",
	       hypercall(__HYPERVISOR_set_callbacks, FLAT_KERNEL_CS,
			 (uint32_t)trap_event, FLAT_KERNEL_CS,
			 (uint32_t)trap_failsafe, 0),
	       0);
}

static void test_start(void)
{
	const char magic[] = "xen-3.0-x86_32p";
	uint16_t cs, ss;

	__asm__("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	expect("code segment", cs, FLAT_KERNEL_CS);
	expect("stack segment", ss, FLAT_KERNEL_SS);
	expect("magic", memcmp(pv.start->magic, magic, sizeof(magic)), 0);
	expect("version",
	       hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0),
	       4 << 16 | 17);
}

static void test_events(void)
{
	struct shared_info *s = pv.shared;
	struct evtchn_bind_ipi bind = {.vcpu = 0};
	struct evtchn_send send;

	expect("bind_ipi",
	       hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
			 (uint32_t)&bind, 0, 0, 0),
	       0);
	s->vcpu_info[0].evtchn_upcall_mask = 0;
	s->evtchn_mask[bind.port / 32] &= ~(1u << bind.port % 32);
	events_seen = 0;
	send.port = bind.port;
	hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send, (uint32_t)&send,
		  0, 0, 0);
	expect("an event comes", (int32_t)events_seen, 1);
	expect("its bit is pending",
	       s->evtchn_pending[bind.port / 32] >> bind.port % 32 & 1, 1);
	expect("events are let in again", s->vcpu_info[0].evtchn_upcall_mask,
	       0);
	s->vcpu_info[0].evtchn_upcall_mask = 1;
}

void kernel_main(uint64_t start_info)
{
	pv_find(&pv, start_info);
	test_start();
	traps_begin();
	end_as_named((const char *)pv.start->cmd_line);
	if (random_wanted((const char *)pv.start->cmd_line)) {
		random_calls((const char *)pv.start->cmd_line);
		expect_end();
	}
	test_events();
	test_requests();
	test_tables();
	test_segments();
	test_rings();
	test_time();
	test_second();
	expect_end();
}
