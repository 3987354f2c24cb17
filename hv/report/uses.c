/* SPDX-License-Identifier: MIT */
/*
 * Page tables are not searched here, the command does that. What is in no
 * table the command cannot see: roots, descriptor tables, pages that the
 * hypervisor itself writes, grants. All of it stands in arrays of fixed size,
 * the grant table being the largest, and takes a small part of the time that
 * the event itself takes on its serial line.
 */
#include "hv/report/uses.h"

#include "abi/control.h"
#include "engine/report/uses.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/grants.h"
#include "hv/vcpu/vcpu.h"

#define MOST_TOLD 8

struct telling {
	const struct domain *d;
	mfn_t frame;
	unsigned int nr;
};

/* One more: is it to be told? If so, the record is open. */
static bool begin(struct telling *t, const char *by)
{
	if (t->nr++ >= MOST_TOLD) {
		return false;
	}
	control_open(NULL, '{');
	control_text(USE_BY, by);
	return true;
}

static bool is_at(const struct telling *t, const void *page)
{
	uint64_t at;

	if (page == NULL) {
		return false;
	}
	at = (uint64_t)((const uint8_t *)page - t->d->mmu.m->ram);
	return mfn_eq(maddr_to_mfn(maddr(at)), t->frame);
}

/* What the hypervisor has to write to in a page of the guest's. */
static void tell_held(struct telling *t)
{
	if (is_at(t, t->d->console.ring)) {
		if (begin(t, "console ring")) {
			control_close('}');
		}
		return;
	}
	if (is_at(t, t->d->store.ring)) {
		if (begin(t, "store ring")) {
			control_close('}');
		}
		return;
	}
	if (begin(t, "vcpu_info")) {
		for (unsigned int i = 0; i < t->d->nr_vcpus; i++) {
			if (mfn_eq(t->d->vcpu[i]->event.registered, t->frame)) {
				control_number(USE_VCPU, i);
				break;
			}
		}
		control_close('}');
	}
}

static void tell_engines(struct telling *t, const struct mmu_use *u)
{
	if (u->kind == MMU_USE_HELD) {
		tell_held(t);
		return;
	}
	if (!begin(t, mmu_use_name(u->kind))) {
		return;
	}
	switch (u->kind) {
	case MMU_USE_GDT:
	case MMU_USE_LDT:
		control_number(USE_INDEX, u->index);
		control_number(USE_VCPU, u->vcpu);
		break;
	case MMU_USE_KERNEL_ROOT:
	case MMU_USE_USER_ROOT:
		control_number(USE_VCPU, u->vcpu);
		break;
	case MMU_USE_FOREIGN:
		control_number(USE_DOMAIN, u->domid);
		control_number(USE_ENTRIES, u->index);
		control_flag(USE_WRITABLE, u->writable);
		break;
	case MMU_USE_LENT:
		control_flag(USE_WRITABLE, u->writable);
		break;
	case MMU_USE_HELD:
	case MMU_USE_PARTIAL:
	case MMU_USE_DYING:
	case MMU_USE_KINDS:
		break;
	}
	control_close('}');
}

static void tell_mappings(struct telling *t)
{
	for (unsigned int i = 0; i < GRANT_MAPPINGS; i++) {
		const struct grant_mapping *m = &t->d->grant.mapping[i];

		if (m->flags == 0 || !mfn_eq(m->frame, t->frame) ||
		    !begin(t, "mapping of a grant")) {
			continue;
		}
		control_number(USE_HANDLE, i);
		control_number(USE_INDEX, m->ref);
		control_flag(USE_WRITABLE, (m->flags & GNTMAP_readonly) == 0);
		control_close('}');
	}
}

static void tell_grants(struct telling *t)
{
	struct grant_seen g = {0};

	for (uint32_t from = 0; grants_find(t->d, t->frame, from, &g);
	     from = g.ref + 1) {
		if (!begin(t, "grant")) {
			continue;
		}
		control_number(USE_INDEX, g.ref);
		control_number(USE_DOMAIN, g.to);
		control_flag(USE_WRITABLE, g.writable);
		control_flag(USE_ACTIVE, g.active);
		control_close('}');
	}
}

void uses_tell(const char *key, const char *more, const struct domain *d,
	       mfn_t frame)
{
	struct telling t = {.d = d, .frame = frame};
	struct mmu_use use[MOST_TOLD];
	unsigned int nr = mmu_uses(&d->mmu, frame, use, MOST_TOLD);

	control_open(key, '[');
	for (unsigned int i = 0; i < nr && i < MOST_TOLD; i++) {
		tell_engines(&t, &use[i]);
	}
	t.nr = nr;
	/* A grant names the frame whether or not the frame is still ours. */
	tell_mappings(&t);
	tell_grants(&t);
	control_close(']');
	if (t.nr > MOST_TOLD) {
		control_number(more, t.nr - MOST_TOLD);
	}
}
