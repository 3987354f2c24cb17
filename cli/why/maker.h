/* SPDX-License-Identifier: MIT */
/* Who made an entry, and who had queued the request that did. */
#ifndef PW_CLI_WHY_MAKER_H
#define PW_CLI_WHY_MAKER_H

#include <cjson/cJSON.h>

#include "abi/text.h"
#include "cli/why/holders.h"
#include "cli/why/kernel.h"

/* The event of the history by which the holder's entry came to be, or NULL. */
const cJSON *maker_find(const cJSON *history, const struct holder *h);
/* The one by which the frame got its pin, or NULL. */
const cJSON *maker_find_pin(const cJSON *history);
/* The one by which it became a table, or NULL: it is none, or always was. */
const cJSON *maker_find_typed(const cJSON *history);
/* The event of whoever wrote that request down, if it was another; or NULL. */
const cJSON *maker_queuer(const cJSON *queued, uint64_t request,
			  const cJSON *stack, const struct why_kernel *kernel);
/*
 * "op[i of n]": of a history event or a refusal, whose members have the same
 * names.
 */
void maker_tell_operation(struct text *t, const cJSON *event);
/* With its number, and that of the call if it came in a multicall. */
void maker_tell_request(struct text *t, const cJSON *event);
/* "made by #N ..., by whom", and who queued it, where `queued` tells. */
void maker_tell(struct text *t, const cJSON *made, const cJSON *queued,
		const struct why_kernel *kernel);
/*
 * "queued by ...", unless the one who wrote the request down is the one who
 * sent it: whose stack this is.
 */
void maker_tell_queued(struct text *t, const cJSON *queued, uint64_t request,
		       const cJSON *stack, const struct why_kernel *kernel);

#endif
