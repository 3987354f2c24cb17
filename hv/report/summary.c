/* SPDX-License-Identifier: MIT */
/* The summary: counts that were kept anyway, as one JSON object. */
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
#include "hv/report/serial.h"
#include "hv/cpu/x86.h"

void summary_start(struct domain *d)
{
	d->counters.started_tsc = x86_rdtsc();
}

static void send_hypercalls(const struct domain *d)
{
	control_open("hypercalls", '[');
	for (unsigned int nr = 0; nr < HYPERCALLS; nr++) {
		uint64_t calls = counters_calls(d, nr);

		if (calls == 0) {
			continue;
		}
		control_open(NULL, '{');
		control_text("name", hypercall_name(nr));
		control_number("calls", calls);
		control_number("refused", d->counters.refused[nr]);
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

static void send_traps(const struct domain *d)
{
	control_open("traps", '{');
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

	control_begin("summary");
	send_hypercalls(d);
	control_number("pte_writes", s->pte_writes);
	control_number("ptwr", s->ptwr);
	control_number("validated", s->validated);
	control_open("tlb_flushes", '{');
	control_number("all", s->flush_all);
	control_number("one", s->flush_one);
	control_close('}');
	send_peak(s);
	send_traps(d);
	control_open("audit", '{');
	control_number("runs", d->counters.audits);
	control_number("differences", d->counters.differences);
	control_close('}');
	/* The TSC counts instructions where it runs by them (-icount). */
	control_number("instructions", x86_rdtsc() - d->counters.started_tsc);
	if (slice_measured) {
		const struct slice *most = &cpu_here()->slice;

		control_number("longest_stretch", most->longest_stretch);
		control_hex("longest_stretch_at", most->longest_at);
		control_number("longest_stay", most->longest_stay);
	}
	control_open("lost", '{');
	control_number("console_bytes", serial_lost(SERIAL_CONSOLE).bytes);
	control_number("reports", serial_lost(SERIAL_CONTROL).messages);
	control_close('}');
	control_number("refused_total", s->refused);
	control_number("refused_untold", d->refusals.untold_in_all);
	control_end();
}
