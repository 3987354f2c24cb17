/* SPDX-License-Identifier: MIT */
/* The summary: counts that were kept anyway, as one JSON object. */
#include "abi/control.h"
#include "hv/report/summary.h"

#include "hv/report/audit.h"
#include "hv/services/console.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/slice.h"
#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/cpu/lapic.h"
#include "hv/report/counters.h"
#include "hv/report/print.h"
#include "hv/report/lines.h"
#include "hv/report/serial.h"
#include "hv/cpu/x86.h"

void summary_start(struct domain *d)
{
	d->counters.started_tsc = x86_rdtsc();
}

static void send_hypercalls(const struct domain *d)
{
	control_open(SUMMARY_HYPERCALLS, '[');
	for (unsigned int nr = 0; nr < HYPERCALLS; nr++) {
		uint64_t calls = counters_calls(d, nr);

		if (calls == 0) {
			continue;
		}
		control_open(NULL, '{');
		control_text(CALL_NAME, hypercall_name(nr));
		control_number(CALL_CALLS, calls);
		control_number(CALL_REFUSED, d->counters.refused[nr]);
		control_close('}');
	}
	control_close(']');
}

static void send_peak(const struct mmu_stats *s)
{
	control_open(SUMMARY_PEAK, '{');
	control_number(PEAK_L1, s->peak[FRAME_L1]);
	control_number(PEAK_L2, s->peak[FRAME_L2]);
	control_number(PEAK_L3, s->peak[FRAME_L3]);
	control_number(PEAK_L4, s->peak[FRAME_L4]);
	control_number(PEAK_DESC, s->peak[FRAME_DESC]);
	control_number(PEAK_WRITABLE, s->peak[FRAME_WRITABLE]);
	control_close('}');
}

static void send_flushes(const struct mmu_stats *s)
{
	control_open(SUMMARY_TLB_FLUSHES, '{');
	control_number(FLUSHES_ALL, s->flush_all);
	control_number(FLUSHES_ONE, s->flush_one);
	control_open(FLUSHES_CAUSES, '{');
	for (unsigned int cause = 0; cause < FLUSH_CAUSES; cause++) {
		if (s->flushed[cause] != 0) {
			control_number(flush_name(cause), s->flushed[cause]);
		}
	}
	control_close('}');
	control_close('}');
}

static void send_traps(const struct domain *d)
{
	control_open(SUMMARY_TRAPS, '{');
	for (unsigned int vector = 0; vector < 32; vector++) {
		uint64_t nr = counters_traps(d, vector);

		if (nr != 0) {
			control_number(trap_name(vector), nr);
		}
	}
	control_number("timer interrupt",
		       counters_traps(d, LAPIC_TIMER_VECTOR));
	control_number("console interrupt", counters_traps(d, CONSOLE_VECTOR));
	control_close('}');
}

void summary_send(const struct domain *d)
{
	const struct mmu_stats *s = &d->mmu.stats;

	control_begin(EVENT_SUMMARY);
	control_number(SUMMARY_DOMAIN, d->mmu.domid);
	send_hypercalls(d);
	control_number(SUMMARY_PTE_WRITES, s->pte_writes);
	control_number(SUMMARY_PTWR, s->ptwr);
	control_number(SUMMARY_VALIDATED, s->validated);
	send_flushes(s);
	send_peak(s);
	send_traps(d);
	control_open(SUMMARY_AUDIT, '{');
	control_number(AUDITS_RUNS, d->counters.audits);
	control_number(AUDITS_DIFFERENCES, d->counters.differences);
	control_close('}');
	/* The TSC counts instructions where it runs by them (-icount). */
	control_number(SUMMARY_INSTRUCTIONS,
		       x86_rdtsc() - d->counters.started_tsc);
	if (slice_measured) {
		const struct slice *most = &cpu_here()->slice;

		control_number(SUMMARY_LONGEST_STRETCH, most->longest_stretch);
		control_hex(SUMMARY_LONGEST_STRETCH_AT, most->longest_at);
		control_number(SUMMARY_LONGEST_STAY, most->longest_stay);
	}
	control_open(SUMMARY_LOST, '{');
	control_number(SUMMARY_LOST_BYTES,
		       serial_lost(SERIAL_CONSOLE).bytes + lines_lost());
	control_number(SUMMARY_LOST_REPORTS,
		       serial_lost(SERIAL_CONTROL).messages);
	control_close('}');
	control_number(SUMMARY_REFUSED_TOTAL, s->refused);
	control_number(SUMMARY_REFUSED_UNTOLD, d->refusals.untold_in_all);
	control_end();
}
