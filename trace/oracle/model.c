/* SPDX-License-Identifier: MIT */
/*
 * The slow model's frames and entries: who names what, and what becomes of a
 * frame when it is named or no longer is. Requests are in model_ops.c.
 *
 * A table that is asked for is looked at from its first entry to its last; each
 * entry names its frame at once, so that giving up is to drop what is named so
 * far. What is dropped by the last who relied on its type is of no type, and
 * then drops what it names: nothing is left for later.
 */
#include "trace/oracle/model.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "abi/pte.h"

#define ALLOWED \
	(PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL | PTE_AVAIL_HIGH)
#define HARMLESS \
	(PTE_NX | PTE_AVAIL | PTE_AVAIL_HIGH | PTE_G | PTE_D | PTE_A | PTE_US)
#define KERNEL_PAGE (UINT64_C(1) << 52)
#define NO_FRAME ((UINT64_C(1) << MFN_BITS) - 1)
/* Of a 32-bit L3: what its entries may have, and where it must not be. */
#define PAE_ALLOWED (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVAIL)
#define PAE_END (UINT64_C(1) << 20)
#define PAE_LAST 3

bool model_owned(const struct model *o, uint64_t f)
{
	return f < o->nr_frames && o->frame[f].owner == o->dom->tag;
}

bool model_is_table(const struct model *o, uint64_t f)
{
	return (o->frame[f].type >= FRAME_L1 && o->frame[f].type <= FRAME_L4) ||
	       o->frame[f].type == FRAME_L2_XEN;
}

static unsigned int level_of(unsigned int type)
{
	return type == FRAME_L2_XEN ? 2 : type;
}

/* A 32-bit domain's L3: four entries, and the last of its own kind. */
static bool is_pae_l3(const struct model *o, unsigned int type)
{
	return type == FRAME_L3 && o->dom->pae;
}

static uint64_t frame_in(uint64_t e)
{
	return (e & PTE_FRAME_MASK) >> PAGE_SHIFT;
}

bool model_xen_slot(unsigned int type, unsigned int i)
{
	return (type == FRAME_L4 && i >= XEN_L4_FIRST && i <= XEN_L4_LAST) ||
	       (type == FRAME_L2_XEN && i >= XEN_L2_FIRST);
}

static uint64_t flags_of(const struct model *o, unsigned int type)
{
	if (is_pae_l3(o, type)) {
		return PAE_ALLOWED;
	}
	return ALLOWED | o->nx | (type == FRAME_L1 ? PTE_G : 0);
}

static uint64_t adjusted(const struct model *o, uint64_t e, unsigned int type)
{
	unsigned int level = level_of(type);

	if (o->dom->pae) {
		return level == 3 ? e | PTE_US | PTE_RW : e;
	}
	if (level == 4) {
		return e | PTE_US | PTE_A;
	}
	if (level > 1) {
		return e | PTE_US;
	}
	if (!(e & PTE_US)) {
		e |= KERNEL_PAGE | PTE_US;
	}
	return e & KERNEL_PAGE ? e & ~PTE_G : e | PTE_G;
}

static void touch(struct model *o, uint64_t f)
{
	if (o->touched != NULL) {
		o->touched(o, f);
	}
}

/* Does the entry name a frame: is it there, and not the hypervisor's? */
static bool names(const struct model *o, uint64_t table, unsigned int i)
{
	return (o->mem[table][i] & PTE_P) != 0 &&
	       !model_xen_slot(o->frame[table].type, i);
}

/* Linear entries: in `table` to others, and in others to `table`. */
static void count_linear(const struct model *o, uint64_t table,
			 unsigned int *ret_out, unsigned int *ret_in)
{
	*ret_out = 0;
	*ret_in = 0;
	for (uint64_t t = 0; t < o->nr_frames; t++) {
		const struct model_frame *fr = &o->frame[t];

		if (!model_is_table(o, t) || fr->type == FRAME_L1) {
			continue;
		}
		for (unsigned int i = 0; i < fr->upto; i++) {
			uint64_t c = frame_in(o->mem[t][i]);

			if (!names(o, t, i) || c == t ||
			    level_of(o->frame[c].type) != level_of(fr->type)) {
				continue;
			}
			*ret_out += t == table;
			*ret_in += c == table;
		}
	}
}

