/* SPDX-License-Identifier: MIT */
/*
 * What report.c says in lines, as one object. Both look at the same events and
 * ask the same questions of them (maker.h, holders.h, hints.h), so neither can
 * know what the other does not. Memory that is short leaves members out; cJSON
 * takes NULL for what it could not make.
 */
#include "cli/why/json.h"

#include <stdio.h>
#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/why/callers.h"
#include "cli/why/hints.h"
#include "cli/why/lint.h"
#include "cli/why/maker.h"
#include "cli/why/members.h"
#include "cli/why/uses.h"
#include "cli/why/words.h"

#define SENTENCE 256
#define HINTS_SIZE 2048
#define EVENTS_TOLD 12

static const cJSON *get(const cJSON *e, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(e, key);
}

static void add(cJSON *to, const char *name, cJSON *item)
{
	if (item != NULL && !cJSON_AddItemToObject(to, name, item)) {
		cJSON_Delete(item);
	}
}

static void add_text(cJSON *to, const char *name, const char *text)
{
	add(to, name, cJSON_CreateString(text));
}

static void add_number(cJSON *to, const char *name, uint64_t value)
{
	add(to, name, cJSON_CreateNumber((double)value));
}

static void add_flag(cJSON *to, const char *name, bool value)
{
	add(to, name, cJSON_CreateBool(value));
}

static void add_hex(cJSON *to, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	add_text(to, name, text);
}

/* A member of the event under another name, if the event has it. */
static void copy(cJSON *to, const char *name, const cJSON *event,
		 const char *key)
{
	add(to, name, cJSON_Duplicate(get(event, key), true));
}

/* "P RW US" as a list. */
static cJSON *flags_list(uint64_t flags)
{
	cJSON *list = cJSON_CreateArray();
	char text[SENTENCE];
	struct text t = text_in(text, sizeof(text));

	if (flags == 0) {
		return list;
	}
	words_flags(&t, flags);
	for (char *word = text; word != NULL;) {
		char *space = strchr(word, ' ');

		if (space != NULL) {
			*space++ = '\0';
		}
		(void)cJSON_AddItemToArray(list, cJSON_CreateString(word));
		word = space;
	}
	return list;
}

static void add_words(cJSON *to, const char *name, uint64_t type_info)
{
	char text[SENTENCE];
	struct text t = text_in(text, sizeof(text));

	words_type_info(&t, type_info);
	add_text(to, name, text);
}

/* --- requests and makers ------------------------------------------------- */

/* Of a refusal or an event of a history: the same names, see maker.c. */
static cJSON *request_of(const cJSON *e)
{
	static const char *const words[] = {REFUSAL_OPERAND0, REFUSAL_OPERAND1,
					    REFUSAL_OPERAND2};
	cJSON *r = cJSON_CreateObject();
	cJSON *operands;

	add_number(r, REQUEST_NUMBER, monitor_number(e, HISTORY_REQUEST, 0));
	copy(r, REQUEST_US, e, HISTORY_US);
	copy(r, REQUEST_VCPU, e, REFUSAL_VCPU);
	add_text(r, REQUEST_OP, monitor_text(e, HISTORY_OP, "?"));
	add_number(r, REQUEST_INDEX, monitor_number(e, HISTORY_INDEX, 0));
	copy(r, REQUEST_OF, e, HISTORY_OF);
	copy(r, REQUEST_CALL, e, HISTORY_CALL);
	if (get(e, words[0]) == NULL) {
		return r;
	}
	operands = cJSON_CreateArray();
	for (unsigned int i = 0; i < 3 && get(e, words[i]) != NULL; i++) {
		(void)cJSON_AddItemToArray(operands,
					   cJSON_Duplicate(get(e, words[i]),
							   true));
	}
	add(r, REQUEST_OPERANDS, operands);
	return r;
}

/* Who wrote the event's request down, if that was another than sent it. */
static void add_queued(cJSON *to, const char *name, const cJSON *e,
		       const struct why_case *c)
{
	const cJSON *queued =
		maker_queuer(c->queued, monitor_number(e, HISTORY_REQUEST, 0),
			     get(e, HISTORY_STACK), c->kernel);

	if (queued != NULL) {
		add(to, name,
		    callers_list(monitor_hex(queued, QUEUED_RIP),
				 get(queued, QUEUED_STACK), c->kernel));
	}
}

