/* SPDX-License-Identifier: MIT */
/* Each life of a domain has explanations of its own, made when it is met. */
#include "cli/run_options.h"
#include "cli/session.h"

struct why_live *session_why(struct session *s, unsigned int n,
			     const struct monitor *life)
{
	const struct run_options *o = s->options;
	struct why_live *w = &s->why[n];

	if (w->kernel_size != 0) {
		return w;
	}
	*w = s->why_of[run_options_which(o, monitor_name(life))];
	why_live_share(w, s->config->memory, s->config->ram);
	return w;
}

void session_forget(struct session *s)
{
	for (unsigned int i = 0; i < MONITOR_MAX_LIVES; i++) {
		why_live_fini(&s->why[i]);
	}
}
