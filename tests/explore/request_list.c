/* SPDX-License-Identifier: MIT */
/*
 * The list of all requests of a scope. An operand that makes no difference to
 * what is written down in a state costs only time, one that stays there costs
 * states: so what every table refuses is tried on tables alone, and what the
 * flags of an entry say is a scenario of its own (GROUP_FLAGS).
 */
#include <stdlib.h>

#include "tests/explore/request.h"

#define MAX_REQUESTS 4096

/* Descriptors, which as entries are not present. */
#define PRESENT (UINT64_C(1) << 47)
#define SEGMENT (UINT64_C(1) << 44)
#define RING_3 (UINT64_C(3) << 45)
#define GATE (PRESENT | UINT64_C(12) << 40)
static const struct {
	uint64_t v;
	bool bad; /* no guest may have it, however it is changed */
} descriptors[] = {
	{PRESENT | UINT64_C(2) << 40, true},       /* an LDT's */
	{GATE | UINT64_C(0xe008) << 16, true},     /* to the hypervisor */
	{GATE | UINT64_C(1) << 35 | RING_3, true}, /* bits that must be 0 */
	{GATE | RING_3, false},                    /* by all, to nowhere */
	{PRESENT | SEGMENT | UINT64_C(2) << 40, false}, /* data of ring 0 */
};
#define DESCRIPTORS (sizeof(descriptors) / sizeof(*descriptors))

struct list {
	const struct world *w;
	struct request *at;
	unsigned int nr;
	bool full; /* of the vCPUs, the first of its domain */
};

static bool has(const struct list *l, enum group group)
{
	return (l->w->scope->groups & (unsigned int)group) != 0;
}

static void add(struct list *l, struct request r)
{
	if (r.must_fail && has(l, GROUP_GOOD)) {
		return;
	}
	if (l->nr == MAX_REQUESTS) {
		abort();
	}
	l->at[l->nr++] = r;
}

/* --- entries --------------------------------------------------------------
 */

static void add_flags(struct list *l, struct request r)
{
	static const uint64_t classes[] = {
		PTE_P | PTE_RW, /* what ring 3 needs is added */
		PTE_P,
		PTE_US | PTE_RW, /* not present, and names a frame */
		PTE_P | PTE_US | PTE_A | PTE_NX | PTE_AVAIL,
		PTE_P | PTE_US | PTE_G | PTE_D,
	};
	static const uint64_t bad[] = {RO_ENTRY | PTE_PS, RO_ENTRY | PTE_PCD,
				       RW_ENTRY | PTE_PWT};

	for (unsigned int i = 0; i < sizeof(classes) / sizeof(*classes); i++) {
		r.flags = classes[i];
		add(l, r);
	}
	r.always_bad = true;
	r.must_fail = true;
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		r.flags = bad[i];
		add(l, r);
	}
}

static void add_bad(struct list *l, struct request r)
{
	static const uint8_t bad[] = {OPERAND_XEN, OPERAND_DEVICE,
				      OPERAND_BEYOND, OPERAND_INVALID};

	r.always_bad = true;
	r.must_fail = true;
	r.flags = RO_ENTRY;
	for (unsigned int i = 0; i < sizeof(bad); i++) {
		r.to = bad[i];
		add(l, r);
	}
	if (l->w->scope->nr_doms > 1 &&
	    has(l, GROUP_RIGHT) == (r.kind == REQUEST_OTHERS)) {
		/* The other domain's root: a table, and not for this one. */
		r.to = (uint8_t)(r.vcpu < l->w->scope->nr_vcpus
					 ? l->w->nr_named - 1
					 : l->w->scope->nr_free);
		/* But by a right: to read. */
		r.must_fail = r.kind != REQUEST_OTHERS;
		add(l, r);
		r.must_fail = true;
	}
	/* The root is an L4 and in use: nobody's to write, nobody's child. */
	r.to = (uint8_t)l->w->scope->nr_free;
	r.flags = RW_ENTRY;
	add(l, r);
	if (has(l, GROUP_BAD)) {
		r.always_bad = false;
		r.must_fail = false;
		r.to = OPERAND_BEYOND;
		r.flags = RO_ENTRY;
		add(l, r);
	}
}

