/* SPDX-License-Identifier: MIT */
/*
 * What no rule forbids. Most of it is seen in memory when the domain has
 * stopped, and is the command's to look for; here is what is seen only while it
 * happens, from the engine's events:
 *
 * An entry that was read-only is made writable, and in the next requests
 * nothing drops the old translation: neither a flush nor another root, nor a
 * return to user mode, which is one. A CPU may keep that translation for ever.
 *
 * An update says less than the entry has by now: the CPU has set its accessed
 * or dirty bit meanwhile, and the update takes it away.
 *
 * A table is written to directly, at a fault each.
 *
 * And the frames that have been tables, the last of them: whether they still
 * are read-only is for the command to find.
 */
#include "hv/report/lint.h"

#include "abi/control.h"
#include "engine/port.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/mm/layout.h"
#include "hv/report/control.h"
#include "hv/report/counters.h"
#include "hv/report/reader.h"
#include "hv/report/stack.h"
#include "hv/vcpu/vcpu.h"

/* Requests within which a flush has to come. */
#define WITHIN 64
#define MOST_TOLD 16
#define TAG_SHIFT 48
#define LINT_UNTYPED 4096

bool lint_wanted;

/* Frames that were tables, the domain's tag above each; a ring. */
static uint64_t untyped[LINT_UNTYPED];
static uint64_t nr_untyped;

static const char *const names[LINT_KINDS] = {
	[LINT_NO_FLUSH] = LINT_NAME_NO_FLUSH,
	[LINT_BITS_LOST] = LINT_NAME_BITS_LOST,
	[LINT_DIRECT] = LINT_NAME_DIRECT,
};

/* An example, with who asked. */
static void tell(struct domain *d, const struct mmu_event *e,
		 enum lint_kind kind)
{
	const uint64_t start = x86_rdtsc();

	control_begin(EVENT_LINT);
	control_number(LINT_DOMAIN, d->mmu.domid);
	control_text(LINT_WHAT, names[kind]);
	control_number(LINT_REQUEST, e->serial);
	control_text(LINT_OP, operation_info[e->op.id].name);
	control_hex(LINT_TABLE, maddr_to_mfn(e->where).v);
	control_number(LINT_SLOT, page_offset(e->where.v) / sizeof(pte_t));
	control_hex(LINT_OLD, e->old.v);
	control_hex(LINT_ENTRY, e->entry.v);
	stack_tell(LINT_STACK, current, cpu_guest_regs());
	control_end();
	slice_forgive(x86_rdtsc() - start);
}

static void count(struct domain *d, const struct mmu_event *e,
		  enum lint_kind kind)
{
	if (d->lint.nr[kind]++ == 0) {
		tell(d, e, kind);
	}
}

/* All that drops translations, as far as it is counted. */
static uint64_t flushes(const struct domain *d)
{
	return d->mmu.stats.flush_all + d->mmu.stats.flush_one +
	       counters_calls(d, __HYPERVISOR_iret);
}

static void made_writable(struct domain *d, const struct mmu_event *e)
{
	struct lint *l = &d->lint;

	if (l->open++ != 0) {
		return;
	}
	l->open_since = e->serial;
	l->flushes = flushes(d);
	/* Whether it is one is known later: some are told beforehand. */
	if (l->nr[LINT_NO_FLUSH] == 0 && l->nr_told++ < MOST_TOLD) {
		tell(d, e, LINT_NO_FLUSH);
		l->example = e->serial;
	}
}

static bool loads_root(enum mmu_operation op)
{
	return op == MMU_OP_NEW_BASEPTR || op == MMU_OP_NEW_USER_BASEPTR ||
	       op == MMU_OP_LOAD_CR3;
}

/* An operation has ended. */
static void look_for_flush(struct domain *d, const struct mmu_event *e)
{
	struct lint *l = &d->lint;

	if (l->open == 0) {
		return;
	}
	if (loads_root(e->op.id) || flushes(d) != l->flushes) {
		l->open = 0;
	} else if (e->serial - l->open_since >= WITHIN) {
		l->nr[LINT_NO_FLUSH] += l->open;
		l->open = 0;
	}
}

static void entry_changes(struct domain *d, const struct mmu_event *e)
{
	const uint64_t lost = e->old.v & ~e->entry.v & (PTE_A | PTE_D);

	if (e->op.id == MMU_OP_START || e->op.id == MMU_OP_DEATH) {
		return;
	}
	if (e->op.id == MMU_OP_DIRECT_WRITE) {
		count(d, e, LINT_DIRECT);
	}
	if (!pte_present(e->old) || !pte_present(e->entry) ||
	    !mfn_eq(pte_mfn(e->old), pte_mfn(e->entry))) {
		return;
	}
	if (lost != 0) {
		count(d, e, LINT_BITS_LOST);
	}
	if (!pte_writable(e->old) && pte_writable(e->entry)) {
		made_writable(d, e);
	}
}

void lint_event(struct domain *d, const struct mmu_event *e)
{
	if (!lint_wanted || d->ending != DOMAIN_STOPS) {
		return;
	}
	switch (e->kind) {
	case MMU_EVENT_ENTRY:
		entry_changes(d, e);
		break;
	case MMU_EVENT_UNTYPED:
		untyped[nr_untyped++ % LINT_UNTYPED] =
			e->frame.v | (uint64_t)d->mmu.tag << TAG_SHIFT;
		break;
	case MMU_EVENT_END:
		look_for_flush(d, e);
		break;
	case MMU_EVENT_BEGIN:
	case MMU_EVENT_TYPED:
	case MMU_EVENT_PINNED:
	case MMU_EVENT_UNPINNED:
	case MMU_EVENT_FREED:
	case MMU_EVENT_GIVEN:
	case MMU_EVENT_FLUSHED:
	case MMU_EVENT_JUDGED:
	case MMU_EVENT_ASSIGNED:
	case MMU_EVENT_LENT:
		break;
	}
}

static void tell_roots(const struct domain *d)
{
	control_open(ENDING_ROOTS, '[');
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		const struct mmu_vcpu *v = &d->vcpu[i]->mmu;

		if (v->kernel_root.v != 0) {
			control_hex(NULL, v->kernel_root.v);
		}
		if (v->user_root.v != 0) {
			control_hex(NULL, v->user_root.v);
		}
	}
	control_close(']');
}

void lint_end(struct domain *d)
{
	const struct lint *l = &d->lint;

	if (!lint_wanted) {
		return;
	}
	reader_begin();
	control_begin(EVENT_ENDING);
	control_number(ENDING_DOMAIN, d->mmu.domid);
	control_number(ENDING_NO_FLUSH, l->nr[LINT_NO_FLUSH]);
	control_number(ENDING_NO_FLUSH_FIRST, l->example);
	control_number(ENDING_BITS_LOST, l->nr[LINT_BITS_LOST]);
	control_number(ENDING_DIRECT, l->nr[LINT_DIRECT]);
	control_number(ENDING_WRITES, d->mmu.stats.pte_writes);
	control_hex(ENDING_UNTYPED, image_address(untyped));
	control_number(ENDING_NR_UNTYPED,
		       nr_untyped < LINT_UNTYPED ? nr_untyped : LINT_UNTYPED);
	tell_roots(d);
	control_end();
	reader_end();
}
