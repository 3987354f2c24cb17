/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the differential test: random operations on a pool of
 * frames, told by a seed, and a digest of what the hypervisor made of them.
 * Two hypervisors that agree print the same digests. Nothing that is digested
 * depends on which machine frames the domain got: a frame of the pool is
 * digested by its number in the pool (diff_record.c).
 *
 *   diff.c         seeds: set up, run, clean up
 *   diff_record.c  digest, names of frames, the trace
 *   diff_pick.c    random frames, entries, indices, addresses
 *   diff_ops.c     mmu_update, update_va_mapping, loads and stores, multicall
 *   diff_insn.c    instructions that write entries
 *   diff_ext.c     mmuext_op, descriptor tables
 *   diff_memory.c  memory given back and had anew
 *   diff_rules.c   the differences that are kept, by name
 */
#ifndef PW_KERNELS_DIFF_H
#define PW_KERNELS_DIFF_H

#include "kernels/reference/reference.h"

#define DIFF_POOL 14
#define DIFF_GIVEN 6   /* of them given back, at most, in a seed */
#define DIFF_EVERY 100 /* operations between two digests */
#define DIFF_LINE 400
/* A slot of the root that shows the pool, read-only, whatever happens. */
#define VIEW_BASE UINT64_C(0xffffd08000000000)
#define VIEW_SPARE DIFF_POOL       /* pages of it: one for trials, */
#define VIEW_GIVEN (DIFF_POOL + 1) /* and what was given back */

/* What a frame may be, besides a frame of the pool. */
enum diff_frame {
	FRAME_ROOT = DIFF_POOL, /* the kernel's own L4 */
	FRAME_TABLE,            /* the kernel's own L3 */
	FRAME_SHARED,           /* shared_info: ours, but not our memory */
	FRAME_XEN,              /* the hypervisor's */
	FRAME_BEYOND,           /* no processor here has so much memory */
	FRAME_ALL_ONES,
	FRAME_GIVEN, /* DIFF_GIVEN of them */
	FRAME_DEVICE =
		FRAME_GIVEN + DIFF_GIVEN, /* the memory of a display adapter */
	DIFF_FRAMES,
	FRAME_OTHER = DIFF_FRAMES, /* what none of the above is */
};

/*
 * What is left out because Xen and we differ there on purpose. Each has its
 * paragraph in docs/differences.md.
 */
enum diff_rule {
	RULE_CACHE_ATTRIBUTES,
	RULE_CACHE_FLUSH,
	RULE_DEVICE_MEMORY,
	RULE_DIRECT_WRITES,
	RULE_FIRST_SLOT,
	RULE_FOREIGN_DOMAIN,
	RULE_GLOBAL_KERNEL,
	DIFF_RULES,
};

struct diff {
	struct kernel *k;
	uint64_t random;
	uint64_t digest;
	uint64_t nr;      /* of the operation */
	bool trace;       /* this one is printed */
	const char *only; /* operations, or NULL: all */
	uint64_t trace_from;
	uint64_t dump_before;
	uint32_t without; /* rules that do not hold: a bit each */
	size_t used;
	char line[DIFF_LINE];
	unsigned int nr_given;
	pfn_t pfn[DIFF_POOL];
	mfn_t frame[DIFF_FRAMES];
	/* Slots of the kernel's root that it cannot run without. */
	unsigned int nr_slots;
	uint16_t slot[PT_ENTRIES];
};

/* diff_rules.c */
bool rule_holds(const struct diff *d, enum diff_rule rule);
/* A rule that does not hold is broken now and then. */
bool rule_broken(struct diff *d, enum diff_rule rule);
/* What a rule that does not hold has the seed begin with. */
void rules_begin(struct diff *d);
/* Reads without=NAME, without=all; says which there are if it is neither. */
bool rules_read(struct diff *d, const char *cmdline);

/* diff_record.c */
void record_op(struct diff *d, const char *name);
void record(struct diff *d, const char *name, uint64_t value);
void record_frame(struct diff *d, mfn_t f);
void record_entry(struct diff *d, uint64_t entry);
/* The address of an entry, as mmu_update takes it. */
void record_maddr(struct diff *d, uint64_t maddr);
void record_result(struct diff *d, int64_t result);
/* All entries of the pool, what maps it, and its M2P. */
void record_state(struct diff *d);
void record_flush(struct diff *d);
/* Prints what is in the pool. */
void record_dump(struct diff *d);
/* Which frame it is: of the pool, or enum diff_frame. */
unsigned int diff_number(const struct diff *d, mfn_t f);
/* The entry that shows a frame of the pool in the direct map. */
uint64_t direct_entry(struct diff *d, unsigned int nr);
/* A frame of the pool, or one given back: the view has no others. */
bool diff_visible(const struct diff *d, unsigned int nr);
/* It as it is now. */
const volatile uint64_t *diff_view(unsigned int nr);

/* diff_pick.c */
uint64_t pick(struct diff *d, uint64_t below);
bool chance(struct diff *d, unsigned int percent);
/* Which level a frame of the pool mostly has; 0: data. */
unsigned int pool_level(unsigned int nr);
unsigned int pick_pool(struct diff *d);
/* Any frame that a request may name. */
mfn_t pick_frame(struct diff *d);
/* A frame that a request may write, should the hypervisor let it. */
mfn_t pick_target(struct diff *d);
unsigned int pick_index(struct diff *d);
/* An entry for a table of that level: mostly a right one. */
uint64_t pick_entry(struct diff *d, unsigned int level);
uint64_t pick_good_entry(struct diff *d, unsigned int level);
/* Where the pool's frame has its place in the direct map. */
uint64_t direct_va(struct diff *d, unsigned int nr);
/* An address that only the pool's tables can map. */
uint64_t pick_test_va(struct diff *d);
unsigned int level_of(const struct diff *d, mfn_t f);

/* diff_ops.c */
void op_store(struct diff *d);
void op_load(struct diff *d);
void op_direct(struct diff *d);
void op_mapping(struct diff *d);
void op_update(struct diff *d);
void op_updates(struct diff *d);
void op_kernel_slots(struct diff *d);
void op_table(struct diff *d);
void op_hang(struct diff *d);
void op_multicall(struct diff *d);
void op_bad_pointer(struct diff *d);
int64_t flush_all(void);

/* diff_memory.c */
void memory_begin(struct diff *d);
void memory_end(struct diff *d);
int64_t view_map(unsigned int nr, uint64_t entry);
void op_give(struct diff *d);
void op_exchange(struct diff *d);

/* diff_insn.c */
void op_instruction(struct diff *d);

/* diff_ext.c */
void op_pin(struct diff *d);
void op_root(struct diff *d);
void op_extended(struct diff *d);
void op_extended_list(struct diff *d);
void op_large_page(struct diff *d);
void op_xen_slot(struct diff *d);
void op_gdt(struct diff *d);
void op_ldt(struct diff *d);
void op_descriptor(struct diff *d);

#endif