static void add_maker(cJSON *to, const char *name, const cJSON *made,
		      const struct why_case *c)
{
	cJSON *r;

	if (made == NULL) {
		return;
	}
	r = cJSON_CreateObject();
	add(r, MAKER_REQUEST, request_of(made));
	add_text(r, MAKER_WHAT, monitor_text(made, HISTORY_WHAT, "?"));
	add(r, MAKER_CALLERS,
	    callers_list(0, get(made, HISTORY_STACK), c->kernel));
	add_queued(r, MAKER_QUEUED_BY, made, c);
	add(to, name, r);
}

/* --- the entry ------------------------------------------------------------ */

static cJSON *entry_of(const cJSON *e)
{
	cJSON *r = cJSON_CreateObject();
	const uint64_t value = monitor_hex(e, REFUSAL_ENTRY);

	if (why_is_fault(e)) {
		add_number(r, ENTRY_LEVEL, 1);
		copy(r, ENTRY_VA, e, TABLE_WRITE_VA);
	} else {
		copy(r, ENTRY_LEVEL, e, REFUSAL_LEVEL);
	}
	copy(r, ENTRY_TABLE, e, REFUSAL_TABLE);
	copy(r, ENTRY_SLOT, e, REFUSAL_SLOT);
	add_hex(r, ENTRY_VALUE, value);
	add(r, ENTRY_FLAGS, flags_list(value));
	if (get(e, REFUSAL_BITS) != NULL) {
		add(r, ENTRY_NOT_ALLOWED,
		    flags_list(monitor_hex(e, REFUSAL_BITS)));
	}
	if (get(e, REFUSAL_OLD) != NULL) {
		copy(r, ENTRY_OLD, e, REFUSAL_OLD);
		add(r, ENTRY_OLD_FLAGS,
		    flags_list(monitor_hex(e, REFUSAL_OLD)));
	}
	copy(r, ENTRY_ASKED_TABLE, e, REFUSAL_ASKED_TABLE);
	return r;
}

/* --- holders -------------------------------------------------------------- */

static cJSON *holder_of(const struct holder *h, const struct why_case *c)
{
	cJSON *r = cJSON_CreateObject();

	add_number(r, HOLDER_LEVEL, h->level);
	add_hex(r, HOLDER_TABLE, h->table);
	add_number(r, HOLDER_SLOT, h->slot);
	add_hex(r, HOLDER_VALUE, h->entry.v);
	add(r, HOLDER_FLAGS, flags_list(h->entry.v));
	if (h->reached) {
		add_hex(r, HOLDER_VA, h->va);
		add_hex(r, HOLDER_ROOT, h->root);
	}
	add_flag(r, HOLDER_HOOKED, h->hooked || h->level == 4);
	add_flag(r, HOLDER_OTHER, h->other);
	add_maker(r, HOLDER_MADE_BY, maker_find(c->history, h), c);
	return r;
}

static cJSON *holding_of(const struct why_case *c, const struct holders *h)
{
	static const struct holders none = {0};
	cJSON *r = cJSON_CreateObject();
	cJSON *list = cJSON_CreateArray();
	cJSON *uses = cJSON_Duplicate(get(c->event, REFUSAL_USES), true);

	add_flag(r, HOLDING_KNOWN, h != NULL);
	h = h == NULL ? &none : h;
	add_number(r, HOLDING_WRITABLE, h->writable);
	add_number(r, HOLDING_READ_ONLY, h->read_only);
	add_number(r, HOLDING_UPPER, h->upper);
	for (unsigned int i = 0; i < h->nr; i++) {
		(void)cJSON_AddItemToArray(list, holder_of(&h->list[i], c));
	}
	add(r, HOLDING_ENTRIES, list);
	add_number(r, HOLDING_MORE,
		   h->writable + h->read_only + h->upper - h->nr);
	add_flag(r, HOLDING_PINNED,
		 h->pinned ||
			 words_is_pinned(monitor_hex(c->event, REFUSAL_SEEN)));
	add_maker(r, HOLDING_PIN_BY, maker_find_pin(c->history), c);
	add_maker(r, HOLDING_TYPED_BY, why_typed(c), c);
	add(r, HOLDING_USES, uses == NULL ? cJSON_CreateArray() : uses);
	add_number(r, HOLDING_MORE_USES,
		   monitor_number(c->event, REFUSAL_MORE_USES, 0));
	return r;
}

