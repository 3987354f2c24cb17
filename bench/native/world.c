/* SPDX-License-Identifier: MIT */
/*
 * Builds the machine of world.h. Its memory is reserved and not committed, so
 * that 64 GiB of frames cost what their records and tables do. Records, M2P
 * and tables stand in large pages where the host gives them, as the
 * hypervisor's direct map has them on metal: otherwise the host's TLB would be
 * what is measured.
 */
#define _GNU_SOURCE
#include "bench/native/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "engine/report/audit.h"

#define XEN_FRAMES 16
#define TAG 1
#define DIRECT_MAP UINT64_C(0xffff880000000000)
#define TREE_DATA ((uint64_t)TREE_TABLES * PT_ENTRIES)
#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A)
#define RW_FLAGS (TABLE_FLAGS | PTE_D)
#define RO_FLAGS (PTE_P | PTE_US | PTE_A)

uint64_t world_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void world_expect(const char *what, int64_t rc)
{
	if (rc != 0) {
		fprintf(stderr, "bench-native: %s: %ld\n", what, rc);
		exit(1);
	}
}

/* xorshift64*: the benchmark's own, the same on every host. */
uint64_t world_random(struct world *w)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (w->random * UINT64_C(0x2545f4914f6cdd1d)) >> 16;
}

static void *reserve(uint64_t bytes)
{
	const uint64_t large = 2 << 20;
	uint8_t *p = mmap(NULL, bytes + large, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		perror("bench-native: mmap");
		exit(1);
	}
	p += -(uintptr_t)p & (large - 1);
	/* A host without large pages is slower, not wrong. */
	(void)!madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

static mfn_t new_table(struct world *w)
{
	if (w->next_table == w->first_data) {
		world_expect("more tables than were thought of", -1);
	}
	return mfn(w->next_table++);
}

/* The table that entry `index` of `table` leads to, made if it is not there. */
static mfn_t child(struct world *w, mfn_t table, unsigned int index)
{
	pte_t *p = &frame_ptes(&w->mmu, table)[index];

	if (!pte_present(*p)) {
		*p = pte_make(new_table(w), TABLE_FLAGS);
	}
	return pte_mfn(*p);
}

/*
 * L1 tables for the nr pages at va, one behind the other: the first. Their
 * frames are taken before those of the upper tables are needed.
 */
static uint64_t hang_tables(struct world *w, mfn_t l4, vaddr_t va, uint64_t nr)
{
	uint64_t tables = (nr + PT_ENTRIES - 1) / PT_ENTRIES;
	uint64_t first = w->next_table;

	for (uint64_t i = 0; i < tables; i++) {
		(void)new_table(w);
	}
	for (uint64_t i = 0; i < tables; i++) {
		vaddr_t at = vaddr(va.v + i * pt_span(2));
		mfn_t l2 = child(w, child(w, l4, pt_index(at, 4)),
				 pt_index(at, 3));

		frame_ptes(&w->mmu, l2)[pt_index(at, 2)] =
			pte_make(mfn(first + i), TABLE_FLAGS);
	}
	return first;
}

/* The nr entries from table `first` on map data frames without a pattern. */
static void map_data(struct world *w, uint64_t first, uint64_t nr)
{
	const uint64_t prime = 2654435761; /* divides no number of frames */
	pte_t *p = frame_ptes(&w->mmu, mfn(first));

	for (uint64_t i = 0; i < nr; i++) {
		uint64_t n = i * prime % w->nr_data;

		p[i] = pte_make(mfn(w->first_data + n), RW_FLAGS);
	}
}

static void map_all(struct world *w, uint64_t first)
{
	pte_t *p = frame_ptes(&w->mmu, mfn(first));

	for (uint64_t i = XEN_FRAMES; i < w->mmu.nr_frames; i++) {
		p[i] = pte_make(mfn(i),
				i < w->first_data ? RO_FLAGS : RW_FLAGS);
	}
}

static void build_tables(struct world *w)
{
	mfn_t root = new_table(w);
	uint64_t all =
		hang_tables(w, root, vaddr(DIRECT_MAP), w->mmu.nr_frames);

	w->user_l1 = hang_tables(w, root, vaddr(0), w->nr_data);
	w->tree = new_table(w);
	w->tree_l1 = hang_tables(w, w->tree, vaddr(0), TREE_DATA);
	w->warm = new_table(w);
	map_all(w, all);
	map_data(w, w->user_l1, w->nr_data);
	map_data(w, w->tree_l1, TREE_DATA);
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		frame_ptes(&w->mmu, w->warm)[i] =
			pte_make(mfn(w->first_data + i), RW_FLAGS);
	}
	world_expect("the first tables", mmu_start(&w->vcpu, root));
}

void world_init(struct world *w, uint64_t gib)
{
	uint64_t frames = gib << (30 - PAGE_SHIFT);
	uint64_t tables = frames / PT_ENTRIES;

	*w = (struct world){.random = 1, .next_table = XEN_FRAMES};
	w->first_data = XEN_FRAMES + 2 * (tables + tables / PT_ENTRIES) +
			TREE_TABLES + 64;
	w->nr_data = (frames - w->first_data) / PT_ENTRIES * PT_ENTRIES;
	w->mmu = (struct mmu){
		.ram = reserve(frames << PAGE_SHIFT),
		.frames = reserve(frames * sizeof(struct frame)),
		.m2p = reserve(frames * sizeof(uint64_t)),
		.nr_frames = frames,
		.pte_nx = PTE_NX,
		.zero_frame = mfn(1),
	};
	for (unsigned int i = 0; i < XEN_FRAMES; i++) {
		w->mmu.frames[i].owner = OWNER_XEN;
	}
	mmu_domain_init(&w->dom, &w->mmu, TAG, TAG);
	mmu_vcpu_init(&w->vcpu, &w->dom, 0, w->window);
	mmu_assign(&w->dom, mfn(XEN_FRAMES), pfn(0), frames - XEN_FRAMES);
	build_tables(w);
}

void world_fini(struct world *w)
{
	uint64_t frames = w->mmu.nr_frames;

	munmap(w->mmu.ram, frames << PAGE_SHIFT);
	munmap(w->mmu.frames, frames * sizeof(struct frame));
	munmap(w->mmu.m2p, frames * sizeof(uint64_t));
}

double world_audit(struct world *w)
{
	struct mmu_domain *doms[] = {&w->dom};
	struct audit_report report;
	struct audit_tally *tally = reserve(w->mmu.nr_frames * sizeof(*tally));
	uint64_t before = world_now_ns();
	uint64_t differences = mmu_audit(&w->mmu, doms, 1, tally, &report);
	double ms = (double)(world_now_ns() - before) / 1e6;

	munmap(tally, w->mmu.nr_frames * sizeof(*tally));
	world_expect("the audit found differences", (int64_t)differences);
	return ms;
}
