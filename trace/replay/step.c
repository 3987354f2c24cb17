/* SPDX-License-Identifier: MIT */
/*
 * One record after the other, as far as they stand outside of operations:
 * set-up is done as the hypervisor does it, and an operation is asked for by
 * the engine's function that it came by. Its other records are taken by the
 * port (replay.c) while it runs.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/domain/pool.h"
#include "engine/request/hypercall.h"
#include "engine/table/level.h"
#include "trace/replay/machine.h"

static int index_of(const struct replay *r, uint64_t tag)
{
	for (unsigned int i = 0; i < r->nr_domains; i++) {
		if (r->domain[i]->tag == tag) {
			return (int)i;
		}
	}
	return -1;
}

static struct mmu_domain *domain_of(const struct replay *r, uint64_t tag)
{
	int i = index_of(r, tag);

	return i < 0 ? NULL : r->domain[i];
}

/* Is anything of the piece of memory in these frames? */
static bool is_in(const struct replay *r, const void *piece, uint64_t bytes,
		  uint64_t first, uint64_t nr)
{
	uint64_t at;

	if (piece == NULL) {
		return false;
	}
	at = (uint64_t)((const uint8_t *)piece - r->sim.mmu.ram);
	return at < (first + nr) << PAGE_SHIFT &&
	       at + bytes > first << PAGE_SHIFT;
}

/* The engine writes the M2P, whatever stands there. */
static bool holds_m2p(const struct replay *r, uint64_t first, uint64_t nr)
{
	const struct mmu *m = &r->sim.mmu;

	return (r->own_m2p == NULL &&
		is_in(r, m->m2p, m->nr_frames * sizeof(*m->m2p), first, nr)) ||
	       is_in(r, m->m2p32, m->nr_frames * sizeof(*m->m2p32), first, nr);
}

/* Frames of nobody's, or the hypervisor's own. */
static bool are_ours(const struct replay *r, uint64_t first, uint64_t nr)
{
	for (uint64_t f = first; f < first + nr; f++) {
		uint16_t owner = r->sim.mmu.frames[f].owner;

		if (owner != OWNER_NONE && owner != OWNER_XEN) {
			return false;
		}
	}
	return true;
}

static void own(struct replay *r, const struct trace_record *record)
{
	for (uint64_t i = 0; i < record->word[1]; i++) {
		r->sim.mmu.frames[record->word[0] + i].owner = OWNER_XEN;
	}
}

static void frames(struct replay *r, const struct trace_record *record)
{
	struct mmu_domain *d = domain_of(r, record->domain);
	const uint64_t *w = record->word;
	uint64_t nr = record->kind == TRACE_LEND ? 1 : w[record->nr - 1];

	if (!are_ours(r, w[0], nr)) {
		replay_differs(r, "frames from mfn %llx on belong to somebody",
			       (unsigned long long)w[0]);
		return;
	}
	if (record->kind != TRACE_OWN && holds_m2p(r, w[0], nr)) {
		replay_differs(r, "frames from mfn %llx on hold the M2P",
			       (unsigned long long)w[0]);
		return;
	}
	switch (record->kind) {
	case TRACE_OWN:
		own(r, record);
		break;
	case TRACE_POOL:
		pool_add(&r->sim.mmu, mfn(w[0]), nr);
		break;
	case TRACE_ASSIGN:
		mmu_assign(d, mfn(w[0]), pfn(w[1]), nr);
		break;
	default:
		mmu_share(d, mfn(w[0]), record->detail != 0);
	}
}

static void new_domain(struct replay *r, const struct trace_record *record)
{
	struct mmu_domain *d = calloc(1, sizeof(*d));

	if (d == NULL) {
		replay_differs(r, "no memory for a domain");
		return;
	}
	mmu_domain_init(d, &r->sim.mmu, record->domain, record->detail);
	if (record->nr != 0) {
		mmu_domain_pae(d);
		d->narrow = (record->word[0] & TRACE_NARROW) != 0;
	}
	d->watched = true;
	r->domain[r->nr_domains++] = d;
}

struct replay_vcpu {
	struct mmu_vcpu v;
	pte_t window[DESC_WINDOW_ENTRIES];
	pte_t top; /* of a 32-bit domain's */
};

static void new_vcpu(struct replay *r, const struct trace_record *record)
{
	struct mmu_domain *d = domain_of(r, record->domain);
	struct replay_vcpu *v = calloc(1, sizeof(*v));

	if (v == NULL) {
		replay_differs(r, "no memory for a vCPU");
		return;
	}
	mmu_vcpu_init(&v->v, d, record->vcpu, v->window);
	if (d->width == &pt_pae) {
		v->v.top = &v->top;
	}
}

