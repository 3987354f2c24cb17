/* SPDX-License-Identifier: MIT */
/*
 * The responder on the guest's xenstore ring: moves bytes between the ring,
 * whose indices the guest owns, and the store (store.h), which knows no ring.
 */
#ifndef PW_HV_XENSTORE_XENSTORE_H
#define PW_HV_XENSTORE_XENSTORE_H

#include "abi/addr.h"
#include "abi/xen.h"
#include "emul/store.h"

struct domain;
struct xenstore_domain_interface;

/* Part of struct domain. */
struct xenstore {
	struct xenstore_domain_interface *ring; /* in a page of the guest's */
	evtchn_port_t port;                     /* 0: none */
	struct store store;
};

/* The ring's page and port, and what the store says of the domain. */
void xenstore_domain_init(struct domain *d,
			  struct xenstore_domain_interface *ring,
			  evtchn_port_t port);
/* The guest has sent to the store's port. */
void xenstore_kick(struct domain *d);

#endif