/* --- history, hints ------------------------------------------------------- */

static cJSON *past_of(const cJSON *e, const struct why_case *c)
{
	cJSON *r = cJSON_CreateObject();

	add(r, PAST_REQUEST, request_of(e));
	add_text(r, PAST_WHAT, monitor_text(e, HISTORY_WHAT, "?"));
	copy(r, PAST_LEVEL, e, HISTORY_LEVEL);
	copy(r, PAST_TABLE, e, HISTORY_TABLE);
	copy(r, PAST_SLOT, e, HISTORY_SLOT);
	add(r, PAST_CALLERS, callers_list(0, get(e, HISTORY_STACK), c->kernel));
	return r;
}

static void add_history(cJSON *to, const struct why_case *c)
{
	const int nr = cJSON_GetArraySize(c->history);
	cJSON *list;

	if (c->history == NULL) {
		return;
	}
	list = cJSON_CreateArray();
	for (int i = nr > EVENTS_TOLD ? nr - EVENTS_TOLD : 0; i < nr; i++) {
		(void)cJSON_AddItemToArray(
			list, past_of(cJSON_GetArrayItem(c->history, i), c));
	}
	add(to, REPORT_HISTORY, list);
}

/* "  accepted if ...", "  hint       ...": the lines that people read. */
static void add_hints(cJSON *to, const struct why_case *c,
		      const struct holders *h)
{
	static const char accepted[] = "  accepted if ";
	static const char hint[] = "  hint       ";
	char text[HINTS_SIZE] = "";
	struct text t = text_in(text, sizeof(text));
	cJSON *list = cJSON_CreateArray();

	hints_tell(&t, c, h);
	for (char *line = text; *line != '\0';) {
		size_t length = strcspn(line, "\n");
		char *next = line + length + (line[length] == '\n');

		line[length] = '\0';
		if (strncmp(line, accepted, sizeof(accepted) - 1) == 0) {
			add_text(to, REPORT_ACCEPTED_IF,
				 line + sizeof(accepted) - 1);
		} else if (strncmp(line, hint, sizeof(hint) - 1) == 0) {
			(void)cJSON_AddItemToArray(
				list,
				cJSON_CreateString(line + sizeof(hint) - 1));
		}
		line = next;
	}
	add(to, REPORT_HINTS, list);
}

/* --- the whole ------------------------------------------------------------ */

static void add_title(cJSON *r, const cJSON *e)
{
	const char *sentence = monitor_text(e, REFUSAL_SENTENCE, "?");
	const char *title = why_is_fault(e)
				    ? why_fault_title(e, &sentence)
				    : monitor_text(e, REFUSAL_RULE, "?");

	add_text(r, REPORT_TITLE, title);
	add_text(r, REPORT_SENTENCE, sentence);
	copy(r, REPORT_DOMAIN, e, CONTROL_DOMAIN);
	copy(r, REPORT_MFN, e, REFUSAL_MFN);
	copy(r, REPORT_PFN, e, REFUSAL_PFN);
}

/* The request refused; of a fault the last one before it, and by whom. */
static void add_request(cJSON *r, const struct why_case *c)
{
	const cJSON *e = c->event;
	const bool fault = why_is_fault(e);
	cJSON *request = request_of(e);

	if (fault) {
		/* What stands there is no request's. */
		add_number(r, REPORT_AFTER,
			   monitor_number(e, TABLE_WRITE_REQUEST, 0));
		copy(r, REPORT_US, e, TABLE_WRITE_US);
		copy(r, REPORT_VCPU, e, TABLE_WRITE_VCPU);
		cJSON_Delete(request);
	} else {
		add(r, REPORT_REQUEST, request);
	}
	copy(r, REPORT_RIP, e, REFUSAL_RIP);
	add(r, REPORT_CALLERS,
	    callers_list(fault ? monitor_hex(e, TABLE_WRITE_RIP) : 0,
			 get(e, REFUSAL_STACK), c->kernel));
	if (!fault) {
		add_queued(r, REPORT_QUEUED_BY, e, c);
	}
}

