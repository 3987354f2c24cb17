/* SPDX-License-Identifier: MIT */
/*
 * The responder on the guest's xenstore ring: moves bytes between the ring,
 * whose indices the guest owns, and the store (emul/store.h), which knows no
 * ring.
 */
#ifndef PW_HV_SERVICES_XENSTORE_H
#define PW_HV_SERVICES_XENSTORE_H

#include "abi/addr.h"
#include "abi/xen.h"
#include "emul/store.h"

struct domain;
struct xenstore_domain_interface;

/* Part of struct domain. */
struct xenstore {
	struct xenstore_domain_interface *ring; /* in a page of the guest's */
	evtchn_port_t port;                     /* 0: none */
	/* Our own indices of the ring: what the page says is the guest's. */
	uint32_t req_cons;
	uint32_t rsp_prod;
	struct store store;
};

/*
 * The ring's page, which is held writable from here on, its port, and what
 * the store says of the domain. 0 or a negative errno.
 */
int xenstore_domain_init(struct domain *d,
			 struct xenstore_domain_interface *ring,
			 evtchn_port_t port);
/* The ring is not looked at any more. */
void xenstore_domain_end(struct domain *d);
/* The guest has sent to the store's port. True: it is to be done again. */
bool xenstore_kick(struct domain *d);

#endif
