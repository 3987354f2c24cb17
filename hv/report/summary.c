/* SPDX-License-Identifier: MIT */
/* The summary: counts that were kept anyway, as one JSON object. */
#include "hv/report/summary.h"

#include "hv/report/audit.h"
#include "hv/services/console.h"
#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/entry/hypercall.h"
#include "hv/entry/trap.h"
#include "hv/report/print.h"
#include "hv/cpu/x86.h"

static uint64_t started_tsc;

void summary_start(void)
{
	started_tsc = x86_rdtsc();
}

/* Those made by a multicall are the guest's too. */
static void send_hypercalls(const struct mmu_stats *s)
{
	control_open("hypercalls", '[');
	for (unsigned int nr = 0; nr < HYPERCALLS; nr++) {
		uint64_t calls = hypercall_calls[nr] + s->multicalled[nr];

		if (calls == 0) {
			continue;
		}
		control_open(NULL, '{');
		control_text("name", hypercall_name(nr));
		control_number("calls", calls);
		control_number("refused", hypercall_refused[nr]);
		control_close('}');
	}
	control_close(']');
}

static void send_peak(const struct mmu_stats *s)
{
	control_open("peak", '{');
	control_number("l1", s->peak[FRAME_L1]);
	control_number("l2", s->peak[FRAME_L2]);
	control_number("l3", s->peak[FRAME_L3]);
	control_number("l4", s->peak[FRAME_L4]);
	control_number("desc", s->peak[FRAME_DESC]);
	control_number("writable", s->peak[FRAME_WRITABLE]);
	control_close('}');
}

static void send_traps(void)
{
	control_open("traps", '{');
	for (unsigned int vector = 0; vector < 32; vector++) {
		if (trap_counts[vector] != 0) {
			control_number(trap_name(vector), trap_counts[vector]);
		}
	}
	control_number("timer interrupt", trap_counts[TIME_VECTOR]);
	control_number("console interrupt", trap_counts[CONSOLE_VECTOR]);
	control_close('}');
}

void summary_send(const struct domain *d)
{
	const struct mmu_stats *s = &d->mmu.stats;

	control_begin("summary");
	send_hypercalls(s);
	control_number("pte_writes", s->pte_writes);
	control_number("ptwr", s->ptwr);
	control_number("validated", s->validated);
	control_open("tlb_flushes", '{');
	control_number("all", s->flush_all);
	control_number("one", s->flush_one);
	control_close('}');
	send_peak(s);
	send_traps();
	control_open("audit", '{');
	control_number("runs", audit_totals.runs);
	control_number("differences", audit_totals.differences);
	control_close('}');
	/* The TSC counts instructions where it runs by them (-icount). */
	control_number("instructions", x86_rdtsc() - started_tsc);
	control_number("refused_total", s->refused);
	control_end();
}
