/* SPDX-License-Identifier: MIT */
/* Operations on entries: requests, and the CPU's own loads and stores. */
#include "kernels/reference/diff.h"

#define MAX_LIST 8
#define TEST_SLOT ((TEST_BASE >> 39) & 511)
#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

int64_t flush_all(void)
{
	return ask_extended(MMUEXT_TLB_FLUSH_LOCAL, 0);
}

static void record_trap(struct diff *d, int vector, uint64_t error,
			uint64_t offset)
{
	record_result(d, vector);
	if (vector >= 0) {
		record(d, "error", error);
		record(d, "at", offset);
	}
}

/*
 * A store to where the direct map shows a frame, or a pool's table does: a
 * plain one, an emulated one if a table of level 1 is there, or a fault. What
 * the TLB may still hold is not the question: it is flushed before.
 */
void op_store(struct diff *d)
{
	bool direct = chance(d, 80);
	unsigned int nr = pick_pool(d);
	unsigned int index = pick_index(d);
	uint64_t value = pick_entry(d, pool_level(nr));
	uint64_t va = direct ? direct_va(d, nr) + index * 8 : pick_test_va(d);
	uint64_t error = 0;
	uint64_t cr2 = va;
	int vector;

	record_op(d, direct ? "store direct" : "store");
	record(d, "to", direct ? nr * PAGE_SIZE + index * 8 : va);
	record_entry(d, value);
	(void)flush_all();
	vector = probe_write(va, value, &error, &cr2);
	record_trap(d, vector, error, cr2 - va);
}

void op_load(struct diff *d)
{
	uint64_t va = pick_test_va(d);
	uint64_t error = 0;
	uint64_t cr2 = va;
	int vector;

	record_op(d, "load");
	record(d, "from", va);
	(void)flush_all();
	vector = probe_read(va, &error, &cr2);
	record_trap(d, vector, error, cr2 - va);
}

/* What the direct map shows of the pool: mostly the frame itself. */
void op_direct(struct diff *d)
{
	static const uint64_t flags[] = {
		PTE_P,
		PTE_P,
		PTE_P | PTE_RW | PTE_A | PTE_D,
		PTE_P | PTE_NX,
	};
	unsigned int nr = pick_pool(d);
	uint64_t e = pte_make(d->frame[nr], flags[pick(d, LENGTH(flags))]).v;

	if (chance(d, 15)) {
		e = pick_entry(d, 1);
	}
	record_op(d, "direct");
	record(d, "of", nr);
	record_entry(d, e);
	record_result(d, ask_mapping(direct_va(d, nr), e));
}

void op_mapping(struct diff *d)
{
	static const uint64_t flags[] = {
		UVMF_NONE,
		UVMF_TLB_FLUSH,
		UVMF_INVLPG,
		UVMF_INVLPG | UVMF_ALL,
		UVMF_TLB_FLUSH | UVMF_ALL,
		3,
	};
	uint64_t va = pick_test_va(d);
	uint64_t e = pick_entry(d, 1);
	uint64_t f = flags[pick(d, LENGTH(flags))];

	record_op(d, "va_mapping");
	record(d, "of", va);
	record_entry(d, e);
	record(d, "flags", f);
	record_result(d, hypercall(__HYPERVISOR_update_va_mapping, va, e, f, 0,
				   0));
}

/* The root's test slot is where the pool's tables are hung in. */
static struct mmu_update pick_update(struct diff *d)
{
	static const uint8_t command[] = {
		MMU_NORMAL_PT_UPDATE,      MMU_NORMAL_PT_UPDATE,
		MMU_NORMAL_PT_UPDATE,      MMU_NORMAL_PT_UPDATE,
		MMU_NORMAL_PT_UPDATE,      MMU_PT_UPDATE_PRESERVE_AD,
		MMU_PT_UPDATE_PRESERVE_AD, MMU_MACHPHYS_UPDATE,
	};
	struct mmu_update u;
	mfn_t f = pick_target(d);
	unsigned int index = pick_index(d);
	unsigned int c = command[pick(d, LENGTH(command))];

	if (c != MMU_MACHPHYS_UPDATE && chance(d, 8)) {
		f = d->frame[FRAME_ROOT];
		index = TEST_SLOT;
	}
	u.ptr = (f.v << PAGE_SHIFT) + index * 8 + c;
	/* An even number: not present, should the command become another. */
	u.val = c == MMU_MACHPHYS_UPDATE ? pick(d, 1 << 20) * 2
					 : pick_entry(d, level_of(d, f));
	if (chance(d, 3)) {
		u.ptr ^= pick(d, 8);
	}
	return u;
}

static void record_update(struct diff *d, const struct mmu_update *u)
{
	record_op(d, "update");
	record_maddr(d, u->ptr);
	record_entry(d, u->val);
}

/* Mostly our own domain's; others are not there, or not for us. */
static uint32_t pick_domain(struct diff *d)
{
	static const uint32_t odd[] = {
		1234,      DOMID_INVALID, DOMID_SELF | 1235u << 16,
		DOMID_COW, DOMID_IDLE,
	};

	if (rule_broken(d, RULE_FOREIGN_DOMAIN)) {
		return chance(d, 50) ? DOMID_IO : DOMID_XEN;
	}
	return chance(d, 97) ? DOMID_SELF : odd[pick(d, LENGTH(odd))];
}

