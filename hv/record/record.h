/* SPDX-License-Identifier: MIT */
/* What goes into the engine, recorded for the command: see record.c. */
#ifndef PW_HV_RECORD_RECORD_H
#define PW_HV_RECORD_RECORD_H

#include "engine/mmu.h"
#include "trace/record/recorder.h"

/* Boot option `record=MIB`: the size of the ring; 0: nothing is recorded. */
extern uint64_t record_mib;
extern struct recorder record_machine;

/* Bytes that the ring takes. */
uint64_t record_ring_size(void);
/* The ring's memory, page aligned; tells the command where it is. */
void record_init(void *ring, uint64_t machine_address);

static inline bool record_wanted(void)
{
	return __builtin_expect(record_mib != 0, 0);
}
/* An operation is being recorded on this machine; */
static inline bool record_inside(void)
{
	return __builtin_expect(record_machine.inside, 0);
}
/*
 * and it is this vCPU's. Copies for others go on meanwhile, on other CPUs, of
 * what is a vCPU's own (hv/cpu/lock.c).
 */
static inline bool record_inside_of(const struct mmu_vcpu *v)
{
	return record_inside() && record_machine.vcpu == v->id &&
	       record_machine.domain == v->dom->tag;
}

void record_clock(uint64_t tsc_khz);
void record_frames(enum trace_kind kind, mfn_t first, uint64_t nr);
void record_domain(struct mmu_domain *d);
/* Of a 32-bit domain: it may have changed. */
void record_extended_cr3(const struct mmu_domain *d);
void record_vcpu(const struct mmu_vcpu *v);
/* The machine is about to end, and the command to read the rest. */
void record_stopped(const struct mmu_domain *d, unsigned int reason,
		    const char *words);

#endif
