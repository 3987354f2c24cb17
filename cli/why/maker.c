/* SPDX-License-Identifier: MIT */
/*
 * The holder of a frame is an entry; the history of the frame has the request
 * that made it; and where that was read from, another run has seen who wrote
 * it there. An entry may be made, unmade and made again: the last one counts.
 */
#include "cli/why/maker.h"

#include <string.h>

#include "abi/control.h"
#include "cli/monitor.h"
#include "cli/why/callers.h"

/* As they are read here, for either kind. */
_Static_assert(sizeof(HISTORY_REQUEST) == sizeof(REFUSAL_REQUEST) &&
		       sizeof(HISTORY_INDEX) == sizeof(REFUSAL_INDEX) &&
		       sizeof(HISTORY_CALL) == sizeof(REFUSAL_CALL) &&
		       sizeof(HISTORY_OP) == sizeof(REFUSAL_OP) &&
		       sizeof(HISTORY_OF) == sizeof(REFUSAL_OF),
	       "maker_tell_request");

static bool has(const cJSON *e, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(e, key) != NULL;
}

const cJSON *maker_find(const cJSON *history, const struct holder *h)
{
	const cJSON *found = NULL;
	const cJSON *e;

	cJSON_ArrayForEach(e, history)
	{
		const pte_t entry = pte(monitor_hex(e, HISTORY_ENTRY));

		if (has(e, HISTORY_TABLE) && pte_present(entry) &&
		    pte_mfn(entry).v == pte_mfn(h->entry).v &&
		    monitor_hex(e, HISTORY_TABLE) == h->table &&
		    monitor_number(e, HISTORY_SLOT, PT_ENTRIES) == h->slot) {
			found = e;
		}
	}
	return found;
}

const cJSON *maker_find_pin(const cJSON *history)
{
	const cJSON *found = NULL;
	const cJSON *e;

	cJSON_ArrayForEach(e, history)
	{
		if (strcmp(monitor_text(e, HISTORY_WHAT, ""), "pinned") == 0) {
			found = e;
		}
	}
	return found;
}

const cJSON *maker_find_typed(const cJSON *history)
{
	const cJSON *found = NULL;
	const cJSON *e;

	cJSON_ArrayForEach(e, history)
	{
		const char *what = monitor_text(e, HISTORY_WHAT, "");

		if (strcmp(what, "became a table") == 0) {
			found = e;
		} else if (strcmp(what, "taken down") == 0) {
			found = NULL;
		}
	}
	return found;
}

void maker_tell_operation(struct text *t, const cJSON *event)
{
	const uint64_t of = monitor_number(event, HISTORY_OF, 0);

	text_format(t, "%s[%lu", monitor_text(event, HISTORY_OP, "?"),
		    monitor_number(event, HISTORY_INDEX, 0));
	if (of > 1) {
		text_format(t, " of %lu", of);
	}
	text_char(t, ']');
}

void maker_tell_request(struct text *t, const cJSON *event)
{
	text_format(t, "#%lu ", monitor_number(event, HISTORY_REQUEST, 0));
	maker_tell_operation(t, event);
	if (has(event, HISTORY_CALL)) {
		text_format(t, " (call %lu)",
			    monitor_number(event, HISTORY_CALL, 0));
	}
}

/* The event of that request, if a write was seen. */
static const cJSON *queued_of(const cJSON *queued, uint64_t request)
{
	const cJSON *e;

	cJSON_ArrayForEach(e, queued)
	{
		if (monitor_number(e, QUEUED_REQUEST, 0) == request &&
		    has(e, QUEUED_RIP)) {
			return e;
		}
	}
	return NULL;
}

static bool is_sender(const char *function, const cJSON *stack,
		      const struct why_kernel *kernel)
{
	char caller[WHY_NAME];
	size_t length = strlen(function);

	return callers_first(stack, kernel, caller) &&
	       strncmp(caller, function, length) == 0 && caller[length] == '+';
}

const cJSON *maker_queuer(const cJSON *queued, uint64_t request,
			  const cJSON *stack, const struct why_kernel *kernel)
{
	const cJSON *e = queued_of(queued, request);
	const char *function =
		callers_function(kernel, monitor_hex(e, QUEUED_RIP));

	return function == NULL || is_sender(function, stack, kernel) ? NULL
								      : e;
}

void maker_tell_queued(struct text *t, const cJSON *queued, uint64_t request,
		       const cJSON *stack, const struct why_kernel *kernel)
{
	const cJSON *e = maker_queuer(queued, request, stack, kernel);

	if (e != NULL) {
		callers_tell(t, "queued by ", monitor_hex(e, QUEUED_RIP),
			     cJSON_GetObjectItemCaseSensitive(e, QUEUED_STACK),
			     kernel);
	}
}

void maker_tell(struct text *t, const cJSON *made, const cJSON *queued,
		const struct why_kernel *kernel)
{
	const cJSON *stack =
		cJSON_GetObjectItemCaseSensitive(made, HISTORY_STACK);

	text_string(t, WHY_INDENT "made by ");
	maker_tell_request(t, made);
	text_format(t, ": %s\n", monitor_text(made, HISTORY_WHAT, "?"));
	callers_tell(t, "called by ", 0, stack, kernel);
	maker_tell_queued(t, queued, monitor_number(made, HISTORY_REQUEST, 0),
			  stack, kernel);
}
