/* SPDX-License-Identifier: MIT */
/*
 * The domains of the machine, in the order of their making. There are few, and
 * none leaves the table while the machine runs, so it is read without a lock.
 */
#include "hv/domain/domain.h"

static struct domain *domains[DOMAINS];

struct vcpu *domain_vcpu(const struct domain *d, uint32_t id)
{
	return id < d->nr_vcpus ? d->vcpu[id] : NULL;
}

bool domain_add(struct domain *d)
{
	for (unsigned int i = 0; i < DOMAINS; i++) {
		if (domains[i] == NULL) {
			domains[i] = d;
			return true;
		}
	}
	return false;
}

struct domain *domain_at(unsigned int i)
{
	return i < DOMAINS ? domains[i] : NULL;
}
