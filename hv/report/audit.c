/* SPDX-License-Identifier: MIT */
/*
 * Audits on the running system: at the domain's end, and on request every so
 * many hypercalls. A difference is a bug of ours; it is reported in full and
 * the guest goes on, so that the first one does not hide the rest.
 */
#include "hv/report/audit.h"

#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/report/log.h"

uint64_t audit_every;
uint64_t audit_countdown;

static bool wanted = true;
static struct audit_tally *tally;
static struct audit_report report;

static bool is(const char *text, const char *word)
{
	while (*word != '\0' && *text == *word) {
		text++;
		word++;
	}
	return *text == *word;
}

bool audit_configure(const char *text)
{
	uint64_t every = 0;

	if (is(text, "off")) {
		wanted = false;
		return true;
	}
	if (is(text, "exit")) {
		return true;
	}
	for (; *text >= '0' && *text <= '9' && every < UINT32_MAX; text++) {
		every = every * 10 + (uint64_t)(*text - '0');
	}
	if (*text != '\0' || every == 0) {
		return false;
	}
	audit_every = every;
	audit_countdown = every;
	return true;
}

bool audit_wanted(void)
{
	return wanted;
}

void audit_init(struct audit_tally *scratch)
{
	tally = scratch;
}

static void report_differences(void)
{
	for (uint64_t i = 0; i < report.total && i < AUDIT_KEPT; i++) {
		const struct audit_difference *x = &report.first[i];

		log_error("audit: %s of mfn %lx: recorded %lx, counted %lx",
			  audit_kind_name(x->kind), x->frame.v, x->seen,
			  x->expected);
	}
}

void audit_run(struct domain *d, const char *when)
{
	struct mmu_domain *doms[] = {&d->mmu};

	if (tally == NULL) {
		return;
	}
	d->counters.audits++;
	mmu_audit(d->mmu.m, doms, 1, tally, &report);
	d->counters.differences += report.total;
	if (report.total == 0 && audit_every != 0 && is(when, "periodic")) {
		return;
	}
	report_differences();
	control_begin("audit");
	control_text("when", when);
	control_number("differences", report.total);
	control_end();
}
