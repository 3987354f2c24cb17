/* SPDX-License-Identifier: MIT */
/*
 * What a 32-bit kernel has of the hypervisor, from its first instruction on:
 * its ring, its start of day, its console, traps, events; then, in the other
 * files, what it must not be able to do. One line of TAP for each.
 */
#include "kernels/narrow/narrow.h"

void kernel_main(const start_info_t *info);
void trap(struct frame *f);

extern const char virt_base[] __asm__("KERNEL_VIRT_BASE");
extern void run_user(void (*eip)(void), void *esp);
extern void leave_user(void);
extern void try_back(void);
extern volatile uint32_t trying, tried_vector;
extern char user_stack[];
extern char trap_de[], trap_db[], trap_bp[], trap_of[], trap_ud[], trap_nm[],
	trap_ts[], trap_np[], trap_ss[], trap_gp[], trap_pf[], trap_ac[],
	trap_up[], trap_event[];

struct start start;
struct frame trapped;
volatile uint32_t events_seen;
static unsigned int tests, failures;
static bool in_user;

static uint8_t shared_page[PAGE] __attribute__((aligned(4096)));

void *memset(void *to, int byte, size_t nr)
{
	uint8_t *t = to;

	while (nr-- != 0) {
		*t++ = (uint8_t)byte;
	}
	return to;
}

void *memcpy(void *to, const void *from, size_t nr)
{
	const uint8_t *f = from;
	uint8_t *t = to;

	while (nr-- != 0) {
		*t++ = *f++;
	}
	return to;
}

/* --- words ---------------------------------------------------------------- */

void say(const char *text)
{
	uint32_t nr = 0;

	while (text[nr] != '\0') {
		nr++;
	}
	hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, nr, (uint32_t)text,
		  0, 0);
}

static void say_number(int32_t n)
{
	char text[16];
	unsigned int at = sizeof(text) - 1;
	uint32_t left = n < 0 ? 0u - (uint32_t)n : (uint32_t)n;

	text[at] = '\0';
	do {
		text[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left != 0);
	if (n < 0) {
		text[--at] = '-';
	}
	say(text + at);
}

void expect(const char *what, int32_t got, int32_t want)
{
	tests++;
	failures += got != want;
	say(got == want ? "ok " : "not ok ");
	say_number((int32_t)tests);
	say(" - ");
	say(what);
	if (got != want) {
		say(" # ");
		say_number(got);
		say(", not ");
		say_number(want);
	}
	say("\n");
}

_Noreturn void end(void)
{
	struct sched_shutdown op = {
		.reason = failures == 0 ? SHUTDOWN_poweroff : SHUTDOWN_crash,
	};

	say("1..");
	say_number((int32_t)tests);
	say("\n# ");
	say_number((int32_t)failures);
	say(" failed\n");
	for (;;) {
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
			  (uint32_t)&op, 0, 0, 0);
	}
}

/* --- traps ---------------------------------------------------------------- */

void trap(struct frame *f)
{
	if (f->vector == 0x100) {
		shared_info_t *s = (shared_info_t *)shared_page;

		events_seen++;
		s->vcpu_info[0].evtchn_upcall_pending = 0;
		return;
	}
	memcpy(&trapped, f, sizeof(trapped));
	if (in_user) {
		in_user = false;
		leave_user();
	}
	if (trying == 0) {
		expect("no trap but what was wanted", (int32_t)f->vector, -1);
		end();
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
			 (uint32_t)trap_event, 0),
	       0);
}

/* --- memory --------------------------------------------------------------- */

uint64_t mfn_of(const void *address)
{
	return start.p2m[((uint32_t)address - (uint32_t)virt_base) / PAGE];
}

int32_t map_page(const void *page, uint64_t entry)
{
	return hypercall(__HYPERVISOR_update_va_mapping, (uint32_t)page,
			 (uint32_t)entry, (uint32_t)(entry >> 32),
			 UVMF_INVLPG | UVMF_LOCAL, 0);
}

static bool text_is(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static void test_start(const start_info_t *info)
{
	uint16_t cs, ss;

	__asm__("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	expect("code segment", cs, FLAT_KERNEL_CS);
	expect("stack segment", ss, FLAT_KERNEL_SS);
	expect("magic", text_is(info->magic, "xen-3.0-x86_32p"), 1);
	expect("version",
	       hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0),
	       4 << 16 | 17);
	expect("shared info is mapped",
	       map_page(shared_page, info->shared_info | RW), 0);
}

static void test_events(void)
{
	shared_info_t *s = (shared_info_t *)shared_page;
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

void kernel_main(const start_info_t *info)
{
	start.info = info;
	start.p2m = (const uint32_t *)info->mfn_list;
	test_start(info);
	traps_begin();
	end_as_named((const char *)info->cmd_line);
	if (random_wanted((const char *)info->cmd_line)) {
		random_calls((const char *)info->cmd_line);
		end();
	}
	test_events();
	test_requests();
	test_tables();
	test_segments();
	test_rings();
	test_second();
	end();
}