cJSON *why_case_json(const struct why_case *c)
{
	struct holders room;
	const struct holders *h = why_look_for_holders(c, &room);
	const cJSON *e = c->event;
	cJSON *r = cJSON_CreateObject();

	add_title(r, e);
	if (get(e, REFUSAL_SEEN) != NULL) {
		add_words(r, REPORT_SEEN, monitor_hex(e, REFUSAL_SEEN));
	}
	if (get(e, REFUSAL_EXPECTED) != NULL) {
		add_text(r, REPORT_WANTED,
			 words_type(monitor_hex(e, REFUSAL_EXPECTED)));
	}
	copy(r, REPORT_INVARIANT, e, REFUSAL_INVARIANT);
	if (get(e, REFUSAL_ENTRY) != NULL) {
		add(r, REPORT_ENTRY, entry_of(e));
	}
	add_request(r, c);
	if (get(e, REFUSAL_MFN) != NULL) {
		add(r, REPORT_HELD_BY, holding_of(c, h));
	}
	add_history(r, c);
	add_hints(r, c, h);
	if (c->again != NULL) {
		add_text(r, REPORT_AGAIN, c->again);
	}
	return r;
}

cJSON *why_crash_json(const cJSON *event, const struct why_kernel *kernel)
{
	cJSON *r = cJSON_CreateObject();

	add_text(r, REPORT_TITLE, "CRASH");
	add_text(r, REPORT_SENTENCE, monitor_text(event, CRASH_REASON, "?"));
	copy(r, REPORT_DOMAIN, event, CRASH_DOMAIN);
	copy(r, REPORT_VCPU, event, CRASH_VCPU);
	copy(r, REPORT_RIP, event, CRASH_RIP);
	add(r, REPORT_CALLERS,
	    callers_list(monitor_hex(event, CRASH_RIP), get(event, CRASH_STACK),
			 kernel));
	add(r, REPORT_HINTS, cJSON_CreateArray());
	return r;
}

cJSON *why_place_json(const cJSON *event, const struct why_kernel *kernel)
{
	const bool masked = cJSON_IsTrue(get(event, PLACE_MASKED));
	const bool pending = cJSON_IsTrue(get(event, PLACE_PENDING));
	cJSON *r = cJSON_CreateObject();
	cJSON *hints = cJSON_CreateArray();
	char sentence[160];
	struct text t = text_in(sentence, sizeof(sentence));

	text_format(&t, "%s, in %s mode, events %s and %s",
		    monitor_text(event, PLACE_STATE, "?"),
		    monitor_text(event, PLACE_MODE, "?"),
		    pending ? "pending" : "not pending",
		    masked ? "masked" : "not masked");
	add_text(r, REPORT_TITLE, "PLACE");
	add_text(r, REPORT_SENTENCE, sentence);
	copy(r, REPORT_DOMAIN, event, PLACE_DOMAIN);
	copy(r, REPORT_VCPU, event, PLACE_VCPU);
	copy(r, REPORT_RIP, event, PLACE_RIP);
	add(r, REPORT_CALLERS,
	    callers_list(monitor_hex(event, PLACE_RIP), get(event, PLACE_STACK),
			 kernel));
	if (masked && pending) {
		cJSON_AddItemToArray(hints,
				     cJSON_CreateString(
					     "events wait for it, and it "
					     "does not take any"));
	}
	add(r, REPORT_HINTS, hints);
	return r;
}

cJSON *why_warning_json(const cJSON *warning, uint64_t domain)
{
	cJSON *r = cJSON_CreateObject();
	cJSON *hints = cJSON_CreateArray();

	add_text(r, REPORT_TITLE, "LINT");
	add_text(r, REPORT_SENTENCE, monitor_text(warning, LINT_TEXT, "?"));
	cJSON_AddNumberToObject(r, REPORT_DOMAIN, (double)domain);
	add(r, REPORT_CALLERS, cJSON_CreateArray());
	cJSON_AddItemToArray(hints,
			     cJSON_CreateString(
				     monitor_text(warning, LINT_WARNING, "?")));
	add(r, REPORT_HINTS, hints);
	return r;
}
