/* SPDX-License-Identifier: MIT */
/* Extended operations, and the tables of descriptors. */
#include "kernels/reference/diff.h"

#define MAX_LIST 6
#define GDT_FRAMES 4
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

static int64_t extended(struct diff *d, struct mmuext_op *op, unsigned int nr)
{
	uint32_t done = 0x5555;
	int64_t result = hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)op, nr,
				   (uintptr_t)&done, DOMID_SELF, 0);

	record_result(d, result);
	record(d, "done", done);
	return result;
}

static const char *command_name(unsigned int command)
{
	static const char *const name[] = {
		"pin L1",        "pin L2",     "pin L3",
		"pin L4",        "unpin",      "base",
		"flush",         "invlpg",     "flush multi",
		"invlpg multi",  "flush all",  "invlpg all",
		"flush cache",   "ldt",        "-",
		"user base",     "clear",      "copy",
		"flush cache 2", "mark super", "unmark super",
	};

	return command < LENGTH(name) ? name[command] : "unknown";
}

static void record_command(struct diff *d, const struct mmuext_op *op)
{
	record_op(d, command_name(op->cmd));
	record_frame(d, mfn(op->arg1.mfn));
}

/* More often than not to the level that the frame mostly has. */
static struct mmuext_op pick_pin(struct diff *d)
{
	struct mmuext_op op = {.cmd = MMUEXT_UNPIN_TABLE};
	mfn_t f = pick_frame(d);
	unsigned int level = level_of(d, f);

	op.arg1.mfn = f.v;
	if (chance(d, 55)) {
		op.cmd = MMUEXT_PIN_L1_TABLE +
			 (chance(d, 80) && level != 0
				  ? level - 1
				  : (unsigned int)pick(d, 4));
	}
	/* The kernel's root stays one. */
	if (f.v == d->frame[FRAME_ROOT].v && op.cmd == MMUEXT_UNPIN_TABLE) {
		op.cmd = MMUEXT_PIN_L4_TABLE;
	}
	return op;
}

void op_pin(struct diff *d)
{
	struct mmuext_op op = pick_pin(d);

	record_command(d, &op);
	(void)extended(d, &op, 1);
}

/* Would the kernel survive on it, should it be a good L4? */
static bool has_kernel(const struct diff *d, mfn_t f)
{
	const uint64_t *root = frame_ptr(d->k, d->k->guest.kernel.root);
	unsigned int nr = diff_number(d, f);

	if (!diff_visible(d, nr)) {
		return true; /* the root, or never one */
	}
	for (unsigned int i = 0; i < d->nr_slots; i++) {
		uint64_t e = diff_view(nr)[d->slot[i]] ^ root[d->slot[i]];

		if ((e & (PTE_FRAME_MASK | PTE_P | PTE_RW | PTE_US)) != 0) {
			return false;
		}
	}
	return true;
}

void op_root(struct diff *d)
{
	struct mmuext_op op = {.cmd = MMUEXT_NEW_BASEPTR};
	mfn_t f = chance(d, 70) ? d->frame[DIFF_POOL - 2 + pick(d, 3)]
				: pick_frame(d);

	if (chance(d, 30)) {
		op.cmd = MMUEXT_NEW_USER_BASEPTR;
		f = chance(d, 20) ? mfn(0) : f;
	} else if (!has_kernel(d, f)) {
		f = d->frame[FRAME_ROOT];
	}
	op.arg1.mfn = f.v;
	record_command(d, &op);
	(void)extended(d, &op, 1);
}

