/* SPDX-License-Identifier: MIT */
/*
 * What must be allowed. The invariants say what may never be; an engine that
 * refuses all would keep every one of them. So here is, apart from the engine,
 * when a request has to be carried out: the frames that it names are the
 * domain's own, and each can be what it would become, with all that its
 * entries name in turn. A frame can be of a type if it is in use as just that,
 * or in no use, half-done tables included, and holds nothing that stands
 * against it.
 *
 * Where this cannot tell (tables of one level that map each other, one frame in
 * two roles, foreign frames, counts near their limits) it demands nothing.
 */
#include "tests/explore/allow.h"

#include "tests/explore/find.h"

struct plan {
	const struct world *w;
	const struct mmu_domain *d;
	/* What each frame has to be for it, or 0. */
	uint8_t as[MAX_NAMED];
};

static const struct frame *record(const struct plan *p, uint8_t name)
{
	return frame_of(&p->w->mmu, named(name));
}

/* And stays it, whatever else lets go of it. */
static bool is_own(const struct plan *p, uint8_t name)
{
	return name < p->w->nr_named && mmu_owns(p->d, named(name)) &&
	       (record(p, name)->flags & FRAME_ALLOCATED) != 0;
}

static bool is_in_use(const struct frame *fr)
{
	return fr->type_count > 0 && (fr->flags & FRAME_PARTIAL) == 0;
}

static bool is_allowed_entry(const struct plan *p, unsigned int level, pte_t e)
{
	uint64_t no = PTE_PWT | PTE_PCD | PTE_PS | (level > 1 ? PTE_G : 0);

	return (e.v & no) == 0 &&
	       is_own(p, (uint8_t)name_of(p->w, pte_mfn(e).v));
}

static bool can_be(struct plan *p, uint8_t name, unsigned int type);

static bool can_hold(struct plan *p, uint8_t table, unsigned int level, pte_t e)
{
	uint8_t child = (uint8_t)name_of(p->w, pte_mfn(e).v);

	if (!is_allowed_entry(p, level, e)) {
		return false;
	}
	if (level == 1) {
		return !pte_writable(e) || can_be(p, child, FRAME_WRITABLE);
	}
	if (child == table) {
		return !pte_writable(e);
	}
	if (p->as[child] == level ||
	    (record(p, child)->type == level && is_in_use(record(p, child)))) {
		return false; /* by the limits of linear tables */
	}
	return can_be(p, child, level - 1);
}

static bool can_hold_all(struct plan *p, uint8_t table, unsigned int level)
{
	const struct scope *s = p->w->scope;
	const pte_t *e = frame_ptes(&p->w->mmu, named(table));

	/* What it has of the hypervisor's from when it was an L4. */
	if (level != 4 && e[XEN_L4_FIRST + 1].v != 0) {
		return false;
	}
	for (unsigned int i = 0; i < s->nr_slots; i++) {
		bool xens = level == 4 && s->slot[i] >= XEN_L4_FIRST &&
			    s->slot[i] <= XEN_L4_LAST;

		if (!xens && pte_present(e[s->slot[i]]) &&
		    !can_hold(p, table, level, e[s->slot[i]])) {
			return false;
		}
	}
	return true;
}

static bool is_empty(const struct plan *p, uint8_t name)
{
	const pte_t *e = frame_ptes(&p->w->mmu, named(name));
	uint64_t any = e[XEN_L4_FIRST + 1].v;

	for (unsigned int i = 0; i < p->w->scope->nr_slots; i++) {
		any |= e[p->w->scope->slot[i]].v;
	}
	return any == 0;
}

static bool can_be(struct plan *p, uint8_t name, unsigned int type)
{
	const struct frame *fr;

	if (!is_own(p, name)) {
		return false;
	}
	if (p->as[name] != 0) {
		return p->as[name] == type;
	}
	p->as[name] = (uint8_t)type;
	fr = record(p, name);
	if (is_in_use(fr)) {
		return fr->type == type;
	}
	switch (type) {
	case FRAME_WRITABLE:
		return true;
	case FRAME_DESC:
		return is_empty(p, name);
	default:
		return can_hold_all(p, name, type);
	}
}

/* --- requests -------------------------------------------------------------
 */

/* Of an entry in a table in use. */
static bool may_update(struct plan *p, const struct request *r, uint8_t table)
{
	unsigned int slot = p->w->scope->slot[r->slot];
	unsigned int level = record(p, table)->type;
	pte_t e = request_entry(p->w, r);

	if (level == 4 && slot >= XEN_L4_FIRST && slot <= XEN_L4_LAST) {
		return false;
	}
	p->as[table] = (uint8_t)level;
	return !pte_present(e) || can_hold(p, table, level, e);
}

