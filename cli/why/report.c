/* SPDX-License-Identifier: MIT */
/*
 * The report of a refusal, line by line. Every number of the event is the
 * hypervisor's and checked for its kind where it is read; names are the
 * kernel image's and made printable.
 */
#include "cli/why/report.h"

#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/why/callers.h"
#include "cli/why/hints.h"
#include "cli/why/maker.h"
#include "cli/why/uses.h"
#include "cli/why/words.h"

static bool has(const cJSON *e, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(e, key) != NULL;
}

/* What is wrong, and with which frame. */
static void tell_headline(struct text *t, const cJSON *e)
{
	text_format(t, "PAGEWARDEN %s: %s", monitor_text(e, REFUSAL_RULE, "?"),
		    monitor_text(e, REFUSAL_SENTENCE, "?"));
	if (has(e, REFUSAL_MFN)) {
		text_format(t, ": mfn %lx", monitor_hex(e, REFUSAL_MFN));
	}
	if (has(e, REFUSAL_PFN)) {
		text_format(t, " (pfn %lx)", monitor_hex(e, REFUSAL_PFN));
	}
	text_char(t, '\n');
}

static void tell_types(struct text *t, const cJSON *e)
{
	if (!has(e, REFUSAL_SEEN) || !has(e, REFUSAL_EXPECTED)) {
		return;
	}
	text_string(t, "  seen       ");
	words_type_info(t, monitor_hex(e, REFUSAL_SEEN));
	text_format(t, "\n  wanted     %s (%s)\n",
		    words_type(monitor_hex(e, REFUSAL_EXPECTED)),
		    monitor_text(e, REFUSAL_INVARIANT, "?"));
}

static void tell_value(struct text *t, const char *what, uint64_t entry)
{
	text_format(t, "%s%016lx ", what, entry);
	words_flags(t, entry);
	text_char(t, '\n');
}

static void tell_entry(struct text *t, const cJSON *e)
{
	if (!has(e, REFUSAL_ENTRY)) {
		return;
	}
	text_format(t, "  entry      L%lu",
		    monitor_number(e, REFUSAL_LEVEL, 0));
	if (has(e, REFUSAL_TABLE)) {
		text_format(t, " mfn %lx[%03lx]", monitor_hex(e, REFUSAL_TABLE),
			    monitor_number(e, REFUSAL_SLOT, 0));
	}
	tell_value(t, " = ", monitor_hex(e, REFUSAL_ENTRY));
	if (has(e, REFUSAL_BITS)) {
		text_string(t, WHY_INDENT "not allowed: ");
		words_flags(t, monitor_hex(e, REFUSAL_BITS));
		text_char(t, '\n');
	}
	if (has(e, REFUSAL_OLD)) {
		tell_value(t, WHY_INDENT "instead of ",
			   monitor_hex(e, REFUSAL_OLD));
	}
	if (has(e, REFUSAL_ASKED_TABLE)) {
		text_format(t, WHY_INDENT "met while validating mfn %lx\n",
			    monitor_hex(e, REFUSAL_ASKED_TABLE));
	}
}

void why_callers(struct text *t, const cJSON *stack,
		 const struct why_kernel *kernel)
{
	callers_tell(t, "", 0, stack, kernel);
}

static void tell_asker(struct text *t, const struct why_case *c)
{
	static const char *const operand[] = {REFUSAL_OPERAND0,
					      REFUSAL_OPERAND1,
					      REFUSAL_OPERAND2};
	const cJSON *e = c->event;
	const cJSON *stack = cJSON_GetObjectItemCaseSensitive(e, REFUSAL_STACK);

	text_string(t, "  asked by   ");
	text_format(t, "#%lu", monitor_number(e, REFUSAL_REQUEST, 0));
	if (has(e, REFUSAL_US)) {
		uint64_t us = monitor_number(e, REFUSAL_US, 0);

		text_format(t, " at %lu.%06lu s", us / 1000000, us % 1000000);
	}
	if (has(e, REFUSAL_VCPU)) {
		text_format(t,
			    ", vcpu %lu: ", monitor_number(e, REFUSAL_VCPU, 0));
	} else {
		text_string(t, ", the hypervisor for the domain: ");
	}
	maker_tell_operation(t, e);
	for (unsigned int i = 0; i < 3 && has(e, operand[i]); i++) {
		text_format(t, " %lx", monitor_hex(e, operand[i]));
	}
	if (has(e, REFUSAL_CALL)) {
		text_format(t, ", call %lu of its multicall",
			    monitor_number(e, REFUSAL_CALL, 0));
	}
	text_char(t, '\n');
	callers_tell(t, "", 0, stack, c->kernel);
	maker_tell_queued(t, c->queued, monitor_number(e, REFUSAL_REQUEST, 0),
			  stack, c->kernel);
}

