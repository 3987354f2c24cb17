/* SPDX-License-Identifier: MIT */
/* What stands before the memory in a core: headers and notes. */
#ifndef PW_CLI_CORE_HEAD_H
#define PW_CLI_CORE_HEAD_H

#include <cjson/cJSON.h>

#include "cli/core/info.h"
#include "cli/core/view.h"

/* Where frame 0 begins in the file: enough for all of it. */
uint64_t core_head_size(const struct core_view *v, unsigned int vcpus);
/* core_head_size() bytes, malloc'ed; NULL: memory is short. */
uint8_t *core_head_make(const struct core_view *v, const cJSON *registers,
			const struct core_info *info);

#endif