static struct mmuext_op pick_extended(struct diff *d)
{
	static const uint8_t command[] = {
		MMUEXT_TLB_FLUSH_LOCAL,
		MMUEXT_INVLPG_LOCAL,
		MMUEXT_TLB_FLUSH_MULTI,
		MMUEXT_INVLPG_MULTI,
		MMUEXT_TLB_FLUSH_ALL,
		MMUEXT_INVLPG_ALL,
		MMUEXT_CLEAR_PAGE,
		MMUEXT_CLEAR_PAGE,
		MMUEXT_COPY_PAGE,
		MMUEXT_COPY_PAGE,
		MMUEXT_MARK_SUPER,
		MMUEXT_UNMARK_SUPER,
		14,
		21,
		63,
	};
	static uint64_t mask[] = {1, 2, 0};
	struct mmuext_op op = {.cmd = command[pick(d, LENGTH(command))]};

	op.arg1.mfn = pick_target(d).v;
	if (rule_broken(d, RULE_CACHE_FLUSH)) {
		op.cmd = chance(d, 50) ? MMUEXT_FLUSH_CACHE
				       : MMUEXT_FLUSH_CACHE_GLOBAL;
	}
	switch (op.cmd) {
	case MMUEXT_INVLPG_MULTI:
	case MMUEXT_TLB_FLUSH_MULTI:
		set_xen_guest_handle(op.arg2.vcpumask, &mask[pick(d, 3)]);
		if (chance(d, 20)) {
			set_xen_guest_handle(op.arg2.vcpumask,
					     (void *)TEST_BASE);
		}
		op.arg1.linear_addr = pick_test_va(d);
		break;
	case MMUEXT_INVLPG_LOCAL:
	case MMUEXT_INVLPG_ALL:
		op.arg1.linear_addr = pick_test_va(d);
		break;
	case MMUEXT_COPY_PAGE:
		/* What is in shared_info is not the same twice. */
		op.arg2.src_mfn = pick_target(d).v;
		break;
	default:
		break;
	}
	return op;
}

static void record_extended(struct diff *d, const struct mmuext_op *op)
{
	record_command(d, op);
	if (op->cmd == MMUEXT_COPY_PAGE) {
		record_frame(d, mfn(op->arg2.src_mfn));
	}
}

void op_extended(struct diff *d)
{
	struct mmuext_op op = pick_extended(d);

	record_extended(d, &op);
	(void)extended(d, &op, 1);
}

/*
 * Pins, or all the others: what an L4 leaves behind in one operation of a
 * list, the next must not find (scrub() in diff.c).
 */
void op_extended_list(struct diff *d)
{
	struct mmuext_op op[MAX_LIST];
	unsigned int nr = (unsigned int)pick(d, MAX_LIST + 1);
	bool pins = chance(d, 70);

	for (unsigned int i = 0; i < nr; i++) {
		op[i] = pins ? pick_pin(d) : pick_extended(d);
		if (pins && i > 0 && op[i - 1].cmd == MMUEXT_UNPIN_TABLE) {
			op[i].cmd = MMUEXT_UNPIN_TABLE;
			op[i].arg1.mfn = d->frame[pick_pool(d)].v;
		}
		record_extended(d, &op[i]);
	}
	record(d, "list of", nr);
	(void)extended(d, op, nr);
}

/* Pins f; if that works, tries the update, and unpins. */
static void update_pinned(struct diff *d, unsigned int command, mfn_t f,
			  unsigned int index, uint64_t value)
{
	struct mmuext_op op = {.cmd = command};
	struct mmu_update u = {.ptr = (f.v << PAGE_SHIFT) + index * 8,
			       .val = value};

	op.arg1.mfn = f.v;
	record_command(d, &op);
	/* The kernel's root is one in any case. */
	if (extended(d, &op, 1) != 0 && f.v != d->frame[FRAME_ROOT].v) {
		return;
	}
	record_op(d, "update");
	record_maddr(d, u.ptr);
	record_entry(d, u.val);
	record_result(d, ask_update(u.ptr, u.val));
	if (f.v != d->frame[FRAME_ROOT].v) {
		op.cmd = MMUEXT_UNPIN_TABLE;
		record_command(d, &op);
		(void)extended(d, &op, 1);
	}
}