const cJSON *why_typed(const struct why_case *c)
{
	const uint64_t seen = monitor_hex(c->event, REFUSAL_SEEN);
	const cJSON *typed = maker_find_typed(c->history);
	const cJSON *pinned = maker_find_pin(c->history);

	/* The request that pinned it is told of already. */
	return !words_is_table(seen) || typed == NULL ||
			       (pinned != NULL &&
				monitor_number(pinned, HISTORY_REQUEST, 0) ==
					monitor_number(typed, HISTORY_REQUEST,
						       0))
		       ? NULL
		       : typed;
}

/* A pin has no entry to be shown: only who asked for it. */
static void tell_pin(struct text *t, const struct why_case *c)
{
	const cJSON *made = maker_find_pin(c->history);

	if (made != NULL) {
		maker_tell(t, made, c->queued, c->kernel);
	}
}

/* A table is one because somebody asked for it: the pin's is often another. */
static void tell_typed(struct text *t, const struct why_case *c)
{
	const cJSON *typed = why_typed(c);

	if (typed != NULL) {
		maker_tell(t, typed, c->queued, c->kernel);
	}
}

/* As they were found before, or are found now; NULL: they cannot be. */
const struct holders *why_look_for_holders(const struct why_case *c,
					   struct holders *room)
{
	if (!has(c->event, REFUSAL_MFN)) {
		return NULL;
	}
	if (c->holders == NULL && c->machine != NULL) {
		holders_find(c->machine, monitor_hex(c->event, REFUSAL_MFN),
			     room);
		return room;
	}
	return c->holders;
}

/* Whatever keeps the frame what it is, and who made it so; h may be NULL. */
static void tell_holders(struct text *t, const struct why_case *c,
			 const struct holders *h)
{
	const uint64_t uses = uses_count(c->event);

	if (h == NULL && uses == 0) {
		return;
	}
	holders_tell_count(t, h, uses);
	for (unsigned int i = 0; h != NULL && i < h->nr; i++) {
		const cJSON *made = maker_find(c->history, &h->list[i]);

		holder_tell(t, &h->list[i]);
		if (made != NULL) {
			maker_tell(t, made, c->queued, c->kernel);
		}
	}
	if (h != NULL) {
		holders_tell_more(t, h);
	}
	uses_tell(t, c->event);
	if (h != NULL && h->pinned) {
		tell_pin(t, c);
	}
	tell_typed(t, c);
}

#define EVENTS_TOLD 12

static void tell_event(struct text *t, const cJSON *e,
		       const struct why_kernel *kernel)
{
	char caller[WHY_NAME];

	text_string(t, WHY_INDENT);
	maker_tell_request(t, e);
	text_format(t, ": %s", monitor_text(e, HISTORY_WHAT, "?"));
	if (has(e, HISTORY_TABLE)) {
		text_string(t, ", ");
		if (has(e, HISTORY_LEVEL)) {
			text_format(t, "L%lu ",
				    monitor_number(e, HISTORY_LEVEL, 1));
		}
		text_format(t, "mfn %lx[%03lx]", monitor_hex(e, HISTORY_TABLE),
			    monitor_number(e, HISTORY_SLOT, 0));
	}
	if (callers_first(cJSON_GetObjectItemCaseSensitive(e, HISTORY_STACK),
			  kernel, caller)) {
		text_format(t, ", by %s", caller);
	}
	text_char(t, '\n');
}

void why_history(struct text *t, const cJSON *events,
		 const struct why_kernel *kernel)
{
	int nr = cJSON_GetArraySize(events);
	int first = nr > EVENTS_TOLD ? nr - EVENTS_TOLD : 0;

	text_string(t, "  history\n");
	if (nr == 0) {
		text_string(t, WHY_INDENT "nothing that the engine saw\n");
	}
	if (first != 0) {
		text_format(t, WHY_INDENT "(%lu earlier ones)\n",
			    (uint64_t)first);
	}
	for (int i = first; i < nr; i++) {
		tell_event(t, cJSON_GetArrayItem(events, i), kernel);
	}
}

