/* SPDX-License-Identifier: MIT */
/*
 * The references that are found by asking those who may hold one. It is the
 * list of the audit (audit.c), asked about one frame: a kind of reference that
 * is not here would leave a count that nothing explains, and the unit test
 * adds them up.
 */
#include "engine/report/uses.h"

struct uses {
	mfn_t frame;
	struct mmu_use *ret;
	unsigned int room;
	unsigned int nr;
};

static void found(struct uses *u, struct mmu_use use)
{
	if (u->nr < u->room) {
		u->ret[u->nr] = use;
	}
	u->nr++;
}

static void ask(struct uses *u, mfn_t f, struct mmu_use use)
{
	if (mfn_eq(f, u->frame)) {
		found(u, use);
	}
}

/* mfn 0 stands for none: it is never a guest's. */
static void ask_vcpu(struct uses *u, const struct mmu_domain *d,
		     const struct mmu_vcpu *v)
{
	struct mmu_use use = {.domid = d->domid, .vcpu = v->id};

	use.kind = MMU_USE_KERNEL_ROOT;
	ask(u, v->kernel_root, use);
	use.kind = MMU_USE_USER_ROOT;
	ask(u, v->user_root, use);
	use.kind = MMU_USE_GDT;
	for (use.index = 0; use.index < GDT_FRAMES; use.index++) {
		ask(u, v->gdt[use.index], use);
	}
	use.kind = MMU_USE_LDT;
	for (use.index = 0; use.index < LDT_FRAMES; use.index++) {
		ask(u, v->ldt[use.index], use);
	}
}

/* Another domain's records of frames that are not its own. */
static void ask_foreign(struct uses *u, const struct mmu_domain *other)
{
	for (unsigned int i = 0; i < MMU_MAX_FOREIGN; i++) {
		const struct mmu_foreign *r = &other->foreign[i];

		if (r->owner != NULL) {
			ask(u, r->frame,
			    (struct mmu_use){.kind = MMU_USE_FOREIGN,
					     .domid = other->domid,
					     .index = r->entries,
					     .writable = r->writable});
		}
	}
}

static void ask_record(struct uses *u, const struct mmu_domain *d,
		       const struct frame *f)
{
	struct mmu_use use = {.domid = d->domid,
			      .writable = f->type == FRAME_WRITABLE};

	if ((f->flags & FRAME_SHARED) != 0) {
		use.kind = MMU_USE_LENT;
		found(u, use);
	}
	use.writable = false;
	if ((f->flags & FRAME_PARTIAL) != 0) {
		use.kind = MMU_USE_PARTIAL;
		found(u, use);
	}
	if ((f->flags & FRAME_DYING) != 0) {
		use.kind = MMU_USE_DYING;
		found(u, use);
	}
}

unsigned int mmu_uses(const struct mmu_domain *d, mfn_t f, struct mmu_use *ret,
		      unsigned int room)
{
	struct uses u = {.frame = f, .ret = ret, .room = room};

	if (f.v == 0 || !mmu_owns(d, f)) {
		return 0;
	}
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		if (d->vcpu[i] != NULL) {
			ask_vcpu(&u, d, d->vcpu[i]);
		}
	}
	for (unsigned int i = 0; i < d->nr_held; i++) {
		ask(&u, d->held[i],
		    (struct mmu_use){.kind = MMU_USE_HELD,
				     .domid = d->domid,
				     .index = i});
	}
	for (unsigned int i = 0; i < MMU_MAX_DOMAINS; i++) {
		const struct mmu_domain *other = d->m->domain[i];

		if (other != NULL) {
			ask_foreign(&u, other);
		}
	}
	ask_record(&u, d, frame_of(d->m, f));
	return u.nr;
}

const char *mmu_use_name(enum mmu_use_kind kind)
{
	switch (kind) {
	case MMU_USE_KERNEL_ROOT:
		return "kernel root";
	case MMU_USE_USER_ROOT:
		return "user root";
	case MMU_USE_GDT:
		return "GDT";
	case MMU_USE_LDT:
		return "LDT";
	case MMU_USE_HELD:
		return "a page that the hypervisor writes";
	case MMU_USE_LENT:
		return "the hypervisor, which lent it";
	case MMU_USE_FOREIGN:
		return "another domain";
	case MMU_USE_PARTIAL:
		return "a validation that has not ended";
	case MMU_USE_DYING:
		return "the queue of tables to be taken down";
	case MMU_USE_KINDS:
		break;
	}
	return "?";
}
