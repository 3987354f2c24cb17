/* SPDX-License-Identifier: MIT */
/*
 * States. The machine's memory is large and nearly all of it zero; a state
 * keeps the used slots of each frame, its record, what the CPUs have cached of
 * it, and the few fields of the domains and vCPUs that requests change.
 *
 * Left out is what no later step looks at but by comparing: the flush epoch,
 * of which only "is it the frame's?" counts, statistics, serial numbers, the
 * refusal record. Two states that differ by a renaming of the free frames are
 * one: no rule tells these frames apart, the lists of the pool are in order of
 * time, and the dying queue, too. The one thing that goes by number is a
 * domain's death, which looks at frame after frame: while that stands half-way,
 * names stay.
 *
 * state_is_exact() proves for each new state that nothing was left out.
 */
#include "tests/explore/state.h"
#include "tests/explore/state_record.h"

#include <stdlib.h>
#include <string.h>

#define NO_NAME 0xff

/* Frames of the machine that have no name, then numbers that are no frames. */
#define FIRST_SPECIAL 0x80
#define FIRST_BEYOND (FIRST_SPECIAL + WORLD_FRAMES)

/* Values seen in entries, beside the frames: in order of appearance. */
static struct {
	uint64_t beyond[64];
	unsigned int nr_beyond;
	uint64_t flags[256];
	unsigned int nr_flags;
	uint16_t at[1024]; /* a hash table: from 1, where in flags */
} seen;

struct writer {
	uint8_t *at;
	const struct world *w;
	const uint8_t *code; /* of each frame of the machine, in this state */
};

static unsigned int beyond_code(uint64_t frame)
{
	unsigned int i = 0;

	while (i < seen.nr_beyond && seen.beyond[i] != frame) {
		i++;
	}
	if (i == 64) {
		abort();
	}
	if (i == seen.nr_beyond) {
		seen.beyond[seen.nr_beyond++] = frame;
	}
	return FIRST_BEYOND + i;
}

static unsigned int flags_code(uint64_t flags)
{
	uint64_t at = flags * UINT64_C(0x9e3779b97f4a7c15) >> 54;

	while (seen.at[at] != 0 && seen.flags[seen.at[at] - 1] != flags) {
		at = (at + 1) % 1024;
	}
	if (seen.at[at] == 0) {
		if (seen.nr_flags == 256) {
			abort();
		}
		seen.flags[seen.nr_flags++] = flags;
		seen.at[at] = (uint16_t)seen.nr_flags;
	}
	return seen.at[at] - 1u;
}

static void put(struct writer *to, uint64_t v)
{
	*to->at++ = (uint8_t)v;
}

/* A frame by name; 0 is none, as in the engine's own lists. */
static void put_frame(struct writer *to, uint64_t frame)
{
	put(to, frame < WORLD_FRAMES ? to->code[frame] : beyond_code(frame));
}

static uint64_t get_frame(const uint8_t **from)
{
	uint8_t v = *(*from)++;

	if (v == NO_NAME) {
		return 0;
	}
	if (v >= FIRST_BEYOND) {
		return seen.beyond[v - FIRST_BEYOND];
	}
	return v < FIRST_SPECIAL ? named(v).v : (uint64_t)(v - FIRST_SPECIAL);
}

static void put_entry(struct writer *to, pte_t e)
{
	put_frame(to, pte_mfn(e).v);
	put(to, flags_code(pte_flags(e)));
}

static uint8_t owner_class(uint16_t owner)
{
	return owner >= OWNER_FREED ? (uint8_t)(owner - OWNER_FREED + 100)
				    : (uint8_t)owner;
}

static uint16_t owner_of_class(uint8_t class)
{
	return class >= 100 ? (uint16_t)(class - 100 + OWNER_FREED) : class;
}

/* Counts beyond this are found to be wrong long before. */
static uint64_t small(uint64_t count)
{
	return count < 0xf0 ? count : 0xf0;
}

static struct bias bias_of(const struct world *w, unsigned int name)
{
	bool has_one = (w->scope->groups & GROUP_LIMIT) != 0 &&
		       name == world_biased(w);

	return has_one ? w->bias : (struct bias){0};
}