static void tell_history(struct text *t, const struct why_case *c)
{
	if (c->history != NULL) {
		why_history(t, c->history, c->kernel);
		text_format(t, WHY_INDENT "%s#%lu %s\n",
			    why_is_fault(c->event) ? "after " : "",
			    monitor_number(c->event, REFUSAL_REQUEST, 0),
			    why_is_fault(c->event) ? "written to" : "refused");
	}
}

bool why_is_fault(const cJSON *event)
{
	const char *kind = monitor_text(event, CONTROL_EVENT, "");

	return strcmp(kind, EVENT_TABLE_WRITE) == 0 ||
	       strcmp(kind, EVENT_STALE) == 0;
}

const char *why_fault_title(const cJSON *event, const char **ret_sentence)
{
	if (strcmp(monitor_text(event, CONTROL_EVENT, ""), EVENT_STALE) == 0) {
		*ret_sentence = "the tables allow what the CPU refused";
		return "STALE_TRANSLATION";
	}
	*ret_sentence = "the guest writes to a page table";
	return "TABLE_WRITTEN";
}

/* A kernel's write that faulted: to a table, or by a stale translation. */
static void tell_fault(struct text *t, const struct why_case *c)
{
	const cJSON *event = c->event;
	const uint64_t us = monitor_number(event, TABLE_WRITE_US, 0);
	const char *sentence;
	const char *title = why_fault_title(event, &sentence);

	text_format(t, "PAGEWARDEN %s: %s: mfn %lx", title, sentence,
		    monitor_hex(event, TABLE_WRITE_MFN));
	if (has(event, TABLE_WRITE_PFN)) {
		text_format(t, " (pfn %lx)",
			    monitor_hex(event, TABLE_WRITE_PFN));
	}
	text_string(t, "\n  seen       ");
	words_type_info(t, monitor_hex(event, TABLE_WRITE_SEEN));
	text_format(t, "\n  written at %016lx L1 mfn %lx[%03lx]",
		    monitor_hex(event, TABLE_WRITE_VA),
		    monitor_hex(event, TABLE_WRITE_TABLE),
		    monitor_number(event, TABLE_WRITE_SLOT, 0));
	tell_value(t, " = ", monitor_hex(event, TABLE_WRITE_ENTRY));
	text_format(t, WHY_INDENT "at %lu.%06lu s, vcpu %lu, after #%lu\n",
		    us / 1000000, us % 1000000,
		    monitor_number(event, TABLE_WRITE_VCPU, 0),
		    monitor_number(event, TABLE_WRITE_REQUEST, 0));
	callers_tell(t, "by ", monitor_hex(event, TABLE_WRITE_RIP),
		     cJSON_GetObjectItemCaseSensitive(event, TABLE_WRITE_STACK),
		     c->kernel);
}

void why_case_tell(struct text *t, const struct why_case *c)
{
	struct holders room;
	const struct holders *h = why_look_for_holders(c, &room);

	if (why_is_fault(c->event)) {
		tell_fault(t, c);
	} else {
		tell_headline(t, c->event);
		tell_types(t, c->event);
		tell_entry(t, c->event);
		tell_asker(t, c);
	}
	tell_holders(t, c, h);
	tell_history(t, c);
	hints_tell(t, c, h);
	if (c->again != NULL) {
		text_format(t, "  again      %s\n", c->again);
	}
}

void why_refusal(struct text *t, const cJSON *event,
		 const struct why_kernel *kernel,
		 const struct why_machine *machine)
{
	why_case_tell(t, &(struct why_case){.event = event,
					    .kernel = kernel,
					    .machine = machine});
}

void why_crash(struct text *t, const cJSON *event,
	       const struct why_kernel *kernel)
{
	char name[WHY_NAME];

	text_format(t, "  crashed at %s\n",
		    symbols_format(&kernel->symbols,
				   monitor_hex(event, CRASH_RIP), name,
				   sizeof(name)));
	callers_tell(t, "", 0,
		     cJSON_GetObjectItemCaseSensitive(event, CRASH_STACK),
		     kernel);
}
