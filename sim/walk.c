/* SPDX-License-Identifier: MIT */
/*
 * The walk reads entries from the root down and stops at the first that is
 * not present, that has a reserved bit, or that is a leaf. It changes nothing:
 * whoever uses a translation marks A and D afterwards, as the CPU does only
 * for an access that goes through. The rights of a translation are the AND of
 * RW and US and the OR of NX over all levels (SDM 3A, 4.6).
 *
 * The four PDPTEs of PAE are no level of the walk in memory: MOV to CR3 reads
 * them into the CPU, rights have no meaning in them, and a change in memory
 * counts only after the next MOV to CR3 (SDM 3A, 4.4.1).
 */
#include "sim/walk.h"

#include <string.h>

/* Physical addresses have 46 bits, as CPUs of the time; above is reserved. */
#define PHYS_BITS 46
#define PHYS_RESERVED (PTE_FRAME_MASK & ~((UINT64_C(1) << PHYS_BITS) - 1))
/* Bits 62:52 and, in 2-level tables, nothing of the like. */
#define PAE_IGNORED_HIGH UINT64_C(0x7ff0000000000000)
/* PDPTEs of PAE: bits 2:1, 8:5 and all above the address. */
#define PDPTE_RESERVED \
	(UINT64_C(0x1e6) | PHYS_RESERVED | PAE_IGNORED_HIGH | PTE_NX)

struct shape_level {
	unsigned int shift;
	unsigned int bits;
};

struct shape {
	unsigned int levels;
	unsigned int entry_bytes;
	struct shape_level level[5];
};

static const struct shape shapes[PAGING_MODES] = {
	[PAGING_2LEVEL] = {2, 4, {{0, 0}, {12, 10}, {22, 10}}},
	[PAGING_PAE] = {3, 8, {{0, 0}, {12, 9}, {21, 9}, {30, 2}}},
	[PAGING_4LEVEL] = {4, 8, {{0, 0}, {12, 9}, {21, 9}, {30, 9}, {39, 9}}},
};

const char *const paging_mode_name[PAGING_MODES] = {
	[PAGING_2LEVEL] = "2-level",
	[PAGING_PAE] = "PAE",
	[PAGING_4LEVEL] = "4-level",
};

unsigned int walk_levels(enum paging_mode mode)
{
	return shapes[mode].levels;
}

unsigned int walk_shift(enum paging_mode mode, unsigned int level)
{
	return shapes[mode].level[level].shift;
}

bool walk_address_valid(enum paging_mode mode, vaddr_t va)
{
	return mode == PAGING_4LEVEL ? vaddr_canonical(va) : va.v >> 32 == 0;
}

static uint64_t read_entry(const struct walk_ram *ram, maddr_t at,
			   unsigned int bytes)
{
	uint64_t entry;
	uint32_t half;

	if (at.v >= ram->bytes) {
		return bytes == 4 ? UINT32_MAX : UINT64_MAX;
	}
	/* Sizes that the compiler knows: most of the simulator's work. */
	if (bytes == sizeof(half)) {
		memcpy(&half, ram->at + at.v, sizeof(half));
		return half;
	}
	memcpy(&entry, ram->at + at.v, sizeof(entry));
	return entry;
}

static bool is_leaf(const struct paging *p, unsigned int level, uint64_t entry)
{
	if (level == 1) {
		return true;
	}
	if ((entry & PTE_PS) == 0) {
		return false;
	}
	switch (p->mode) {
	case PAGING_2LEVEL:
		return level == 2 && p->pse; /* else the bit is ignored */
	case PAGING_PAE:
		return level == 2;
	case PAGING_4LEVEL:
		return level == 2 || (level == 3 && p->huge);
	case PAGING_MODES:
		break;
	}
	return false;
}

/* Bits that must be 0 in a present entry. */
static uint64_t reserved_bits(const struct paging *p, unsigned int level,
			      uint64_t entry)
{
	uint64_t bits = PHYS_RESERVED;
	unsigned int shift = shapes[p->mode].level[level].shift;

	if (p->mode == PAGING_2LEVEL) {
		/* Bits 20:13 of a large page are PSE-36's: unused here. */
		return level == 2 && is_leaf(p, level, entry)
			       ? UINT64_C(0x3fe000)
			       : 0;
	}
	if (!p->nx) {
		bits |= PTE_NX;
	}
	if (p->mode == PAGING_PAE) {
		bits |= PAE_IGNORED_HIGH;
	}
	if (level > 1 && is_leaf(p, level, entry)) {
		/* Bit 12 is PAT; the rest of a large frame must be 0. */
		bits |= ((UINT64_C(1) << shift) - 1) & PTE_FRAME_MASK &
			~(UINT64_C(1) << 12);
	} else if (level > 2) {
		bits |= PTE_PS;
	}
	return bits;
}

static void found(const struct paging *p, struct walk *w, unsigned int level,
		  uint64_t entry, uint64_t rights)
{
	unsigned int shift = shapes[p->mode].level[level].shift;
	uint64_t frame = entry & PTE_FRAME_MASK;

	if (p->mode == PAGING_2LEVEL) {
		frame &= UINT32_MAX;
	}
	w->mapped = true;
	w->to = (struct translation){
		.page = maddr(frame & ~((UINT64_C(1) << shift) - 1)),
		.shift = shift,
		.flags = rights | (entry & PTE_D),
	};
	if (p->pge) {
		w->to.flags |= entry & PTE_G;
	}
}