static void drop_entry(struct model *o, uint64_t table, uint64_t e);

/* Of no type any more, and so on downwards. */
static void forget(struct model *o, uint64_t f)
{
	struct model_frame *fr = &o->frame[f];
	uint8_t type = fr->type;
	unsigned int upto = fr->upto;

	for (unsigned int i = 0; model_is_table(o, f) && i < upto; i++) {
		if (names(o, f, i) &&
		    !(type > FRAME_L1 && frame_in(o->mem[f][i]) == f)) {
			drop_entry(o, f, o->mem[f][i]);
		}
	}
	fr->type = FRAME_NONE;
	fr->upto = 0;
}

void model_drop(struct model *o, uint64_t f, bool typed)
{
	struct model_frame *fr = &o->frame[f];

	touch(o, f);
	if (typed && --fr->typed == 0) {
		forget(o, f);
	}
	if (--fr->plain == 0) {
		fr->owner = MODEL_FREE;
		o->dom->nr_pages--;
		o->nr_free++;
	}
}

/* As Xen: an LDT's page goes when a read-only mapping of it goes. */
static void forget_ldt(struct model *o, uint64_t f)
{
	for (unsigned int c = 0; c < MODEL_VCPUS; c++) {
		uint64_t *ldt = o->dom->vcpu[c].ldt;

		for (unsigned int i = 0; i < MODEL_LDT_FRAMES; i++) {
			if (ldt[i] == f && f != 0) {
				ldt[i] = 0;
				model_drop(o, f, true);
			}
		}
	}
}

static void drop_entry(struct model *o, uint64_t table, uint64_t e)
{
	uint64_t c = frame_in(e);

	if (o->frame[table].type > FRAME_L1) {
		if (c != table) {
			model_drop(o, c, true);
		}
		return;
	}
	if (!(e & PTE_RW) && o->frame[c].type == FRAME_DESC) {
		forget_ldt(o, c);
	}
	model_drop(o, c, (e & PTE_RW) != 0);
}

static int want_l1e(struct model *o, uint64_t e)
{
	uint64_t c = frame_in(e);

	if ((e & PTE_FLAGS_MASK) & ~flags_of(o, FRAME_L1)) {
		return -XEN_EINVAL;
	}
	if (c == NO_FRAME) {
		return -XEN_EINVAL;
	}
	if (c >= o->nr_frames || o->frame[c].owner == MODEL_HOLE) {
		return -XEN_EPERM;
	}
	if (!model_owned(o, c)) {
		return -XEN_EBUSY;
	}
	if (e & PTE_RW) {
		return model_want(o, c, FRAME_WRITABLE) == 0 ? 0 : -XEN_EBUSY;
	}
	o->frame[c].plain++;
	touch(o, c);
	return 0;
}

static int want_linear(struct model *o, uint64_t table, uint64_t e)
{
	uint64_t c = frame_in(e);
	unsigned int out, in;

	if (e & PTE_RW) {
		return -XEN_EINVAL;
	}
	if (c == table) {
		return 0;
	}
	count_linear(o, table, &out, &in);
	if (in > 0) {
		return -XEN_EINVAL;
	}
	count_linear(o, c, &out, &in);
	if (out > 0) {
		return -XEN_EINVAL;
	}
	o->frame[c].plain++;
	o->frame[c].typed++;
	touch(o, c);
	return 0;
}

/* The last L2 of a 32-bit domain's address space is of that one alone. */
static int want_last(struct model *o, uint64_t c)
{
	int rc = model_want(o, c, FRAME_L2_XEN);

	if (rc == 0 && o->frame[c].typed != 1) {
		model_drop(o, c, true);
		rc = -XEN_EINVAL;
	}
	return rc;
}

