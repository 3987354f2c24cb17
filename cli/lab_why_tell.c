/* SPDX-License-Identifier: MIT */
/*
 * The report of a failure in the simulator, in the form of the report of a
 * real run: what they have in common is made by the same functions, from the
 * event that the hypervisor would have sent.
 */
#include <stdio.h>

#include "abi/control.h"
#include "cli/lab_why.h"
#include "cli/why/report.h"
#include "cli/why/uses.h"
#include "cli/why/words.h"

#define INDENT "             "

static void add_hex(cJSON *to, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%#llx", (unsigned long long)value);
	(void)cJSON_AddStringToObject(to, name, text);
}

static void add_number(cJSON *to, const char *name, uint64_t value)
{
	(void)cJSON_AddNumberToObject(to, name, (double)value);
}

static cJSON *stack_array(const struct lab_stack *s)
{
	cJSON *array = cJSON_CreateArray();

	for (unsigned int i = 0; array != NULL && i < s->nr; i++) {
		char text[24];

		(void)snprintf(text, sizeof(text), "%#llx",
			       (unsigned long long)s->address[i]);
		(void)cJSON_AddItemToArray(array, cJSON_CreateString(text));
	}
	return array;
}

static void add_op(cJSON *to, const struct mmu_op *op, uint64_t serial)
{
	/* The names are the same in both kinds of event. */
	(void)cJSON_AddStringToObject(to, REFUSAL_OP,
				      operation_info[op->id].name);
	add_number(to, REFUSAL_INDEX, op->index);
	add_number(to, REFUSAL_REQUEST, serial);
	if (op->call != 0) {
		add_number(to, REFUSAL_CALL, op->call - 1);
	}
}

static void add_entry(cJSON *to, const struct refusal *r)
{
	if (r->level != 0) {
		add_number(to, REFUSAL_LEVEL, r->level);
		add_hex(to, REFUSAL_ENTRY, r->entry.v);
	}
	if (r->bits != 0) {
		add_hex(to, REFUSAL_BITS, r->bits);
	}
	if (r->has_old) {
		add_hex(to, REFUSAL_OLD, r->old.v);
	}
	if (r->nr_path != 0) {
		add_hex(to, REFUSAL_TABLE, r->path[0].table.v);
		add_number(to, REFUSAL_SLOT, r->path[0].slot);
	}
	if (r->nr_path > 1) {
		add_hex(to, REFUSAL_ASKED_TABLE,
			r->path[r->nr_path - 1].table.v);
	}
}

static void add_frame(cJSON *to, const struct refusal *r)
{
	if (r->frame.v != INVALID_FRAME) {
		add_hex(to, REFUSAL_MFN, r->frame.v);
		if (r->pfn.v != INVALID_FRAME) {
			add_hex(to, REFUSAL_PFN, r->pfn.v);
		}
	}
	if (r->has_types) {
		add_hex(to, REFUSAL_SEEN, r->seen);
		add_hex(to, REFUSAL_EXPECTED, r->expected);
	}
}

/* What the hypervisor would have sent. */
static cJSON *refusal_event(const struct lab_why *w)
{
	static const char *const operand[OPERAND_WORDS] = {REFUSAL_OPERAND0,
							   REFUSAL_OPERAND1,
							   REFUSAL_OPERAND2};
	const struct refusal *r = &w->refused;
	const struct rule_info *rule = &rule_info[r->rule];
	cJSON *e = cJSON_CreateObject();

	add_op(e, &r->op, r->request);
	(void)cJSON_AddStringToObject(e, REFUSAL_RULE, rule->name);
	(void)cJSON_AddStringToObject(e, REFUSAL_SENTENCE, rule->sentence);
	(void)cJSON_AddStringToObject(e, REFUSAL_INVARIANT, rule->invariant);
	add_frame(e, r);
	add_entry(e, r);
	for (uint32_t i = 0; i < r->nr_operands && i < OPERAND_WORDS; i++) {
		add_hex(e, operand[i], r->operand[i]);
	}
	if (w->by_vcpu) {
		add_number(e, REFUSAL_VCPU, w->vcpu);
	}
	(void)cJSON_AddItemToObject(e, REFUSAL_STACK, stack_array(&w->asker));
	return e;
}