/*
 * PS is for the upper levels what PAT is for an L1 (rule cache-attributes):
 * only a table that is known to be an upper one is asked to take it.
 */
void op_large_page(struct diff *d)
{
	unsigned int level = 2 + (unsigned int)pick(d, 3);
	mfn_t f = d->frame[pick_pool(d)];
	uint64_t e = pte_make(d->frame[pick_pool(d)],
			      PTE_P | PTE_RW | PTE_US | PTE_PS)
			     .v;

	update_pinned(d, MMUEXT_PIN_L1_TABLE + level - 1, f, pick_index(d), e);
}

/* The hypervisor's slots, of a frame that is an L4. */
void op_xen_slot(struct diff *d)
{
	unsigned int nr = XEN_L4_FIRST + (unsigned int)pick(d, XEN_L4_SLOTS);
	mfn_t f = d->frame[chance(d, 50) ? FRAME_ROOT : pick_pool(d)];

	update_pinned(d, MMUEXT_PIN_L4_TABLE, f, nr, pick_entry(d, 4));
}

void op_gdt(struct diff *d)
{
	static const uint16_t entries[] = {0,    1,    8,    512,  513,
					   1024, 2048, 7168, 7169, 8192};
	static uint64_t list[16];
	uint64_t nr = entries[pick(d, LENGTH(entries))];

	record_op(d, "gdt");
	record(d, "entries", nr);
	for (unsigned int i = 0; i < LENGTH(list); i++) {
		mfn_t f = chance(d, 80) ? d->frame[pick(d, 3)] : pick_frame(d);

		list[i] = f.v;
		record_frame(d, f);
	}
	record_result(d, hypercall(__HYPERVISOR_set_gdt, (uintptr_t)list, nr, 0,
				   0, 0));
}

void op_ldt(struct diff *d)
{
	static const uint16_t entries[] = {0, 1, 8, 512, 8191, 8192, 8193};
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT};
	bool direct = chance(d, 50);
	unsigned int nr = pick_pool(d);
	uint64_t va =
		direct ? direct_va(d, nr) : pick_test_va(d) & ~(PAGE_SIZE - 1);

	if (chance(d, 20)) {
		va += 8;
	}
	op.arg1.linear_addr = va;
	op.arg2.nr_ents = entries[pick(d, LENGTH(entries))];
	record_op(d, "ldt");
	record(d, "at", direct ? nr : va);
	record(d, "entries", op.arg2.nr_ents);
	(void)extended(d, &op, 1);
}

void op_descriptor(struct diff *d)
{
	static const uint64_t descriptor[] = {
		0,
		UINT64_C(0x00cffa000000f067), /* code, ring 3 */
		UINT64_C(0x00affa000000f067), /* code, 64 bits, ring 3 */
		UINT64_C(0x00cff2000000f067), /* data, ring 3 */
		UINT64_C(0x00cf9a000000f067), /* code, ring 0 */
		UINT64_C(0x00cfba000000f067), /* code, ring 1 */
		UINT64_C(0x0000e2000000f067), /* an LDT */
		UINT64_C(0x0000ec0000000060), /* a call gate */
		UINT64_C(0x0000ee0000000000), /* an interrupt gate */
		UINT64_C(0x00cf7a000000f067), /* not present */
		UINT64_C(0x00effa000000f067), /* code, L and D */
	};
	mfn_t f = pick_target(d);
	uint64_t maddr = (f.v << PAGE_SHIFT) + pick_index(d) * 8;
	uint64_t value = descriptor[pick(d, LENGTH(descriptor))];

	if (chance(d, 5)) {
		maddr += 4;
	}
	record_op(d, "descriptor");
	record_maddr(d, maddr);
	record(d, "is", value);
	record_result(d, hypercall(__HYPERVISOR_update_descriptor, maddr, value,
				   0, 0, 0));
}
