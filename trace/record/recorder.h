/* SPDX-License-Identifier: MIT */
/*
 * The recorder: turns what the engine tells and asks of its port into the
 * records of pagewarden/trace.h, and puts them into a ring that somebody else
 * empties. The world calls it from where it implements the engine's port.
 * Operations must come one at a time.
 */
#ifndef PW_TRACE_RECORDER_H
#define PW_TRACE_RECORDER_H

#include "engine/report/event.h"
#include "pagewarden/trace.h"

struct recorder {
	struct trace_ring *ring;
	uint64_t *data;
	uint64_t mask;
	uint64_t head;   /* what ring->head will be */
	uint64_t limit;  /* head may come to this without a look at the tail */
	bool machine;    /* has been told of, with its frames so far */
	bool machine_32; /* and of what it has for domains of 32 bits */
	bool inside;     /* an operation is under way */
	uint8_t vcpu;    /* whose it is */
	uint16_t domain;
	uint64_t asked;   /* questions whether to stop, in it */
	uint64_t refused; /* refusals of its domain before it */
};

/* What the recorder's world provides, by link. */
uint64_t recorder_time(struct recorder *r);
uint64_t recorder_rip(struct recorder *r, const struct mmu_vcpu *v);
/* The ring is full: returns when that may have changed. */
void recorder_wait(struct recorder *r);

/* words: a power of 2, behind the ring's page. Writes the names. */
void recorder_init(struct recorder *r, struct trace_ring *ring, uint64_t words);

/* The machine as it is before there is any domain; the frames that are OWN.
 * m2p: the M2P's machine address, or ~0. */
void recorder_machine(struct recorder *r, const struct mmu *m, uint64_t m2p);
void recorder_clock(struct recorder *r, uint64_t tsc_khz);
/* TRACE_OWN or TRACE_POOL. */
void recorder_frames(struct recorder *r, enum trace_kind kind, mfn_t first,
		     uint64_t nr);
/* Turns the domain's events on. Its width is known. */
void recorder_domain(struct recorder *r, struct mmu_domain *d);
/* Whether it may have its roots beyond 4 GiB has changed. */
void recorder_extended_cr3(struct recorder *r, const struct mmu_domain *d);
void recorder_vcpu(struct recorder *r, const struct mmu_vcpu *v);
void recorder_limit(struct recorder *r, const struct mmu_domain *d);
/* Outside of operations. */
void recorder_cached(struct recorder *r, const struct mmu_vcpu *v, vaddr_t va);
void recorder_page_fault(struct recorder *r, const struct mmu_vcpu *v,
			 vaddr_t va, uint32_t code, bool stale);
void recorder_stopped(struct recorder *r, const struct mmu_domain *d,
		      unsigned int reason, const char *words);

void recorder_event(struct recorder *r, const struct mmu_domain *d,
		    const struct mmu_event *event);
/* To be called only while r->inside: */
void recorder_asked(struct recorder *r, bool answer);
void recorder_copied(struct recorder *r, enum trace_kind kind, const void *data,
		     uint64_t bytes, int rc);

#endif