/* One request for every entry. */
static void add_entries(struct list *l, struct request r)
{
	r.to = OPERAND_NONE;
	add(l, r);
	for (unsigned int f = 0; f < l->w->scope->nr_free; f++) {
		r.to = (uint8_t)f;
		r.flags = RO_ENTRY;
		add(l, r);
		if (!has(l, GROUP_READ)) {
			r.flags = RW_ENTRY;
			add(l, r);
		}
		if (has(l, GROUP_FLAGS)) {
			add_flags(l, r);
		} else if (has(l, GROUP_DESC)) {
			r.flags = RO_ENTRY & ~PTE_P;
			add(l, r);
		}
	}
	if (has(l, GROUP_LIMIT)) {
		r.to = (uint8_t)world_last_fixed(l->w);
		r.flags = RO_ENTRY;
		add(l, r);
	}
	if (r.kind != REQUEST_STORE) {
		add_bad(l, r);
	}
	r.to = OPERAND_NONE;
	r.must_fail = false;
	for (unsigned int i = 0;
	     i < DESCRIPTORS && r.kind == REQUEST_STORE && has(l, GROUP_VALUES);
	     i++) {
		r.flags = descriptors[i].v;
		add(l, r);
	}
}

/* One for every place in the frames that are explored. */
static void add_places(struct list *l, enum request_kind kind, struct request r)
{
	const struct world *w = l->w;

	r.kind = (uint8_t)kind;
	for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
		r.slot = (uint8_t)s;
		for (unsigned int f = 0; f < w->scope->nr_free; f++) {
			r.frame = (uint8_t)f;
			add_entries(l, r);
		}
		if (has(l, GROUP_FIXED) && kind != REQUEST_STORE) {
			r.frame = (uint8_t)world_last_fixed(w);
			add_entries(l, r);
		}
	}
}

/* --- frames ---------------------------------------------------------------
 */

/* For each frame that is explored, and a few that no domain has. */
static void add_frames(struct list *l, enum request_kind kind, struct request r)
{
	static const uint8_t odd[] = {OPERAND_XEN, OPERAND_BEYOND,
				      OPERAND_INVALID};

	r.kind = (uint8_t)kind;
	for (unsigned int f = 0; f < l->w->scope->nr_free; f++) {
		r.frame = (uint8_t)f;
		add(l, r);
	}
	r.must_fail = true;
	for (unsigned int i = 0; i < sizeof(odd); i++) {
		r.frame = odd[i];
		add(l, r);
	}
}

static void add_pairs(struct list *l, enum request_kind kind, struct request r)
{
	for (unsigned int f = 0; f < l->w->scope->nr_free; f++) {
		r.other = (uint8_t)f;
		add_frames(l, kind, r);
	}
}

/* The second frame is one that no domain has. */
static void add_with_bad(struct list *l, enum request_kind kind,
			 struct request r)
{
	static const uint8_t bad[] = {OPERAND_XEN, OPERAND_BEYOND,
				      OPERAND_INVALID};

	r.kind = (uint8_t)kind;
	r.must_fail = true;
	for (unsigned int f = 0; f < l->w->scope->nr_free; f++) {
		r.frame = (uint8_t)f;
		for (unsigned int i = 0; i < sizeof(bad); i++) {
			r.other = bad[i];
			add(l, r);
		}
	}
}

static void add_levels(struct list *l, struct request r)
{
	for (unsigned int level = 1; level <= 4; level++) {
		r.level = (uint8_t)level;
		add_frames(l, REQUEST_PIN, r);
	}
	add_frames(l, REQUEST_UNPIN, r);
	if (has(l, GROUP_LIMIT)) {
		r.frame = (uint8_t)world_last_fixed(l->w);
		r.kind = REQUEST_UNPIN;
		add(l, r);
		r.kind = REQUEST_PIN;
		r.level = frame_of(&l->w->mmu, named(r.frame))->type;
		add(l, r);
	}
}

