/* SPDX-License-Identifier: MIT */
/* The slow model: see model.h. Written from the contract, not the engine. */
#include "tests/unit/support/model.h"

#include <string.h>

#define ALLOWED                                                         \
	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_NX | \
	 PTE_AVAIL_HIGH)
#define KERNEL_PAGE (UINT64_C(1) << 52)

static bool owned(uint64_t f)
{
	return (f >= FIRST_FRAME && f < FIRST_FRAME + DOM_FRAMES) ||
	       f == SHARED_FRAME;
}

static bool is_table(const struct model *o, uint64_t f)
{
	return o->type[f] >= FRAME_L1 && o->type[f] <= FRAME_L4;
}

static uint64_t frame_in(uint64_t e)
{
	return (e & PTE_FRAME_MASK) >> PAGE_SHIFT;
}

static bool xen_slot(unsigned int level, unsigned int i)
{
	return level == 4 && i >= XEN_L4_FIRST && i <= XEN_L4_LAST;
}

static uint64_t adjusted(uint64_t e, unsigned int level)
{
	if (level == 4) {
		return e | PTE_US | PTE_A;
	}
	if (level > 1) {
		return e | PTE_US;
	}
	if (!(e & PTE_US)) {
		e |= KERNEL_PAGE | PTE_US;
	}
	return e & KERNEL_PAGE ? e : e | PTE_G;
}

/* Linear entries: in `table` to others, and in others to `table`. */
static void count_linear(const struct model *o, uint64_t table,
			 unsigned int *ret_out, unsigned int *ret_in)
{
	*ret_out = 0;
	*ret_in = 0;
	for (uint64_t t = 0; t < MACHINE_FRAMES; t++) {
		if (!is_table(o, t) || o->type[t] == FRAME_L1) {
			continue;
		}
		for (unsigned int i = 0; i < o->upto[t]; i++) {
			uint64_t e = o->mem[t][i];
			uint64_t c = frame_in(e);

			if (!(e & PTE_P) || xen_slot(o->type[t], i) || c == t ||
			    o->type[c] != o->type[t]) {
				continue;
			}
			*ret_out += t == table;
			*ret_in += c == table;
		}
	}
}

/* A holder by name: a pin, a root, a slot. */
static void hold(struct model_refs refs[MACHINE_FRAMES], uint64_t frame)
{
	refs[frame].plain++;
	refs[frame].typed++;
}

static void count_table(const struct model *o, uint64_t t,
			struct model_refs refs[MACHINE_FRAMES])
{
	for (unsigned int i = 0; i < o->upto[t]; i++) {
		uint64_t e = o->mem[t][i];

		if (!(e & PTE_P) || xen_slot(o->type[t], i)) {
			continue;
		}
		if (o->type[t] > FRAME_L1 && frame_in(e) == t) {
			continue; /* a table that maps itself */
		}
		refs[frame_in(e)].plain++;
		refs[frame_in(e)].typed +=
			o->type[t] > FRAME_L1 || (e & PTE_RW) != 0;
	}
}

void model_count(const struct model *o, struct model_refs refs[MACHINE_FRAMES])
{
	memset(refs, 0, MACHINE_FRAMES * sizeof(refs[0]));
	refs[SHARED_FRAME].typed++;
	for (uint64_t f = 0; f < MACHINE_FRAMES; f++) {
		refs[f].plain += owned(f);
		if (o->pinned[f]) {
			hold(refs, f);
		}
		if (is_table(o, f)) {
			count_table(o, f, refs);
		}
	}
	if (o->kernel_root != 0) {
		hold(refs, o->kernel_root);
	}
	if (o->user_root != 0) {
		hold(refs, o->user_root);
	}
	if (o->gdt != 0) {
		hold(refs, o->gdt);
	}
}

/* Types that nothing relies on any more are gone, and so on downwards. */
static void forget_unused(struct model *o)
{
	struct model_refs refs[MACHINE_FRAMES];
	bool again = true;

	while (again) {
		again = false;
		model_count(o, refs);
		for (uint64_t f = 0; f < MACHINE_FRAMES; f++) {
			if (o->type[f] != FRAME_NONE && refs[f].typed == 0) {
				o->type[f] = FRAME_NONE;
				o->upto[f] = 0;
				again = true;
			}
		}
	}
}

