/* SPDX-License-Identifier: MIT */
/* The switch from boot to run-time operations; there is no way back. */
#include "guest/start/start.h"

int guest_run_time(struct guest *g)
{
	int error = 0;

	if (g->config.policy->last_pass != NULL) {
		error = g->config.policy->last_pass(g);
	}
	if (error == 0) {
		error = guest_windows_close(g);
	}
	if (error != 0) {
		return error;
	}
	if (g->ops == &guest_ops_xen_boot) {
		g->ops = &guest_ops_xen;
	}
	return 0;
}
