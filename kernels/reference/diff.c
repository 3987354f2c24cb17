/* SPDX-License-Identifier: MIT */
/*
 * The differential test. Words of the command line beside `diff`:
 *
 *   seed=S    the first seed (1); nr=N  how many of them (1)
 *   ops=N     operations of a seed (10000)
 *   trace=N   print the operations from this one on, a line each
 *   only=A,B-C/D  only these operations of the first seed; and then, from the
 *             same beginning, those behind the /
 *   dump=N    print what is in the pool before the operation N
 *   without=RULE  also what this rule of docs/differences.md leaves out;
 *             without=all: whatever they leave out
 *
 * It prints "diff: seed S N DIGEST" every hundred operations, a last one when
 * the seed's pool is clean again, and "diff: end" after the last seed.
 */
#include "kernels/reference/diff.h"

static struct diff the_diff;

struct weighted {
	unsigned int weight;
	void (*op)(struct diff *d);
};

static const struct weighted ops[] = {
	{10, op_store},     {16, op_instruction}, {4, op_load},
	{16, op_direct},    {8, op_mapping},      {18, op_update},
	{5, op_updates},    {3, op_multicall},    {3, op_kernel_slots},
	{16, op_table},     {4, op_hang},         {14, op_pin},
	{4, op_root},       {3, op_extended},     {2, op_extended_list},
	{1, op_give},       {1, op_exchange},     {1, op_large_page},
	{1, op_xen_slot},   {1, op_gdt},          {1, op_ldt},
	{1, op_descriptor}, {1, op_bad_pointer},
};

static void one_op(struct diff *d)
{
	unsigned int total = 0;
	uint64_t n;

	for (unsigned int i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		total += ops[i].weight;
	}
	n = pick(d, total);
	for (unsigned int i = 0;; i++) {
		if (n < ops[i].weight) {
			ops[i].op(d);
			return;
		}
		n -= ops[i].weight;
	}
}

/*
 * When a frame is an L4 no more, the hypervisor's slots are still in it, each
 * hypervisor's own, and what becomes of the frame would depend on them. So
 * they are cleared, where that is possible: a frame that is an L4 refuses.
 */
static void scrub_frame(struct diff *d, unsigned int nr)
{
	struct mmu_update u[XEN_L4_SLOTS];

	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		u[i].ptr =
			(d->frame[nr].v << PAGE_SHIFT) + (XEN_L4_FIRST + i) * 8;
		u[i].val = 0;
	}
	(void)hypercall(__HYPERVISOR_mmu_update, (uintptr_t)u, XEN_L4_SLOTS, 0,
			DOMID_SELF, 0);
}

static void scrub(struct diff *d)
{
	for (unsigned int nr = 0; nr < DIFF_FRAMES; nr++) {
		unsigned int i = XEN_L4_FIRST;

		if (!diff_visible(d, nr)) {
			continue;
		}
		while (i <= XEN_L4_LAST && diff_view(nr)[i] == 0) {
			i++;
		}
		if (i <= XEN_L4_LAST) {
			scrub_frame(d, nr);
		}
	}
}

static uint64_t test_slot(const struct diff *d)
{
	return (d->frame[FRAME_ROOT].v << PAGE_SHIFT) +
	       ((TEST_BASE >> 39) & 511) * 8;
}

static int64_t give_back(struct diff *d, unsigned int nr)
{
	return ask_mapping(
		direct_va(d, nr),
		pte_make(d->frame[nr], PTE_P | PTE_RW | PTE_A | PTE_D).v);
}

/*
 * Everything that the seed did is undone, by requests that a hypervisor with
 * one count too many or too few would refuse: the results are digested too.
 */
static void clean_up(struct diff *d)
{
	record_op(d, "clean up");
	record_result(d,
		      ask_extended(MMUEXT_NEW_BASEPTR, d->frame[FRAME_ROOT].v));
	record_result(d, ask_extended(MMUEXT_NEW_USER_BASEPTR, 0));
	record_result(d, ask_extended(MMUEXT_SET_LDT, 0));
	record_result(d, hypercall(__HYPERVISOR_set_gdt, 0, 0, 0, 0, 0));
	record_result(d, ask_update(test_slot(d), 0));
	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		record_result(d, ask_mapping(direct_va(d, nr), 0));
		record_result(d,
			      ask_extended(MMUEXT_UNPIN_TABLE, d->frame[nr].v));
	}
	for (unsigned int nr = 0; nr < d->nr_given; nr++) {
		record_result(d, ask_extended(MMUEXT_UNPIN_TABLE,
					      d->frame[FRAME_GIVEN + nr].v));
	}
	memory_end(d);
	record_flush(d);
	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		record_op(d, "give back");
		record(d, "frame", nr);
		record_result(d, give_back(d, nr));
		record_result(d, ask_update((d->frame[nr].v << PAGE_SHIFT) |
						    MMU_MACHPHYS_UPDATE,
					    d->pfn[nr].v));
		record_flush(d);
	}
}

static bool all_given_back(struct diff *d)
{
	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		if (probe_write(direct_va(d, nr), 0, NULL, NULL) >= 0) {
			say("diff: frame %lu cannot be written to",
			    (uint64_t)nr);
			return false;
		}
		memset(frame_ptr(d->k, d->pfn[nr]), 0, PAGE_SIZE);
	}
	return true;
}

