/* SPDX-License-Identifier: MIT */
/*
 * The responder on the guests' xenstore rings: moves bytes between a ring,
 * whose indices the guest owns, and the one store of the machine
 * (emul/store.h), which knows no ring.
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
	unsigned int online; /* vCPUs that are to be, the first ones */
	struct store_client client;
};

/* At boot: the store is empty. */
void xenstore_init(void);
/*
 * The ring's page, which is held writable from here on, its port, and what
 * the store says of the domain. 0 or a negative errno.
 */
int xenstore_domain_init(struct domain *d,
			 struct xenstore_domain_interface *ring,
			 evtchn_port_t port);
/* The ring is not looked at any more. */
void xenstore_domain_end(struct domain *d);
/* What the store has of it goes, in steps; true: there is more. */
bool xenstore_domain_leave(struct domain *d);
/* The guest has sent to the store's port. True: it is to be done again. */
bool xenstore_kick(struct domain *d);
/*
 * So many vCPUs are to be online, of those that there are: what the store says
 * of each that has to change, as xl vcpu-set does. The rest is the guest's.
 */
void xenstore_set_online(struct domain *d, unsigned int nr);

#endif
