/* SPDX-License-Identifier: MIT */
/*
 * The proof that nothing is left out of a state: the machine, levelled where no
 * later step looks, is written anew from its state and compared, all of it.
 */
#include <string.h>

#include "tests/explore/state.h"
#include "tests/explore/state_record.h"

static void level_epochs(struct world *w)
{
	for (unsigned int i = 0; i < w->nr_named; i++) {
		struct frame *fr = frame_of(&w->mmu, named(i));

		if (!is_listed(fr) && !has_progress(fr)) {
			fr->epoch = epoch_runs(w, fr) ? EPOCH_NOW : EPOCH_PAST;
		} else if (was_walked(w, fr)) {
			frame_note_walked(fr, EPOCH_NOW);
		} else if (has_progress(fr)) {
			fr->flags &= (uint8_t)~FRAME_WALKED;
			fr->table.walked = 0;
		}
	}
	for (unsigned int i = 0; i < NR_DOMS; i++) {
		struct mmu_domain *d = &w->dom[i];

		d->epoch = EPOCH_NOW;
		d->serial = 0;
		d->stats = (struct mmu_stats){0};
		d->op = (struct mmu_op){0};
		d->refusal = (struct refusal){0};
		d->destroy_next &= 0xff;
		for (unsigned int h = d->nr_held; h < MMU_MAX_HELD; h++) {
			d->held[h] = mfn(0);
		}
	}
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		memset(&w->vcpu[i].multicall, 0, sizeof(w->vcpu[i].multicall));
	}
}

/* Byte by byte, gaps between members included: they are copied alike. */
static bool same_bytes(const void *a, const void *b, size_t size)
{
	return memcmp(a, b, size) == 0;
}

bool state_is_exact(struct world *w)
{
	static uint8_t ram[WORLD_FRAMES * PAGE_SIZE];
	static struct world before;
	struct state s;

	state_read(w, &s);
	level_epochs(w);
	memcpy(ram, w->mmu.ram, sizeof(ram));
	memcpy(&before, w, sizeof(before));
	state_write(w, &s);
	return same_bytes(ram, w->mmu.ram, sizeof(ram)) &&
	       same_bytes(&before.mmu, &w->mmu, sizeof(w->mmu)) &&
	       same_bytes(before.dom, w->dom, sizeof(w->dom)) &&
	       same_bytes(before.vcpu, w->vcpu, sizeof(w->vcpu)) &&
	       same_bytes(before.window, w->window, sizeof(w->window)) &&
	       same_bytes(before.frames, w->frames, sizeof(w->frames)) &&
	       same_bytes(before.cached, w->cached, sizeof(w->cached));
}
