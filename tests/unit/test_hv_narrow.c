/* SPDX-License-Identifier: MIT */
/*
 * The services as a 32-bit guest has them: its layout of shared info, its
 * structures, its way to say 64 bits. The tables are those of the other tests;
 * nothing here looks at them.
 */
#include "tests/unit/metal/events.h"
#include "tests/unit/metal/insn.h"

#include <string.h>

#include "abi/xen_32.h"
#include "hv/emul/io.h"
#include "hv/emul/msr.h"
#include "hv/services/context_32.h"
#include "hv/services/grant.h"
#include "hv/services/grant_table.h"
#include "hv/services/guest_time.h"
#include "hv/services/physdev.h"
#include "hv/services/sched.h"
#include "hv/services/timer.h"
#include "hv/services/vcpu_op.h"
#include "hv/services/version.h"

static int narrow_set_up(void **state)
{
	int rc = metal_set_up(state);
	struct metal *t = *state;

	t->d.mmu.narrow = true;
	memset(t->d.shared_info, 0, PAGE_SIZE);
	event_domain_init(&t->d);
	time_domain_init(&t->d);
	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		t->v[i].narrow = true;
		event_vcpu_init(&t->v[i]);
	}
	grant_domain_init(&t->d, mfn(METAL_GRANTS), metal_frame(20),
			  metal_frame(21));
	return rc;
}

static struct shared_info_32 *page(const struct metal *t)
{
	return (void *)t->d.shared_info;
}

static void put(struct metal *t, unsigned int offset, const uint32_t *word,
		unsigned int nr)
{
	memcpy(t->m.guest + offset, word, nr * sizeof(*word));
	memset(t->m.guest + offset + nr * sizeof(*word), 0xa5, 64);
}
#define PUT(t, offset, ...)                              \
	do {                                             \
		const uint32_t words[] = {__VA_ARGS__};  \
		put((t), (offset), words, ARRAY(words)); \
	} while (0)

static uint32_t word(const struct metal *t, unsigned int offset)
{
	uint32_t v;

	memcpy(&v, t->m.guest + offset, sizeof(v));
	return v;
}

static int64_t call(struct metal *t, metal_call *fn, uint32_t a, uint32_t b,
		    uint32_t c)
{
	uint64_t arg[6] = {a, b, c};

	return fn(&t->v[0], arg);
}
#define AT(offset) ((uint32_t)(GUEST_BUFFER + (offset)))

/* --- events --------------------------------------------------------------- */

static void an_event_is_told_in_its_words(void **state)
{
	struct metal *t = *state;
	struct vcpu_info_32 *info = &page(t)->vcpu_info[1];
	evtchn_port_t port = 0;

	while (port < 40) {
		port = bound_ipi(t, 1);
	}
	assert_int_equal(info->evtchn_upcall_mask, 1);
	page(t)->evtchn_mask[1] = ~(1u << (port % 32));
	event_set_pending(&t->d, port);
	assert_int_equal(page(t)->evtchn_pending[1], 1u << (port % 32));
	assert_int_equal(info->evtchn_pending_sel, 1u << (port / 32));
	assert_int_equal(info->evtchn_upcall_pending, 1);
	assert_int_equal(info->cr2, 0);
	/* Masked: no more than the bit. */
	info->evtchn_pending_sel = 0;
	info->evtchn_upcall_pending = 0;
	event_set_pending(&t->d, port - 1);
	assert_int_equal(info->evtchn_pending_sel, 0);
	assert_int_equal(info->evtchn_upcall_pending, 0);
	event_unmask(&t->d, port - 1);
	assert_int_equal(info->evtchn_pending_sel, 1u << (port / 32));
}

static void there_are_1024_ports(void **state)
{
	struct metal *t = *state;
	evtchn_bind_ipi_t op = {.vcpu = 0};

	for (unsigned int i = 1; i < EVENT_PORTS_32; i++) {
		assert_int_equal(bound_ipi(t, 0), i);
	}
	assert_int_equal(OP(t, EVTCHNOP_bind_ipi, op), -XEN_ENOSPC);
	event_set_pending(&t->d, EVENT_PORTS_32 - 1);
	assert_int_equal(page(t)->evtchn_pending[31], 1u << 31);
	/* The next word is the mask's. */
	assert_int_equal(page(t)->evtchn_mask[0], 0);
}