/*
 * Each operation has random numbers of its own: what it is does not depend on
 * how many the others took, so that one may be left out.
 */
static void begin_op(struct diff *d, uint64_t seed)
{
	d->random = seed;
	d->random = pick(d, UINT64_MAX) ^ d->nr * UINT64_C(0xd1342543de82ef95);
}

static uint64_t number(const char **text)
{
	uint64_t v = 0;

	for (; **text >= '0' && **text <= '9'; (*text)++) {
		v = v * 10 + (uint64_t)(**text - '0');
	}
	return v;
}

/* A list of numbers and ranges; NULL: all are in it. */
static bool is_listed(const char *list, uint64_t nr)
{
	if (list == NULL) {
		return true;
	}
	while (*list >= '0' && *list <= '9') {
		const uint64_t first = number(&list);
		uint64_t last = first;

		if (*list == '-') {
			list++;
			last = number(&list);
		}
		if (nr >= first && nr <= last) {
			return true;
		}
		list += *list == ',';
	}
	return false;
}

/* Behind the next /, or NULL. */
static const char *next_list(const char *list)
{
	while (*list > ' ' && *list != '/') {
		list++;
	}
	return *list == '/' ? list + 1 : NULL;
}

static bool run_seed(struct diff *d, uint64_t seed, uint64_t nr_ops)
{
	d->random = seed;
	d->digest = UINT64_C(0xcbf29ce484222325);
	d->nr = 0;
	d->trace = d->trace_from == 0;
	rules_begin(d);
	for (; d->nr < nr_ops; d->nr++) {
		if (d->nr == d->dump_before) {
			record_dump(d);
		}
		if (!is_listed(d->only, d->nr)) {
			continue;
		}
		d->trace = d->nr >= d->trace_from;
		begin_op(d, seed);
		one_op(d);
		scrub(d);
		if (d->trace || d->nr % DIFF_EVERY == DIFF_EVERY - 1) {
			record_state(d);
		}
		record_flush(d);
		if (d->nr % DIFF_EVERY == DIFF_EVERY - 1) {
			say("diff: seed %lu %lu %lx", seed, d->nr + 1,
			    d->digest);
		}
	}
	d->trace = nr_ops >= d->trace_from;
	clean_up(d);
	record_state(d);
	say("diff: seed %lu clean %lx", seed, d->digest);
	return all_given_back(d);
}

static void make_view(struct diff *d)
{
	struct guest *g = &d->k->guest;

	for (unsigned int nr = 0; nr < DIFF_POOL; nr++) {
		d->pfn[nr] = frame_new(d->k);
		d->frame[nr] = frame_mfn(d->k, d->pfn[nr]);
		if (guest_map(g, &g->kernel, vaddr(VIEW_BASE + nr * PAGE_SIZE),
			      d->pfn[nr], PTE_P | PTE_A) != 0 ||
		    guest_flush(g) != 0) {
			fail(d->k, "the view of the pool");
		}
		(void)give_back(d, nr);
	}
}

static void name_frames(struct diff *d)
{
	struct guest *g = &d->k->guest;
	const uint64_t *root = frame_ptr(d->k, g->kernel.root);

	d->frame[FRAME_ROOT] = frame_mfn(d->k, g->kernel.root);
	d->frame[FRAME_TABLE] = pte_mfn(pte(root[PT_ENTRIES - 1]));
	d->frame[FRAME_SHARED] = mfn(g->boot.shared_info.v >> PAGE_SHIFT);
	d->frame[FRAME_XEN] = pte_mfn(pte(root[XEN_L4_FIRST]));
	d->frame[FRAME_BEYOND] = mfn(UINT64_C(1) << 35);
	d->frame[FRAME_ALL_ONES] = mfn((UINT64_C(1) << 40) - 1);
	d->frame[FRAME_DEVICE] = mfn(0xb8);
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		if ((i < XEN_L4_FIRST || i > XEN_L4_LAST) && root[i] != 0) {
			d->slot[d->nr_slots++] = (uint16_t)i;
		}
	}
}

void differential(struct kernel *k)
{
	struct diff *d = &the_diff;
	const char *cmdline = k->guest.boot.cmdline;
	uint64_t first = cmdline_number(cmdline, "seed", 1);
	uint64_t nr_seeds = cmdline_number(cmdline, "nr", 1);
	uint64_t nr_ops = cmdline_number(cmdline, "ops", 10000);

	d->only = cmdline_text(cmdline, "only");
	d->trace_from = cmdline_number(cmdline, "trace", UINT64_MAX);
	d->dump_before = cmdline_number(cmdline, "dump", UINT64_MAX);
	d->k = k;
	if (!rules_read(d, cmdline)) {
		return;
	}
	if (rule_holds(d, RULE_DIRECT_WRITES) &&
	    hypercall(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
		      VMASST_TYPE_writable_pagetables, 0, 0, 0) != 0) {
		fail(k, "writable page tables");
	}
	make_view(d);
	name_frames(d);
	memory_begin(d);
	for (uint64_t i = 0; i < nr_seeds; i++) {
		if (!run_seed(d, first + i, nr_ops)) {
			break;
		}
		if (d->only != NULL) {
			/* The same seed again, with the next list. */
			d->only = next_list(d->only);
			first--;
			nr_seeds += d->only != NULL;
		}
	}
	say("diff: end");
}