/* What does not name other frames; the order of frames goes by it. */
static void put_record(struct writer *to, unsigned int name)
{
	const struct frame *fr = frame_of(&to->w->mmu, named(name));
	struct bias b = bias_of(to->w, name);
	bool in_list = is_listed(fr);

	put(to, owner_class(fr->owner));
	/* A note of an earlier epoch says nothing any more. */
	put(to, has_progress(fr) && !was_walked(to->w, fr)
			? fr->flags & (0xffu ^ FRAME_WALKED)
			: fr->flags);
	put(to, fr->type);
	put(to, in_list ? 0 : small(fr->count - b.count));
	put(to, in_list || (fr->flags & FRAME_DYING) != 0
			? 0
			: small(fr->type_count - b.type));
	if (has_progress(fr)) {
		put(to, fr->table.nr_validated & 0xff);
		put(to, fr->table.nr_validated >> 8);
		put(to, (uint8_t)(fr->table.linear - b.linear));
	} else {
		put(to, !in_list && epoch_runs(to->w, fr));
		put(to, 0);
		put(to, 0);
	}
	for (unsigned int i = 0; i < to->w->nr_vcpus; i++) {
		put(to, to->w->cached[i][named(name).v] & 0xff);
		put(to, to->w->cached[i][named(name).v] >> CACHED_BY_USER);
	}
}

static void put_contents(struct writer *to, unsigned int name)
{
	const struct world *w = to->w;
	const struct frame *fr = frame_of(&w->mmu, named(name));
	const pte_t *e = frame_ptes(&w->mmu, named(name));
	bool in_list = is_listed(fr);

	put_frame(to, in_list ? fr->count : 0);
	put_frame(to, in_list || (fr->flags & FRAME_DYING) != 0 ? fr->type_count
								: 0);
	put(to, e[XEN_L4_FIRST + 1].v == w->mmu.xen_slots[1].v &&
			e[XEN_L4_FIRST + 1].v != 0);
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		put_entry(to, e[w->scope->slot[i]]);
	}
}

static void put_domain(struct writer *to, unsigned int dom)
{
	const struct mmu_domain *d = &to->w->dom[dom];

	put(to, to->w->dead[dom]);
	put(to, d->left);
	put(to, d->destroy_next);
	put(to, d->nr_freed);
	put(to, d->nr_pages);
	put(to, d->owed);
	put_frame(to, d->dying_head);
	put_frame(to, d->freed_head);
	put(to, small(d->nr_held));
	for (unsigned int i = 0; i < HELD_KEPT; i++) {
		put_frame(to, i < d->nr_held ? d->held[i].v : 0);
	}
	for (unsigned int i = 0; i < FOREIGN_KEPT; i++) {
		const struct mmu_foreign *f = &d->foreign[i];

		put(to, f->owner == NULL
				? 0
				: (uint64_t)(f->owner - to->w->dom) + 1);
		put_frame(to, f->frame.v);
		put(to, f->writable);
		put(to, small(f->entries));
	}
}

static void put_vcpu(struct writer *to, const struct mmu_vcpu *v)
{
	put_frame(to, v->kernel_root.v);
	put_frame(to, v->user_root.v);
	put(to, v->gdt_entries & 0xff);
	put(to, v->gdt_entries >> 8);
	for (unsigned int i = 0; i < GDT_KEPT; i++) {
		put_frame(to, v->gdt[i].v);
	}
	put(to, v->ldt_base >> PAGE_SHIFT & 0xff);
	put(to, v->ldt_entries & 0xff);
	put(to, v->ldt_entries >> 8);
	put_frame(to, v->ldt[0].v);
}

static unsigned int put_all(struct world *w, const struct naming *names,
			    uint8_t *bytes)
{
	uint8_t code[WORLD_FRAMES];
	struct writer to = {.at = bytes, .w = w, .code = code};

	for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
		code[i] = (uint8_t)(FIRST_SPECIAL + i);
	}
	code[0] = NO_NAME;
	for (unsigned int i = 0; i < w->nr_named; i++) {
		code[named(names->at[i]).v] = (uint8_t)i;
	}
	for (unsigned int i = 0; i < w->nr_named; i++) {
		put_record(&to, names->at[i]);
		put_contents(&to, names->at[i]);
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		put_domain(&to, i);
	}
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		put_vcpu(&to, &w->vcpu[i]);
	}
	put_frame(&to, w->mmu.free_run[0]);
	put(&to, w->mmu.nr_free);
	return (unsigned int)(to.at - bytes);
}

static struct naming own_names(void)
{
	struct naming names;

	for (unsigned int i = 0; i < MAX_NAMED; i++) {
		names.at[i] = (uint8_t)i;
	}
	return names;
}

