/* SPDX-License-Identifier: MIT */
/*
 * The part of the engine's port in which a machine that is explored has no
 * interest: hypercalls that are not the engine's, and what refusals tell.
 */
#include "engine/port.h"

int64_t port_hypercall(struct mmu_vcpu *v, unsigned int nr, uint64_t arg[6])
{
	(void)v;
	(void)nr;
	(void)arg;
	return -XEN_ENOSYS;
}

void port_refused(struct mmu_domain *d, struct refusal *r)
{
	(void)d;
	(void)r;
}
