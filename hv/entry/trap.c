/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts that came while the guest ran. What is not ours to
 * handle is the guest's: every path ends in an injection, in the instruction
 * retired, or in the domain's crash.
 */
#include "hv/entry/trap.h"

#include "abi/control.h"
#include "emul/decode.h"
#include "engine/port.h"
#include "hv/vcpu/inject.h"
#include "hv/schedule/schedule.h"
#include "hv/vcpu/vcpu.h"
#include "hv/services/console.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/debugreg.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/lapic.h"
#include "hv/cpu/alone.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/services/timer.h"
#include "hv/emul/fetch.h"
#include "hv/emul/pipe.h"
#include "hv/services/xenstore.h"
#include "hv/emul/privileged.h"
#include "hv/emul/ptwr.h"
#include "hv/mm/layout.h"
#include "hv/report/queued.h"
#include "hv/report/words.h"
#include "hv/report/write_fault.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"

#define VECTOR_INT80 0x80
#define GP_FROM_IDT 2 /* error code: the selector is an IDT index */
#define IDT_ERROR(vector) ((uint32_t)(vector)*8 + GP_FROM_IDT)
#define INT_SIZE 2

/* May the guest come here by INT n? Rings 1 and 3 are its kernel and users. */
static bool softint_allowed(const struct vcpu *v, unsigned int vector)
{
	const struct trap_info *t = &v->trap[vector];

	return t->address != 0 && (t->flags & 3) >= (v->kernel_mode ? 1 : 3);
}

/* As INT n does it, an exception's handler gets no error code. */
static void inject_softint(struct vcpu *v, struct regs *r, unsigned int vector)
{
	const struct trap_info *t = &v->trap[vector];

	inject_callback(v, r, t->cs, t->address, (t->flags & 4) != 0);
}

/*
 * INT n through a gate that is not for ring 3 faults, with an error code that
 * names the gate. The instruction tells n more reliably: QEMU before version 8
 * reports 2n in long mode. It may have prefixes, which mean nothing here.
 */
static bool software_interrupt(struct vcpu *v, struct regs *r)
{
	unsigned int vector;
	struct insn in;

	if ((r->error & GP_FROM_IDT) == 0 || !fetch_insn(v, r, &in) ||
	    in.op != INSN_INT) {
		return false;
	}
	vector = in.imm & 0xff;
	if (softint_allowed(v, vector)) {
		r->rip += in.length;
		inject_softint(v, r, vector);
	} else {
		inject_exception(v, r, TRAP_GP, IDT_ERROR(vector));
	}
	return true;
}

/*
 * Its gate is for ring 3, so that it costs one trap. As Xen has it, a handler
 * is enough: the privilege that it was registered with is not looked at.
 */
static void int80(struct vcpu *v, struct regs *r)
{
	if (v->trap[VECTOR_INT80].address != 0) {
		inject_softint(v, r, VECTOR_INT80);
		return;
	}
	r->rip -= INT_SIZE;
	inject_exception(v, r, TRAP_GP, IDT_ERROR(VECTOR_INT80));
}

static void device_not_available(struct vcpu *v, struct regs *r)
{
	x86_clts();
	if (v->ts) {
		v->ts = false;
		inject_exception(v, r, TRAP_NM, 0);
	}
}

static __attribute__((noinline)) void debug(struct vcpu *v, struct regs *r)
{
	uint64_t dr6 = debugreg_take_status();

	if (cpu_here()->watching) {
		machine_lock();
		queued_write(v, r, dr6 & DR6_HITS);
		machine_unlock();
		dr6 &= ~(uint64_t)DR6_HITS;
		if (dr6 == 0) {
			return;
		}
	}
	v->debugreg[6] |= dr6;
	inject_exception(v, r, TRAP_DB, 0);
}

/* What may touch more than the vCPU and its tables. */
static bool shared(bool (*emulates)(struct vcpu *, struct regs *),
		   struct vcpu *v, struct regs *r)
{
	bool done;

	machine_lock();
	done = emulates(v, r);
	machine_unlock();
	return done;
}

void trap_exception(struct vcpu *v, struct regs *r)
{
	slice_begin();
	if (r->vector == ENTRY_RETRY) {
		return;
	}
	vcpu_note_ring(v, r);
	if (r->vector == TRAP_PF) {
		if (!trap_page_fault(v, r, v->fault_address)) {
			trap_page_fault_emulate(v, r);
		}
		return;
	}
	v->counters.traps[r->vector & 255]++;
	switch (r->vector) {
	case TRAP_DB:
		debug(v, r);
		return;
	case TRAP_NM:
		device_not_available(v, r);
		return;
	case TRAP_UD:
		if (emulate_forced_cpuid(v, r) || shared(emulate_pipe, v, r)) {
			return;
		}
		break;
	case TRAP_GP:
		if (software_interrupt(v, r) ||
		    shared(emulate_privileged, v, r)) {
			return;
		}
		break;
	case VECTOR_INT80:
		int80(v, r);
		return;
	default:
		break;
	}
	inject_exception(v, r, r->vector, r->error);
}

