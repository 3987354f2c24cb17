/* SPDX-License-Identifier: MIT */
/*
 * I1 to I9, written down a second time, apart from engine and audit, as rules
 * on what stands in memory: who refers to a frame, and as what. Nothing here
 * uses the engine's counting, its tables of levels, or its walks.
 *
 *   I1  one role a frame            role() refuses a second one
 *   I2  no table is writable        roles of table and writable exclude each
 *                                   other; in caches: recount_cached()
 *   I3  an entry's frame is the     enter(): owner, level below, flags
 *       domain's, of the right type
 *   I4  self mappings               linear(): read-only, same level
 *   I5  the hypervisor's slots      slots()
 *   I6  every count                 compare()
 *   I7  a pin is one of each        pinned frames count in role()
 *   I8  a root is an L4             roots()
 *   I9  nothing stale               recount_cached(), and no frame of the
 *                                   domain's cached elsewhere
 */
#include "tests/interleave/recount.h"

#include <stdio.h>
#include <string.h>

enum role { NO_ROLE, L1, L2, L3, L4, DESCRIPTORS, WRITABLE };

struct tally {
	unsigned int plain;
	unsigned int typed;
	enum role role;
	int linear;
};

struct count {
	struct machine *m;
	const struct mmu_domain *d;
	struct tally tally[MACHINE_FRAMES];
	const char *wrong;
};

static char text[160];

static void wrong(struct count *c, const char *what, uint64_t frame)
{
	if (c->wrong == NULL) {
		snprintf(text, sizeof(text), "recount: frame %#lx %s", frame,
			 what);
		c->wrong = text;
	}
}

static enum role role_of_type(unsigned int type)
{
	switch (type) {
	case FRAME_L1:
		return L1;
	case FRAME_L2:
		return L2;
	case FRAME_L3:
		return L3;
	case FRAME_L4:
		return L4;
	case FRAME_DESC:
		return DESCRIPTORS;
	case FRAME_WRITABLE:
		return WRITABLE;
	default:
		return NO_ROLE;
	}
}

static void role(struct count *c, uint64_t frame, enum role role)
{
	struct tally *t = &c->tally[frame];

	if (t->role != NO_ROLE && t->role != role) {
		wrong(c, "has two roles", frame);
	}
	t->role = role;
	t->typed++;
	t->plain++;
}

/* A table that maps one of its own level: itself, or another. */
static void linear(struct count *c, uint64_t table, uint64_t entry,
		   uint64_t frame)
{
	if ((entry & 2) != 0) {
		wrong(c, "maps a table of its level writable", table);
	}
	if (frame != table) {
		role(c, frame, role_of_type(c->m->frames[frame].type));
		c->tally[frame].linear++;
		c->tally[table].linear--;
	}
}

static void enter(struct count *c, uint64_t table, enum role level,
		  uint64_t entry)
{
	uint64_t frame = entry << 12 >> 24;

	if (frame >= MACHINE_FRAMES || c->m->frames[frame].owner != c->d->tag) {
		wrong(c, "refers to a frame that is not the domain's", table);
		return;
	}
	if (level == L1) {
		if ((entry & 2) != 0) {
			role(c, frame, WRITABLE);
		} else {
			c->tally[frame].plain++;
		}
		return;
	}
	if ((entry & 0x80) != 0) {
		wrong(c, "has a large page", table);
	}
	if (role_of_type(c->m->frames[frame].type) == level) {
		linear(c, table, entry, frame);
	} else {
		role(c, frame, level - 1);
	}
}

static void slots(struct count *c, uint64_t frame, const uint64_t *entry)
{
	for (unsigned int i = 256; i < 272; i++) {
		if ((entry[i] ^ c->m->mmu.xen_slots[i - 256].v) & ~0x20ull) {
			wrong(c, "has another entry in a hypervisor's slot",
			      frame);
		}
	}
}

