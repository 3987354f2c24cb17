/* SPDX-License-Identifier: MIT */
/* Who keeps a frame, beside the entries that name it and its pin. */
#ifndef PW_CLI_WHY_USES_H
#define PW_CLI_WHY_USES_H

#include <cjson/cJSON.h>

#include "abi/text.h"
#include "engine/report/uses.h"

/* Of an event: a refusal's or a fault's. How many there are in all. */
uint64_t uses_count(const cJSON *event);
/* A line each, and how many more. */
void uses_tell(struct text *t, const cJSON *event);

/* What the hypervisor tells of a use, but for grants: a record, or NULL. */
cJSON *use_record(const struct mmu_use *use);

#endif