/* What the CPU may have done to the entry before the guest wrote it. */
static void set_accessed(struct replay *r, const struct trace_record *record)
{
	const uint64_t where =
		record->word[TRACE_BEGIN_WORDS + DIRECT_OPERAND_WHERE];
	uint64_t at = record->at;
	struct trace_record end;
	uint64_t *p = (uint64_t *)(r->sim.mmu.ram + where);

	while (trace_next(r->t, &at, &end) && end.kind != TRACE_END) {
	}
	if (end.kind == TRACE_END && end.nr == 3 && end.word[0] == 0 &&
	    where % sizeof(*p) == 0 &&
	    ((*p ^ end.word[2]) & ~(PTE_A | PTE_D)) == 0) {
		*p = end.word[2];
	}
}

static void direct_write(struct replay *r, struct mmu_vcpu *v,
			 const struct trace_record *record)
{
	const uint64_t *w = record->word + TRACE_BEGIN_WORDS;
	struct direct_write write = {
		.va = vaddr(w[DIRECT_OPERAND_VA]),
		.where = maddr(w[DIRECT_OPERAND_WHERE]),
	};
	uint64_t old = w[DIRECT_OPERAND_OLD];

	set_accessed(r, record);
	(void)!mmu_direct_write(v, &write,
				(enum direct_kind)w[DIRECT_OPERAND_KIND], &old,
				w[DIRECT_OPERAND_VAL]);
}

static void grant(struct replay *r, struct mmu_vcpu *v,
		  const struct trace_record *record)
{
	const uint64_t *w = record->word + TRACE_BEGIN_WORDS;
	struct granted g = {
		.owner = domain_of(r, w[GRANT_OPERAND_OWNER]),
		.address = w[GRANT_OPERAND_ADDRESS],
		.by_pte = (w[GRANT_OPERAND_FLAGS] & GRANT_BY_PTE) != 0,
		.writable = (w[GRANT_OPERAND_FLAGS] & GRANT_WRITABLE) != 0,
		.frame = mfn(w[GRANT_OPERAND_FRAME]),
	};

	if (record->detail == MMU_OP_GRANT_UNMAP) {
		(void)!mmu_grant_unmap(v, &g);
	} else if (record->detail == MMU_OP_GRANT_REPLACE) {
		(void)!mmu_grant_replace(v, &g, w[GRANT_OPERAND_NEW_ADDRESS]);
	} else if (g.owner != NULL) {
		(void)!mmu_grant_map(v, &g);
	}
}

/* A mapping of another domain's frame begins with the loan. */
static void loan(struct replay *r, struct mmu_domain *owner,
		 const struct trace_record *record)
{
	const uint64_t *w = record->word + TRACE_BEGIN_WORDS;
	struct mmu_domain *to = domain_of(r, w[LOAN_OPERAND_TO]);
	struct granted g = {
		.owner = owner,
		.address = w[LOAN_OPERAND_ADDRESS],
		.by_pte = (w[LOAN_OPERAND_FLAGS] & GRANT_BY_PTE) != 0,
		.writable = w[LOAN_OPERAND_WRITABLE] != 0,
		.frame = mfn(w[LOAN_OPERAND_FRAME]),
	};
	struct mmu_vcpu *v = to->vcpu[w[LOAN_OPERAND_VCPU]];

	if (v->kernel_root.v != 0) {
		(void)!mmu_grant_map(v, &g);
	}
}

/* Nothing of it is left but that it was refused, and why: that is done again.
 */
static void multicall(struct replay *r, struct mmu_vcpu *v,
		      const struct trace_record *record)
{
	struct multicall_entry nested = {.op = __HYPERVISOR_multicall};
	uint64_t arg[6] = {PAGE_SIZE, 1};
	uint64_t at = record->at;
	struct trace_record end;

	while (trace_next(r->t, &at, &end) && end.kind != TRACE_END) {
	}
	if (end.kind == TRACE_END && end.word[0] != (uint64_t)-XEN_EFAULT) {
		r->list = &nested;
	}
	(void)hc_multicall(v, arg);
	r->list = NULL;
}

static hypercall_fn *hypercall_of(enum mmu_operation op)
{
	const struct operation_info *info = &operation_info[op];

	return info->hypercall == NO_HYPERCALL || info->nr_words == 0
		       ? NULL
		       : engine_hypercall(info->hypercall);
}