static void tell_stack(struct text *t, const struct lab_self *self,
		       const struct lab_stack *s)
{
	cJSON *array = stack_array(s);

	why_callers(t, array, &self->kernel);
	cJSON_Delete(array);
}

/* One function queued and sent: the frames of those who called it are one. */
static bool sent_by_queuer(const struct lab_why *w)
{
	const struct lab_stack *q = &w->queuer;
	const struct lab_stack *a = &w->asker;
	bool same = q->nr <= a->nr + 1;

	for (unsigned int i = 1; same && i < q->nr; i++) {
		same = q->address[q->nr - i] == a->address[a->nr - i];
	}
	return same;
}

static void tell_maker(struct text *t, const struct lab_self *self,
		       const struct lab_maker *m, const char *what)
{
	switch (m->by) {
	case LAB_MADE_BY_BUILDER:
		text_format(t, INDENT "%s before the guest began\n", what);
		return;
	case LAB_MADE_BY_REQUEST:
		text_format(t, INDENT "%s by #%lu %s[%lu]\n", what, m->serial,
			    operation_info[m->op.id].name,
			    (uint64_t)m->op.index);
		break;
	case LAB_MADE_BY_STORE:
		text_format(t, INDENT "%s by a store", what);
		if (m->typed != 0) {
			text_format(t, "; a table since #%lu", m->typed);
		}
		text_char(t, '\n');
		break;
	}
	tell_stack(t, self, &m->stack);
}

static void tell_uses(struct text *t, const struct lab_why *w)
{
	cJSON *e = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(e, REFUSAL_USES);

	for (unsigned int i = 0; i < w->nr_uses && i < LAB_USES; i++) {
		(void)cJSON_AddItemToArray(list, use_record(&w->use[i]));
	}
	if (w->nr_uses > LAB_USES) {
		add_number(e, REFUSAL_MORE_USES, w->nr_uses - LAB_USES);
	}
	uses_tell(t, e);
	cJSON_Delete(e);
}

static void tell_holders(struct text *t, const struct lab_self *self,
			 const struct lab_why *w)
{
	const struct holders *h = &w->holders;
	uint64_t all = h->writable + h->read_only + h->upper;

	holders_tell_count(t, h, w->nr_uses);
	for (unsigned int i = 0; i < h->nr; i++) {
		holder_tell(t, &h->list[i]);
		tell_maker(t, self, &w->maker[i], "made");
	}
	if (all > h->nr) {
		text_format(t, INDENT "and %lu more\n", all - h->nr);
	}
	tell_uses(t, w);
	if (h->pinned) {
		tell_maker(t, self, &w->pin_maker, "pinned");
	}
}

static void tell_history(struct text *t, const struct lab_self *self,
			 const struct lab_why *w)
{
	cJSON *events = cJSON_CreateArray();

	for (unsigned int i = 0; i < w->nr_past; i++) {
		const struct lab_past *p = &w->past[i];
		cJSON *e = cJSON_CreateObject();

		add_op(e, &p->event.event.op, p->event.event.serial);
		(void)cJSON_AddStringToObject(e, HISTORY_WHAT, p->what);
		if (p->event.event.kind == MMU_EVENT_ENTRY) {
			maddr_t at = p->event.event.where;

			add_hex(e, HISTORY_TABLE, maddr_to_mfn(at).v);
			add_number(e, HISTORY_SLOT,
				   page_offset(at.v) / sizeof(pte_t));
		}
		(void)cJSON_AddItemToObject(e, HISTORY_STACK,
					    stack_array(&p->stack));
		(void)cJSON_AddItemToArray(events, e);
	}
	why_history(t, events, &self->kernel);
	cJSON_Delete(events);
}

