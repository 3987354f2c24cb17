/* SPDX-License-Identifier: MIT */
/* The clock as the hypervisor gives it: a TSC and what to make of it. */
#include "kernels/common/pv.h"

uint64_t now_by(const volatile struct vcpu_time_info *t)
{
	uint64_t delta = rdtsc() - t->tsc_timestamp;

	delta = t->tsc_shift >= 0 ? delta << t->tsc_shift
				  : delta >> -t->tsc_shift;
	/* By halves: 32-bit kernels have no product of 96 bits. */
	return t->system_time + (delta >> 32) * t->tsc_to_system_mul +
	       ((delta & UINT32_MAX) * t->tsc_to_system_mul >> 32);
}

uint64_t now(const struct pv *s)
{
	return now_by(&s->shared->vcpu_info[0].time);
}
