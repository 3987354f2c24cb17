/* SPDX-License-Identifier: MIT */
/*
 * The report of a refusal, line by line. Every number of the event is the
 * hypervisor's and checked for its kind where it is read; names are the
 * kernel image's and made printable.
 */
#include "cli/why/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/why/holders.h"
#include "cli/why/words.h"

#define COLUMNS 80
#define INDENT "             "
#define MAX_CALLERS 12

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
		text_string(t, INDENT "not allowed: ");
		words_flags(t, monitor_hex(e, REFUSAL_BITS));
		text_char(t, '\n');
	}
	if (has(e, REFUSAL_OLD)) {
		tell_value(t, INDENT "instead of ",
			   monitor_hex(e, REFUSAL_OLD));
	}
	if (has(e, REFUSAL_ASKED_TABLE)) {
		text_format(t, INDENT "met while validating mfn %lx\n",
			    monitor_hex(e, REFUSAL_ASKED_TABLE));
	}
}

static size_t next_word(const cJSON **item, uint64_t *ret_word)
{
	while (*item != NULL) {
		const cJSON *i = *item;

		*item = i->next;
		if (cJSON_IsString(i)) {
			*ret_word = strtoull(i->valuestring, NULL, 16);
			return 1;
		}
	}
	return 0;
}

/* The call, not what follows it, is in the caller. */
static void format_caller(const struct symbols *s, uint64_t word, char *text,
			  size_t size)
{
	uint64_t offset = 0;
	const char *name = symbols_find(s, word - 1, &offset);

	snprintf(text, size, "%s+%#llx", name == NULL ? "?" : name,
		 (unsigned long long)offset + 1);
}

/* Names with " < " between them, broken into lines. */
static void tell_callers(struct text *t, const cJSON *stack,
			 const struct why_kernel *kernel)
{
	const cJSON *item = cJSON_IsArray(stack) ? stack->child : NULL;
	size_t column = 0;
	unsigned int nr = 0;
	uint64_t word;

	while (nr < MAX_CALLERS && next_word(&item, &word) != 0) {
		char name[160];
		size_t length;

		if (kernel == NULL || !why_is_return(kernel, word)) {
			continue;
		}
		format_caller(&kernel->symbols, word, name, sizeof(name));
		length = strlen(name);
		if (nr == 0) {
			text_string(t, INDENT);
			column = sizeof(INDENT);
		} else if (column + length + 3 > COLUMNS) {
			text_string(t, "\n" INDENT "< ");
			column = sizeof(INDENT) + 2;
		} else {
			text_string(t, " < ");
			column += 3;
		}
		text_string(t, name);
		column += length;
		nr++;
	}
	if (nr != 0) {
		text_char(t, '\n');
	}
}

void why_callers(struct text *t, const cJSON *stack,
		 const struct why_kernel *kernel)
{
	tell_callers(t, stack, kernel);
}

static void tell_asker(struct text *t, const cJSON *e,
		       const struct why_kernel *kernel)
{
	static const char *const operand[] = {REFUSAL_OPERAND0,
					      REFUSAL_OPERAND1,
					      REFUSAL_OPERAND2};

	text_format(t, "  asked by   #%lu, ",
		    monitor_number(e, REFUSAL_REQUEST, 0));
	if (has(e, REFUSAL_VCPU)) {
		text_format(t,
			    "vcpu %lu: ", monitor_number(e, REFUSAL_VCPU, 0));
	} else {
		text_string(t, "the hypervisor for the domain: ");
	}
	text_format(t, "%s[%lu]", monitor_text(e, REFUSAL_OP, "?"),
		    monitor_number(e, REFUSAL_INDEX, 0));
	for (unsigned int i = 0; i < 3 && has(e, operand[i]); i++) {
		text_format(t, " %lx", monitor_hex(e, operand[i]));
	}
	if (has(e, REFUSAL_CALL)) {
		text_format(t, ", call %lu of its multicall",
			    monitor_number(e, REFUSAL_CALL, 0));
	}
	text_char(t, '\n');
	tell_callers(t, cJSON_GetObjectItemCaseSensitive(e, REFUSAL_STACK),
		     kernel);
}

/* Entries and pins that keep the frame what it is. */
static void tell_holders(struct text *t, const cJSON *e,
			 const struct why_machine *machine)
{
	struct holders h;

	if (machine == NULL || !has(e, REFUSAL_MFN)) {
		return;
	}
	holders_find(machine, monitor_hex(e, REFUSAL_MFN), &h);
	holders_tell(t, &h);
}

void why_refusal(struct text *t, const cJSON *event,
		 const struct why_kernel *kernel,
		 const struct why_machine *machine)
{
	tell_headline(t, event);
	tell_types(t, event);
	tell_entry(t, event);
	tell_asker(t, event, kernel);
	tell_holders(t, event, machine);
}

void why_crash(struct text *t, const cJSON *event,
	       const struct why_kernel *kernel)
{
	char name[160];

	text_format(t, "  crashed at %s\n",
		    symbols_format(&kernel->symbols,
				   monitor_hex(event, CRASH_RIP), name,
				   sizeof(name)));
	tell_callers(t, cJSON_GetObjectItemCaseSensitive(event, CRASH_STACK),
		     kernel);
}

#define EVENTS_TOLD 12

static void tell_event(struct text *t, const cJSON *e,
		       const struct why_kernel *kernel)
{
	text_format(t, INDENT "#%lu %s[%lu]",
		    monitor_number(e, HISTORY_REQUEST, 0),
		    monitor_text(e, HISTORY_OP, "?"),
		    monitor_number(e, HISTORY_INDEX, 0));
	if (has(e, HISTORY_CALL)) {
		text_format(t, " (call %lu)",
			    monitor_number(e, HISTORY_CALL, 0));
	}
	text_format(t, ": %s", monitor_text(e, HISTORY_WHAT, "?"));
	if (has(e, HISTORY_TABLE)) {
		text_format(t, ", L1 mfn %lx[%03lx]",
			    monitor_hex(e, HISTORY_TABLE),
			    monitor_number(e, HISTORY_SLOT, 0));
	}
	text_char(t, '\n');
	tell_callers(t, cJSON_GetObjectItemCaseSensitive(e, HISTORY_STACK),
		     kernel);
}

void why_history(struct text *t, const cJSON *events,
		 const struct why_kernel *kernel)
{
	int nr = cJSON_GetArraySize(events);
	int first = nr > EVENTS_TOLD ? nr - EVENTS_TOLD : 0;

	text_string(t, "  history\n");
	if (nr == 0) {
		text_string(t, INDENT "nothing that the engine saw\n");
	}
	if (first != 0) {
		text_format(t, INDENT "(%lu earlier ones)\n", (uint64_t)first);
	}
	for (int i = first; i < nr; i++) {
		tell_event(t, cJSON_GetArrayItem(events, i), kernel);
	}
}