/* The frame's holders and history, if the machine has such a frame. */
static void tell_frame(struct text *t, const struct lab_self *self,
		       const struct lab_why *w)
{
	if (w->mfn != INVALID_FRAME) {
		tell_holders(t, self, w);
		tell_history(t, self, w);
	}
}

static void tell_refusal(struct text *t, const struct lab_self *self,
			 const struct lab_why *w)
{
	cJSON *event = refusal_event(w);

	why_refusal(t, event, &self->kernel, NULL);
	cJSON_Delete(event);
	if (w->queuer.nr != 0 && !sent_by_queuer(w)) {
		text_string(t, "  queued by\n");
		tell_stack(t, self, &w->queuer);
	}
	tell_frame(t, self, w);
}

static void tell_address(struct text *t, const struct lab_self *self,
			 const struct lab_why *w)
{
	text_format(t, "  address    %016lx L%u mfn %lx[%03x] = %016lx ",
		    w->va.v, w->level, w->table, w->slot, w->entry);
	words_flags(t, w->entry);
	text_char(t, '\n');
	tell_maker(t, self, &w->entry_maker, "made");
}

static void tell_headline(struct text *t, const struct lab_why *w)
{
	static const char *const line[] = {
		[LAB_WHY_WRITTEN] = "the guest writes to a page table",
		[LAB_WHY_STALE] = "the tables allow what the CPU refused",
		[LAB_WHY_FAULT] = "the tables refuse the access",
	};

	text_format(t, "PAGEWARDEN %s: %s", lab_why_title(w), line[w->kind]);
	if (w->mfn != INVALID_FRAME) {
		text_format(t, ": mfn %lx", w->mfn);
	}
	if (w->pfn != INVALID_FRAME) {
		text_format(t, " (pfn %lx)", w->pfn);
	}
	text_format(t, "\n  seen       ");
	if (w->mfn == INVALID_FRAME) {
		text_string(t, "nothing that is mapped");
	} else {
		words_type_info(t, w->type_info);
	}
	text_format(t, "\n  access     %s, error code %04x\n",
		    (w->code & PF_WRITE) != 0 ? "write" : "read", w->code);
}

static void tell_fault(struct text *t, const struct lab_self *self,
		       const struct lab_why *w)
{
	tell_headline(t, w);
	tell_stack(t, self, &w->asker);
	tell_address(t, self, w);
	if (w->kind == LAB_WHY_STALE) {
		text_string(t, "  the TLB    still had ");
		words_flags(t, w->used_flags);
		text_string(t, w->entry_maker.no_flush
				       ? "; the request that changed the "
					 "entry asked for no flush\n"
				       : "\n");
	}
	tell_frame(t, self, w);
}

static void tell_mistake(struct text *t, const struct lab_self *self,
			 const struct lab_why *w)
{
	text_format(t, "PAGEWARDEN MISTAKE: %s\n", w->line);
	tell_address(t, self, w);
	tell_frame(t, self, w);
}

void lab_why_tell(struct text *t, const struct lab_self *self,
		  const struct lab_why *w)
{
	switch (w->kind) {
	case LAB_WHY_NOTHING:
		break;
	case LAB_WHY_REFUSED:
		tell_refusal(t, self, w);
		break;
	case LAB_WHY_WRITTEN:
	case LAB_WHY_STALE:
	case LAB_WHY_FAULT:
		tell_fault(t, self, w);
		break;
	case LAB_WHY_MISTAKE:
		tell_mistake(t, self, w);
		break;
	case LAB_WHY_NO_START:
		text_format(t, "PAGEWARDEN NOT_STARTED: %s\n", w->line);
		break;
	}
	text_mark_cut(t);
}
