/* SPDX-License-Identifier: MIT */
/*
 * What may be asked of the slow model, request by request. The results are
 * those of Xen's public interface; see model.c for what naming a frame means.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/guest_range.h"
#include "abi/pte.h"
#include "trace/oracle/model.h"

struct model_domain *model_add_domain(struct model *o, uint16_t tag,
				      uint16_t domid)
{
	struct model_domain *d = calloc(1, sizeof(*d));

	if (d == NULL || o->nr_domains == MODEL_DOMAINS) {
		free(d);
		return NULL;
	}
	d->tag = tag;
	d->domid = domid;
	o->domain[o->nr_domains++] = d;
	o->dom = d;
	o->cpu = &d->vcpu[0];
	return d;
}

void model_assign(struct model *o, uint64_t first, uint64_t nr)
{
	for (uint64_t f = first; f < first + nr; f++) {
		o->frame[f] = (struct model_frame){.plain = 1,
						   .owner = o->dom->tag,
						   .reserved = true};
	}
	o->dom->nr_pages += nr;
	if (o->dom->max_pages < o->dom->nr_pages) {
		o->dom->max_pages = o->dom->nr_pages;
	}
}

void model_share(struct model *o, uint64_t frame, bool writable)
{
	o->frame[frame] = (struct model_frame){
		.plain = 1,
		.typed = 1,
		.owner = o->dom->tag,
		.type = writable ? FRAME_WRITABLE : FRAME_NONE,
		.lent = true,
	};
}

int model_unshare(struct model *o, uint64_t first, uint64_t nr)
{
	for (uint64_t f = first; f < first + nr; f++) {
		if (o->frame[f].plain != 1) {
			return -XEN_EBUSY;
		}
	}
	for (uint64_t f = first; f < first + nr; f++) {
		o->frame[f] = (struct model_frame){.owner = MODEL_OURS};
	}
	return 0;
}

static enum frame_type root_type(const struct model *o)
{
	return o->dom->pae ? FRAME_L3 : FRAME_L4;
}

int model_pin(struct model *o, uint64_t frame, enum frame_type type)
{
	int rc;

	if (type > root_type(o)) {
		return 0; /* a level that there is not: nothing is done */
	}
	rc = model_want(o, frame, type);
	if (rc == 0 && o->frame[frame].pinned) {
		model_drop(o, frame, true);
		return -XEN_EINVAL;
	}
	if (rc == 0) {
		o->frame[frame].pinned = true;
	}
	return rc;
}

int model_unpin(struct model *o, uint64_t frame)
{
	if (!model_owned(o, frame) || !o->frame[frame].pinned) {
		return -XEN_EINVAL;
	}
	o->frame[frame].pinned = false;
	model_drop(o, frame, true);
	return 0;
}

int model_update(struct model *o, uint64_t frame, unsigned int index,
		 uint64_t val, bool preserve_ad)
{
	const struct model_frame *fr;

	if (!model_owned(o, frame)) {
		return -XEN_EINVAL;
	}
	fr = &o->frame[frame];
	if (model_is_table(o, frame)) {
		return model_entry(o, frame, index, val, preserve_ad);
	}
	if (fr->typed != 0 && fr->type != FRAME_WRITABLE) {
		return -XEN_EINVAL;
	}
	o->mem[frame][index] = val;
	return 0;
}

/* The table whose entry maps the address, 0: there is none. */
static uint64_t find_l1(const struct model *o, uint64_t va)
{
	uint64_t table = o->cpu->kernel_root;

	if (o->dom->pae ? va >> 32 != 0 : !vaddr_canonical(vaddr(va))) {
		return 0;
	}
	for (unsigned int level = root_type(o); level > 1; level--) {
		unsigned int i = pt_index(vaddr(va), level);
		uint64_t e = table == 0 ? 0 : o->mem[table][i];

		if (!(e & PTE_P) || model_xen_slot(o->frame[table].type, i)) {
			return 0;
		}
		table = (e & PTE_FRAME_MASK) >> PAGE_SHIFT;
	}
	return table;
}

