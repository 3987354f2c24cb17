/* SPDX-License-Identifier: MIT */
/* The world below the hypervisor's services: see metal.h. */
#include "tests/unit/metal/metal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hv/cpu/clock.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/lock.h"
#include "hv/cpu/output.h"
#include "hv/cpu/pic.h"
#include "hv/domain/stop.h"
#include "hv/emul/pipe.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/report/lines.h"
#include "hv/report/reader.h"
#include "hv/report/log.h"
#include "hv/report/panic.h"
#include "hv/report/serial.h"
#include "hv/services/channel.h"
#include "hv/services/grant_table.h"
#include "hv/services/guest_time.h"
#include "hv/services/vcpu_op.h"
#include "hv/vcpu/inject.h"
#include "hv/vcpu/registers.h"

/* The one of the test under way. */
static struct metal *metal;

void x86_out8(uint16_t port, uint8_t value)
{
	assert_int_equal(port, PIPE_RING_PORT);
	assert_int_equal(value, 0);
	metal->nr_rung++;
}

/* --- CPUs ----------------------------------------------------------------- */

struct cpu_area cpu_areas[CPUS_MAX];
unsigned int nr_cpus = METAL_VCPUS;

struct cpu *cpu_here(void)
{
	return cpu_at(metal->here);
}

/* The tests run one CPU at a time. */
void output_lock_many(void)
{
}

void output_unlock_many(void)
{
}

/* Whoever is inside a request of its own has left it before. */
void machine_lock_many(void)
{
	assert_int_equal(cpu_here()->alone_depth, 0);
	cpu_here()->lock_depth++;
}

void machine_unlock_many(void)
{
	assert_int_not_equal(cpu_here()->lock_depth, 0);
	cpu_here()->lock_depth--;
}

void ipi_answer(void)
{
}

void ipi_wake(unsigned int cpu)
{
	metal->woken |= 1u << cpu;
}

volatile uint32_t *lapic_registers(void)
{
	return metal->lapic;
}

void pic_end(unsigned int irq)
{
	(void)irq;
}

void pic_unmask(unsigned int irq)
{
	(void)irq;
}

struct cpuid x86_cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	struct cpuid c = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};

	switch (leaf) {
	case 0:
		c.b = metal->vendor;
		break;
	case 1:
		c.c &= ~metal->lacks_1c;
		c.d &= ~metal->lacks_1d;
		break;
	case 7:
		c.b &= ~metal->lacks_7b;
		break;
	default:
		break;
	}
	return c;
}

uint64_t x86_rdmsr(uint32_t number)
{
	for (unsigned int i = 0; i < metal->nr_msrs; i++) {
		if (metal->msr[i].number == number) {
			return metal->msr[i].value;
		}
	}
	return 0;
}

void metal_set_msr(struct metal *t, uint32_t number, uint64_t value)
{
	for (unsigned int i = 0; i < t->nr_msrs; i++) {
		if (t->msr[i].number == number) {
			t->msr[i].value = value;
			return;
		}
	}
	assert_true(t->nr_msrs < METAL_MSRS);
	t->msr[t->nr_msrs].number = number;
	t->msr[t->nr_msrs++].value = value;
}

void x86_wrmsr(uint32_t number, uint64_t value)
{
	metal_set_msr(metal, number, value);
}

uint64_t x86_read_cr4(void)
{
	return metal->cr4;
}

void x86_write_cr4(uint64_t value)
{
	metal->cr4 = value;
}

/* --- the TLB ---------------------------------------------------------------
 */

static __attribute__((format(printf, 1, 2))) void told(const char *format, ...)
{
	size_t length = strlen(metal->told);
	va_list args;

	va_start(args, format);
	vsnprintf(metal->told + length, sizeof(metal->told) - length, format,
		  args);
	va_end(args);
}

uint64_t x86_read_cr3(void)
{
	return metal->cr3 & ~CR3_KEEP;
}

void x86_write_cr3(uint64_t value)
{
	/* Without CR4.PCIDE the bit is reserved. */
	assert_true((value & CR3_KEEP) == 0 ||
		    (metal->cr4 & X86_CR4_PCIDE) != 0);
	metal->cr3 = value;
	told("%s %lx;", value & CR3_KEEP ? "keep" : "load", value & ~CR3_KEEP);
}