static int want(struct model *o, uint64_t frame, enum frame_type type);

static int check_l1(struct model *o, uint64_t e)
{
	uint64_t c = frame_in(e);

	if ((e & PTE_FLAGS_MASK) & ~(ALLOWED | PTE_G)) {
		return -XEN_EINVAL;
	}
	if (c == (UINT64_C(1) << MFN_BITS) - 1) {
		return -XEN_EINVAL;
	}
	if (c >= MACHINE_FRAMES) {
		return -XEN_EPERM;
	}
	if (!owned(c)) {
		return -XEN_EBUSY;
	}
	if (e & PTE_RW) {
		return want(o, c, FRAME_WRITABLE) == 0 ? 0 : -XEN_EBUSY;
	}
	return 0;
}

static int check_upper(struct model *o, uint64_t table, unsigned int level,
		       uint64_t e)
{
	uint64_t c = frame_in(e);
	unsigned int out, in;

	if (((e & PTE_FLAGS_MASK) & ~ALLOWED) || !owned(c)) {
		return -XEN_EINVAL;
	}
	if (c == table) {
		return e & PTE_RW ? -XEN_EINVAL : 0;
	}
	if (o->type[c] == level) {
		if (e & PTE_RW) {
			return -XEN_EINVAL;
		}
		count_linear(o, table, &out, &in);
		if (in > 0) {
			return -XEN_EINVAL;
		}
		count_linear(o, c, &out, &in);
		return out > 0 ? -XEN_EINVAL : 0;
	}
	return want(o, c, (enum frame_type)(level - 1));
}

/* The frame gets the type, with all that follows from it. */
static int want(struct model *o, uint64_t frame, enum frame_type type)
{
	if (!owned(frame)) {
		return -XEN_EINVAL;
	}
	if (o->type[frame] == type) {
		return 0;
	}
	if (o->type[frame] != FRAME_NONE) {
		return -XEN_EINVAL;
	}
	o->type[frame] = (uint8_t)type;
	o->upto[frame] = 0;
	if (!is_table(o, frame)) {
		return 0; /* descriptor pages in these tests are all zero */
	}
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		uint64_t e = o->mem[frame][i];
		int rc = 0;

		if ((e & PTE_P) && !xen_slot(type, i)) {
			rc = type == FRAME_L1 ? check_l1(o, e)
					      : check_upper(o, frame, type, e);
			if (rc != 0) {
				return rc;
			}
			o->mem[frame][i] = adjusted(e, type);
		}
		o->upto[frame] = (uint16_t)(i + 1);
	}
	for (unsigned int i = XEN_L4_FIRST;
	     type == FRAME_L4 && i <= XEN_L4_LAST; i++) {
		o->mem[frame][i] = o->xen_slot;
	}
	return 0;
}

/*
 * Types as they were, but for what the tables' own adjustment wrote: entries
 * that were looked at before the refusal stay adjusted, as under Xen.
 */
struct saved {
	uint8_t type[MACHINE_FRAMES];
	uint16_t upto[MACHINE_FRAMES];
};

static void save(const struct model *o, struct saved *s)
{
	memcpy(s->type, o->type, sizeof(s->type));
	memcpy(s->upto, o->upto, sizeof(s->upto));
}

static void restore(struct model *o, const struct saved *s)
{
	memcpy(o->type, s->type, sizeof(s->type));
	memcpy(o->upto, s->upto, sizeof(s->upto));
}

static int want_or_nothing(struct model *o, uint64_t frame,
			   enum frame_type type)
{
	struct saved s;
	int rc;

	save(o, &s);
	rc = want(o, frame, type);
	if (rc != 0) {
		restore(o, &s);
	}
	return rc;
}

void model_init(struct model *o, const struct machine *m)
{
	memset(o, 0, sizeof(*o));
	memcpy(o->mem, m->mmu.ram, sizeof(o->mem));
	o->type[SHARED_FRAME] = FRAME_WRITABLE;
	o->xen_slot = m->mmu.xen_slots[0].v;
}

int model_pin(struct model *o, uint64_t frame, enum frame_type type)
{
	int rc = want_or_nothing(o, frame, type);

	if (rc == 0 && o->pinned[frame]) {
		rc = -XEN_EINVAL;
	} else if (rc == 0) {
		o->pinned[frame] = true;
	}
	forget_unused(o);
	return rc;
}