static void table(struct count *c, uint64_t frame)
{
	const struct frame *fr = &c->m->frames[frame];
	const uint64_t *entry =
		(const uint64_t *)(const void *)(c->m->mmu.ram + frame * 4096);
	enum role level = role_of_type(fr->type);
	bool whole = (fr->flags & (FRAME_PARTIAL | FRAME_DYING)) == 0;
	unsigned int nr = whole ? 512 : fr->table.nr_validated;

	if (level > L4 || level == NO_ROLE || frame_type_refs(fr) == 0) {
		return;
	}
	if (!whole) {
		role(c, frame, level); /* held by its own state */
	}
	for (unsigned int i = 0; i < nr; i++) {
		if (level == L4 && i >= 256 && i < 272) {
			continue;
		}
		if ((entry[i] & 1) != 0) {
			enter(c, frame, level, entry[i]);
		}
	}
	if (whole && level == L4) {
		slots(c, frame, entry);
	}
}

static void roots(struct count *c, const struct mmu_vcpu *v)
{
	const uint64_t root[] = {v->kernel_root.v, v->user_root.v};

	for (unsigned int i = 0; i < 2; i++) {
		if (root[i] != 0) {
			role(c, root[i], L4);
		}
	}
	for (unsigned int i = 0; i < LDT_FRAMES; i++) {
		if (v->ldt[i].v != 0) {
			role(c, v->ldt[i].v, DESCRIPTORS);
		}
	}
}

static void compare(struct count *c, uint64_t frame)
{
	const struct frame *fr = &c->m->frames[frame];
	const struct tally *t = &c->tally[frame];

	if (fr->owner != c->d->tag) {
		if (t->plain != 0) {
			wrong(c, "is used and not the domain's", frame);
		}
		return;
	}
	if (fr->count != t->plain) {
		wrong(c, "has another count than references", frame);
	}
	if (frame_type_refs(fr) != t->typed) {
		wrong(c, "has another type count than references", frame);
	}
	if (t->typed != 0 && role_of_type(fr->type) != t->role) {
		wrong(c, "has another type than role", frame);
	}
	if (t->typed != 0 && t->role <= L4 && fr->table.linear != t->linear) {
		wrong(c, "has another linear count", frame);
	}
}

static const char *recount_domain(struct machine *m, const struct mmu_domain *d)
{
	static struct count c;
	uint64_t pages = 0;

	c = (struct count){.m = m, .d = d};
	for (uint64_t f = 0; f < MACHINE_FRAMES; f++) {
		const struct frame *fr = &m->frames[f];

		if (fr->owner != d->tag) {
			continue;
		}
		/* A page that was given back stays while it is mapped. */
		pages += (fr->flags & FRAME_SHARED) == 0;
		c.tally[f].plain += (fr->flags & FRAME_ALLOCATED) != 0;
		if ((fr->flags & (FRAME_PINNED | FRAME_SHARED)) != 0) {
			role(&c, f, role_of_type(fr->type));
		}
		table(&c, f);
	}
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		roots(&c, d->vcpu[i]);
	}
	for (uint64_t f = 0; f < MACHINE_FRAMES; f++) {
		compare(&c, f);
	}
	if (pages != d->nr_pages) {
		wrong(&c, "and others: the reservation's size", pages);
	}
	return c.wrong;
}

const char *recount(struct machine *m)
{
	const char *wrong_there = recount_domain(m, &m->dom);

	if (wrong_there == NULL && m->other.m != NULL) {
		wrong_there = recount_domain(m, &m->other);
	}
	return wrong_there;
}

/*
 * I2 as the CPUs see it, without a look at the engine's records: no frame that
 * one of them takes for a table, or walks from as a root, is writable through
 * what any of them has cached.
 */
const char *recount_cached(struct machine *m)
{
	uint8_t is_table[MACHINE_FRAMES] = {0};

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		const struct worst_cpu *cpu = &m->cpu[i];

		if (cpu->vcpu == NULL) {
			continue;
		}
		is_table[cpu->vcpu->kernel_root.v] = 1;
		is_table[cpu->vcpu->user_root.v] = 1;
		for (unsigned int e = 0; e < cpu->cache.nr; e++) {
			if (cpu->cache.at[e].level > 1) {
				is_table[cpu->cache.at[e].frame] = 1;
			}
		}
	}
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		const struct cached_list *l = &m->cpu[i].cache;

		for (unsigned int e = 0; e < l->nr; e++) {
			if (l->at[e].level == 1 && l->at[e].writable &&
			    is_table[l->at[e].frame]) {
				snprintf(text, sizeof(text),
					 "frame %#lx is walked as a table and "
					 "writable at %#lx on CPU %u",
					 l->at[e].frame, l->at[e].va, i);
				return text;
			}
		}
	}
	return NULL;
}