static int want_upper(struct model *o, uint64_t table, unsigned int i,
		      uint64_t e)
{
	unsigned int type = o->frame[table].type;
	uint64_t c = frame_in(e);

	if (((e & PTE_FLAGS_MASK) & ~flags_of(o, type)) || !model_owned(o, c)) {
		return -XEN_EINVAL;
	}
	if (is_pae_l3(o, type)) {
		return i == PAE_LAST ? want_last(o, c)
				     : model_want(o, c, FRAME_L2);
	}
	if (c == table || level_of(o->frame[c].type) == level_of(type)) {
		return want_linear(o, table, e);
	}
	return model_want(o, c, (enum frame_type)(level_of(type) - 1));
}

static int want_entry(struct model *o, uint64_t table, unsigned int i,
		      uint64_t e)
{
	return o->frame[table].type == FRAME_L1 ? want_l1e(o, e)
						: want_upper(o, table, i, e);
}

/* What a whole table has beside what its guest put there. */
static int complete(struct model *o, uint64_t f, enum frame_type type)
{
	for (unsigned int i = 0; type == FRAME_L4 && i < XEN_L4_SLOTS; i++) {
		o->mem[f][XEN_L4_FIRST + i] = o->xen_slot[i];
	}
	for (unsigned int i = 0; type == FRAME_L2_XEN && i < XEN_L2_SLOTS;
	     i++) {
		o->mem[f][XEN_L2_FIRST + i] = o->xen_l2_slot[i];
	}
	if (!is_pae_l3(o, type)) {
		return 0;
	}
	if (!(o->mem[f][PAE_LAST] & PTE_P)) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = PAE_LAST + 1; i < MODEL_ENTRIES; i++) {
		o->mem[f][i] = 0;
	}
	return 0;
}

static int look_at_table(struct model *o, uint64_t f, enum frame_type type)
{
	unsigned int end = MODEL_ENTRIES;

	if (is_pae_l3(o, type)) {
		if (f >= PAE_END && !o->dom->extended_cr3) {
			return -XEN_ERANGE;
		}
		end = PAE_LAST + 1;
	}
	for (unsigned int i = 0; i < end; i++) {
		uint64_t e = o->mem[f][i];

		if (names(o, f, i)) {
			int rc = want_entry(o, f, i, e);

			if (rc != 0) {
				return rc;
			}
			o->mem[f][i] = adjusted(o, e, type);
		}
		o->frame[f].upto = (uint16_t)(i + 1);
	}
	return complete(o, f, type);
}

static int look_at_descriptors(struct model *o, uint64_t f)
{
	for (unsigned int i = 0; i < MODEL_ENTRIES; i++) {
		if (!model_descriptor(o, &o->mem[f][i])) {
			return -XEN_EINVAL;
		}
	}
	return 0;
}

int model_want(struct model *o, uint64_t f, enum frame_type type)
{
	struct model_frame *fr;
	int rc = 0;

	if (!model_owned(o, f)) {
		return -XEN_EINVAL;
	}
	fr = &o->frame[f];
	if (fr->typed != 0 && fr->type != type) {
		return type == FRAME_WRITABLE ? -XEN_EBUSY : -XEN_EINVAL;
	}
	touch(o, f);
	fr->plain++;
	if (fr->typed++ != 0) {
		return 0;
	}
	fr->type = (uint8_t)type;
	fr->upto = 0;
	if (model_is_table(o, f)) {
		rc = look_at_table(o, f, type);
	} else if (type == FRAME_DESC) {
		rc = look_at_descriptors(o, f);
	}
	if (rc != 0) {
		model_drop(o, f, true);
	}
	return rc;
}