int model_unpin(struct model *o, uint64_t frame)
{
	if (!owned(frame) || !o->pinned[frame]) {
		return -XEN_EINVAL;
	}
	o->pinned[frame] = false;
	forget_unused(o);
	return 0;
}

static int update_table(struct model *o, uint64_t frame, unsigned int index,
			uint64_t val)
{
	unsigned int level = o->type[frame];
	struct saved s;
	int rc = 0;

	if (xen_slot(level, index)) {
		return -XEN_EINVAL;
	}
	if (val & PTE_P) {
		uint64_t old = o->mem[frame][index];
		uint64_t harmless = PTE_NX | PTE_AVAIL | PTE_AVAIL_HIGH |
				    PTE_G | PTE_D | PTE_A | PTE_US;
		uint64_t allowed = ALLOWED | (level == 1 ? PTE_G : 0);

		if ((val & PTE_FLAGS_MASK) & ~allowed) {
			return -XEN_EINVAL;
		}
		val = adjusted(val, level);
		save(o, &s);
		if (!(old & PTE_P) || ((old ^ val) & ~harmless)) {
			rc = level == 1 ? check_l1(o, val)
					: check_upper(o, frame, level, val);
		}
		if (rc != 0) {
			restore(o, &s);
			return rc;
		}
	}
	o->mem[frame][index] = val;
	return 0;
}

int model_update(struct model *o, uint64_t frame, unsigned int index,
		 uint64_t val)
{
	int rc = 0;

	if (!owned(frame)) {
		return -XEN_EINVAL;
	}
	if (is_table(o, frame)) {
		rc = update_table(o, frame, index, val);
	} else if (o->type[frame] == FRAME_DESC) {
		rc = -XEN_EINVAL;
	} else {
		o->mem[frame][index] = val;
	}
	forget_unused(o);
	return rc;
}

int model_va_mapping(struct model *o, uint64_t va, uint64_t val)
{
	uint64_t table = o->kernel_root;
	int rc;

	for (unsigned int level = 4; level > 1; level--) {
		unsigned int i = pt_index(vaddr(va), level);
		uint64_t e = table == 0 ? 0 : o->mem[table][i];

		if (!(e & PTE_P) || xen_slot(o->type[table], i)) {
			return -XEN_EINVAL;
		}
		table = frame_in(e);
	}
	if (o->type[table] != FRAME_L1) {
		return -XEN_EINVAL;
	}
	rc = update_table(o, table, pt_index(vaddr(va), 1), val);
	forget_unused(o);
	return rc;
}

int model_kernel_root(struct model *o, uint64_t frame)
{
	int rc = frame == o->kernel_root ? 0
					 : want_or_nothing(o, frame, FRAME_L4);

	if (rc == 0) {
		o->kernel_root = frame;
	}
	forget_unused(o);
	return rc;
}

int model_user_root(struct model *o, uint64_t frame)
{
	int rc = frame == 0 || frame == o->user_root
			 ? 0
			 : want_or_nothing(o, frame, FRAME_L4);

	if (rc == 0) {
		o->user_root = frame;
	}
	forget_unused(o);
	return rc;
}

int model_set_gdt(struct model *o, uint64_t frame, unsigned int entries)
{
	int rc = 0;

	if (entries > GDT_FRAMES * PT_ENTRIES) {
		return -XEN_EINVAL;
	}
	if (entries > 0) {
		/* Only pages of zeroes: what is in a descriptor is tested
		 * elsewhere. */
		for (unsigned int i = 0; owned(frame) && i < PT_ENTRIES; i++) {
			if (o->mem[frame][i] != 0) {
				return 1; /* not predicted: do not ask */
			}
		}
		rc = want_or_nothing(o, frame, FRAME_DESC);
	}
	if (rc == 0) {
		o->gdt = entries > 0 ? frame : 0;
	}
	forget_unused(o);
	return rc;
}

int model_clear_page(struct model *o, uint64_t frame)
{
	int rc = want_or_nothing(o, frame, FRAME_WRITABLE);

	if (rc == 0) {
		memset(o->mem[frame], 0, PAGE_SIZE);
	}
	forget_unused(o);
	return rc;
}
