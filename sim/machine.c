/* SPDX-License-Identifier: MIT */
/*
 * Making a machine. RAM, frame table and M2P are reserved at full size and
 * cost what is touched of them; the hypervisor's own frames are the first
 * few, so that frame 0 is never a guest's.
 */
#include <stdlib.h>

#include "sim/bounce.h"
#include "sim/lazy.h"
#include "sim/machine.h"
#include "sim/memory.h"
#include "sim/sim.h"

/*
 * Above this, a table for the frames is filled from end to end, and of RAM what
 * describes its frames in their turn: page tables, P2M. The rest of it, which
 * is nearly all, stays untouched.
 */
#define DENSE_BYTES (UINT64_C(64) << 20)
#define DENSE_RAM_BYTES (UINT64_C(4) << 30)

struct paging sim_cpu(enum paging_mode mode)
{
	return (struct paging){
		.mode = mode,
		.pse = true,
		.huge = mode == PAGING_4LEVEL,
		.pge = true,
		.nx = mode != PAGING_2LEVEL,
		.wp = true,
	};
}

uint64_t sim_frames_for(uint64_t nr_pages)
{
	return nr_pages + SIM_XEN_FRAMES + SIM_SPARE_FRAMES;
}

static void *reserve(uint64_t bytes, uint64_t dense_from)
{
	void *at = memory_reserve(bytes);

	if (at != NULL && bytes >= dense_from) {
		memory_expect_dense(at, bytes);
	}
	return at;
}

static int take_memory(struct sim *s)
{
	uint64_t nr = s->config.nr_frames;

	s->ram_bytes = nr << PAGE_SHIFT;
	s->mmu.nr_frames = nr;
	s->mmu.ram = reserve(s->ram_bytes, DENSE_RAM_BYTES);
	if (s->mmu.ram == NULL) {
		return -XEN_ENOMEM;
	}
	if (!s->config.hypervisor) {
		return 0;
	}
	s->mmu.frames = reserve(nr * sizeof(*s->mmu.frames), DENSE_BYTES);
	s->mmu.m2p = reserve(nr * sizeof(*s->mmu.m2p), DENSE_BYTES);
	s->tally = reserve(nr * sizeof(*s->tally), DENSE_BYTES);
	if (sim_pae_guest(s)) {
		s->bounce = memory_reserve(SIM_BOUNCE_SIZE);
	}
	return s->mmu.frames == NULL || s->mmu.m2p == NULL ||
			       s->tally == NULL ||
			       (sim_pae_guest(s) && s->bounce == NULL)
		       ? -XEN_ENOMEM
		       : 0;
}

static void start_hypervisor(struct sim *s)
{
	for (uint64_t i = 0; i < SIM_XEN_FRAMES; i++) {
		s->mmu.frames[i].owner = OWNER_XEN;
		s->mmu.m2p[i] = INVALID_FRAME;
	}
	tags_init(&s->tags, s->config.tags);
	/* CR4.PGE is the hypervisor's to set. */
	s->cpu.pge = (s->tags.features & TAGS_GLOBAL) != 0;
	s->mmu.zero_frame = mfn(SIM_ZERO_FRAME);
	s->mmu.pte_nx = s->cpu.nx ? PTE_NX : 0;
	mmu_domain_init(&s->dom, &s->mmu, SIM_DOMAIN_TAG, SIM_DOMAIN_ID);
	if (sim_pae_guest(s)) {
		mmu_domain_32(&s->dom);
	}
	mmu_vcpu_init(&s->vcpu, &s->dom, 0, s->desc_window);
	if (sim_pae_guest(s)) {
		s->vcpu.top = frame_data(&s->mmu, mfn(SIM_TOP_FRAME));
	}
}

/* What the CPU does is its mode's business, not the guest's. */
static void start_cpu(struct sim *s)
{
	s->cpu = s->config.cpu;
	s->user = s->config.hypervisor && !sim_pae_guest(s);
	if (sim_pae_guest(s)) {
		s->cpu.mode = PAGING_4LEVEL;
		s->cpu.huge = false;
	}
}

static int check_config(const struct sim_config *c, struct build_error *e)
{
	if (c->nr_frames <= SIM_XEN_FRAMES + SIM_SPARE_FRAMES ||
	    c->nr_frames >= UINT32_MAX) {
		return error_set(e, XEN_EINVAL,
				 "a machine of %lu frames is too small or too "
				 "large to be simulated",
				 c->nr_frames);
	}
	if (c->hypervisor && c->cpu.mode == PAGING_2LEVEL) {
		return error_set(e, XEN_EINVAL,
				 "the hypervisor needs 4-level tables, or PAE");
	}
	return 0;
}

struct sim *sim_create(const struct sim_config *config, struct build_error *e)
{
	struct sim *s;

	if (check_config(config, e) != 0) {
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		(void)error_set(e, XEN_ENOMEM, "out of memory");
		return NULL;
	}
	s->config = *config;
	start_cpu(s);
	s->record = config->record ? record_create() : NULL;
	if (take_memory(s) != 0 || (config->record && s->record == NULL) ||
	    tlb_init(&s->tlb, config->tlb, config->seed) != 0) {
		(void)error_set(e, XEN_ENOMEM,
				"the host has no room for %lu frames",
				config->nr_frames);
		sim_destroy(s);
		return NULL;
	}
	if (config->hypervisor) {
		start_hypervisor(s);
	}
	return s;
}

void sim_destroy(struct sim *s)
{
	uint64_t nr = s->config.nr_frames;

	memory_release(s->mmu.ram, nr << PAGE_SHIFT);
	memory_release(s->mmu.frames, nr * sizeof(*s->mmu.frames));
	memory_release(s->mmu.m2p, nr * sizeof(*s->mmu.m2p));
	memory_release(s->tally, nr * sizeof(*s->tally));
	memory_release(s->bounce, SIM_BOUNCE_SIZE);
	tlb_fini(&s->tlb);
	record_destroy(s->record);
	sim_log_fini(&s->log);
	lazy_fini(s);
	free(s->runs);
	free(s);
}
