/* SPDX-License-Identifier: MIT */
/* What would have been accepted, and what the mistake is, where that is sure.
 */
#ifndef PW_CLI_WHY_HINTS_H
#define PW_CLI_WHY_HINTS_H

#include "cli/why/report.h"

/* Lines "accepted if" and "hint"; h, the holders, may be NULL. */
void hints_tell(struct text *t, const struct why_case *c,
		const struct holders *h);

#endif
