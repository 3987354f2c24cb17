/* SPDX-License-Identifier: MIT */
/*
 * A domain's life: what it is given at its start, and how everything returns
 * at its end. Death needs no special teardown: the roots, descriptor slots and
 * pins are let go as a guest would, the dying queue does the rest.
 */
#include "engine/domain/life.h"

#include "abi/guest_range.h"
#include "engine/domain/descriptor.h"
#include "engine/domain/foreign.h"
#include "engine/domain/reservation.h"
#include "engine/domain/shared.h"
#include "engine/port.h"
#include "engine/report/event.h"
#include "engine/table/dying.h"
#include "engine/table/flush.h"
#include "engine/table/level.h"
#include "engine/table/refs.h"

static void set_width(struct mmu_domain *d, const struct pt_width *w)
{
	d->width = w;
	for (unsigned int level = 1; level <= w->top; level++) {
		const struct pt_level *l = &w->level[level];

		d->forbidden[level] =
			PTE_FLAGS_MASK & ~(l->allowed | (l->nx & d->m->pte_nx));
	}
}

void mmu_domain_init(struct mmu_domain *d, struct mmu *m, uint16_t tag,
		     uint16_t domid)
{
	*d = (struct mmu_domain){.m = m, .tag = tag, .domid = domid};
	set_width(d, &pt_64);
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		if (m->domain[i] == NULL) {
			m->domain[i] = d;
			return;
		}
	}
	port_panic(m, "too many domains");
}

void mmu_domain_pae(struct mmu_domain *d)
{
	set_width(d, &pt_pae);
}

void mmu_domain_32(struct mmu_domain *d)
{
	mmu_domain_pae(d);
	d->narrow = true;
}

void mmu_vcpu_init(struct mmu_vcpu *v, struct mmu_domain *d, unsigned int id,
		   pte_t *desc_window)
{
	*v = (struct mmu_vcpu){
		.dom = d,
		.id = id,
		.desc_window = desc_window,
		.low_end = d->width->guest_end < GUEST_LOW_END
				   ? d->width->guest_end
				   : GUEST_LOW_END,
	};
	d->vcpu[id] = v;
	if (d->nr_vcpus <= id) {
		d->nr_vcpus = id + 1;
	}
	gdt_unmap(v);
}

void mmu_assign(struct mmu_domain *d, mfn_t first, pfn_t at, uint64_t nr)
{
	struct frame *fr = frame_of(d->m, first);
	uint64_t *m2p = d->m->m2p + first.v;
	/* A large domain waits for the loop: what it needs is made before. */
	const struct frame given = {
		.counts = 1,
		.what = frame_what(d->tag, FRAME_NONE, FRAME_ALLOCATED),
	};

	for (uint64_t i = 0; i < nr; i++) {
		fr[i] = given;
		m2p[i] = at.v + i;
	}
	for (uint64_t i = 0; d->m->m2p32 != NULL && i < nr; i++) {
		d->m->m2p32[first.v + i] = (uint32_t)(at.v + i);
	}
	if (d->watched) {
		event_tell(d, (struct mmu_event){
				      .kind = MMU_EVENT_ASSIGNED,
				      .frame = first,
				      .where = maddr(at.v << PAGE_SHIFT),
				      .result = (int64_t)nr,
			      });
	}
	d->nr_pages += nr;
	if (d->max_pages < d->nr_pages) {
		d->max_pages = d->nr_pages;
	}
	if (d->nr_pfns < at.v + nr) {
		d->nr_pfns = at.v + nr;
	}
}

static void drop_roots(struct mmu_vcpu *v)
{
	mfn_t kernel = v->kernel_root;
	mfn_t user = v->user_root;

	ldt_unmap(v);
	v->ldt_entries = 0;
	gdt_unmap(v);
	v->kernel_root = mfn(0);
	if (v->top != NULL) {
		pte_write(v->top, pte(0));
	}
	v->user_root = mfn(0);
	if (kernel.v != 0) {
		frame_put_both(v->dom, kernel);
	}
	if (user.v != 0) {
		frame_put_both(v->dom, user);
	}
}

/* What a frame is held by for its domain's sake alone. */
static void drop_frame(struct mmu_domain *d, mfn_t f)
{
	struct frame *fr = frame_of(d->m, f);

	if (fr->flags & FRAME_PARTIAL) {
		dying_abandon(d, f);
	}
	if (fr->flags & FRAME_PINNED) {
		fr->flags &= (uint8_t)~FRAME_PINNED;
		frame_put_both(d, f);
	}
	release_frame(d, f);
}

static void take_back(struct mmu_domain *d, mfn_t f)
{
	shared_take_back(d, f);
}

/*
 * One pass over the machine's frames, for those of the domain, from where the
 * last call stopped: pass n counts from n times their number on.
 */
static int each_frame(struct mmu_domain *d, uint64_t pass,
		      void (*one)(struct mmu_domain *d, mfn_t f))
{
	struct mmu *m = d->m;
	uint64_t start = pass * m->nr_frames;

	while (d->destroy_next < start + m->nr_frames) {
		mfn_t f = mfn(d->destroy_next - start);
		int rc = mmu_settle(d);

		if (rc != 0) {
			return rc;
		}
		if (frame_of(m, f)->owner == d->tag) {
			one(d, f);
		}
		d->destroy_next++;
		if ((d->destroy_next & 255) == 0 && port_preempt(d)) {
			return -XEN_ERESTART;
		}
	}
	return mmu_settle(d);
}

/*
 * No CPU has its tables in CR3, nor finds its descriptors. What they have
 * cached is all that they ever will have: it is dropped, and nothing that goes
 * from now on owes a flush (I9).
 */
static void leave(struct mmu_domain *d)
{
	shared_drop_held(d);
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpu[i] != NULL) {
			drop_roots(d->vcpu[i]);
		}
	}
	mmu_flush_all(d, FLUSH_FREED);
	d->left = true;
}

int life_end(struct mmu_domain *d)
{
	int rc;

	if (!d->left) {
		leave(d);
	}
	if (d->destroy_next <= d->m->nr_frames) {
		rc = each_frame(d, 0, drop_frame);
		if (rc != 0) {
			return rc;
		}
	}
	return each_frame(d, 1, take_back);
}

bool mmu_domain_forget(struct mmu_domain *d)
{
	if (d->nr_pages != 0) {
		return false;
	}
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		if (d->m->domain[i] == d) {
			d->m->domain[i] = NULL;
			foreign_forget(d->m, i);
		}
	}
	return true;
}
