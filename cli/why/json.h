/* SPDX-License-Identifier: MIT */
/* Reports as programs read them: objects as members.h has them, or NULL. */
#ifndef PW_CLI_WHY_JSON_H
#define PW_CLI_WHY_JSON_H

#include "cli/why/report.h"

/* A case, with all that why_case_tell() tells of it. */
cJSON *why_case_json(const struct why_case *c);
/* The end of a guest: what why_crash() tells. */
cJSON *why_crash_json(const cJSON *event, const struct why_kernel *kernel);
/* Where a vCPU was in a guest that did not come to an end of its own. */
cJSON *why_place_json(const cJSON *event, const struct why_kernel *kernel);
/* What --lint found: a warning of lint.h's, about that domain. */
cJSON *why_warning_json(const cJSON *warning, uint64_t domain);

#endif