unsigned int state_size(const struct world *w)
{
	struct state s;
	struct naming names = own_names();
	unsigned int size =
		put_all((struct world *)(uintptr_t)w, &names, s.byte);

	if (size > STATE_MAX) {
		abort();
	}
	return size;
}

void state_read(struct world *w, struct state *ret)
{
	struct naming names = own_names();

	(void)put_all(w, &names, ret->byte);
}

/* --- one for all namings --------------------------------------------------
 */

/* What says nothing of which frame is which, for each free frame. */
struct traits {
	uint8_t byte[FRAME_PART_MAX];
};

static void read_traits(const struct world *w, unsigned int name,
			struct traits *ret)
{
	const pte_t *e = frame_ptes(&w->mmu, named(name));
	struct writer to = {.at = ret->byte, .w = w};

	memset(ret, 0, sizeof(*ret));
	put_record(&to, name);
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		pte_t v = e[w->scope->slot[i]];
		unsigned int child = name_of(w, pte_mfn(v).v);

		put(&to, flags_code(pte_flags(v)));
		put(&to, child == name ? 1 : child < w->scope->nr_free ? 2 : 3);
	}
}

struct least {
	struct world *w;
	struct naming names; /* under way */
	struct traits traits[MAX_NAMED];
	struct state best;
	struct naming best_names;
	bool any;
	unsigned int size;
};

static void try_naming(struct least *l)
{
	struct state s;

	l->size = put_all(l->w, &l->names, s.byte);
	if (!l->any || memcmp(s.byte, l->best.byte, l->size) < 0) {
		memcpy(l->best.byte, s.byte, l->size);
		l->best_names = l->names;
		l->any = true;
	}
}

static int order_of(const struct least *l, unsigned int a, unsigned int b)
{
	return memcmp(l->traits[l->names.at[a]].byte,
		      l->traits[l->names.at[b]].byte, FRAME_PART_MAX);
}

static void swap(struct naming *n, unsigned int a, unsigned int b)
{
	uint8_t v = n->at[a];

	n->at[a] = n->at[b];
	n->at[b] = v;
}

/* All orders of those from place `at` on that their traits leave open. */
static void each_order(struct least *l, unsigned int at)
{
	unsigned int nr = l->w->scope->nr_free;
	unsigned int i;

	if (at + 1 >= nr) {
		try_naming(l);
		return;
	}
	for (i = at; i < nr && order_of(l, at, i) == 0; i++) {
		swap(&l->names, at, i);
		each_order(l, at + 1);
		swap(&l->names, at, i);
	}
}

static void sort_by_traits(struct least *l)
{
	for (unsigned int i = 1; i < l->w->scope->nr_free; i++) {
		for (unsigned int j = i; j > 0 && order_of(l, j, j - 1) < 0;
		     j--) {
			swap(&l->names, j, j - 1);
		}
	}
}

static bool names_matter(const struct world *w)
{
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		if (w->dead[i] && w->dom[i].nr_pages != 0) {
			return true;
		}
	}
	return false;
}

void state_canonical(struct world *w, struct state *ret, struct naming *names)
{
	static struct least l;

	l.w = w;
	l.names = own_names();
	l.any = false;
	if (names_matter(w)) {
		try_naming(&l);
	} else {
		for (unsigned int i = 0; i < w->scope->nr_free; i++) {
			read_traits(w, i, &l.traits[i]);
		}
		sort_by_traits(&l);
		each_order(&l, 0);
	}
	memcpy(ret->byte, l.best.byte, l.size);
	*names = l.best_names;
}

/* --- back -----------------------------------------------------------------
 */