int model_va_mapping(struct model *o, uint64_t va, uint64_t val)
{
	uint64_t table = find_l1(o, va);

	if (table == 0 || o->frame[table].type != FRAME_L1) {
		return -XEN_EINVAL;
	}
	return model_entry(o, table, pt_index(vaddr(va), 1), val, false);
}

/* The place where the vCPU names a frame, 0: none, gets another. */
static void replace(struct model *o, uint64_t *place, uint64_t f)
{
	uint64_t old = *place;

	*place = f;
	if (old != 0) {
		model_drop(o, old, true);
	}
}

static void drop_ldt(struct model *o, struct model_vcpu *v)
{
	for (unsigned int i = 0; i < MODEL_LDT_FRAMES; i++) {
		replace(o, &v->ldt[i], 0);
	}
}

static int kernel_root(struct model *o, struct model_vcpu *v, uint64_t frame)
{
	int rc;

	if (frame == v->kernel_root) {
		return 0;
	}
	rc = model_want(o, frame, root_type(o));
	if (rc == 0) {
		drop_ldt(o, v);
		replace(o, &v->kernel_root, frame);
	}
	return rc;
}

int model_kernel_root(struct model *o, uint64_t frame)
{
	return kernel_root(o, o->cpu, frame);
}

static int user_root(struct model *o, struct model_vcpu *v, uint64_t frame)
{
	int rc = frame == 0 || frame == v->user_root
			 ? 0
			 : model_want(o, frame, FRAME_L4);

	if (rc == 0 && frame != v->user_root) {
		replace(o, &v->user_root, frame);
	}
	return rc;
}

int model_user_root(struct model *o, uint64_t frame)
{
	return o->dom->pae ? -XEN_EINVAL : user_root(o, o->cpu, frame);
}

static int set_gdt(struct model *o, struct model_vcpu *v,
		   const uint64_t *frames, unsigned int entries)
{
	unsigned int nr = (entries + MODEL_ENTRIES - 1) / MODEL_ENTRIES;

	if (entries > MODEL_GDT_FRAMES * MODEL_ENTRIES) {
		return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (model_want(o, frames[i], FRAME_DESC) != 0) {
			while (i-- > 0) {
				model_drop(o, frames[i], true);
			}
			return -XEN_EINVAL;
		}
	}
	for (unsigned int i = 0; i < MODEL_GDT_FRAMES; i++) {
		replace(o, &v->gdt[i], i < nr ? frames[i] : 0);
	}
	return 0;
}

int model_set_gdt(struct model *o, const uint64_t *frames, unsigned int entries)
{
	return set_gdt(o, o->cpu, frames, entries);
}

int model_start_vcpu(struct model *o, struct model_vcpu *v, uint64_t kernel,
		     uint64_t user, const uint64_t *gdt, unsigned int entries)
{
	int rc = set_gdt(o, v, gdt, entries);

	if (rc != 0) {
		return rc;
	}
	rc = user_root(o, v, user);
	if (rc == 0) {
		rc = kernel_root(o, v, kernel);
	}
	if (rc != 0) {
		(void)user_root(o, v, 0);
		(void)set_gdt(o, v, gdt, 0);
	}
	return rc;
}

int model_set_ldt(struct model *o, uint64_t base, unsigned int entries)
{
	struct model_vcpu *v = o->cpu;

	base = entries == 0 ? 0 : base;
	if (entries > MODEL_LDT_FRAMES * MODEL_ENTRIES ||
	    base % PAGE_SIZE != 0 || !guest_range_ok(base, 1) ||
	    (o->dom->pae && base >= XEN_COMPAT_START)) {
		return -XEN_EINVAL;
	}
	if (v->ldt_base != base || v->ldt_entries != entries) {
		drop_ldt(o, v);
		v->ldt_base = base;
		v->ldt_entries = entries;
	}
	return 0;
}