static void add_roots(struct list *l, struct request r)
{
	add_frames(l, REQUEST_BASEPTR, r);
	add_frames(l, REQUEST_USER_BASEPTR, r);
	add_frames(l, REQUEST_LOAD_CR3, r);
	r.kind = REQUEST_USER_BASEPTR;
	r.frame = OPERAND_NONE;
	add(l, r);
	/* Back to the root that was there at the start. */
	r.kind = REQUEST_BASEPTR;
	r.frame = (uint8_t)l->w->scope->nr_free;
	if (r.vcpu >= l->w->scope->nr_vcpus) {
		r.frame = (uint8_t)(l->w->nr_named - 1);
	}
	add(l, r);
}

static void add_descriptors(struct list *l, struct request r)
{
	struct request d = r;

	add_frames(l, REQUEST_SET_GDT,
		   (struct request){.vcpu = r.vcpu, .other = OPERAND_NONE});
	add_pairs(l, REQUEST_SET_GDT, r);
	add_with_bad(l, REQUEST_SET_GDT, r);
	d.kind = REQUEST_SET_GDT;
	d.frame = OPERAND_NONE;
	d.other = OPERAND_NONE;
	add(l, d);
	d.kind = REQUEST_SET_LDT;
	add(l, d);
	d.level = 1;
	add(l, d);
	d.kind = REQUEST_LDT_FAULT;
	add(l, d);
	if (!l->full) {
		return;
	}
	r.to = OPERAND_NONE;
	r.flags = 0;
	add_frames(l, REQUEST_DESCRIPTOR, r);
	for (unsigned int i = 0; i < DESCRIPTORS && has(l, GROUP_VALUES); i++) {
		r.flags = descriptors[i].v;
		r.must_fail = descriptors[i].bad;
		add_frames(l, REQUEST_DESCRIPTOR, r);
	}
}

static void add_memory(struct list *l, struct request r)
{
	add_frames(l, REQUEST_DECREASE, r);
	add_frames(l, REQUEST_EXCHANGE, r);
	if (has(l, GROUP_BATCH)) {
		add_pairs(l, REQUEST_EXCHANGE, r);
	}
	r.other = OPERAND_NONE;
	r.kind = REQUEST_INCREASE;
	add(l, r);
	r.kind = REQUEST_POPULATE;
	add(l, r);
	r.kind = REQUEST_TAKE;
	add(l, r);
}

static void add_grants(struct list *l, struct request r)
{
	const struct world *w = l->w;

	for (unsigned int writable = 0; writable < 2; writable++) {
		r.level = (uint8_t)writable;
		add_pairs(l, REQUEST_GRANT_MAP, r);
		add_pairs(l, REQUEST_GRANT_UNMAP, r);
		for (unsigned int f = 0; f < w->scope->nr_free; f++) {
			r.frame = (uint8_t)world_last_fixed(w);
			r.other = (uint8_t)f;
			r.kind = REQUEST_GRANT_MAP;
			add(l, r);
			r.kind = REQUEST_GRANT_UNMAP;
			add(l, r);
			r.kind = REQUEST_GRANT_REPLACE;
			r.slot = (uint8_t)(w->scope->nr_slots - 1);
			add(l, r);
			r.slot = 0;
		}
	}
}

/* Into the last fixed table, which is an L1, and into others. */
static void add_others(struct list *l, struct request r)
{
	add_places(l, REQUEST_OTHERS, r);
	r.kind = REQUEST_OTHERS;
	r.frame = (uint8_t)world_last_fixed(l->w);
	r.level = 1;
	add_entries(l, r);
}

static void add_direct(struct list *l, struct request r)
{
	const struct world *w = l->w;

	add_places(l, REQUEST_DIRECT, r);
	add_places(l, REQUEST_CMPXCHG, r);
	r.level = 1;
	add_places(l, REQUEST_CMPXCHG, r);
	r.kind = REQUEST_VA_MAPPING;
	for (unsigned int s = 0; s < w->scope->nr_slots; s++) {
		r.slot = (uint8_t)s;
		/* No table is named: always_bad goes by the last fixed one. */
		r.frame = (uint8_t)world_last_fixed(w);
		r.level = s == 0 ? FLUSHES_EVERYTHING : FLUSHES_NOTHING;
		add_entries(l, r);
		if (s == 0) {
			r.level = FLUSHES_PAGE;
			add_entries(l, r);
		}
		r.kind = REQUEST_DIRECT_FIND;
		add(l, r);
		r.kind = REQUEST_VA_MAPPING;
	}
}