static bool may_write(struct plan *p, const struct request *r)
{
	uint8_t table = r->frame;

	if (r->kind == REQUEST_VA_MAPPING) {
		table = find_last(p->w, &p->w->vcpu[r->vcpu]);
	}
	if (!is_own(p, table)) {
		return false;
	}
	if (r->kind == REQUEST_UPDATE || r->kind == REQUEST_UPDATE_AD) {
		return request_is_live_table(p->w, table)
			       ? may_update(p, r, table)
			       : can_be(p, table, FRAME_WRITABLE);
	}
	/* These are of L1s alone. */
	return request_is_live_table(p->w, table) &&
	       record(p, table)->type == FRAME_L1 && may_update(p, r, table);
}

/* The reservation's reference is the only one. */
static bool is_spare(const struct plan *p, uint8_t name)
{
	return is_own(p, name) && record(p, name)->count == 1;
}

static bool may_have_gdt(struct plan *p, const struct request *r)
{
	return r->frame == OPERAND_NONE ||
	       (can_be(p, r->frame, FRAME_DESC) &&
		(r->other == OPERAND_NONE || can_be(p, r->other, FRAME_DESC)));
}

static bool may_describe(struct plan *p, const struct request *r)
{
	return (is_own(p, r->frame) && is_in_use(record(p, r->frame)) &&
		record(p, r->frame)->type == FRAME_DESC) ||
	       can_be(p, r->frame, FRAME_WRITABLE);
}

/* Into a live L1, a frame of one's own. */
static bool may_be_granted(struct plan *p, const struct request *r)
{
	return is_own(p, r->frame) && request_is_live_table(p->w, r->frame) &&
	       record(p, r->frame)->type == FRAME_L1 && is_own(p, r->other) &&
	       (r->level == 0 || can_be(p, r->other, FRAME_WRITABLE));
}

static bool may_take(const struct plan *p)
{
	return p->w->mmu.nr_free > 0 && p->d->nr_pages < p->d->max_pages;
}

/* All that is given at once is another's to have at the end. */
static bool may_exchange(const struct plan *p, const struct request *r)
{
	return p->w->mmu.nr_free > 0 && is_spare(p, r->frame) &&
	       (r->other == OPERAND_NONE ||
		(r->other != r->frame && is_spare(p, r->other)));
}

static bool must_be_done(struct plan *p, const struct request *r)
{
	switch (r->kind) {
	case REQUEST_UPDATE:
	case REQUEST_UPDATE_AD:
	case REQUEST_VA_MAPPING:
	case REQUEST_DIRECT:
	case REQUEST_CMPXCHG:
		return may_write(p, r);
	case REQUEST_PIN:
		return is_own(p, r->frame) &&
		       (record(p, r->frame)->flags & FRAME_PINNED) == 0 &&
		       can_be(p, r->frame, r->level);
	case REQUEST_UNPIN:
		return is_own(p, r->frame) &&
		       (record(p, r->frame)->flags & FRAME_PINNED) != 0;
	case REQUEST_USER_BASEPTR:
		return r->frame == OPERAND_NONE || can_be(p, r->frame, 4);
	case REQUEST_BASEPTR:
	case REQUEST_LOAD_CR3:
		return can_be(p, r->frame, 4);
	case REQUEST_SET_GDT:
		return may_have_gdt(p, r);
	case REQUEST_SET_LDT:
	case REQUEST_FLUSH_ALL:
	case REQUEST_FLUSH_LOCAL:
	case REQUEST_FLUSH_MULTI:
		return true;
	case REQUEST_DESCRIPTOR:
		return may_describe(p, r);
	case REQUEST_COPY_PAGE:
		return is_own(p, r->other) &&
		       can_be(p, r->frame, FRAME_WRITABLE);
	case REQUEST_HOLD:
		return p->d->nr_held < MMU_MAX_HELD &&
		       can_be(p, r->frame, FRAME_WRITABLE);
	case REQUEST_BORROW:
		return is_own(p, r->frame) &&
		       (r->level == 0 || can_be(p, r->frame, FRAME_WRITABLE));
	case REQUEST_TAKE:
		return p->w->mmu.nr_free > 0;
	case REQUEST_CLEAR_PAGE:
	case REQUEST_HYPERCALL_PAGE:
		return can_be(p, r->frame, FRAME_WRITABLE);
	case REQUEST_INCREASE:
	case REQUEST_POPULATE:
		return may_take(p);
	case REQUEST_DECREASE:
		return is_spare(p, r->frame);
	case REQUEST_EXCHANGE:
		return may_exchange(p, r);
	case REQUEST_GRANT_MAP:
		return may_be_granted(p, r);
	default:
		return false;
	}
}

void allow_check(struct world *w, const struct request *r)
{
	struct plan p = {.w = w, .d = w->vcpu[r->vcpu].dom};

	/* What goes down first may change what is asked for. */
	if (r->must_fail || p.d->dying_head != 0 ||
	    (w->scope->groups & GROUP_LIMIT) != 0) {
		return;
	}
	if (must_be_done(&p, r)) {
		world_fault(w, "it was refused without a reason");
	}
}
