/* SPDX-License-Identifier: MIT */
/*
 * A refusal, or a write that faulted, as a person reads it: what was asked, by
 * whom, why it is refused and who holds the frame. Made from the event on the
 * control channel and from what the kernel's image and the machine's memory
 * say; each part may be absent.
 */
#ifndef PW_CLI_WHY_REPORT_H
#define PW_CLI_WHY_REPORT_H

#include <cjson/cJSON.h>

#include "abi/text.h"
#include "cli/why/holders.h"
#include "cli/why/kernel.h"
#include "cli/why/machine.h"

/* All that is known of a refusal. */
struct why_case {
	const cJSON *event; /* of a refusal, or of a write that faulted */
	/* Each may be NULL. */
	const struct why_kernel *kernel;
	const struct why_machine *machine; /* as it is now */
	const struct holders *holders;     /* found before: instead of that */
	const cJSON *history;              /* events of the frame */
	const cJSON *queued;               /* EVENT_QUEUED, of any requests */
	const cJSON *refusals;             /* of the run, in their order */
	const cJSON *lint;                 /* EVENT_LINT, with --lint */
	const char *again;                 /* a command line that stops there */
};

/* Lines, each ended by a newline, of 80 columns as far as names allow. */
void why_case_tell(struct text *t, const struct why_case *c);
/* What can be said at once. */
void why_refusal(struct text *t, const cJSON *event,
		 const struct why_kernel *kernel,
		 const struct why_machine *machine);
/* Is the event a write that faulted, not a refusal? */
bool why_is_fault(const cJSON *event);
/* "TABLE_WRITTEN" or "STALE_TRANSLATION". */
const char *why_fault_title(const cJSON *event, const char **ret_sentence);
/* Those of the case, or found now into *room; NULL: they cannot be. */
const struct holders *why_look_for_holders(const struct why_case *c,
					   struct holders *room);
/*
 * The event by which the frame, a table, became one, where it is not that of
 * its pin; or NULL.
 */
const cJSON *why_typed(const struct why_case *c);
/* What happened to the frame: one line an event. */
void why_history(struct text *t, const cJSON *events,
		 const struct why_kernel *kernel);
/* Callers, from a list of stack words: "f+0x1 < g+0x2 < ...", indented. */
void why_callers(struct text *t, const cJSON *stack,
		 const struct why_kernel *kernel);
/* The callers of a crash, the innermost first. */
void why_crash(struct text *t, const cJSON *event,
	       const struct why_kernel *kernel);

#endif