static void issue_updates(struct diff *d, struct mmu_update *u, unsigned int nr)
{
	uint32_t domain = pick_domain(d);
	uint32_t done = 0x5555;
	int64_t result;

	for (unsigned int i = 0; i < nr; i++) {
		record_update(d, &u[i]);
	}
	record(d, "domain", domain);
	result = hypercall(__HYPERVISOR_mmu_update, (uintptr_t)u, nr,
			   (uintptr_t)&done, domain, 0);
	record_result(d, result);
	record(d, "done", done);
}

void op_update(struct diff *d)
{
	struct mmu_update u = pick_update(d);

	issue_updates(d, &u, 1);
}

void op_updates(struct diff *d)
{
	struct mmu_update u[MAX_LIST];
	unsigned int nr = (unsigned int)pick(d, MAX_LIST + 1);

	for (unsigned int i = 0; i < nr; i++) {
		u[i] = pick_update(d);
	}
	issue_updates(d, u, nr);
}

/* What makes an L4 one that the kernel can run on. */
void op_kernel_slots(struct diff *d)
{
	static struct mmu_update u[PT_ENTRIES];
	const uint64_t *root = frame_ptr(d->k, d->k->guest.kernel.root);
	mfn_t f = d->frame[pick_pool(d)];
	uint32_t done = 0;

	if (chance(d, 80)) {
		f = d->frame[DIFF_POOL - 1 - pick(d, 2)];
	}
	for (unsigned int i = 0; i < d->nr_slots; i++) {
		u[i].ptr = (f.v << PAGE_SHIFT) + d->slot[i] * 8u;
		u[i].val = root[d->slot[i]];
	}
	record_op(d, "kernel's slots");
	record_frame(d, f);
	record_result(d,
		      hypercall(__HYPERVISOR_mmu_update, (uintptr_t)u,
				d->nr_slots, (uintptr_t)&done, DOMID_SELF, 0));
	record(d, "done", done);
}

/* A good table of its level, if the frame is none just now. */
void op_table(struct diff *d)
{
	struct mmu_update u[4];
	unsigned int nr = pick_pool(d);
	unsigned int entries = 1 + (unsigned int)pick(d, LENGTH(u));

	record_op(d, "table");
	record_frame(d, d->frame[nr]);
	record_result(d, ask_mapping(direct_va(d, nr),
				     pte_make(d->frame[nr], PTE_P).v));
	record_result(d, ask_extended(MMUEXT_CLEAR_PAGE, d->frame[nr].v));
	for (unsigned int i = 0; i < entries; i++) {
		u[i].ptr =
			(d->frame[nr].v << PAGE_SHIFT) + (1 + pick(d, 3)) * 8;
		u[i].val = pick_good_entry(d, pool_level(nr));
		record_update(d, &u[i]);
	}
	record_result(d, hypercall(__HYPERVISOR_mmu_update, (uintptr_t)u,
				   entries, 0, DOMID_SELF, 0));
}

/* The pool's tables into the root that we run on. */
void op_hang(struct diff *d)
{
	struct mmu_update u = {
		.ptr = (d->frame[FRAME_ROOT].v << PAGE_SHIFT) + TEST_SLOT * 8,
		.val = pick_good_entry(d, 4),
	};

	record_update(d, &u);
	record_result(d, ask_update(u.ptr, u.val));
}

static struct multicall_entry pick_call(struct diff *d, struct mmu_update *u)
{
	struct multicall_entry c = {.result = 0x5555};

	if (chance(d, 50)) {
		*u = pick_update(d);
		c.op = __HYPERVISOR_mmu_update;
		c.args[0] = (uintptr_t)u;
		c.args[1] = 1;
		c.args[3] = DOMID_SELF;
		record_update(d, u);
	} else {
		c.op = __HYPERVISOR_update_va_mapping;
		c.args[0] = pick_test_va(d);
		c.args[1] = pick_entry(d, 1);
		c.args[2] = UVMF_INVLPG;
		record_op(d, "va_mapping");
		record(d, "of", c.args[0]);
		record_entry(d, c.args[1]);
	}
	if (chance(d, 3)) {
		c.op = 63; /* there is none */
		record_op(d, "no such call");
	}
	return c;
}

void op_multicall(struct diff *d)
{
	struct multicall_entry c[MAX_LIST];
	struct mmu_update u[MAX_LIST];
	unsigned int nr = (unsigned int)pick(d, MAX_LIST + 1);

	record_op(d, "multicall");
	for (unsigned int i = 0; i < nr; i++) {
		c[i] = pick_call(d, &u[i]);
	}
	record_result(d, hypercall(__HYPERVISOR_multicall, (uintptr_t)c, nr, 0,
				   0, 0));
	for (unsigned int i = 0; i < nr; i++) {
		record_result(d, (int64_t)c[i].result);
	}
}

/* Lists where there is no memory, or the hypervisor's. */
void op_bad_pointer(struct diff *d)
{
	static const uint64_t where[] = {
		0,
		TEST_BASE | UINT64_C(0x7ffffff000),
		UINT64_C(0xffff800000000000),
		UINT64_C(0xffff830000000000),
		UINT64_C(0x0000800000000000),
		UINT64_C(0xfffffffffffffff8),
	};
	static const uint8_t call[] = {
		__HYPERVISOR_mmu_update,
		__HYPERVISOR_mmuext_op,
		__HYPERVISOR_multicall,
	};
	uint64_t nr = call[pick(d, LENGTH(call))];
	uint64_t at = where[pick(d, LENGTH(where))];
	uint64_t count = pick(d, 3);

	record_op(d, "bad pointer");
	record(d, "call", nr);
	record(d, "list", at);
	record(d, "count", count);
	record_result(d,
		      hypercall((unsigned int)nr, at, count, 0, DOMID_SELF, 0));
}