void x86_invlpg(uint64_t va)
{
	told("page %lx;", va);
}

void x86_invpcid(uint64_t kind, uint64_t tag, uint64_t va)
{
	told("invpcid %lu %lu %lx;", kind, tag, va);
}

void x86_swapgs(void)
{
}

/* --- the clock -------------------------------------------------------------
 */

uint64_t clock_now(void)
{
	return metal->now;
}

uint64_t clock_tsc_khz(void)
{
	return 1000000;
}

uint64_t clock_wallclock_base(void)
{
	return (UINT64_C(1) << 32) + 77;
}

void clock_guest(struct vcpu_time_info *ret_clock)
{
	*ret_clock = (struct vcpu_time_info){.system_time = 12345,
					     .tsc_to_system_mul = 0x80000000};
}

void clock_guest_moved(struct vcpu_time_info *ret_clock)
{
	clock_guest(ret_clock);
	ret_clock->system_time = clock_now();
}

void clock_set_timer(uint64_t when, uint64_t now)
{
	(void)now;
	metal->timer = when;
	metal->nr_timers++;
}

/* --- what befalls the guest ------------------------------------------------
 */

void domain_shutdown(struct domain *d, unsigned int reason)
{
	(void)d;
	metal->shutdown = (int)reason;
}

void domain_halted(struct domain *d)
{
	(void)d;
	metal->shutdown = DOMAIN_HALTED;
}

void inject_exception(struct vcpu *v, struct regs *r, unsigned int vector,
		      uint32_t error)
{
	(void)v;
	(void)r;
	metal->exception = (int)vector;
	metal->error = error;
}

void inject_page_fault(struct vcpu *v, struct regs *r, uint64_t cr2,
		       uint32_t error)
{
	inject_exception(v, r, TRAP_PF, error);
	metal->address = cr2;
}

int64_t hc_fpu_taskswitch(struct vcpu *v, uint64_t arg[6])
{
	v->ts = arg[0] != 0;
	return 0;
}

/* As the hypervisor's: the upper half of DR6 and DR7 must be zero. */
int64_t hc_set_debugreg(struct vcpu *v, uint64_t arg[6])
{
	if (arg[0] >= 6 && arg[1] >> 32 != 0) {
		return -XEN_EINVAL;
	}
	v->debugreg[arg[0]] = arg[1];
	return 0;
}

void vcpu_set_kernel_stack(struct vcpu *v, uint64_t ss, uint64_t sp)
{
	v->kernel_ss = ss;
	v->kernel_sp = sp;
}

/* --- reports ---------------------------------------------------------------
 */

enum log_level log_level = LOG_INFO;

void log_line(enum log_level level, const char *format, ...)
{
	(void)level;
	(void)format;
}

_Noreturn void panic(const char *why, ...)
{
	if (metal->panics != NULL) {
		longjmp(*metal->panics, 1);
	}
	fprintf(stderr, "hypervisor: %s\n", why);
	abort();
}

/* --- the serial port -------------------------------------------------------
 */

size_t serial_room(enum serial_port port)
{
	size_t room = metal->room;

	(void)port;
	metal->room += metal->drains;
	return room;
}

void serial_write(enum serial_port port, const void *bytes, size_t size)
{
	(void)port;
	assert_true(metal->nr_sent + size <= sizeof(metal->sent));
	memcpy(metal->sent + metal->nr_sent, bytes, size);
	metal->nr_sent += size;
	metal->room -= size < metal->room ? size : metal->room;
}

/* What is written is sent, and a message is no more than its pieces. */
size_t serial_queued(enum serial_port port)
{
	(void)port;
	return metal->stalled ? 1u << 16 : 0;
}

void serial_begin(enum serial_port port)
{
	(void)port;
}

void serial_end(enum serial_port port)
{
	(void)port;
}

void serial_flush(enum serial_port port)
{
	(void)port;
}

int serial_read(enum serial_port port)
{
	(void)port;
	return metal->typed == NULL || *metal->typed == '\0' ? -1
							     : *metal->typed++;
}