int model_ldt_fault(struct model *o, unsigned int index)
{
	struct model_vcpu *v = o->cpu;
	unsigned int nr = (v->ldt_entries + MODEL_ENTRIES - 1) / MODEL_ENTRIES;
	uint64_t va = v->ldt_base + ((uint64_t)index << PAGE_SHIFT);
	uint64_t table, e;
	unsigned int at;
	int rc;

	if (index >= nr || v->ldt[index] != 0) {
		return -XEN_ENOENT;
	}
	table = find_l1(o, va);
	at = pt_index(vaddr(va), 1);
	/* By way of linear entries that may be an L4, not to be followed. */
	e = table == 0 || model_xen_slot(o->frame[table].type, at)
		    ? 0
		    : o->mem[table][at];
	if (!(e & PTE_P)) {
		return -XEN_ENOENT;
	}
	e = (e & PTE_FRAME_MASK) >> PAGE_SHIFT;
	rc = model_want(o, e, FRAME_DESC);
	if (rc == 0) {
		v->ldt[index] = e;
	}
	return rc;
}

/*
 * Of 32 bits: no 64-bit code. A segment from 0 to beyond the guest's end is a
 * flat one, of all 4 GiB.
 */
static bool segment_32(uint64_t *desc)
{
	const uint64_t d = *desc;
	const uint64_t base = (d >> 16 & 0xffffff) | (d >> 56) << 24;
	uint64_t size = ((d & 0xffff) | (d >> 48 & 15) << 16) + 1;

	size <<= d >> 55 & 1 ? 12 : 0;
	if (base == 0 && size > XEN_COMPAT_START) {
		*desc |= UINT64_C(0x000f00000000ffff);
	}
	return (d >> 53 & 1) == 0;
}

/*
 * SDM 3A, 3.4.5 and 3.5: code and data for the kernel's ring at least, call
 * gates to nothing of the hypervisor's, no other system descriptor.
 */
bool model_descriptor(const struct model *o, uint64_t *desc)
{
	const unsigned int ring = o->dom->pae ? 1 : 3;
	/* What a gate must not have: 32-bit ones count words there. */
	const uint64_t reserved = o->dom->pae ? 0xe0 : 0xff;
	uint64_t d = *desc;
	unsigned int dpl = (unsigned int)(d >> 45) & 3;
	unsigned int type = (unsigned int)(d >> 40) & 15;
	unsigned int selector = (unsigned int)(d >> 16) & 0xffff;

	if (!(d >> 47 & 1)) {
		return true;
	}
	dpl = dpl < ring ? ring : dpl;
	if (d >> 44 & 1) {
		d = (d & ~(UINT64_C(3) << 45)) | (uint64_t)dpl << 45;
		if (o->dom->pae && !segment_32(&d)) {
			return false;
		}
		*desc = d;
		return true;
	}
	if (type == 0) {
		return true;
	}
	if (type != 12 || (d >> 32 & reserved) != 0 ||
	    !(selector < 4 || selector >> 3 < MODEL_GDT_FRAMES * 512 ||
	      (selector & 4))) {
		return false;
	}
	*desc = (d & ~(UINT64_C(3) << 45) & ~(UINT64_C(3) << 16)) |
		(uint64_t)dpl << 16;
	return true;
}

int model_update_descriptor(struct model *o, uint64_t where, uint64_t desc)
{
	uint64_t f = where >> PAGE_SHIFT;
	const struct model_frame *fr;

	if (where % sizeof(desc) != 0 || !model_descriptor(o, &desc) ||
	    !model_owned(o, f)) {
		return -XEN_EINVAL;
	}
	fr = &o->frame[f];
	if (fr->typed != 0 && fr->type != FRAME_DESC &&
	    fr->type != FRAME_WRITABLE) {
		return -XEN_EINVAL;
	}
	o->mem[f][where % PAGE_SIZE / sizeof(desc)] = desc;
	return 0;
}

