/* SPDX-License-Identifier: MIT */
/* Sums of what the vCPUs of a domain counted. */
#include "hv/report/counters.h"

#include "hv/domain/domain.h"
#include "hv/vcpu/vcpu.h"

uint64_t counters_calls(const struct domain *d, unsigned int nr)
{
	uint64_t sum = d->mmu.stats.multicalled[nr];

	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		sum += d->vcpu[i]->counters.calls[nr];
	}
	return sum;
}

uint64_t counters_traps(const struct domain *d, unsigned int vector)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		sum += d->vcpu[i]->counters.traps[vector];
	}
	return sum;
}

const char *flush_name(enum flush_cause cause)
{
	static const char *const names[FLUSH_CAUSES] = {
#define FLUSH(id, name) [FLUSH_##id] = (name),
#include "engine/report/flushes.def"
#undef FLUSH
	};

	return cause < FLUSH_CAUSES && names[cause] != NULL ? names[cause]
							    : "unknown";
}

const char *hypercall_name(unsigned int nr)
{
	static const char *const names[HYPERCALLS] = {
#define HYPERCALL(number, function, name) [number] = #name,
#include "hv/entry/hypercall.def"
#undef HYPERCALL
	};

	return nr < HYPERCALLS ? names[nr] : "unknown";
}