static void add_flushes(struct list *l, struct request r)
{
	r.frame = OPERAND_NONE;
	r.kind = REQUEST_FLUSH_LOCAL;
	add(l, r);
	r.kind = REQUEST_FLUSH_ALL;
	add(l, r);
	r.kind = REQUEST_INVLPG_ALL;
	add(l, r);
	r.level = 1;
	add(l, r);
	for (unsigned int set = 1; set <= 3; set++) {
		r.level = (uint8_t)set;
		r.kind = REQUEST_FLUSH_MULTI;
		add(l, r);
		r.kind = REQUEST_INVLPG_MULTI;
		add(l, r);
	}
}

/* .to: the user root, or none. */
static void add_starts(struct list *l, struct request r)
{
	for (unsigned int user = 0; user <= l->w->scope->nr_free; user++) {
		r.to = user == 0 ? OPERAND_NONE : (uint8_t)(user - 1);
		r.other = OPERAND_NONE;
		add_frames(l, REQUEST_START_VCPU, r);
		add_pairs(l, REQUEST_START_VCPU, r);
	}
}

static void add_loans(struct list *l, struct request r)
{
	r.frame = (uint8_t)(l->w->scope->nr_free - 1);
	r.kind = REQUEST_SHARE;
	add(l, r);
	r.level = 1;
	add(l, r);
	r.level = 0;
	r.kind = REQUEST_UNSHARE;
	add(l, r);
}

static void add_odd(struct list *l, struct request r)
{
	r.kind = REQUEST_ODD;
	r.must_fail = true;
	for (unsigned int row = 0; row < request_odd_nr(); row++) {
		r.level = (uint8_t)row;
		r.frame = 0;
		add(l, r);
		if (l->w->scope->start == START_MAPPED) {
			r.frame = (uint8_t)world_last_fixed(l->w);
			add(l, r);
		}
	}
}

static void add_cpu(struct list *l, struct request r)
{
	r.kind = REQUEST_CPU_AD;
	for (unsigned int s = 0; s < l->w->scope->nr_slots; s++) {
		r.slot = (uint8_t)s;
		for (unsigned int f = 0; f < l->w->scope->nr_free; f++) {
			r.frame = (uint8_t)f;
			add(l, r);
		}
		r.frame = (uint8_t)world_last_fixed(l->w);
		add(l, r);
	}
}

static void add_multicalls(struct list *l, struct request r)
{
	unsigned int nr = l->w->scope->nr_free;

	r.kind = REQUEST_MULTICALL;
	for (unsigned int i = 0; i < nr * nr; i++) {
		r.frame = (uint8_t)(i % nr);
		r.other = (uint8_t)(i / nr);
		add(l, r);
	}
}

static void add_batches(struct list *l, struct request r)
{
	struct request u = r;

	if (!has(l, GROUP_TABLES)) {
		return; /* they are of exchanges */
	}
	u.kind = REQUEST_UPDATES;
	for (unsigned int f = 0; f <= l->w->scope->nr_free; f++) {
		u.frame = f < l->w->scope->nr_free
				  ? (uint8_t)f
				  : (uint8_t)world_last_fixed(l->w);
		u.to = OPERAND_NONE;
		u.flags = 0;
		add(l, u);
		u.to = 0;
		u.flags = RO_ENTRY;
		add(l, u);
	}
	/* The engine looks ahead in a list: there is nothing to be seen. */
	u.frame = OPERAND_INVALID;
	u.must_fail = true;
	add(l, u);
	for (unsigned int level = 1; level <= 2; level++) {
		r.level = (uint8_t)level;
		add_pairs(l, REQUEST_BATCH, r);
		/* Its calls fail for themselves. */
		add_multicalls(l, r);
	}
}

static void add_holds(struct list *l, struct request r)
{
	add_frames(l, REQUEST_HOLD, r);
	add_frames(l, REQUEST_HYPERCALL_PAGE, r);
	add_frames(l, REQUEST_BORROW, r);
	r.level = 1;
	add_frames(l, REQUEST_BORROW, r);
}