int model_entry(struct model *o, uint64_t table, unsigned int index,
		uint64_t val, bool preserve_ad)
{
	unsigned int type = o->frame[table].type;
	uint64_t old = o->mem[table][index];
	bool replaces = true;

	if (model_xen_slot(type, index)) {
		return type == FRAME_L4 ? -XEN_EINVAL : -XEN_EPERM;
	}
	if (is_pae_l3(o, type) && index >= PAE_LAST) {
		return -XEN_EINVAL;
	}
	if (val & PTE_P) {
		int rc = 0;

		if ((val & PTE_FLAGS_MASK) & ~flags_of(o, type)) {
			return -XEN_EINVAL;
		}
		val = adjusted(o, val, type);
		replaces = !(old & PTE_P) || ((old ^ val) & ~HARMLESS) != 0;
		if (replaces) {
			rc = want_entry(o, table, index, val);
		}
		if (rc != 0) {
			return rc;
		}
	}
	o->mem[table][index] =
		preserve_ad ? val | (old & (PTE_A | PTE_D)) : val;
	if (replaces && (old & PTE_P)) {
		drop_entry(o, table, old);
	}
	return 0;
}

int model_judge(struct model *o, uint64_t table, uint64_t val)
{
	int rc;

	if (!(val & PTE_P)) {
		return 0;
	}
	val = adjusted(o, val, FRAME_L1);
	rc = want_l1e(o, val);
	if (rc == 0) {
		drop_entry(o, table, val);
	}
	return rc;
}

static void hold(struct model_refs *refs, uint64_t f)
{
	if (f != 0) {
		refs[f].plain++;
		refs[f].typed++;
	}
}

static void recount_table(const struct model *o, uint64_t t,
			  struct model_refs *refs)
{
	bool upper = o->frame[t].type > FRAME_L1;

	for (unsigned int i = 0; i < o->frame[t].upto; i++) {
		uint64_t e = o->mem[t][i];

		if (!names(o, t, i) || (upper && frame_in(e) == t)) {
			continue;
		}
		refs[frame_in(e)].plain++;
		refs[frame_in(e)].typed += upper || (e & PTE_RW) != 0;
	}
}

static void recount_domain(const struct model_domain *d,
			   struct model_refs *refs)
{
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		const struct model_vcpu *v = &d->vcpu[i];

		hold(refs, v->kernel_root);
		hold(refs, v->user_root);
		for (unsigned int j = 0; j < MODEL_GDT_FRAMES; j++) {
			hold(refs, v->gdt[j]);
		}
		for (unsigned int j = 0; j < MODEL_LDT_FRAMES; j++) {
			hold(refs, v->ldt[j]);
		}
	}
	for (unsigned int i = 0; i < d->nr_held; i++) {
		hold(refs, d->held[i]);
	}
}

void model_recount(const struct model *o, struct model_refs *refs)
{
	memset(refs, 0, o->nr_frames * sizeof(*refs));
	for (uint64_t f = 0; f < o->nr_frames; f++) {
		const struct model_frame *fr = &o->frame[f];

		refs[f].plain += fr->reserved || fr->lent;
		refs[f].typed += fr->lent;
		if (fr->pinned) {
			hold(refs, f);
		}
		if (model_is_table(o, f)) {
			recount_table(o, f, refs);
		}
	}
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		recount_domain(o->domain[i], refs);
	}
}

static void *map(uint64_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

bool model_init(struct model *o, uint64_t nr_frames, const uint64_t *xen_slots,
		uint64_t nx)
{
	*o = (struct model){.nr_frames = nr_frames, .nx = nx};
	memcpy(o->xen_slot, xen_slots, sizeof(o->xen_slot));
	o->frame = map(nr_frames * sizeof(*o->frame));
	o->mem = map(nr_frames * sizeof(*o->mem));
	return o->frame != NULL && o->mem != NULL;
}

void model_fini(struct model *o)
{
	if (o->frame != NULL) {
		munmap(o->frame, o->nr_frames * sizeof(*o->frame));
	}
	if (o->mem != NULL) {
		munmap(o->mem, o->nr_frames * sizeof(*o->mem));
	}
	for (unsigned int i = 0; i < o->nr_domains; i++) {
		free(o->domain[i]);
	}
	*o = (struct model){0};
}
