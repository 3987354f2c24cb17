/* SPDX-License-Identifier: MIT */
/*
 * Refusals become a line on the console and an event on the control channel.
 * A guest can cause them at any rate, and serial lines are slow: past a burst,
 * only some are told in full; all are counted, and so are those not told.
 */
#include "abi/control.h"
#include "hv/report/refused.h"

#include "engine/port.h"
#include "hv/report/control.h"
#include "hv/cpu/cpu.h"
#include "hv/domain/domain.h"
#include "hv/report/log.h"
#include "hv/report/reader.h"
#include "hv/report/request.h"
#include "hv/report/stack.h"
#include "hv/report/uses.h"
#include "hv/cpu/clock.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define BURST 200
#define PER_SECOND 20

/* One more line? */
static bool may_tell(struct refusal_log *l)
{
	const uint64_t cycles = clock_tsc_khz() * 1000 / PER_SECOND + 1;
	const uint64_t new = (x86_rdtsc() - l->last) / cycles;

	if (new != 0) {
		l->spent = new < l->spent ? l->spent - new : 0;
		l->last = x86_rdtsc();
	}
	if (l->spent == BURST) {
		l->untold++;
		l->untold_in_all++;
		return false;
	}
	l->spent++;
	return true;
}

static void count(struct domain_counters *c, enum mmu_operation op)
{
	uint8_t nr = operation_info[op].hypercall;

	if (nr != NO_HYPERCALL) {
		c->refused[nr]++;
	}
}

static void tell_place(const struct refusal *r)
{
	if (r->nr_path == 0) {
		return;
	}
	control_hex(REFUSAL_WHERE, refusal_where(r).v);
	control_hex(REFUSAL_TABLE, r->path[0].table.v);
	control_number(REFUSAL_SLOT, r->path[0].slot);
	if (r->nr_path > 1) {
		control_hex(REFUSAL_ASKED_TABLE,
			    r->path[r->nr_path - 1].table.v);
	}
}

static void tell_operands(const struct refusal *r)
{
	static const char *const keys[OPERAND_WORDS] = {REFUSAL_OPERAND0,
							REFUSAL_OPERAND1,
							REFUSAL_OPERAND2};

	for (uint32_t i = 0; i < r->nr_operands && i < OPERAND_WORDS; i++) {
		control_hex(keys[i], r->operand[i]);
	}
}

static void tell_control(struct mmu_domain *d, const struct refusal *r)
{
	const struct rule_info *rule = &rule_info[r->rule];

	control_begin(EVENT_REFUSAL);
	control_number(REFUSAL_DOMAIN, d->domid);
	control_text(REFUSAL_OP, operation_info[r->op.id].name);
	control_number(REFUSAL_INDEX, r->op.index);
	control_text(REFUSAL_RULE, rule->name);
	control_text(REFUSAL_SENTENCE, rule->sentence);
	control_text(REFUSAL_INVARIANT, rule->invariant);
	control_number(REFUSAL_ERRNO, (uint64_t)rule->err);
	if (r->frame.v != INVALID_FRAME) {
		control_hex(REFUSAL_MFN, r->frame.v);
		if (r->pfn.v != INVALID_FRAME) {
			control_hex(REFUSAL_PFN, r->pfn.v);
		}
	}
	if (r->has_types) {
		control_hex(REFUSAL_SEEN, r->seen);
		control_hex(REFUSAL_EXPECTED, r->expected);
	}
	if (r->level != 0) {
		control_number(REFUSAL_LEVEL, r->level);
		control_hex(REFUSAL_ENTRY, r->entry.v);
	}
	if (r->bits != 0) {
		control_hex(REFUSAL_BITS, r->bits);
	}
	if (r->has_old) {
		control_hex(REFUSAL_OLD, r->old.v);
	}
	tell_place(r);
	tell_operands(r);
	request_tell(domain_of(d), &(struct request_told){.serial = r->request,
							  .of = r->of,
							  .call = r->op.call,
							  .source = r->source});
	if (r->op.vcpu != NULL) {
		control_number(REFUSAL_VCPU, r->op.vcpu->id);
	}
	stack_tell(REFUSAL_STACK, current, cpu_guest_regs());
	control_hex(REFUSAL_RIP, r->rip);
	control_number(REFUSAL_SERIAL, r->serial);
	uses_tell(REFUSAL_USES, REFUSAL_MORE_USES, domain_of(d), r->frame);
	control_end();
}

void refused_tell_untold(struct domain *d)
{
	struct refusal_log *l = &d->refusals;

	if (l->untold != 0) {
		log_warn("d%u %lu refusals came too fast to be told",
			 (unsigned int)d->mmu.domid, l->untold);
		l->untold = 0;
	}
}

void port_refused(struct mmu_domain *d, struct refusal *r)
{
	char line[REFUSAL_TEXT_SIZE];

	r->rip = cpu_guest_regs()->rip;
	count(&domain_of(d)->counters, r->op.id);
	if (!may_tell(&domain_of(d)->refusals)) {
		return;
	}
	refused_tell_untold(domain_of(d));
	refusal_format(r, line, sizeof(line));
	log_warn("d%uv%u %s", d->domid, current == NULL ? 0 : current->id,
		 line);
	if (operation_is_pin(r->op.id)) {
		log_warn("Error while pinning mfn %lx", r->operand[1]);
	}
	reader_begin();
	tell_control(d, r);
	reader_end();
}
