/* SPDX-License-Identifier: MIT */
/* Reports as programs read them: objects as members.h has them, or NULL. */
#ifndef PW_CLI_WHY_JSON_H
#define PW_CLI_WHY_JSON_H

#include "cli/why/report.h"

/* A case, with all that why_case_tell() tells of it. */
cJSON *why_case_json(const struct why_case *c);
/* The end of a guest: what why_crash() tells. */
cJSON *why_crash_json(const cJSON *event, const struct why_kernel *kernel);

#endif