static void its_vcpu_info_may_stand_elsewhere(void **state)
{
	struct metal *t = *state;
	const uint32_t offset = PAGE_SIZE - sizeof(struct vcpu_info_32);
	struct vcpu_info_32 *to =
		(void *)((uint8_t *)frame_data(&t->m.mmu, metal_frame(25)) +
			 offset - 8);

	memset(to, 0, sizeof(*to));
	PUT(t, 0, (uint32_t)metal_frame(25).v, 0, offset - 4, 0);
	assert_int_equal(call(t, hc_vcpu_op, VCPUOP_register_vcpu_info, 0,
			      AT(0)),
			 -XEN_ENXIO);
	PUT(t, 0, (uint32_t)metal_frame(25).v, 0, offset - 8, 0);
	assert_int_equal(call(t, hc_vcpu_op, VCPUOP_register_vcpu_info, 0,
			      AT(0)),
			 0);
	assert_int_equal(to->evtchn_pending_sel, UINT32_MAX);
	assert_int_equal(to->evtchn_upcall_pending, 1);
	assert_int_equal(to->cr2, 0);
}

/* --- time ----------------------------------------------------------------- */

static void the_clock_is_where_it_looks(void **state)
{
	struct metal *t = *state;

	assert_int_equal(page(t)->wc_version, 2);
	assert_int_equal(page(t)->max_pfn, 0);
	time_publish(&t->v[1]);
	assert_int_not_equal(page(t)->vcpu_info[1].time.version, 0);
	assert_int_equal(page(t)->vcpu_info[1].time.version % 2, 0);
}

static void a_run_state_has_44_bytes(void **state)
{
	struct metal *t = *state;

	PUT(t, 0, AT(256));
	memset(t->m.guest + 256, 0xa5, 64);
	assert_int_equal(call(t, hc_vcpu_op,
			      VCPUOP_register_runstate_memory_area, 0, AT(0)),
			 0);
	assert_int_equal(word(t, 256), RUNSTATE_running);
	assert_int_equal(word(t, 260) | (uint64_t)word(t, 264) << 32,
			 t->v[0].time.runstate.state_entry_time);
	assert_int_equal(word(t, 256 + 44), 0xa5a5a5a5);
	memset(t->m.guest + 256, 0xa5, 64);
	assert_int_equal(call(t, hc_vcpu_op, VCPUOP_get_runstate_info, 0,
			      AT(256)),
			 0);
	assert_int_equal(word(t, 256), RUNSTATE_running);
	assert_int_equal(word(t, 256 + 44), 0xa5a5a5a5);
}

static void a_time_comes_in_two_registers(void **state)
{
	struct metal *t = *state;
	const uint64_t when = t->now + (UINT64_C(5) << 32);

	assert_int_equal(call(t, hc_set_timer_op_32, (uint32_t)when,
			      (uint32_t)(when >> 32), 0),
			 0);
	assert_int_equal(t->v[0].time.deadline[DEADLINE_SINGLESHOT], when);
	PUT(t, 0, (uint32_t)when + 1, (uint32_t)(when >> 32), 0);
	assert_int_equal(call(t, hc_vcpu_op, VCPUOP_set_singleshot_timer, 0,
			      AT(0)),
			 0);
	assert_int_equal(t->v[0].time.deadline[DEADLINE_SINGLESHOT], when + 1);
}

static void a_poll_is_of_sixteen_bytes(void **state)
{
	struct metal *t = *state;
	const evtchn_port_t port = bound_ipi(t, 0);
	const uint64_t when = t->now + (UINT64_C(3) << 32);

	PUT(t, 256, port);
	PUT(t, 0, AT(256), 1, (uint32_t)when, (uint32_t)(when >> 32));
	assert_int_equal(call(t, hc_sched_op, SCHEDOP_poll, AT(0), 0), 0);
	assert_true(t->v[0].blocked);
	assert_int_equal(t->v[0].event.poll_port, port);
	assert_int_equal(t->v[0].time.deadline[DEADLINE_POLL], when);
	/* Once more before it waits, as in a multicall: it is one that polls.
	 */
	assert_int_equal(call(t, hc_sched_op, SCHEDOP_poll, AT(0), 0), 0);
	assert_int_equal(t->d.event.nr_pollers, 1);
}

/* --- grants and the rest -------------------------------------------------- */

static void a_grant_table_is_listed_in_words(void **state)
{
	struct metal *t = *state;

	memset(t->m.guest + 256, 0xa5, 64);
	PUT(t, 0, DOMID_SELF, 2, 0xffff, AT(256));
	assert_int_equal(call(t, hc_grant_table_op, GNTTABOP_setup_table, AT(0),
			      1),
			 0);
	assert_int_equal(word(t, 8) & 0xffff, GNTST_okay);
	assert_int_equal(word(t, 256), METAL_GRANTS);
	assert_int_equal(word(t, 260), METAL_GRANTS + 1);
	assert_int_equal(word(t, 264), 0xa5a5a5a5);
	assert_int_equal(word(t, 12), AT(256));
}

