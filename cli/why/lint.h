/* SPDX-License-Identifier: MIT */
/* What no rule forbids, and is most likely a mistake: a line of text each. */
#ifndef PW_CLI_WHY_LINT_H
#define PW_CLI_WHY_LINT_H

#include "cli/monitor.h"
#include "cli/why/kernel.h"
#include "cli/why/machine.h"

/*
 * The domain has stopped, and what it had is in memory still: fills
 * monitor->warnings, objects of LINT_WARNING_*. Once; without the event
 * `ending` it does nothing. machine->frames NULL: only what was counted.
 */
void lint_find(struct monitor *monitor, const struct why_machine *machine,
	       const struct why_kernel *kernel);
/* They are said, or that there are none; nothing, if nobody has looked. */
void lint_say(const struct monitor *monitor);

#define LINT_WARNING "warning" /* what, in a word */
#define LINT_COUNT "count"     /* how many */
#define LINT_TEXT "text"       /* a sentence, with an example */

#endif
