/* SPDX-License-Identifier: MIT */
/*
 * The domains of the machine. Each has its place in the table from the boot
 * on, and its memory of the hypervisor's with it; it leaves when it has ended
 * for good. The table changes, and is read, under the machine's lock.
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
			d->slot = i;
			return true;
		}
	}
	return false;
}

void domain_remove(struct domain *d)
{
	domains[d->slot] = NULL;
}

struct domain *domain_at(unsigned int i)
{
	return i < DOMAINS ? domains[i] : NULL;
}

struct domain *domain_of_id(struct domain *d, domid_t domid)
{
	return domid == DOMID_SELF ? d : domain_numbered(d, domid);
}

struct domain *domain_numbered(struct domain *d, domid_t domid)
{
	if (domid == d->mmu.domid) {
		return d;
	}
	for (unsigned int i = 0; i < DOMAINS; i++) {
		struct domain *other = domains[i];

		if (other != NULL && other->mmu.domid == domid &&
		    !other->stopping) {
			return other;
		}
	}
	return NULL;
}
