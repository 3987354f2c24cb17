/* SPDX-License-Identifier: MIT */
/*
 * Phases of a boot, for whoever asks how far it came. They are seen from what
 * the domain's state shows after a request, never from the order in which a
 * particular kernel does things, so that any kernel has them; one that does
 * without one (a direct map, users) does not reach it.
 */
#include "hv/report/phase.h"

#include "abi/control.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/x86.h"
#include "abi/xen_32.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/vcpu/vcpu.h"

#define ALL_PHASES ((UINT32_C(1) << PHASES) - 1)

static bool reached(const struct domain *d, enum phase which)
{
	return (d->phase.reached >> which & 1) != 0;
}

static void reach(struct domain *d, enum phase which)
{
	static const char *const names[PHASES] = {
		[PHASE_START] = "start of day",
		[PHASE_OWN_TABLES] = "own tables",
		[PHASE_DIRECT_MAP] = "direct map",
		[PHASE_P2M] = "P2M",
		[PHASE_RUN_TIME] = "run time",
		[PHASE_USERSPACE] = "userspace",
	};
	const uint32_t bit = UINT32_C(1) << which;

	/* Two vCPUs may see it at once. */
	if (reached(d, which) ||
	    (__atomic_fetch_or(&d->phase.reached, bit, __ATOMIC_RELAXED) &
	     bit) != 0) {
		return;
	}
	control_begin(EVENT_PHASE);
	control_number(PHASE_DOMAIN, d->mmu.domid);
	control_text(PHASE_NAME, names[which]);
	control_number(PHASE_US, clock_us_since(d->counters.started_tsc));
	control_end();
}

void phase_start(struct vcpu *v)
{
	v->domain->phase.first_root = v->mmu.kernel_root.v;
	reach(v->domain, PHASE_START);
}

void phase_events(struct domain *d)
{
	if (!reached(d, PHASE_RUN_TIME)) {
		reach(d, PHASE_RUN_TIME);
	}
}

static bool p2m_is_named(const struct domain *d)
{
	const void *page = d->shared_info;
	const struct shared_info_32 *si_32 = page;

	return d->mmu.narrow
		       ? si_32->pfn_to_mfn_frame_list_list != 0
		       : d->shared_info->arch.pfn_to_mfn_frame_list_list != 0;
}

void phase_look(struct vcpu *v)
{
	struct domain *d = v->domain;
	const struct mmu_stats *s = &d->mmu.stats;

	if (d->phase.reached == ALL_PHASES) {
		return;
	}
	if (!reached(d, PHASE_OWN_TABLES)) {
		if (v->mmu.kernel_root.v == d->phase.first_root) {
			return;
		}
		d->phase.first_l1 = s->peak[FRAME_L1];
		reach(d, PHASE_OWN_TABLES);
	}
	if (s->peak[FRAME_L1] > d->phase.first_l1) {
		reach(d, PHASE_DIRECT_MAP);
	}
	if (p2m_is_named(d)) {
		reach(d, PHASE_P2M);
	}
	if (v->mmu.user_root.v != INVALID_FRAME && v->mmu.user_root.v != 0) {
		reach(d, PHASE_USERSPACE);
	}
}
