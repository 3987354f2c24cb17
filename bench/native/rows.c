/* SPDX-License-Identifier: MIT */
/*
 * The rows. Each run takes new random numbers, makes its requests beforehand
 * and times the hypercalls alone. What is pinned is unpinned and settled by
 * the row that measures that, so a round leaves the machine as it was.
 *
 * The bounds do with the same addresses what no engine can do without, each
 * access independent of all others: for an update, a read-modify-write of the
 * records of the frame that comes and of the one that goes, and of the entry;
 * for an entry of a table, its read and a read-modify-write of one record. The
 * bound of a single update is the time that such a one takes from its beginning
 * to its end.
 */
#include "bench/native/rows.h"

#include <stdlib.h>

#include "engine/request/hypercall.h"

#define REQUESTS 4096
#define RW_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static struct mmu_update request[REQUESTS];
static uint64_t gone[REQUESTS]; /* stand-ins for the frames that go */
static volatile uint32_t nought;

static void make_requests(struct world *w, bool consecutive, unsigned int run)
{
	uint64_t at = 0;

	for (unsigned int i = 0; i < REQUESTS; i++) {
		at = consecutive && i % run != 0
			     ? at + 1
			     : world_random(w) % (w->nr_data - run);
		request[i].ptr = world_entry_address(w, at);
		request[i].val = pte_make(world_random_data(w), RW_FLAGS).v;
		gone[i] = world_random_data(w).v;
	}
}

static double since(uint64_t before, uint64_t entries)
{
	return (double)(world_now_ns() - before) / (double)entries;
}

static double time_updates(struct world *w, unsigned int batch)
{
	uint64_t before = world_now_ns();

	for (unsigned int i = 0; i < REQUESTS; i += batch) {
		uint64_t arg[6] = {(uintptr_t)&request[i], batch, 0,
				   DOMID_SELF};

		world_expect("mmu_update", hc_mmu_update(&w->vcpu, arg));
	}
	return since(before, REQUESTS);
}

static double random_updates(struct world *w, unsigned int batch)
{
	make_requests(w, false, 1);
	return time_updates(w, batch);
}

static double consecutive_updates(struct world *w, unsigned int batch)
{
	make_requests(w, true, batch);
	return time_updates(w, batch);
}

/* Few entries and few frames, all in the first cache. */
static double warm_updates(struct world *w, unsigned int batch)
{
	for (unsigned int i = 0; i < REQUESTS; i++) {
		request[i].ptr = world_entry_address(w, i % 128);
		request[i].val =
			pte_make(mfn(w->first_data + (i * 7) % 128), RW_FLAGS)
				.v;
	}
	(void)time_updates(w, batch);
	return time_updates(w, batch);
}

static double va_updates(struct world *w, unsigned int batch)
{
	uint64_t before;

	(void)batch;
	make_requests(w, false, 1);
	before = world_now_ns();
	for (unsigned int i = 0; i < REQUESTS; i++) {
		uint64_t n = (request[i].ptr - world_entry_address(w, 0)) /
			     sizeof(pte_t);
		uint64_t arg[6] = {n << PAGE_SHIFT, request[i].val};

		world_expect("update_va_mapping",
			     hc_update_va_mapping(&w->vcpu, arg));
	}
	return since(before, REQUESTS);
}

static void touch(struct world *w, uint64_t f)
{
	*(volatile uint32_t *)&w->mmu.frames[f].count += nought;
}

static double bound_updates(struct world *w, unsigned int batch)
{
	uint64_t before;

	make_requests(w, batch != 0, batch == 0 ? 1 : batch);
	before = world_now_ns();
	for (unsigned int i = 0; i < REQUESTS; i++) {
		*(volatile uint64_t *)(w->mmu.ram + request[i].ptr) += nought;
		touch(w, pte_mfn(pte(request[i].val)).v);
		touch(w, gone[i]);
	}
	return since(before, REQUESTS);
}

/*
 * One update, and the next when it is done: the record of the frame that goes
 * is known only when the entry has come.
 */
static double bound_one(struct world *w, unsigned int batch)
{
	uint64_t wait = 0;
	uint64_t before;

	(void)batch;
	make_requests(w, false, 1);
	before = world_now_ns();
	for (unsigned int i = 0; i < REQUESTS; i++) {
		pte_t old = pte_read(
			(const pte_t *)(w->mmu.ram + request[i].ptr + wait));
		volatile uint32_t *count = &w->mmu.frames[pte_mfn(old).v].count;
		uint32_t seen = *count;

		touch(w, pte_mfn(pte(request[i].val)).v);
		*count = seen + nought;
		wait = seen & nought;
	}
	return since(before, REQUESTS);
}