/* The last fixed table leaves the one above it, and is there again. */
static void add_wide(struct list *l, struct request r)
{
	uint8_t table = (uint8_t)world_last_fixed(l->w);

	r.kind = REQUEST_UPDATE;
	r.frame = (uint8_t)(table - 1);
	r.to = OPERAND_NONE;
	add(l, r);
	r.to = table;
	r.flags = RO_ENTRY;
	add(l, r);
	r.frame = table;
	r.kind = REQUEST_PIN;
	r.level = 1;
	add(l, r);
	r.kind = REQUEST_UNPIN;
	add(l, r);
}

static void add_leaf(struct list *l, struct request r)
{
	r.kind = REQUEST_UPDATE;
	r.frame = (uint8_t)world_last_fixed(l->w);
	for (unsigned int s = 0; s < l->w->scope->nr_slots; s++) {
		r.slot = (uint8_t)s;
		add_entries(l, r);
	}
}

static void add_tables(struct list *l, struct request r)
{
	add_places(l, REQUEST_UPDATE, r);
	add_levels(l, r);
}

static void add_ad(struct list *l, struct request r)
{
	add_places(l, REQUEST_UPDATE_AD, r);
	add_cpu(l, r);
}

static void add_pages(struct list *l, struct request r)
{
	add_frames(l, REQUEST_CLEAR_PAGE, r);
	add_pairs(l, REQUEST_COPY_PAGE, r);
	add_with_bad(l, REQUEST_COPY_PAGE, r);
}

static void add_stores(struct list *l, struct request r)
{
	add_places(l, REQUEST_STORE, r);
}

enum who { EACH_VCPU, EACH_DOMAIN, THE_FIRST };

/* Who asks for what; all the rest would be the same again. */
static const struct {
	unsigned int group; /* 0: of every scope */
	enum who who;
	void (*add)(struct list *l, struct request r);
} parts[] = {
	{GROUP_TABLES, EACH_DOMAIN, add_tables},
	{GROUP_LEAF, EACH_DOMAIN, add_leaf},
	{GROUP_WIDE, EACH_DOMAIN, add_wide},
	{GROUP_FLAGS, EACH_DOMAIN, add_ad},
	{GROUP_PAGES, EACH_DOMAIN, add_pages},
	{GROUP_MEMORY, EACH_DOMAIN, add_memory},
	{GROUP_DIRECT, EACH_DOMAIN, add_direct},
	{GROUP_HOLD, EACH_DOMAIN, add_holds},
	{GROUP_BATCH, EACH_DOMAIN, add_batches},
	{GROUP_ODD, EACH_DOMAIN, add_odd},
	{0, THE_FIRST, add_stores},
	{GROUP_GRANTS, THE_FIRST, add_grants},
	{GROUP_RIGHT, THE_FIRST, add_others},
	{GROUP_START, THE_FIRST, add_starts},
	{GROUP_LEND, THE_FIRST, add_loans},
	{GROUP_ROOTS, EACH_VCPU, add_roots},
	{GROUP_DESC, EACH_VCPU, add_descriptors},
	{GROUP_FLUSH, EACH_VCPU, add_flushes},
};

static void add_vcpu(struct list *l, unsigned int vcpu)
{
	const struct request r = {.vcpu = (uint8_t)vcpu, .other = OPERAND_NONE};

	l->full = vcpu == 0 || vcpu == l->w->scope->nr_vcpus;
	for (unsigned int i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		bool asks = parts[i].who == THE_FIRST     ? vcpu == 0
			    : parts[i].who == EACH_DOMAIN ? l->full
							  : true;

		if (asks && (parts[i].group == 0 ||
			     (l->w->scope->groups & parts[i].group) != 0)) {
			parts[i].add(l, r);
		}
	}
}

unsigned int request_all(const struct world *w, struct request **ret_list)
{
	struct list l = {.w = w,
			 .at = calloc(MAX_REQUESTS, sizeof(struct request))};

	if (l.at == NULL) {
		abort();
	}
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		add_vcpu(&l, i);
	}
	if (has(&l, GROUP_DEATH)) {
		add(&l, (struct request){.kind = REQUEST_DEATH,
					 .vcpu = (uint8_t)(w->nr_vcpus - 1)});
	}
	*ret_list = l.at;
	return l.nr;
}
