/* SPDX-License-Identifier: MIT */
/* Between the files of this kernel. */
#ifndef PW_KERNELS_NEIGHBOURS_H
#define PW_KERNELS_NEIGHBOURS_H

#include "kernels/common/pv.h"

/* Numbers that no domain of these boots has. */
#define NOBODY 77
#define NOBODY_EITHER 78

/* A grant of the other's, mapped over a page of one's own. */
struct mapping {
	uint32_t handle;
	uint64_t address;
	uint64_t frame; /* what the hypervisor says is mapped */
};

struct neighbour {
	struct pv pv;
	bool rules; /* may map the other's memory */
	bool first; /* offers what the other one takes */
	domid_t self;
	domid_t peer;
	evtchn_port_t port;  /* of the channel between the two */
	struct mapping left; /* that is there when the second ends */
};

/*
 * Both wait until both are here. The channel between them carries it, so it
 * comes after meet().
 */
void step(const struct neighbour *n);
/* Waits until the other has spoken. */
void hear(const struct neighbour *n);
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

/* GNTST_*. */
int map(const struct neighbour *n, uint32_t ref, uint32_t flags,
	const volatile void *at, struct mapping *ret);
int unmap(const struct mapping *m);
/* One's own table, which the other uses. */
void grant(const struct neighbour *n, uint32_t ref, uint16_t flags,
	   uint64_t frame);
void grant_to(uint32_t ref, domid_t domid);
uint16_t grant_flags(uint32_t ref);
volatile grant_entry_v2_t *grant_table_v2(void);
void own_table(void);
void check_grants(struct neighbour *n);
void check_copies(struct neighbour *n);
/* What each has of the other when the second ends. */
void leave_grants(struct neighbour *n);
/* Mapping the other's memory by its number, with a right to it or without. */
void check_foreign(struct neighbour *n);
void check_grants_end(struct neighbour *n);
/*
 * Unmaps it without asking for a flush: whose matter it is then is the
 * hypervisor's.
 */
int64_t leave_page(const volatile void *page);
/* Frames of the second's become the first's. */
void check_moved(struct neighbour *n);
/* The same while a second vCPU of the second's writes to them. */
void check_stale(struct neighbour *n);
/* What each lets the other see in the store; of the first, what is left. */
void check_store(struct neighbour *n);
void check_store_end(struct neighbour *n);

/* Instead of all else: the second dies so often, in the midst of things. */
void check_dying(struct neighbour *n, unsigned int lives);

/* The other one has ended: nothing of it is left. The first only. */
void check_end(struct neighbour *n);

#endif
