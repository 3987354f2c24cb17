/* SPDX-License-Identifier: MIT */
/*
 * Refusals become a line on the console and an event on the control channel.
 * A guest can cause them at any rate, and serial lines are slow: past a burst,
 * only some are told in full; all are counted.
 */
#include <stddef.h>

#include "engine/port.h"
#include "hv/control.h"
#include "hv/cpu.h"
#include "hv/hypercall.h"
#include "hv/log.h"
#include "hv/time/time.h"
#include "hv/vcpu.h"
#include "hv/x86.h"

#define BURST 200
#define PER_SECOND 20

/* One more line? A bucket of BURST, refilled by time. */
static bool may_tell(void)
{
	static uint64_t level = BURST;
	static uint64_t last;
	const uint64_t cycles = time_tsc_khz() * 1000 / PER_SECOND + 1;
	uint64_t new = (x86_rdtsc() - last) / cycles;

	if (new != 0) {
		level = level + new > BURST ? BURST : level + new;
		last = x86_rdtsc();
	}
	if (level == 0) {
		return false;
	}
	level--;
	return true;
}

/* How much of the word the text begins with, if all of it; else 0. */
static size_t begins(const char *text, const char *word)
{
	size_t i = 0;

	while (word[i] != '\0' && word[i] == text[i]) {
		i++;
	}
	return word[i] == '\0' ? i : 0;
}

/* The operation's name begins with that of its hypercall. */
static void count(const char *op)
{
	for (unsigned int nr = 0; nr < HYPERCALLS; nr++) {
		size_t n = begins(op, hypercall_name(nr));

		if (n != 0 && (op[n] == '\0' || op[n] == ' ')) {
			hypercall_refused[nr]++;
			return;
		}
	}
}

static void tell_control(const struct refusal *r)
{
	const struct rule_info *rule = &rule_info[r->rule];

	control_begin("refusal");
	control_text("op", r->op.name);
	control_number("index", r->op.index);
	control_text("rule", rule->name);
	control_text("sentence", rule->sentence);
	control_text("invariant", rule->invariant);
	control_number("errno", (uint64_t)rule->err);
	if (r->frame.v != INVALID_FRAME) {
		control_hex("mfn", r->frame.v);
		if (r->pfn.v != INVALID_FRAME) {
			control_hex("pfn", r->pfn.v);
		}
	}
	if (r->has_types) {
		control_hex("seen", r->seen);
		control_hex("expected", r->expected);
	}
	if (r->level != 0) {
		control_number("level", r->level);
		control_hex("entry", r->entry.v);
	}
	if (r->where.v != INVALID_FRAME) {
		control_hex("where", r->where.v);
	}
	control_hex("rip", r->rip);
	control_number("serial", r->serial);
	control_end();
}

void port_refused(struct mmu_domain *d, struct refusal *r)
{
	char line[256];

	(void)d;
	r->rip = cpu_guest_regs()->rip;
	if (r->op.name == NULL) {
		r->op.name = "domain start";
	}
	count(r->op.name);
	if (!may_tell()) {
		return;
	}
	refusal_format(r, line, sizeof(line));
	log_warn("d%uv%u %s", d->domid, current == NULL ? 0 : current->id,
		 line);
	if (begins(r->op.name, "mmuext_op pin")) {
		log_warn("Error while pinning mfn %lx", r->op.operand);
	}
	tell_control(r);
}