/* One level; false: the walk ends here. */
static bool walk_level(const struct walk_ram *ram, const struct paging *p,
		       struct walk *w, unsigned int level, maddr_t table,
		       vaddr_t va)
{
	const struct shape *s = &shapes[p->mode];
	unsigned int index = (unsigned int)(va.v >> s->level[level].shift) &
			     ((1u << s->level[level].bits) - 1);
	struct walk_step *step = &w->step[level];

	step->index = index;
	step->at = maddr(table.v + (uint64_t)index * s->entry_bytes);
	step->entry = read_entry(ram, step->at, s->entry_bytes);
	w->end = level;
	if ((step->entry & PTE_P) == 0) {
		return false;
	}
	w->reserved = (step->entry & reserved_bits(p, level, step->entry)) != 0;
	return !w->reserved;
}

/* PAE's top: from the CPU's registers. */
static bool walk_pdpte(const struct paging *p, struct walk *w, maddr_t root,
		       vaddr_t va)
{
	unsigned int index = (unsigned int)(va.v >> 30) & 3;

	w->step[3] = (struct walk_step){
		.index = index,
		.entry = p->pdpte[index],
		.at = maddr(root.v + index * UINT64_C(8)),
	};
	w->end = 3;
	return (p->pdpte[index] & PTE_P) != 0;
}

void walk_tables(const struct walk_ram *ram, const struct paging *p,
		 maddr_t root, vaddr_t va, struct walk *ret)
{
	unsigned int level = shapes[p->mode].levels;
	uint64_t rights = PTE_RW | PTE_US;
	maddr_t table = root;

	/* The steps below the last are left: clearing them is half the walk. */
	ret->top = level;
	ret->end = level;
	ret->mapped = false;
	ret->reserved = false;
	ret->to = (struct translation){0};
	if (p->mode == PAGING_PAE) {
		if (!walk_pdpte(p, ret, root, va)) {
			return;
		}
		table = maddr(ret->step[3].entry & PTE_FRAME_MASK);
		level = 2;
	}
	for (;; level--) {
		uint64_t entry;

		if (!walk_level(ram, p, ret, level, table, va)) {
			return;
		}
		entry = ret->step[level].entry;
		rights &= entry | PTE_NX;
		if (p->nx && p->mode != PAGING_2LEVEL) {
			rights |= entry & PTE_NX;
		}
		if (is_leaf(p, level, entry)) {
			found(p, ret, level, entry, rights);
			return;
		}
		table = maddr(entry & PTE_FRAME_MASK);
	}
}

static uint32_t access_bits(const struct paging *p, struct access access)
{
	return (access.write ? PF_WRITE : 0) | (access.user ? PF_USER : 0) |
	       (access.fetch && p->nx ? PF_FETCH : 0);
}

uint32_t walk_check(const struct paging *p, uint64_t flags,
		    struct access access)
{
	bool allowed = true;

	if (access.user && (flags & PTE_US) == 0) {
		allowed = false;
	}
	if (access.write && (flags & PTE_RW) == 0 && (access.user || p->wp)) {
		allowed = false;
	}
	if (access.fetch && (flags & PTE_NX) != 0) {
		allowed = false;
	}
	return allowed ? 0 : PF_PRESENT | access_bits(p, access);
}

uint32_t walk_failed(const struct paging *p, const struct walk *w,
		     struct access access)
{
	return (w->reserved ? PF_PRESENT | PF_RESERVED : 0) |
	       access_bits(p, access);
}

void walk_mark(const struct walk_ram *ram, const struct paging *p,
	       struct walk *w, bool write)
{
	unsigned int bytes = shapes[p->mode].entry_bytes;

	for (unsigned int level = w->top; level >= w->end; level--) {
		struct walk_step *s = &w->step[level];
		uint64_t entry = s->entry | PTE_A;

		if (p->mode == PAGING_PAE && level == 3) {
			continue;
		}
		if (level == w->end && write) {
			entry |= PTE_D;
			w->to.flags |= PTE_D;
		}
		if (entry != s->entry && s->at.v < ram->bytes) {
			memcpy(ram->at + s->at.v, &entry, bytes);
			s->entry = entry;
		}
	}
}

bool walk_load_pdptes(const struct walk_ram *ram, struct paging *p,
		      maddr_t root)
{
	/* CR3 names 32 aligned bytes. */
	maddr_t table = maddr(root.v & UINT64_C(0xffffffe0));
	uint64_t pdpte[4];

	for (unsigned int i = 0; i < 4; i++) {
		pdpte[i] = read_entry(ram, maddr(table.v + i * UINT64_C(8)), 8);
		if ((pdpte[i] & PTE_P) != 0 &&
		    (pdpte[i] & PDPTE_RESERVED) != 0) {
			return false;
		}
	}
	memcpy(p->pdpte, pdpte, sizeof(pdpte));
	return true;
}
