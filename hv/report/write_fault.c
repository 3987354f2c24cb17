/* SPDX-License-Identifier: MIT */
/*
 * Two mistakes that no request shows. A kernel takes a page for its own that
 * is a page table still, or stores to a table above L1, which is not emulated:
 * it gets a page fault, and says "unable to handle page fault" at best. Or it
 * made a page writable and did not flush: it gets a fault that its tables do
 * not explain. Both are told here, the first few of them; faults that are
 * neither, as of copy on write, cost a walk.
 */
#include "hv/report/write_fault.h"

#include "engine/table/walk.h"
#include "abi/control.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/clock.h"
#include "hv/domain/domain.h"
#include "hv/report/control.h"
#include "hv/report/log.h"
#include "hv/report/reader.h"
#include "hv/report/stack.h"
#include "hv/report/uses.h"
#include "hv/vcpu/vcpu.h"

#define MOST_TOLD 8

struct found {
	vaddr_t va;
	mfn_t frame;
	mfn_t table;
	pte_t entry;
	bool allowed; /* to be written, by all levels */
};

/* False: nothing of RAM is mapped there. */
static bool find(const struct vcpu *v, vaddr_t va, struct found *f)
{
	const struct mmu *m = v->domain->mmu.m;
	const struct pt_width *w = v->domain->mmu.width;
	pte_t entries[5];

	if (mmu_walk(m, w, v->mmu.kernel_root, va, entries) != w->top ||
	    !pte_present(entries[1])) {
		return false;
	}
	*f = (struct found){
		.va = va,
		.frame = pte_mfn(entries[1]),
		.table = pte_mfn(entries[2]),
		.entry = entries[1],
		.allowed = true,
	};
	for (unsigned int level = 1; level <= w->top; level++) {
		f->allowed &= pte_writable(entries[level]);
	}
	return mfn_valid(m, f->frame);
}

static bool is_table(const struct vcpu *v, mfn_t f)
{
	const struct frame *fr = frame_of(v->domain->mmu.m, f);

	return frame_type_refs(fr) != 0 &&
	       (frame_is_table(fr->type) || fr->type == FRAME_DESC);
}

/* Members of either event: they have the same names. */
static void tell(struct vcpu *v, const struct regs *r, const struct found *f,
		 const char *event, uint64_t nr)
{
	const struct domain *d = v->domain;
	const struct mmu *m = d->mmu.m;

	control_begin(event);
	control_number(TABLE_WRITE_DOMAIN, d->mmu.domid);
	control_hex(TABLE_WRITE_VA, f->va.v);
	control_hex(TABLE_WRITE_MFN, f->frame.v);
	if (m->m2p[f->frame.v] != INVALID_FRAME) {
		control_hex(TABLE_WRITE_PFN, m->m2p[f->frame.v]);
	}
	control_hex(TABLE_WRITE_SEEN, frame_type_info(frame_of(m, f->frame)));
	control_hex(TABLE_WRITE_TABLE, f->table.v);
	control_number(TABLE_WRITE_SLOT, pt_index(f->va, 1));
	control_hex(TABLE_WRITE_ENTRY, f->entry.v);
	control_number(TABLE_WRITE_REQUEST, d->mmu.serial);
	control_number(TABLE_WRITE_US, clock_us_since(d->counters.started_tsc));
	control_number(TABLE_WRITE_VCPU, v->id);
	control_hex(TABLE_WRITE_RIP, r->rip);
	stack_tell(TABLE_WRITE_STACK, v, r);
	control_number(TABLE_WRITE_NR, nr);
	uses_tell(TABLE_WRITE_USES, TABLE_WRITE_MORE_USES, d, f->frame);
	control_end();
}

enum look { LOOK_ORDINARY, LOOK_TABLE, LOOK_ALLOWED };

/* What it is, as far as the entry says it: the quick part. */
static inline enum look look_at(struct vcpu *v, vaddr_t va)
{
	mfn_t table;
	const pte_t *l1e = mmu_find_l1e(&v->mmu, va, &table);
	pte_t e = l1e == NULL ? pte(0) : pte_read(l1e);

	if (!pte_present(e) || !mfn_valid(v->domain->mmu.m, pte_mfn(e))) {
		return LOOK_ORDINARY;
	}
	if (pte_writable(e)) {
		return LOOK_ALLOWED;
	}
	return is_table(v, pte_mfn(e)) ? LOOK_TABLE : LOOK_ORDINARY;
}

bool write_fault_plain(struct vcpu *v, uint64_t va)
{
	bool plain;

	/* This is hot, and with one CPU nobody changes a table meanwhile. */
	if (nr_cpus == 1) {
		return look_at(v, vaddr(va)) == LOOK_ORDINARY;
	}
	alone_begin();
	mmu_look(&v->domain->mmu);
	plain = look_at(v, vaddr(va)) == LOOK_ORDINARY;
	mmu_look_end(&v->domain->mmu);
	alone_end();
	return plain;
}

static void tell_table(struct vcpu *v, const struct regs *r, vaddr_t va)
{
	struct domain *d = v->domain;
	struct found f;

	if (d->write_faults.tables++ >= MOST_TOLD || !find(v, va, &f)) {
		return;
	}
	log_warn("d%uv%u writes to mfn %lx at %016lx, a table: rip %016lx",
		 (unsigned int)d->mmu.domid, v->id, f.frame.v, va.v, r->rip);
	reader_begin();
	tell(v, r, &f, EVENT_TABLE_WRITE, d->write_faults.tables);
	reader_end();
}

static void look_and_tell(struct vcpu *v, const struct regs *r, uint64_t va)
{
	struct domain *d = v->domain;
	struct found f;

	switch (look_at(v, vaddr(va))) {
	case LOOK_ORDINARY:
		break;
	case LOOK_TABLE:
		tell_table(v, r, vaddr(va));
		break;
	case LOOK_ALLOWED:
		if (find(v, vaddr(va), &f) && f.allowed &&
		    d->write_faults.stale++ < MOST_TOLD) {
			tell(v, r, &f, EVENT_STALE, d->write_faults.stale);
		}
		break;
	}
}

/* The tables stay as they are while they are walked. */
void write_fault_tell(struct vcpu *v, const struct regs *r, uint64_t va)
{
	if (v->kernel_mode) {
		mmu_look(&v->domain->mmu);
		look_and_tell(v, r, va);
		mmu_look_end(&v->domain->mmu);
	}
}