/* Two of them, so that the second is found where the first ends. */
static void copies_are_of_24_bytes(void **state)
{
	struct metal *t = *state;
	uint8_t *to = frame_data(&t->m.mmu, metal_frame(30));
	uint8_t *from = frame_data(&t->m.mmu, metal_frame(31));

	memset(from, 7, 16);
	for (unsigned int i = 0; i < 2; i++) {
		PUT(t, i * 24, (uint32_t)metal_frame(31).v, DOMID_SELF,
		    (uint32_t)metal_frame(30).v, DOMID_SELF | i << 19, 8,
		    0xffff);
	}
	assert_int_equal(call(t, hc_grant_table_op, GNTTABOP_copy, AT(0), 2),
			 0);
	assert_int_equal(word(t, 20) & 0xffff, GNTST_okay);
	assert_int_equal(word(t, 44) & 0xffff, GNTST_okay);
	assert_int_equal(to[0], 7);
	assert_int_equal(to[15], 7);
	assert_int_equal(to[16], 0);
	assert_int_equal(word(t, 48), 0xa5a5a5a5);
}

static void what_it_is_told_of_the_hypervisor_is_its_own(void **state)
{
	struct metal *t = *state;
	struct regs r = {.rcx = 0xc0000100, .rax = 1, .rdx = 0xffff8300};

	memset(t->m.guest, 0xa5, 64);
	assert_int_equal(call(t, hc_xen_version, XENVER_platform_parameters,
			      AT(0), 0),
			 0);
	assert_int_equal(word(t, 0), XEN_COMPAT_START);
	assert_int_equal(word(t, 4), 0xa5a5a5a5);
	PUT(t, 0, AT(512), 1024);
	assert_int_equal(call(t, hc_physdev_op, PHYSDEVOP_set_iobitmap, AT(0),
			      0),
			 0);
	assert_int_equal(t->v[0].iobmp, AT(512));
	assert_int_equal(t->v[0].iobmp_ports, 1024);
	/* A base beyond its addresses is none that it may give a segment. */
	assert_int_equal(emulate_wrmsr(&t->v[0], &r), EMULATED_REFUSED);
	assert_int_equal(t->nr_msrs, 0);
}

/* Ours are the rights of its kernel: what users name is not for us to write. */
static void a_string_goes_to_no_users_memory(void **state)
{
	struct metal *t = *state;
	const struct insn in = {.op = INSN_INS,
				.size = 4,
				.address_size = 4,
				.rep = true};
	struct regs r = {.rcx = 2, .rdi = AT(0)};

	t->v[0].iopl = 3;
	PUT(t, 0, 1, 2, 3);
	t->v[0].kernel_mode = false;
	assert_int_equal(emulate_io(&t->v[0], &r, &in), EMULATED_REFUSED);
	assert_int_equal(word(t, 0), 1);
	t->v[0].kernel_mode = true;
	assert_int_equal(emulate_io(&t->v[0], &r, &in), EMULATED_DONE);
	assert_int_equal(word(t, 0), UINT32_MAX);
	assert_int_equal(word(t, 4), UINT32_MAX);
	assert_int_equal(word(t, 8), 3);
	assert_int_equal(r.rdi, AT(8));
	/* Past the last of its addresses is the first. */
	r = (struct regs){.rcx = 1, .rsi = UINT32_MAX - 3};
	assert_int_equal(emulate_io(&t->v[0], &r,
				    &(struct insn){.op = INSN_OUTS,
						   .size = 4,
						   .address_size = 4}),
			 EMULATED_DONE);
	assert_int_equal(r.rsi, 0);
}

/* What stands above them is not the guest's: we may have left it there. */
static void a_pointer_has_32_bits(void **state)
{
	struct metal *t = *state;
	const struct insn in = {.op = INSN_INS,
				.size = 4,
				.address_size = 4,
				.rep = true};
	struct regs r = {.rcx = UINT64_C(5) << 32 | 1,
			 .rdi = UINT64_C(0xffffffff) << 32 | AT(0)};

	t->v[0].iopl = 3;
	PUT(t, 0, 1, 2, 3);
	assert_int_equal(emulate_io(&t->v[0], &r, &in), EMULATED_DONE);
	assert_int_equal(word(t, 0), UINT32_MAX);
	assert_int_equal(word(t, 4), 2);
	assert_int_equal(r.rdi, AT(4));
	assert_int_equal(r.rcx, 0);
}

/* --- a second vCPU -------------------------------------------------------- */