static void by_vcpu(struct replay *r, struct mmu_vcpu *v,
		    const struct trace_record *record)
{
	static const uint8_t zeros[PAGE_SIZE];
	const uint64_t *w = record->word + TRACE_BEGIN_WORDS;
	enum mmu_operation op = (enum mmu_operation)record->detail;
	uint64_t arg[6] = {0};

	switch (op) {
	case MMU_OP_MULTICALL:
		multicall(r, v, record);
		break;
	case MMU_OP_DIRECT_WRITE:
		direct_write(r, v, record);
		break;
	case MMU_OP_GRANT_MAP:
	case MMU_OP_GRANT_UNMAP:
	case MMU_OP_GRANT_REPLACE:
		grant(r, v, record);
		break;
	case MMU_OP_LOAD_CR3:
		(void)!mmu_load_cr3(v, mfn(w[0]));
		break;
	case MMU_OP_LDT_FAULT:
		(void)!mmu_ldt_fault(v, (unsigned int)w[1]);
		break;
	case MMU_OP_HYPERCALL_PAGE:
		(void)!mmu_write_hypercall_page(v, mfn(w[0]), zeros);
		break;
	case MMU_OP_START:
		(void)!mmu_start(v, mfn(w[0]));
		break;
	case MMU_OP_START_VCPU:
		(void)!mmu_start_vcpu(v, v->dom->vcpu[w[START_OPERAND_VCPU]],
				      mfn(w[START_OPERAND_KERNEL]),
				      mfn(w[START_OPERAND_USER]),
				      w + START_OPERAND_GDT,
				      (unsigned int)w[START_OPERAND_ENTRIES]);
		break;
	default:
		if (hypercall_of(op) != NULL) {
			memcpy(arg, w,
			       operation_info[op].nr_words * sizeof(*w));
			v->multicall.at = (uint32_t)record->word[3];
			(void)hypercall_of(op)(v, arg);
			mmu_multicall_end(v);
		}
	}
}

static void unshare(struct replay *r, struct mmu_domain *d, mfn_t first,
		    uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		const struct frame *f =
			frame_of(&r->sim.mmu, mfn_add(first, i));

		if (f->owner != d->tag || (f->flags & FRAME_SHARED) == 0) {
			return;
		}
	}
	(void)!mmu_unshare(d, first, nr);
}

static void by_us(struct replay *r, struct mmu_domain *d,
		  const struct trace_record *record)
{
	const uint64_t *w = record->word + TRACE_BEGIN_WORDS;

	switch ((enum mmu_operation)record->detail) {
	case MMU_OP_HOLD:
		(void)!mmu_hold(d, mfn(w[0]));
		break;
	case MMU_OP_LEND:
		unshare(r, d, mfn(w[0]), w[1]);
		break;
	case MMU_OP_LOAN:
		loan(r, d, record);
		break;
	case MMU_OP_BORROW:
		if (mmu_borrow(d, mfn(w[0]), w[1] != 0) == 0) {
			mmu_give_back(d, mfn(w[0]), w[1] != 0);
		}
		break;
	case MMU_OP_DEATH:
		r->dead[index_of(r, d->tag)] = true;
		(void)!mmu_domain_destroy(d);
		break;
	default:
		break;
	}
}

void replay_operation(struct replay *r, const struct trace_record *record)
{
	struct mmu_domain *d = domain_of(r, record->domain);
	struct mmu_vcpu *v =
		record->vcpu == TRACE_NO_VCPU ? NULL : d->vcpu[record->vcpu];

	if (r->dead[index_of(r, d->tag)] && record->detail != MMU_OP_DEATH) {
		replay_differs(r, "the domain is dead here");
	} else if (v == NULL) {
		by_us(r, d, record);
	} else if (v->kernel_root.v != 0 || record->detail == MMU_OP_START) {
		by_vcpu(r, v, record);
	}
	if (r->at == record->at) {
		replay_differs(r, "nobody asks for %s here",
			       operation_info[record->detail].name);
	}
}

/* A record of set-up: true if it was one. */
bool replay_set_up(struct replay *r, const struct trace_record *record)
{
	switch (record->kind) {
	case TRACE_NAMES:
	case TRACE_STOPPED:
	case TRACE_CLOCK:
	case TRACE_CACHED:
	case TRACE_PAGE_FAULT:
		return true;
	case TRACE_LIMIT:
		domain_of(r, record->domain)->max_pages = record->word[0];
		return true;
	case TRACE_MACHINE:
		(void)replay_make_machine(r, record);
		return true;
	case TRACE_MACHINE_32:
		replay_make_machine_32(r, record);
		return true;
	case TRACE_EXTENDED_CR3:
		domain_of(r, record->domain)->extended_cr3 =
			record->detail != 0;
		return true;
	case TRACE_OWN:
	case TRACE_POOL:
	case TRACE_ASSIGN:
	case TRACE_LEND:
		frames(r, record);
		return true;
	case TRACE_DOMAIN:
		new_domain(r, record);
		return true;
	case TRACE_VCPU:
		new_vcpu(r, record);
		return true;
	default:
		return false;
	}
}

bool replay_step(struct replay *r)
{
	struct trace_record record;
	uint64_t at = r->at;

	if (at >= r->t->whole || !trace_next(r->t, &at, &record)) {
		return false;
	}
	if (replay_set_up(r, &record)) {
		/* Assigning and lending tell events, which are no operations'.
		 */
		r->at = at;
	} else if (record.kind != TRACE_BEGIN) {
		replay_differs(r, "a record that nobody asks for");
	} else {
		replay_operation(r, &record);
	}
	return true;
}