/* The CPU read a descriptor through the vCPU's LDT window. */
static void ldt_fault(struct vcpu *v, struct regs *r, unsigned int page,
		      uint64_t cr2)
{
	int rc;

	slice_begin();
	alone_begin();
	rc = mmu_ldt_fault(&v->mmu, page);
	alone_end();
	if (rc != 0 && rc != -XEN_ERESTART) {
		uint64_t offset =
			cr2 - desc_window_address(v->window) - DESC_WINDOW_LDT;

		inject_page_fault(v, r, v->mmu.ldt_base + offset, r->error);
	}
}

/* Not asked where writes to tables are emulated, whose own look is as quick. */
static inline bool is_plain(struct vcpu *v, uint64_t cr2)
{
	return (v->domain->vm_assist & 1u << VMASST_TYPE_writable_pagetables) ==
		       0 &&
	       write_fault_plain(v, cr2);
}

bool trap_page_fault(struct vcpu *v, struct regs *r, uint64_t cr2)
{
	const uint32_t write = PF_ERROR_PRESENT | PF_ERROR_WRITE;
	unsigned int page;

	v->counters.traps[TRAP_PF]++;
	vcpu_note_ring(v, r);
	if (v->kernel_mode &&
	    (r->error & (write | PF_ERROR_RESERVED)) == write) {
		if (is_plain(v, cr2)) {
			inject_page_fault(v, r, cr2, r->error);
			return true;
		}
		v->fault_address = cr2;
		return false;
	}
	if ((r->error & PF_ERROR_USER) == 0 &&
	    desc_is_ldt(v->window, cr2, &page)) {
		ldt_fault(v, r, page, cr2);
		return true;
	}
	inject_page_fault(v, r, cr2, r->error);
	return true;
}

void trap_page_fault_emulate(struct vcpu *v, struct regs *r)
{
	slice_begin();
	alone_begin();
	switch (ptwr_fault(v, r, v->fault_address, r->error)) {
	case PTWR_DONE:
		break;
	case PTWR_REFUSED:
		write_fault_tell(v, r, v->fault_address);
		__attribute__((fallthrough));
	case PTWR_ORDINARY:
		inject_page_fault(v, r, v->fault_address, r->error);
		break;
	}
	alone_end();
}

/* The command's word on the control channel; -1: there was none. */
static void obey(int word)
{
	if (word == CONTROL_BREAK || word == CONTROL_END) {
		domain_break_all("the run was ended from outside",
				 word == CONTROL_BREAK);
	}
}

/* Such words may have come at any time: they are looked for at each interrupt.
 */
static void set_vcpus(void)
{
	unsigned int slot, nr;

	while (words_next(&slot, &nr)) {
		if (domain_at(slot) != NULL) {
			xenstore_set_online(domain_at(slot), nr);
		}
	}
}

static void make_room(struct cpu *c)
{
	if (c->vcpu != NULL && schedule_others_wait()) {
		vcpu_work_add(c->vcpu, VCPU_WORK_SCHED);
	}
}

static void tick(struct cpu *c)
{
	const unsigned int due = timer_interrupt();

	if (due & TIMER_TURN_ENDED) {
		make_room(c);
	}
	if (due & TIMER_CAME_BACK) {
		console_go_on();
	}
}

void trap_interrupt(uint32_t vector)
{
	struct cpu *c = cpu_here();

	slice_begin();
	if (c->vcpu != NULL) {
		c->vcpu->counters.traps[vector & 255]++;
	}
	if (vector == LAPIC_FLUSH_VECTOR) {
		ipi_answer();
		lapic_registers()[LAPIC_EOI] = 0;
		return;
	}
	machine_lock();
	if (vector == LAPIC_TIMER_VECTOR) {
		tick(c);
	} else if (vector == LAPIC_WAKE_VECTOR) {
		lapic_registers()[LAPIC_EOI] = 0;
		timer_load();
		make_room(c);
	} else if (vector == CONSOLE_VECTOR) {
		console_interrupt();
	} else if (vector == CONTROL_VECTOR) {
		obey(control_interrupt());
	}
	/* Any other is spurious: all lines but these are masked. */
	if (words_kept) {
		set_vcpus();
	}
	machine_unlock();
}