int model_write_page(struct model *o, uint64_t frame, const uint64_t *data)
{
	int rc = model_want(o, frame, FRAME_WRITABLE);

	if (rc == 0) {
		memmove(o->mem[frame], data, PAGE_SIZE);
		model_drop(o, frame, true);
	}
	return rc;
}

int model_clear_page(struct model *o, uint64_t frame)
{
	static const uint64_t zeros[MODEL_ENTRIES];

	return model_write_page(o, frame, zeros) == 0 ? 0 : -XEN_EINVAL;
}

int model_copy_page(struct model *o, uint64_t to, uint64_t from)
{
	if (!model_owned(o, from)) {
		return -XEN_EINVAL;
	}
	return model_write_page(o, to, o->mem[from]) == 0 ? 0 : -XEN_EINVAL;
}

int model_hold(struct model *o, uint64_t frame)
{
	int rc = o->dom->nr_held == MODEL_HELD
			 ? -XEN_ENOSPC
			 : model_want(o, frame, FRAME_WRITABLE);

	if (rc == 0) {
		o->dom->held[o->dom->nr_held++] = frame;
	}
	return rc;
}

int model_direct(struct model *o, uint64_t where, bool exchange,
		 uint64_t expected, uint64_t val, uint64_t *ret_read)
{
	uint64_t f = where >> PAGE_SHIFT;
	unsigned int i = where % PAGE_SIZE / sizeof(val);

	if (!model_owned(o, f) || o->frame[f].type != FRAME_L1) {
		return -XEN_ENOENT;
	}
	if (where % sizeof(val) != 0) {
		return -XEN_EINVAL;
	}
	*ret_read = o->mem[f][i];
	return exchange && *ret_read != expected
		       ? model_judge(o, f, val)
		       : model_entry(o, f, i, val, false);
}

int model_decrease(struct model *o, uint64_t frame)
{
	if (!model_owned(o, frame)) {
		return -XEN_EINVAL;
	}
	if (o->frame[frame].reserved) {
		o->frame[frame].reserved = false;
		model_drop(o, frame, false);
	}
	return 0;
}

void model_populate(struct model *o, uint64_t first, uint64_t nr)
{
	o->nr_free -= nr;
	for (uint64_t f = first; f < first + nr; f++) {
		o->frame[f] = (struct model_frame){.plain = 1,
						   .owner = o->dom->tag,
						   .reserved = true};
		if (o->touched != NULL) {
			o->touched(o, f);
		}
	}
	o->dom->nr_pages += nr;
}

static void stop_vcpu(struct model *o, struct model_vcpu *v)
{
	drop_ldt(o, v);
	(void)set_gdt(o, v, NULL, 0);
	replace(o, &v->kernel_root, 0);
	replace(o, &v->user_root, 0);
}

void model_death(struct model *o)
{
	struct model_domain *d = o->dom;

	while (d->nr_held != 0) {
		model_drop(o, d->held[--d->nr_held], true);
	}
	for (unsigned int i = 0; i < MODEL_VCPUS; i++) {
		stop_vcpu(o, &d->vcpu[i]);
	}
	for (uint64_t f = 0; f < o->nr_frames; f++) {
		struct model_frame *fr = &o->frame[f];

		if (fr->owner == d->tag && fr->pinned) {
			fr->pinned = false;
			model_drop(o, f, true);
		}
		if (fr->owner == d->tag && fr->reserved) {
			fr->reserved = false;
			model_drop(o, f, false);
		}
	}
	for (uint64_t f = 0; f < o->nr_frames; f++) {
		if (o->frame[f].owner == d->tag && o->frame[f].lent) {
			o->frame[f] = (struct model_frame){.owner = MODEL_OURS};
		}
	}
}
