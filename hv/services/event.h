/* SPDX-License-Identifier: MIT */
/*
 * Event channels, the 2-level ABI.
 *
 * The guest sees a pending and a mask bit for each port in its shared info
 * page, and for each vCPU a selector word and two bytes in its vcpu_info. All
 * of them are the guest's to scribble on: they are only ever written here by
 * atomic bit operations, and nothing that is read from them is trusted for
 * more than whether to interrupt that guest.
 */
#ifndef PW_HV_SERVICES_EVENT_H
#define PW_HV_SERVICES_EVENT_H

#include <stdbool.h>

#include "abi/addr.h"
#include "abi/xen.h"

struct domain;
struct vcpu;

#define EVENT_PORTS 4096 /* 64 words of 64 bits: EVTCHN_2L_NR_CHANNELS */
#define EVENT_VIRQS 24   /* NR_VIRQS */

enum event_state {
	EVENT_FREE,
	EVENT_RESERVED,    /* port 0 */
	EVENT_UNBOUND,     /* waits for a peer domain to bind to it */
	EVENT_INTERDOMAIN, /* has a peer: another port, or the hypervisor */
	EVENT_VIRQ,
	EVENT_IPI,
};

/* Who at the hypervisor's end hears a send. */
enum event_sink { EVENT_SINK_NONE, EVENT_SINK_CONSOLE, EVENT_SINK_STORE };

struct event_port {
	uint8_t state;         /* enum event_state */
	uint8_t sink;          /* EVENT_INTERDOMAIN: enum event_sink */
	uint16_t vcpu;         /* notified vCPU */
	uint16_t remote_domid; /* EVENT_UNBOUND, EVENT_INTERDOMAIN */
	uint16_t virq;         /* EVENT_VIRQ */
	uint32_t remote_port;  /* EVENT_INTERDOMAIN without a sink */
	uint8_t remote_slot;   /* its domain's, in the table of domains */
};

/* Part of struct domain. */
struct event_domain {
	/*
	 * In shared info, in the domain's layout: a bit for each port, which
	 * is the same bit whatever the guest's word is.
	 */
	unsigned long *pending;
	unsigned long *mask;
	uint32_t nr_ports; /* that these have */
	struct event_port port[EVENT_PORTS];
	uint32_t first_free; /* no free port below this one */
	uint32_t nr_valid;   /* ports from here on have never been used */
	uint32_t nr_pollers; /* vCPUs in SCHEDOP_poll */
	/* SCHEDOP_shutdown_code, plus one; 0: not given. */
	uint16_t shutdown_code;
};

/* Part of struct vcpu. */
struct event_vcpu {
	/*
	 * Where the guest's vcpu_info of this vCPU is: in shared info at
	 * first, in a page of the guest's once it has registered one.
	 */
	struct vcpu_info *info;
	mfn_t registered; /* frame that holds it, or MFN_INVALID */
	uint16_t virq_port[EVENT_VIRQS]; /* 0: not bound */
	/* SCHEDOP_poll: waits for any of the ports to be pending. */
	bool polling;
	uint32_t poll_port; /* when it is one port only, else 0 */
};

#endif