static void mmuext(struct world *w, unsigned int cmd, mfn_t f)
{
	struct mmuext_op op = {.cmd = cmd};
	uint64_t arg[6] = {(uintptr_t)&op, 1, 0, DOMID_SELF};

	op.arg1.mfn = f.v;
	world_expect("mmuext_op", hc_mmuext_op(&w->vcpu, arg));
	/* What it left is done by the next one, which may be empty. */
	arg[1] = 0;
	world_expect("an empty mmu_update", hc_mmu_update(&w->vcpu, arg));
}

static double timed_mmuext(struct world *w, unsigned int cmd, mfn_t f,
			   uint64_t entries)
{
	uint64_t before = world_now_ns();

	mmuext(w, cmd, f);
	return since(before, entries);
}

#define TREE_ENTRIES ((uint64_t)TREE_TABLES * PT_ENTRIES)

static double pin_tree(struct world *w, unsigned int batch)
{
	(void)batch;
	return timed_mmuext(w, MMUEXT_PIN_L4_TABLE, w->tree, TREE_ENTRIES);
}

static double unpin_tree(struct world *w, unsigned int batch)
{
	(void)batch;
	return timed_mmuext(w, MMUEXT_UNPIN_TABLE, w->tree, TREE_ENTRIES);
}

static double bound_tree(struct world *w, unsigned int batch)
{
	const pte_t *p = frame_ptes(&w->mmu, mfn(w->tree_l1));
	uint64_t before = world_now_ns();

	(void)batch;
	for (uint64_t i = 0; i < TREE_ENTRIES; i++) {
		touch(w, pte_mfn(pte_read(&p[i])).v);
	}
	return since(before, TREE_ENTRIES);
}

/* `batch` times over: the table and its records stay in the cache. */
static double pin_warm(struct world *w, unsigned int batch)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < batch; i++) {
		uint64_t before = world_now_ns();

		mmuext(w, MMUEXT_PIN_L1_TABLE, w->warm);
		total += world_now_ns() - before;
		mmuext(w, MMUEXT_UNPIN_TABLE, w->warm);
	}
	return (double)total / (double)(batch * (uint64_t)PT_ENTRIES);
}

static double unpin_warm(struct world *w, unsigned int batch)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < batch; i++) {
		uint64_t before;

		mmuext(w, MMUEXT_PIN_L1_TABLE, w->warm);
		before = world_now_ns();
		mmuext(w, MMUEXT_UNPIN_TABLE, w->warm);
		total += world_now_ns() - before;
	}
	return (double)total / (double)(batch * (uint64_t)PT_ENTRIES);
}

static double audit(struct world *w, unsigned int batch)
{
	(void)batch;
	return world_audit(w) * 1e6 / (double)w->mmu.nr_frames;
}

#define RANDOM(n)                                                             \
	{                                                                     \
		"update-random-" #n, random_updates, n, "bound-random", false \
	}
#define CONSECUTIVE(n)                                            \
	{                                                         \
		"update-consecutive-" #n, consecutive_updates, n, \
			"bound-consecutive", false                \
	}

const struct row rows[] = {
	{"bound-random", bound_updates, 0, NULL, false},
	{"bound-one", bound_one, 0, NULL, false},
	{"update-random-1", random_updates, 1, "bound-one", false},
	RANDOM(4),
	RANDOM(16),
	RANDOM(32),
	RANDOM(128),
	RANDOM(512),
	{"update-va-random", va_updates, 1, "bound-one", false},
	{"bound-consecutive", bound_updates, 32, NULL, false},
	CONSECUTIVE(32),
	CONSECUTIVE(512),
	{"update-warm-1", warm_updates, 1, NULL, false},
	{"update-warm-128", warm_updates, 128, NULL, false},
	{"bound-tree", bound_tree, 0, NULL, false},
	{"pin-tree", pin_tree, 0, "bound-tree", false},
	{"unpin-tree", unpin_tree, 0, "bound-tree", false},
	{"pin-warm-l1", pin_warm, 64, NULL, false},
	{"unpin-warm-l1", unpin_warm, 64, NULL, false},
	{"audit-frame", audit, 0, NULL, true},
};
const unsigned int nr_rows = sizeof(rows) / sizeof(rows[0]);
