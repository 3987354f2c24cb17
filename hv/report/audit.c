/* SPDX-License-Identifier: MIT */
/*
 * Audits on the running system: at the domain's end, and on request every so
 * many hypercalls. A difference is a bug of ours; it is reported in full and
 * the guest goes on, so that the first one does not hide the rest.
 */
#include "abi/control.h"
#include "hv/report/audit.h"

#include "hv/cpu/alone.h"
#include "hv/report/control.h"
#include "hv/domain/domain.h"
#include "hv/report/log.h"
#include "hv/vcpu/vcpu.h"

/* The machine's, by its options; scratch memory is used by one at a time. */
static bool wanted = true;
static uint64_t every_calls; /* 0: no periodic audits */
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
	every_calls = every;
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

static const char *when_name(enum audit_when when)
{
	switch (when) {
	case AUDIT_PERIODIC:
		return "periodic";
	case AUDIT_EXIT:
		return "exit";
	case AUDIT_DESTROYED:
		break;
	}
	return "destroyed";
}

void audit_run(struct domain *d, enum audit_when when)
{
	struct mmu_domain *all[DOMAINS];
	unsigned int nr = 0;

	if (tally == NULL) {
		return;
	}
	for (unsigned int i = 0; i < DOMAINS; i++) {
		if (domain_at(i) != NULL) {
			all[nr++] = &domain_at(i)->mmu;
		}
	}
	d->counters.audits++;
	/* No reference is on its way from one domain to another. */
	machine_quiet();
	mmu_audit(d->mmu.m, all, nr, tally, &report);
	machine_quiet_end();
	d->counters.differences += report.total;
	if (report.total == 0 && when == AUDIT_PERIODIC) {
		return;
	}
	report_differences();
	control_begin(EVENT_AUDIT);
	control_number(AUDIT_DOMAIN, d->mmu.domid);
	control_text(AUDIT_WHEN, when_name(when));
	control_number(AUDIT_DIFFERENCES, report.total);
	control_end();
}

bool audit_periodic(void)
{
	return every_calls != 0;
}

void audit_tick(struct vcpu *v)
{
	v->counters.since_audit += every_calls != 0;
}

bool audit_is_due(const struct vcpu *v)
{
	return every_calls != 0 && v->counters.since_audit >= every_calls;
}

void audit_now(struct vcpu *v)
{
	v->counters.since_audit = 0;
	audit_run(v->domain, AUDIT_PERIODIC);
}
