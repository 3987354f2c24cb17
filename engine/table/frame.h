/* SPDX-License-Identifier: MIT */
/*
 * The frame record: 16 bytes for each 4 KiB frame of the machine.
 *
 * Two counts. `count` counts the references that keep a frame with its owner:
 * one while the frame belongs to the owner's reservation (FRAME_ALLOCATED),
 * one for each present entry that maps it, one for each pin, CR3 or
 * descriptor-table slot that names it. `type_count` counts those of the
 * references that rely on the frame's type; the type may change only while it
 * is zero (I1).
 *
 *   type            who may refer to it by type        who may write it
 *   FRAME_NONE      nobody                             nobody (RO maps only)
 *   FRAME_L1..L4    entries one level up, pins, CR3s   the engine; the CPU's
 *                                                      A and D bits
 *   FRAME_L2_XEN    the last entry of one 32-bit L3    the engine; the CPU's
 *                                                      A and D bits
 *   FRAME_DESC      GDT and LDT slots of vCPUs         the engine; the CPU
 *   FRAME_WRITABLE  L1 entries with RW, ours to share  the guest
 *
 * A 32-bit domain's last L2 holds the hypervisor's slots, so it is of a type of
 * its own: no other entry can have it for an L2, nor a pin, and its L3 has it
 * alone. What it maps is an L2's.
 *
 * A table is in one of four states:
 *   neither flag, type_count 0    not in use; the type is only a memory of
 *                                 what it last was
 *   FRAME_VALIDATED               every entry holds its references
 *   FRAME_PARTIAL                 validation stopped on the way: entries
 *                                 [0, nr_validated) hold their references;
 *                                 type_count is 1 and that reference, with
 *                                 one general one, belongs to the state
 *                                 itself. Whoever next asks for the type goes
 *                                 on with it and takes the two references
 *                                 over; whoever asks for another type sends
 *                                 it to the dying queue.
 *   FRAME_DYING                   its last type reference is gone and it
 *                                 stands in the domain's dying queue, which
 *                                 holds one type and one general reference;
 *                                 entries [0, nr_validated) still hold theirs.
 *                                 `type_count` then is the queue's link.
 *
 * A parent never holds a reference on a partial or dying child, so each
 * reference has exactly one holder in every state, and nothing recurses when
 * tables are taken down (ADVISORIES XSA-240, 290, 299).
 *
 * `epoch` is its owner's flush epoch in which the frame last lost its last
 * type reference: while it equals the current epoch, a CPU may still hold a
 * translation that came with the old type (I9). It shares its room with the
 * fields that only tables in use need. Those have FRAME_WALKED and the last
 * bits of an epoch instead: that in which the last reference went by which a
 * CPU may have got to the table (flush.c).
 *
 * A free frame (OWNER_FREE) has no counts; `count`, `type_count` and `epoch`
 * are the free pool's then (pool.h).
 */
#ifndef PW_ENGINE_FRAME_H
#define PW_ENGINE_FRAME_H

#include "abi/addr.h"

enum frame_type {
	FRAME_NONE = 0,
	FRAME_L1 = 1,
	FRAME_L2 = 2,
	FRAME_L3 = 3,
	FRAME_L4 = 4,
	FRAME_DESC = 5,
	FRAME_L2_XEN = 6,
	FRAME_WRITABLE = 7,
};
#define FRAME_TYPES 8

enum frame_flag {
	FRAME_PINNED = 1 << 0,
	FRAME_VALIDATED = 1 << 1,
	FRAME_PARTIAL = 1 << 2,
	FRAME_DYING = 1 << 3,
	FRAME_ALLOCATED = 1 << 4, /* part of its owner's reservation */
	FRAME_SHARED = 1 << 5,    /* the hypervisor's, lent to its owner */
	FRAME_RUN = 1 << 6,       /* free: first of a run in the pool */
	FRAME_WALKED = 1 << 6,    /* a table: `walked` is an epoch */
	FRAME_DIRTY = 1 << 7,     /* free, and not known to be all zero */
};

/* Owner tags. 0 is what an all-zero frame table says: nobody's RAM. */
#define OWNER_NONE 0       /* no RAM: a hole, or a device */
#define OWNER_XEN 0xfffe   /* the hypervisor's own RAM */
#define OWNER_FREED 0xfffd /* on its way there: a flush is owed first */
#define OWNER_FREE 0xffff  /* in the free pool (pool.c) */

struct frame {
	union {
		struct {
			uint32_t count;
			/* The queue's link while FRAME_DYING. */
			uint32_t type_count;
		};
		uint64_t counts; /* both: FRAME_BOTH is one of each */
	};
	union {
		struct {
			uint16_t owner; /* tag of a struct mmu_domain */
			uint8_t type;   /* enum frame_type */
			uint8_t flags;  /* enum frame_flag */
		};
		uint32_t what; /* all three, see frame_what() */
	};
	union {
		uint32_t epoch; /* tables not in use, and all others */
		struct {
			uint16_t nr_validated : 10; /* 0..512 */
			uint16_t walked : 6;        /* last bits of an epoch */
			/*
			 * > 0: entries of other tables of this level that
			 * refer to this one; < 0: entries of this one that
			 * refer to others of this level. Never both (I4).
			 */
			int16_t linear;
		} table;
	};
};

_Static_assert(sizeof(struct frame) == 16, "a frame record is 16 bytes");

#define FRAME_COUNT_MAX UINT32_MAX
#define FRAME_BOTH (UINT64_C(1) << 32 | 1)

/* What `what` is with these, to be compared under a mask of the same make. */
static inline uint32_t frame_what(uint16_t owner, uint8_t type, uint8_t flags)
{
	return owner | (uint32_t)type << 16 | (uint32_t)flags << 24;
}
#define FRAME_LINEAR_MAX INT16_MAX

static inline bool frame_is_table(enum frame_type type)
{
	return (type >= FRAME_L1 && type <= FRAME_L4) || type == FRAME_L2_XEN;
}

/* A table's level. */
static inline unsigned int frame_level(enum frame_type type)
{
	return type == FRAME_L2_XEN ? 2 : (unsigned int)type;
}

/*
 * A CPU may have got to the table, in this epoch, by a reference that goes. Of
 * two, the later one counts.
 */
static inline void frame_note_walked(struct frame *f, uint32_t epoch)
{
	f->flags |= FRAME_WALKED;
	f->table.walked = epoch & 63;
}

/* True also for an epoch of the same last bits: that is a flush too many. */
static inline bool frame_was_walked(const struct frame *f, uint32_t epoch)
{
	return (f->flags & FRAME_WALKED) != 0 &&
	       f->table.walked == (epoch & 63);
}

/* Type references that exist, whatever the state. */
static inline uint32_t frame_type_refs(const struct frame *f)
{
	return (f->flags & FRAME_DYING) ? 1 : f->type_count;
}

/*
 * Xen's classic 64-bit type_info: type in 63:60, pinned 59, validated 58, a
 * 32-bit domain's last L2 57, partial 56, count below; so that the public
 * record can be searched with it.
 */
uint64_t frame_type_info(const struct frame *f);
/* What asking for a type expects to see: the type alone. */
uint64_t frame_type_expected(enum frame_type type);

#endif