void serial_enable_interrupt(enum serial_port port, bool input)
{
	(void)port;
	metal->input_enabled = input;
}

void serial_interrupt(enum serial_port port)
{
	(void)port;
}

bool reader_word(int *ret_word)
{
	*ret_word = -1;
	return false;
}

/* --- the hypervisor's image ------------------------------------------------
 */

extern char image_start[], image_end[];
char image_start[1], image_end[1];

uint64_t image_address(const void *p)
{
	return p == image_start ? METAL_IMAGE : METAL_IMAGE_END;
}

/* --- guest memory ----------------------------------------------------------
 */

bool metal_load(uint64_t address, uint64_t *ret_value)
{
	uint64_t offset = address - GUEST_BUFFER;

	/* Who loads has asked whether the address is the guest's. */
	assert_true(guest_range_ok(address, sizeof(*ret_value)));
	if (metal->loads_fail ||
	    offset > GUEST_BUFFER_SIZE - sizeof(*ret_value)) {
		return false;
	}
	memcpy(ret_value, metal->m.guest + offset, sizeof(*ret_value));
	return true;
}

int64_t metal_op(struct metal *t, metal_call *fn, unsigned int cmd, void *op,
		 size_t size)
{
	uint64_t arg[6] = {cmd, GUEST_BUFFER, 1};
	int64_t rc;

	memcpy(t->m.guest, op, size);
	rc = fn(&t->v[t->here], arg);
	memcpy(op, t->m.guest, size);
	return rc;
}

int64_t metal_vcpu_op(struct metal *t, unsigned int cmd, unsigned int id,
		      void *op, size_t size)
{
	uint64_t arg[6] = {cmd, id, GUEST_BUFFER};

	memcpy(t->m.guest, op, size);
	return hc_vcpu_op(&t->v[t->here], arg);
}

void metal_leave_work(struct metal *t)
{
	const mfn_t root = metal_frame(METAL_SPARE);
	int rc;

	t->m.preempt_after = 0;
	memcpy(frame_ptes(&t->m.mmu, root),
	       frame_ptes(&t->m.mmu, metal_frame(L4_FRAME)), PAGE_SIZE);
	assert_int_equal(mmu_load_cr3(&t->v[0].mmu, root), 0);
	t->m.preempt_after = 1;
	rc = mmu_load_cr3(&t->v[0].mmu, metal_frame(L4_FRAME));
	assert_true(rc == 0 || rc == -XEN_ERESTART);
}

bool metal_pending(const struct metal *t, unsigned int port)
{
	return t->d.shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

/* --- set-up ----------------------------------------------------------------
 */

static void make_machine(struct machine *m)
{
	m->mmu = (struct mmu){
		.ram = aligned_alloc(PAGE_SIZE, MACHINE_FRAMES * PAGE_SIZE),
		.frames = m->frames,
		.m2p = m->m2p,
		.nr_frames = MACHINE_FRAMES,
		.pte_nx = PTE_NX,
		.zero_frame = mfn(1),
	};
	assert_non_null(m->mmu.ram);
	memset(m->mmu.ram, 0, MACHINE_FRAMES * PAGE_SIZE);
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		m->mmu.xen_slots[i] = pte_make(mfn(2), PTE_P | PTE_RW | PTE_A);
	}
	for (unsigned int i = 0; i < METAL_FIRST; i++) {
		m->frames[i].owner = OWNER_XEN;
	}
}

/* The standard space of machine.h, of this domain's frames. */
static void make_space(struct metal *t)
{
	pte_t *l1 = frame_ptes(&t->m.mmu, metal_frame(L1_FRAME));

	for (unsigned int i = 0; i < 3; i++) {
		frame_ptes(&t->m.mmu, metal_frame(i))[0] =
			pte_make(metal_frame(i + 1), TABLE_FLAGS);
	}
	for (unsigned int i = 0; i < DATA_FRAMES; i++) {
		l1[i] = pte_make(metal_frame(DATA_FRAME + i), RW_FLAGS);
	}
	for (unsigned int i = 0; i < 4; i++) {
		l1[RO_ENTRY + i] = pte_make(metal_frame(i), RO_FLAGS);
	}
}