static void get_named(struct world *w, unsigned int name, const uint8_t **from)
{
	struct frame *fr = frame_of(&w->mmu, named(name));
	pte_t *e = frame_ptes(&w->mmu, named(name));
	const uint8_t *p = *from;
	struct bias b = bias_of(w, name);
	const uint8_t *progress;
	uint64_t back, link;

	*fr = (struct frame){.owner = owner_of_class(p[0]),
			     .flags = p[1],
			     .type = p[2],
			     .count = p[3] + b.count,
			     .type_count = p[4] + b.type};
	progress = p + 5;
	p += 8;
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		w->cached[i][named(name).v] =
			(uint16_t)(p[0] | p[1] << CACHED_BY_USER);
		p += 2;
	}
	back = get_frame(&p);
	link = get_frame(&p);
	if (is_listed(fr)) {
		fr->count = (uint32_t)back;
	}
	if (is_listed(fr) || (fr->flags & FRAME_DYING) != 0) {
		fr->type_count = (uint32_t)link;
	}
	if (has_progress(fr)) {
		fr->table.nr_validated =
			(progress[0] | progress[1] << 8) & 1023;
		fr->table.walked =
			(fr->flags & FRAME_WALKED) != 0 ? EPOCH_NOW & 63 : 0;
		fr->table.linear = (int16_t)((int8_t)progress[2] + b.linear);
	} else {
		fr->epoch = is_listed(fr)      ? 0
			    : progress[0] != 0 ? EPOCH_NOW
					       : EPOCH_PAST;
	}
	if (*p++ != 0) {
		memcpy(&e[XEN_L4_FIRST], w->mmu.xen_slots,
		       sizeof(w->mmu.xen_slots));
	} else {
		memset(&e[XEN_L4_FIRST], 0, sizeof(w->mmu.xen_slots));
	}
	for (unsigned int i = 0; i < w->scope->nr_slots; i++) {
		uint64_t frame = get_frame(&p);

		e[w->scope->slot[i]] = pte_make(mfn(frame), seen.flags[*p++]);
	}
	*from = p;
}

static void get_domain(struct world *w, unsigned int dom, const uint8_t **from)
{
	struct mmu_domain *d = &w->dom[dom];
	const uint8_t *p = *from;

	w->dead[dom] = *p++ != 0;
	d->left = *p++ != 0;
	d->destroy_next = *p++;
	d->nr_freed = *p++;
	d->nr_pages = *p++;
	d->owed = *p++;
	d->dying_head = (uint32_t)get_frame(&p);
	d->freed_head = (uint32_t)get_frame(&p);
	d->nr_held = *p++;
	for (unsigned int i = 0; i < HELD_KEPT; i++) {
		d->held[i] = mfn(get_frame(&p));
	}
	for (unsigned int i = 0; i < FOREIGN_KEPT; i++) {
		struct mmu_foreign *f = &d->foreign[i];
		uint8_t owner = *p++;

		f->owner = owner == 0 ? NULL : &w->dom[owner - 1];
		f->frame = mfn(get_frame(&p));
		f->writable = *p++ != 0;
		f->entries = *p++;
	}
	/* Whether it is a frame's is all that counts of it: see put_record().
	 */
	d->epoch = EPOCH_NOW;
	d->lock.word = 0;
	d->stats = (struct mmu_stats){0};
	*from = p;
}

static void get_vcpu(struct world *w, unsigned int vcpu, const uint8_t **from)
{
	struct mmu_vcpu *v = &w->vcpu[vcpu];
	pte_t *window = w->window[vcpu];
	const uint64_t flags = PTE_P | PTE_RW | PTE_A | PTE_D;
	const uint8_t *p = *from;

	v->kernel_root = mfn(get_frame(&p));
	v->user_root = mfn(get_frame(&p));
	v->gdt_entries = (unsigned int)(p[0] | p[1] << 8);
	p += 2;
	for (unsigned int i = 0; i < GDT_KEPT; i++) {
		v->gdt[i] = mfn(get_frame(&p));
		window[i] = v->gdt[i].v == 0
				    ? pte_make(w->mmu.zero_frame, PTE_P | PTE_A)
				    : pte_make(v->gdt[i], flags);
	}
	v->ldt_base = (uint64_t)*p++ << PAGE_SHIFT;
	v->ldt_entries = (unsigned int)(p[0] | p[1] << 8);
	p += 2;
	v->ldt[0] = mfn(get_frame(&p));
	window[16] = v->ldt[0].v == 0 ? pte(0) : pte_make(v->ldt[0], flags);
	*from = p;
}

void state_write(struct world *w, const struct state *s)
{
	const uint8_t *p = s->byte;

	for (unsigned int i = 0; i < w->nr_named; i++) {
		get_named(w, i, &p);
	}
	for (unsigned int i = 0; i < w->scope->nr_doms; i++) {
		get_domain(w, i, &p);
	}
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		get_vcpu(w, i, &p);
	}
	w->mmu.free_run[0] = (uint32_t)get_frame(&p);
	w->mmu.nr_free = *p;
	w->mmu.pool_lock.word = 0;
	w->fault[0] = '\0';
}

uint64_t state_hash(const struct state *s, unsigned int size)
{
	uint64_t h = UINT64_C(0x9e3779b97f4a7c15);

	for (unsigned int i = 0; i < size; i += 8) {
		uint64_t v = 0;

		memcpy(&v, s->byte + i, size - i < 8 ? size - i : 8);
		h = (h ^ v) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 29;
}
