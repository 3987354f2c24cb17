/* SPDX-License-Identifier: MIT */
/* The switch from boot to run-time operations; there is no way back. */
#include "guest/internal.h"

int guest_run_time(struct guest *g)
{
	int error = policy_last_pass(g);

	if (error == 0) {
		error = windows_close(g);
	}
	if (error != 0) {
		return error;
	}
	if (g->ops == &guest_ops_xen_boot) {
		g->ops = &guest_ops_xen;
	}
	return 0;
}
