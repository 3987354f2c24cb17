/* SPDX-License-Identifier: MIT */
/*
 * Entries of live L1 tables. The addresses of NR frames in the direct map are
 * lent: each row lets all that it writes lead to one frame, then to another,
 * and so on, so that each entry written drops one reference and takes one, as
 * a guest's page faults and unmappings do. Both frames stay mapped elsewhere.
 */
#include "kernels/reference/bench.h"

#define NR 128
#define NR_CALLS 32
#define FLAGS (PTE_P | PTE_RW | PTE_A | PTE_D)

struct entries {
	struct kernel *k;
	pfn_t lent;     /* the first of NR */
	pfn_t shown[2]; /* what their addresses show, in turn */
	unsigned int turn;
	unsigned int count;
	/* What a row writes in each turn. */
	struct mmu_update update[2][NR];
	struct multicall_entry call[2][NR_CALLS];
};

static struct entries the_entries;

static uint64_t entry_for(struct entries *s, pfn_t frame)
{
	return pte_make(frame_mfn(s->k, frame), FLAGS).v;
}

static uint64_t address(struct entries *s, unsigned int i)
{
	return (uintptr_t)frame_ptr(s->k, pfn_add(s->lent, i));
}

/* The machine address of the entry that maps a lent frame's address. */
static uint64_t entry_address(struct entries *s, unsigned int i)
{
	struct guest *g = &s->k->guest;
	struct guest_slot slot;
	pte_t e;

	if (guest_lookup(g, g->kernel.root, vaddr(address(s, i)), &slot, &e) !=
		    0 ||
	    slot.level != 1) {
		fail(s->k, "an entry of the direct map");
	}
	return (frame_mfn(s->k, slot.table).v << PAGE_SHIFT) +
	       slot.index * sizeof(pte_t);
}

static void prepare(struct entries *s)
{
	for (unsigned int t = 0; t < 2; t++) {
		uint64_t e = entry_for(s, s->shown[t]);

		for (unsigned int i = 0; i < NR; i++) {
			s->update[t][i] = (struct mmu_update){
				.ptr = entry_address(s, i) |
				       MMU_NORMAL_PT_UPDATE,
				.val = e,
			};
		}
		for (unsigned int i = 0; i < NR_CALLS; i++) {
			s->call[t][i] = (struct multicall_entry){
				.op = __HYPERVISOR_update_va_mapping,
			};
			xen_mapping_args(s->call[t][i].args, address(s, i), e,
					 UVMF_INVLPG);
		}
	}
}

static void mmu_update(void *what)
{
	struct entries *s = what;

	bench_must(hypercall(__HYPERVISOR_mmu_update,
			     (uintptr_t)s->update[s->turn], s->count, 0,
			     DOMID_SELF, 0) == 0,
		   "mmu_update");
	s->turn ^= 1;
}

static void update_va_mapping(void *what)
{
	struct entries *s = what;

	bench_must(ask_mapping(address(s, 0), s->update[s->turn][0].val) == 0,
		   "update_va_mapping");
	s->turn ^= 1;
}

static void multicall(void *what)
{
	struct entries *s = what;

	bench_must(hypercall(__HYPERVISOR_multicall,
			     (uintptr_t)s->call[s->turn], NR_CALLS, 0, 0,
			     0) == 0,
		   "multicall");
	s->turn ^= 1;
}

/* What the last turn wrote can be read at the address: it took effect. */
static void check_shown(struct entries *s)
{
	for (unsigned int i = 0; i < s->count; i++) {
		bench_must(*(const volatile uint64_t *)(uintptr_t)address(s,
									  i) ==
				   s->shown[s->turn ^ 1].v,
			   "an entry's change");
	}
}

static void measure(struct entries *s, const char *name, bench_op op,
		    unsigned int count, unsigned int repeat)
{
	s->count = count;
	bench_measure(name, op, s, repeat);
	if (guest_flush_tlb(&s->k->guest) != 0 || guest_flush(&s->k->guest)) {
		fail(s->k, "a flush");
	}
	check_shown(s);
}

/* Every lent address shows its own frame again. */
static void give_back(struct entries *s)
{
	for (unsigned int i = 0; i < NR; i++) {
		pfn_t frame = pfn_add(s->lent, i);
		uint64_t e = entry_for(s, frame);

		if (s->k->guest.config.cpu.nx) {
			e |= PTE_NX;
		}
		bench_must(ask_mapping(address(s, i), e) == 0,
			   "giving an address back");
	}
	if (guest_free_frames(&s->k->guest, s->lent, NR) != 0) {
		fail(s->k, "frames given back");
	}
	frame_free(s->k, s->shown[0]);
	frame_free(s->k, s->shown[1]);
}

void bench_entries(struct kernel *k)
{
	struct entries *s = &the_entries;

	s->k = k;
	if (guest_alloc_frames(&k->guest, NR, &s->lent) != 0) {
		fail(k, "frames for a benchmark");
	}
	for (unsigned int t = 0; t < 2; t++) {
		s->shown[t] = frame_new(k);
		*frame_ptr(k, s->shown[t]) = s->shown[t].v;
	}
	prepare(s);
	measure(s, "mmu-update-1", mmu_update, 1, 5000);
	measure(s, "mmu-update-128", mmu_update, NR, 500);
	measure(s, "update-va-mapping", update_va_mapping, 1, 5000);
	measure(s, "multicall-32", multicall, NR_CALLS, 500);
	give_back(s);
}
