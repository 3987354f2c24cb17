/* SPDX-License-Identifier: MIT */
/*
 * What a machine is like at some moment of its recording: the replay is run up
 * to there, and then its frame table and its tables are the machine's of then.
 */
#include "cli/replay_state.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/mmu.h"
#include "engine/table/walk.h"

static const char *const type_name[FRAME_TYPES] = {
	[FRAME_NONE] = "no type",   [FRAME_L1] = "L1",
	[FRAME_L2] = "L2",          [FRAME_L3] = "L3",
	[FRAME_L4] = "L4",          [FRAME_DESC] = "descriptor page",
	[FRAME_L2_XEN] = "last L2", [FRAME_WRITABLE] = "writable",
};

static void tell_vcpus(const struct mmu_domain *d)
{
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		const struct mmu_vcpu *v = d->vcpu[i];

		if (v != NULL) {
			printf("  vCPU %u: kernel root mfn %llx, user root "
			       "mfn %llx, %u GDT entries\n",
			       i, (unsigned long long)v->kernel_root.v,
			       (unsigned long long)v->user_root.v,
			       v->gdt_entries);
		}
	}
}

void replay_tell_state(const struct replay *r)
{
	static const struct {
		enum frame_type type;
		const char *name;
	} types[] = {
		{FRAME_L1, "L1"},           {FRAME_L2, "L2"},
		{FRAME_L3, "L3"},           {FRAME_L4, "L4"},
		{FRAME_DESC, "descriptor"}, {FRAME_WRITABLE, "writable"},
	};
	const struct mmu_domain *d;

	for (unsigned int i = 0; (d = replay_domain(r, i)) != NULL; i++) {
		printf("domain %u after its operation %" PRIu64 ": %" PRIu64
		       " frames, %" PRIu64 " entries written, %" PRIu64
		       " tables validated, %" PRIu64 " refusals\n",
		       d->tag, d->serial, d->nr_pages, d->stats.pte_writes,
		       d->stats.validated, d->stats.refused);
		for (size_t j = 0; j < sizeof(types) / sizeof(*types); j++) {
			printf("  %s frames: %" PRIu64 ", at most %" PRIu64
			       "\n",
			       types[j].name, d->stats.typed[types[j].type],
			       d->stats.peak[types[j].type]);
		}
		tell_vcpus(d);
	}
	printf("free frames: %" PRIu64 "\n", replay_machine(r)->nr_free);
}

static const struct mmu_vcpu *first_vcpu(const struct replay *r)
{
	const struct mmu_domain *d = replay_domain(r, 0);

	return d == NULL ? NULL : d->vcpu[0];
}

void replay_tell_walk(const struct replay *r, vaddr_t va)
{
	const struct mmu_vcpu *v = first_vcpu(r);
	const struct mmu *m = replay_machine(r);
	pte_t entries[5];
	unsigned int read, top;
	mfn_t table;

	if (v == NULL || v->kernel_root.v == 0) {
		printf("no vCPU has tables yet\n");
		return;
	}
	table = v->kernel_root;
	top = v->dom->width->top;
	read = mmu_walk(m, v->dom->width, table, va, entries);
	printf("%#" PRIx64 " from root mfn %" PRIx64 ":\n", va.v, table.v);
	for (unsigned int level = top; level > top - read; level--) {
		pte_t e = entries[level];

		printf("  L%u mfn %" PRIx64 "[%u] = %#" PRIx64 "%s%s\n", level,
		       table.v, pt_index(va, level), e.v,
		       pte_present(e) ? "" : ", not present",
		       pte_present(e) && !pte_writable(e) ? ", read-only" : "");
		table = pte_mfn(e);
	}
}

/* Entries of one table that name the frame. */
static uint64_t tell_holders_in(const struct mmu *m, mfn_t table, mfn_t f)
{
	const struct frame *fr = frame_of(m, table);
	const pte_t *entries = frame_ptes(m, table);
	uint64_t found = 0;

	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		pte_t e = pte_read(&entries[i]);

		if (pte_present(e) && mfn_eq(pte_mfn(e), f)) {
			printf("  %s mfn %" PRIx64 "[%u] = %#" PRIx64 "%s\n",
			       type_name[fr->type], table.v, i, e.v,
			       pte_writable(e) ? ", writable" : "");
			found++;
		}
	}
	return found;
}

void replay_tell_frame(const struct replay *r, mfn_t f)
{
	const struct mmu *m = replay_machine(r);
	const struct frame *fr;
	uint64_t found = 0;

	if (!mfn_valid(m, f)) {
		printf("mfn %" PRIx64 ": the machine has none\n", f.v);
		return;
	}
	fr = frame_of(m, f);
	if (fr->owner == OWNER_FREE || fr->owner == OWNER_FREED ||
	    fr->owner == OWNER_XEN || fr->owner == OWNER_NONE) {
		printf("mfn %" PRIx64 ": %s\n", f.v,
		       fr->owner == OWNER_XEN    ? "the hypervisor's"
		       : fr->owner == OWNER_NONE ? "nobody's"
						 : "free");
		return;
	}
	printf("mfn %" PRIx64 ", pfn %" PRIx64 ": domain %u's, %s%s, %u "
	       "references, %u by type; named by\n",
	       f.v, m->m2p[f.v], fr->owner, type_name[fr->type],
	       (fr->flags & FRAME_PINNED) != 0 ? ", pinned" : "", fr->count,
	       frame_type_refs(fr));
	for (uint64_t i = 0; i < m->nr_frames; i++) {
		const struct frame *table = frame_of(m, mfn(i));

		if (frame_is_table((enum frame_type)table->type) &&
		    frame_type_refs(table) != 0) {
			found += tell_holders_in(m, mfn(i), f);
		}
	}
	printf("  %" PRIu64 " entries\n", found);
}