static void a_context_says_the_same_in_64_bits(void **state)
{
	static struct vcpu_guest_context_32 from;
	static struct vcpu_guest_context to;

	(void)state;
	memset(&from, 0, sizeof(from));
	memset(&to, 0xff, sizeof(to));
	from.user_regs = (struct cpu_user_regs_32){
		.ebx = 1,
		.ecx = 2,
		.edx = 3,
		.esi = 4,
		.edi = 5,
		.ebp = 6,
		.eax = UINT32_MAX,
		.eip = 8,
		.cs = 9,
		.saved_upcall_mask = 0xff,
		.eflags = 10,
		.esp = 11,
		.ss = 12,
		.es = 13,
		.ds = 14,
		.fs = 15,
		.gs = 16,
	};
	from.trap_ctxt[255] = (struct trap_info_32){3, 4, 5, 6};
	from.gdt_frames[15] = 17;
	from.ctrlreg[3] = 18;
	from.event_callback_cs = 0xdead0019;
	from.failsafe_callback_cs = 0xdead0021;
	from.event_callback_eip = 21;
	from.failsafe_callback_eip = 22;
	context_widen(&to, &from);
	assert_int_equal(to.user_regs.rbx, 1);
	assert_int_equal(to.user_regs.rcx, 2);
	assert_int_equal(to.user_regs.rdx, 3);
	assert_int_equal(to.user_regs.rsi, 4);
	assert_int_equal(to.user_regs.rdi, 5);
	assert_int_equal(to.user_regs.rbp, 6);
	assert_int_equal(to.user_regs.rax, UINT32_MAX);
	assert_int_equal(to.user_regs.rip, 8);
	assert_int_equal(to.user_regs.cs, 9);
	assert_int_equal(to.user_regs.rflags, 10);
	assert_int_equal(to.user_regs.rsp, 11);
	assert_int_equal(to.user_regs.ss, 12);
	assert_int_equal(to.user_regs.es, 13);
	assert_int_equal(to.user_regs.ds, 14);
	assert_int_equal(to.user_regs.fs, 15);
	assert_int_equal(to.user_regs.gs, 16);
	assert_int_equal(to.user_regs.r15, 0);
	assert_int_equal(to.trap_ctxt[255].vector, 3);
	assert_int_equal(to.trap_ctxt[255].flags, 4);
	assert_int_equal(to.trap_ctxt[255].cs, 5);
	assert_int_equal(to.trap_ctxt[255].address, 6);
	assert_int_equal(to.gdt_frames[15], 17);
	assert_int_equal(to.ctrlreg[3], 18);
	assert_int_equal(to.syscall_callback_eip, UINT64_C(0x2100000019));
	assert_int_equal(to.event_callback_eip, 21);
	assert_int_equal(to.failsafe_callback_eip, 22);
	assert_int_equal(to.fs_base, 0);
}

/* Nor is anything written of a domain that gives its memory away. */
static void its_clock_begins_anew_each_second(void **state)
{
	const uint64_t second = UINT64_C(1000000000);
	struct metal *t = *state;
	struct vcpu *v = &t->v[0];
	const struct vcpu_time_info *clock = &v->event.info->time;

	t->now = 5 * second;
	time_publish(v);
	assert_int_equal(clock->system_time, 5 * second);
	time_renew(v, t->now = 6 * second - 1);
	assert_int_equal(clock->system_time, 5 * second);
	time_renew(v, t->now = 6 * second);
	assert_int_equal(clock->system_time, 6 * second);
	t->d.stopping = true;
	time_renew(v, t->now = 8 * second);
	assert_int_equal(clock->system_time, 6 * second);
	t->d.stopping = false;
	v->narrow = false;
	time_renew(v, t->now);
	assert_int_equal(clock->system_time, 6 * second);
}

static void a_cr3_has_its_high_bits_below(void **state)
{
	(void)state;
	for (uint64_t root = 1; root <= UINT32_MAX; root *= 3) {
		assert_int_equal(root_of_cr3_32(cr3_of_root_32(root)), root);
	}
	assert_int_equal(cr3_of_root_32(0x12345), 0x12345000);
	assert_int_equal(cr3_of_root_32(0x112345), 0x12345001);
	/* What a 64-bit register has above is no part of it. */
	assert_int_equal(root_of_cr3_32(UINT64_C(0xffffffff12345001)),
			 0x112345);
}

#define T(name) \
	cmocka_unit_test_setup_teardown(name, narrow_set_up, metal_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_event_is_told_in_its_words),
		T(there_are_1024_ports),
		T(its_vcpu_info_may_stand_elsewhere),
		T(the_clock_is_where_it_looks),
		T(a_run_state_has_44_bytes),
		T(a_time_comes_in_two_registers),
		T(a_poll_is_of_sixteen_bytes),
		T(a_grant_table_is_listed_in_words),
		T(copies_are_of_24_bytes),
		T(what_it_is_told_of_the_hypervisor_is_its_own),
		T(a_string_goes_to_no_users_memory),
		T(a_pointer_has_32_bits),
		T(a_context_says_the_same_in_64_bits),
		T(its_clock_begins_anew_each_second),
		T(a_cr3_has_its_high_bits_below),
	};

	return cmocka_run_group_tests_name("hv narrow", tests, NULL, NULL);
}
