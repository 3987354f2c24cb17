/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_NEIGHBOURS_H
#define PW_KERNELS_NEIGHBOURS_H

#include "kernels/common/pv.h"

/* Numbers that no domain of these boots has. */
#define NOBODY 77
#define NOBODY_EITHER 78

struct neighbour {
	struct pv pv;
	bool first; /* offers what the other one takes */
	domid_t self;
	domid_t peer;
	evtchn_port_t port; /* of the channel between the two */
};

/*
 * Both wait until both are here. The channel between them carries it, so it
 * comes after meet().
 */
void step(const struct neighbour *n);
void yield(void);

int64_t close_port(evtchn_port_t port);
/* EVTCHNSTAT_*, or a negative errno; *ret, if not NULL, is all of it. */
int64_t status_of(domid_t domid, evtchn_port_t port, evtchn_status_t *ret);
int64_t send(evtchn_port_t port);
int64_t bind(const struct neighbour *n, evtchn_port_t remote,
	     evtchn_port_t *ret_port);

/* The channel between the two. */
void meet(struct neighbour *n);
void check_events(struct neighbour *n);
/* The other one has ended: nothing of it is left. The first only. */
void check_end(struct neighbour *n);

#endif