static void make_vcpu(struct metal *t, unsigned int id)
{
	struct vcpu *v = &t->v[id];
	struct cpu *c = cpu_at(id);

	mmu_vcpu_init(&v->mmu, &t->d.mmu, id, t->m.cpu[id].window);
	t->m.cpu[id].vcpu = &v->mmu;
	*c = (struct cpu){.vcpu = v,
			  .id = id,
			  .run = {v},
			  .nr_run = 1,
			  .turn_ends = CLOCK_NEVER};
	v->domain = &t->d;
	v->id = id;
	v->cpu = id;
	v->kernel_mode = true;
	v->up = id == 0;
	v->initialised = id == 0;
	t->d.vcpu[id] = v;
	t->d.nr_vcpus = id + 1;
}

int metal_set_up(void **state)
{
	struct metal *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	metal = t;
	t->now = 1000000000;
	t->timer = CLOCK_NEVER;
	t->shutdown = t->exception = METAL_NOTHING;
	t->room = sizeof(t->sent);
	make_machine(&t->m);
	mmu_domain_init(&t->d.mmu, &t->m.mmu, TEST_TAG, TEST_DOMID);
	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		make_vcpu(t, i);
	}
	mmu_assign(&t->d.mmu, mfn(METAL_FIRST), pfn(0),
		   METAL_OTHER_FIRST - METAL_FIRST);
	t->d.mmu.max_pages = MACHINE_FRAMES;
	t->d.config = &t->config;
	t->config.online = METAL_VCPUS;
	snprintf(t->config.name, sizeof(t->config.name), "test");
	mmu_share(&t->d.mmu, mfn(METAL_SHARED), true);
	t->d.shared_info = frame_data(&t->m.mmu, mfn(METAL_SHARED));
	event_domain_init(&t->d);
	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		event_vcpu_init(&t->v[i]);
		time_vcpu_init(&t->v[i]);
	}
	assert_true(domain_add(&t->d));
	xenstore_init();
	make_space(t);
	for (unsigned int i = 0; i < METAL_VCPUS; i++) {
		assert_int_equal(mmu_start(&t->v[i].mmu, metal_frame(L4_FRAME)),
				 0);
	}
	*state = t;
	return 0;
}

struct domain *metal_second_domain(struct metal *t)
{
	struct domain *d = &t->other;
	struct vcpu *v = &t->other_vcpu;

	mmu_domain_init(&d->mmu, &t->m.mmu, TEST_TAG + 1, TEST_DOMID + 1);
	d->config = &t->config;
	mmu_vcpu_init(&v->mmu, &d->mmu, 0, t->m.cpu[CPU_OTHER].window);
	*v = (struct vcpu){.mmu = v->mmu, .domain = d, .cpu = 1, .up = true};
	d->vcpu[0] = v;
	d->nr_vcpus = 1;
	mmu_share(&d->mmu, mfn(METAL_OTHERS), true);
	d->shared_info = frame_data(&t->m.mmu, mfn(METAL_OTHERS));
	mmu_assign(&d->mmu, mfn(METAL_OTHER_FIRST), pfn(0), 4);
	grant_domain_init(d, mfn(METAL_OTHER_GRANTS), mfn(METAL_OTHER_FIRST),
			  mfn(METAL_OTHER_FIRST + 1));
	event_domain_init(d);
	event_vcpu_init(v);
	assert_true(domain_add(d));
	return d;
}

/* Every count is right at the end of every test (I6). */
int metal_tear_down(void **state)
{
	struct metal *t = *state;
	struct mmu_domain *doms[] = {&t->d.mmu, &t->other.mmu};
	const unsigned int nr = t->other.mmu.m == NULL ? 1 : 2;
	struct audit_report report;
	uint64_t differences =
		mmu_audit(&t->m.mmu, doms, nr, t->m.tally, &report);

	domain_remove(&t->d);
	if (nr == 2) {
		domain_remove(&t->other);
	}

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		cpu_fini(&t->m.cpu[i]);
	}
	free(t->m.mmu.ram);
	free(t);
	return differences == 0 ? 0 : -1;
}
