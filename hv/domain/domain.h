/* SPDX-License-Identifier: MIT */
/* One domain. */
#ifndef PW_HV_DOMAIN_DOMAIN_H
#define PW_HV_DOMAIN_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/xen.h"
#include "engine/mmu.h"
#include "hv/cpu/cpu.h"
#include "hv/domain/config.h"
#include "hv/report/counters.h"
#include "hv/report/phase.h"
#include "hv/report/lint.h"
#include "hv/report/refused.h"
#include "hv/report/write_fault.h"
#include "hv/services/console.h"
#include "hv/services/event.h"
#include "hv/services/grant.h"
#include "hv/services/time.h"
#include "hv/services/xenstore.h"

struct regs;
struct vcpu;

/* Some kinds of end are not the guest's choice. */
#define DOMAIN_CRASHED 0xff
#define DOMAIN_HALTED 0xfe /* its last vCPU went down, and nothing was said */
#define DOMAIN_BROKEN 0xfd /* as the command asked, with a report */
#define DOMAIN_ENDED 0xfc  /* without */

/* How far its end has come (life/end.c). */
enum domain_ending {
	DOMAIN_STOPS,   /* its vCPUs leave the CPUs */
	DOMAIN_RETURNS, /* what it held goes back; it has no tables any more */
	DOMAIN_ZOMBIE,  /* others may still map its frames */
	DOMAIN_BUILDS,  /* it is made again */
};

struct domain {
	struct mmu_domain mmu;
	/* Kept from one life to the next: */
	const struct domain_config *config;
	unsigned int slot;  /* in the table of domains */
	unsigned int lives; /* that began, this one included */
	struct vcpu *vcpu[MMU_MAX_VCPUS];
	unsigned int nr_vcpus;
	mfn_t shared_info_frame;
	mfn_t grant_frames;      /* GRANT_MAX_FRAMES of them */
	uint64_t used[CPUS_MAX]; /* of each CPU, in ns (schedule.c) */
	/* Of this life: */
	struct shared_info *shared_info; /* through the direct map */
	uint32_t vm_assist;              /* VMASST_TYPE_* bits */
	bool stopping;                   /* no vCPU goes back to the guest */
	struct vcpu *reaper; /* the vCPU that carries out the end, or NULL */
	enum domain_ending ending;
	uint8_t shutdown; /* SHUTDOWN_*, or DOMAIN_CRASHED */
	const char *crash_reason;
	bool crash_has_address; /* of a page fault, or a stack */
	uint64_t crash_address;
	struct event_domain event;
	struct time_domain time;
	struct console console;
	struct xenstore store;
	struct grant_domain grant;
	struct domain_counters counters;
	struct phase_domain phase;
	struct refusal_log refusals;
	struct write_faults write_faults;
	unsigned int nr_history; /* events of the watched frame */
	struct lint lint;
};

static inline struct domain *domain_of(struct mmu_domain *m)
{
	return (struct domain *)m;
}
_Static_assert(offsetof(struct domain, mmu) == 0, "domain_of");

/* The domain's vCPU of that number (the guest's, unchecked), or NULL. */
struct vcpu *domain_vcpu(const struct domain *d, uint32_t id);

/* The domains of the machine. False: there are as many as there may be. */
#define DOMAINS 16
bool domain_add(struct domain *d);
void domain_remove(struct domain *d);
/* The one in that place of the table; NULL: there is none. */
struct domain *domain_at(unsigned int i);

/*
 * The domain that one of d's requests means by this number: itself, another
 * that lives, or NULL. One that has begun to end is found no more.
 */
struct domain *domain_of_id(struct domain *d, domid_t domid);
/* The same where DOMID_SELF is no number. */
struct domain *domain_numbered(struct domain *d, domid_t domid);

#endif
