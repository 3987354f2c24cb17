/* SPDX-License-Identifier: MIT */
/*
 * Faults. A guest of a hypervisor that has registered no handler is crashed,
 * alone, with the report that Xen gives: the reason, the walk of the tables as
 * they are now (which need not be what the TLB held), and the registers. A
 * native guest without handler ends the same way; on a real machine it would
 * be a triple fault and silence.
 */
#include "sim/fault.h"

#include <stdio.h>

#include "sim/cpu.h"
#include "sim/lazy.h"

static unsigned long long own_frame(struct sim *s, uint64_t entry)
{
	mfn_t f = pte_mfn(pte(entry));

	if (!s->config.hypervisor) {
		return (unsigned long long)f.v;
	}
	return mfn_valid(&s->mmu, f) ? (unsigned long long)sim_m2p(s, f)
				     : (unsigned long long)INVALID_FRAME;
}

static void report_walk(struct sim *s, vaddr_t va)
{
	struct walk w;

	cpu_peek(s, va, &w);
	sim_say(s, "Pagetable walk from %016llx:", (unsigned long long)va.v);
	for (unsigned int level = w.top; level >= w.end; level--) {
		const struct walk_step *step = &w.step[level];
		bool large = level > 1 && level == w.end && w.mapped;

		sim_say(s, " L%u[0x%03x] = %016llx %016llx%s", level,
			step->index, (unsigned long long)step->entry,
			own_frame(s, step->entry), large ? " (PSE)" : "");
	}
}

static void report_registers(struct sim *s)
{
	const struct sim_registers *r = &s->regs;

	sim_say(s, "RIP:    e033:[<%s>]", r->at == NULL ? "?" : r->at);
	sim_say(s, "CONTEXT: %s",
		s->config.hypervisor ? "pv guest (d1v0)" : "native");
	sim_say(s, "rax: %016llx   rcx: %016llx   rsi: %016llx",
		(unsigned long long)r->rax, (unsigned long long)r->rcx,
		(unsigned long long)r->rsi);
	sim_say(s, "rdi: %016llx   cr3: %016llx   cr2: %016llx",
		(unsigned long long)r->rdi, (unsigned long long)s->cr3.v,
		(unsigned long long)r->cr2);
}

static _Noreturn void crash(struct sim *s)
{
	sim_say(s, "Domain 1 (vcpu#0) crashed:");
	report_registers(s);
	sim_stop(s, SIM_CRASHED);
}

/* What is refused though the tables allow it, the TLB alone refused. */
static void note_fault(struct sim *s, vaddr_t va, uint32_t code)
{
	struct access access = {.write = (code & PF_WRITE) != 0,
				.user = s->user,
				.fetch = (code & PF_FETCH) != 0};
	struct walk w;

	cpu_peek(s, va, &w);
	s->fault = (struct sim_fault){
		.happened = true,
		.va = va,
		.code = code,
		.stale = w.mapped &&
			 walk_check(&s->cpu, w.to.flags, access) == 0,
		.callers = s->record == NULL ? SIM_NOBODY
					     : record_callers(s->record),
	};
	if (s->ear != NULL) {
		s->ear->faulted(s, va, code, s->fault.stale);
	}
}

void fault_page(struct sim *s, vaddr_t va, uint32_t code)
{
	sim_fault_handler *handler = s->fault_handler;

	s->stats.faults++;
	s->regs.cr2 = va.v;
	if (s->config.hypervisor) {
		/* A PV kernel runs in ring 3, and is told as if it did not. */
		code &= ~PF_USER;
	}
	if (handler != NULL) {
		bool repaired;

		/* A fault inside the handler finds none. */
		s->fault_handler = NULL;
		repaired = handler(s, va, code);
		s->fault_handler = handler;
		if (repaired) {
			return;
		}
	}
	note_fault(s, va, code);
	(void)snprintf(s->why, sizeof(s->why),
		       "unhandled page fault (ec=%04X) at %016llx", code,
		       (unsigned long long)va.v);
	sim_say(s, "d1v0: unhandled page fault (ec=%04X)", code);
	report_walk(s, va);
	crash(s);
}

_Noreturn void fault_general_protection(struct sim *s, vaddr_t va)
{
	(void)snprintf(s->why, sizeof(s->why),
		       "unhandled general protection fault, operand %016llx",
		       (unsigned long long)va.v);
	sim_say(s, "d1v0: %s", s->why);
	crash(s);
}

_Noreturn void fault_invalid_opcode(struct sim *s)
{
	(void)snprintf(s->why, sizeof(s->why),
		       "unhandled invalid opcode fault/trap [#6, ec=0000]");
	sim_say(s, "d1v0: %s", s->why);
	crash(s);
}
