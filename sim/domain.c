/* SPDX-License-Identifier: MIT */
/*
 * Starts a domain with the same builder that the hypervisor uses on metal.
 * Its frames are handed out in runs whose number, bounds and order come from
 * the seed, so that nothing can rely on machine and own frames being in step.
 */
#include "sim/domain.h"

#include <stdlib.h>
#include <string.h>

#include <xen/elfnote.h>

#include "engine/domain/pool.h"
#include "engine/port.h"
#include "sim/lazy.h"
#include "sim/machine.h"

#define MAX_RUNS 8

static void notes_of(const struct sim *s, const struct sim_kernel *k,
		     struct xen_notes *notes)
{
	*notes = (struct xen_notes){
		.width = sim_pae_guest(s) ? &guest_pae : &guest_64,
		.pae = sim_pae_guest(s) ? NOTES_PAE_YES : NOTES_PAE_NO,
		.entry = vaddr_add(k->virt_base, pfn_to_paddr(k->start).v),
		.virt_base = k->virt_base,
		.kernel_start = pfn_to_paddr(k->start),
		.kernel_end = pfn_to_paddr(k->end),
	};
	if (k->has_init_p2m) {
		notes->init_p2m = k->init_p2m;
		notes->present |= 1U << XEN_ELFNOTE_INIT_P2M;
	}
}

/* Cuts [0, nr) into *nr_runs pieces; fewer if some come out empty. */
static void cut_runs(struct sim *s, struct sim_random *r, uint64_t nr)
{
	uint64_t next = 0;
	unsigned int n = 0;

	for (unsigned int left = s->nr_runs; left > 0 && next < nr; left--) {
		uint64_t size = nr - next;

		if (left > 1) {
			size = sim_random_between(r, 1, size);
		}
		s->runs[n++] = (struct pfn_run){.pfn = pfn(next), .nr = size};
		next += size;
	}
	s->nr_runs = n;
}

/* Machine frames for the runs, in an order of their own. */
static void place_runs(struct sim *s, struct sim_random *r)
{
	unsigned int order[MAX_RUNS] = {0};
	mfn_t next = mfn(SIM_XEN_FRAMES);

	for (unsigned int i = 0; i < s->nr_runs; i++) {
		unsigned int j = (unsigned int)sim_random_below(r, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (unsigned int i = 0; i < s->nr_runs; i++) {
		struct pfn_run *run = &s->runs[order[i]];

		run->mfn = next;
		next = mfn_add(next, run->nr);
	}
}

static int make_runs(struct sim *s, const struct sim_domain *d,
		     struct build_error *e)
{
	struct sim_random r = sim_random_seed(s->config.seed);

	if (sim_frames_for(d->nr_pages) > s->mmu.nr_frames) {
		return error_set(e, XEN_ENOMEM,
				 "domain of %lu pages in a machine of %lu "
				 "frames",
				 d->nr_pages, s->mmu.nr_frames);
	}
	s->runs = calloc(MAX_RUNS, sizeof(*s->runs));
	if (s->runs == NULL) {
		return error_set(e, XEN_ENOMEM, "out of memory");
	}
	s->nr_runs = 1;
	if (d->scattered) {
		s->nr_runs = (unsigned int)sim_random_between(&r, 2, MAX_RUNS);
	}
	cut_runs(s, &r, d->nr_pages);
	place_runs(s, &r);
	return 0;
}

static int load(struct sim *s, struct build_error *e)
{
	int rc;

	do {
		rc = mmu_start(&s->vcpu, s->built.root);
	} while (rc == -XEN_ERESTART);
	if (rc != 0) {
		return error_set(e, (int)-rc,
				 "the engine refused the builder's tables: %s",
				 rule_info[s->dom.refusal.rule].sentence);
	}
	return 0;
}

/* Frames to the domain, and its P2M's form. */
static int assign(struct sim *s, bool lazy, struct build_error *e)
{
	if (lazy && sim_pae_guest(s)) {
		/* Its list would be one of 8-byte words. */
		return error_set(e, XEN_EINVAL,
				 "a 32-bit domain cannot be started lazily");
	}
	if (lazy) {
		if (lazy_assign(s) != 0 || lazy_p2m(s) != 0) {
			return error_set(e, XEN_ENOMEM, "out of memory");
		}
		return 0;
	}
	for (unsigned int i = 0; i < s->nr_runs; i++) {
		mmu_assign(&s->dom, s->runs[i].mfn, s->runs[i].pfn,
			   s->runs[i].nr);
	}
	return 0;
}

/* As build_domain, but for the P2M if it is lazy; there is no image. */
static int build(struct sim *s, const struct build_params *params,
		 struct build_error *e)
{
	const struct build_memory memory = {s->mmu.ram, s->runs, s->nr_runs};
	const struct elf_image image = {0};
	int rc = build_check(&memory, &s->layout, params, e);

	if (rc != 0) {
		return rc;
	}
	build_kernel(&memory, &s->layout, &image);
	if (s->p2m_made == NULL) {
		build_p2m(&memory, &s->layout);
	}
	build_tables(&memory, &s->layout);
	build_start_info(&memory, &s->layout, params);
	build_finish(&memory, &s->layout, &s->built);
	return 0;
}

int sim_start_domain(struct sim *s, const struct sim_domain *d,
		     struct build_error *e)
{
	const struct layout_request request = {
		.nr_pages = d->nr_pages,
		.cmdline_size = d->cmdline == NULL ? 0 : strlen(d->cmdline),
		.p2m = d->p2m,
		.mapping_limit = d->mapping_limit,
	};
	const struct build_params params = {
		.cmdline = d->cmdline,
		.shared_info = mfn_to_maddr(mfn(SIM_SHARED_INFO_FRAME)),
	};
	struct xen_notes notes;
	int rc;

	notes_of(s, &d->kernel, &notes);
	rc = layout_plan(&notes, &request, &s->layout, e);
	if (rc == 0) {
		rc = make_runs(s, d, e);
	}
	if (rc != 0) {
		return rc;
	}
	if (s->ear != NULL) {
		s->ear->begins(s);
	}
	rc = assign(s, d->lazy, e);
	if (rc != 0) {
		return rc;
	}
	s->dom.nr_pfns = d->nr_pages;
	s->dom.max_pages = d->nr_pages + SIM_SPARE_FRAMES;
	pool_add(&s->mmu, mfn(SIM_XEN_FRAMES + d->nr_pages), SIM_SPARE_FRAMES);
	if (s->ear != NULL) {
		s->ear->pool(s, mfn(SIM_XEN_FRAMES + d->nr_pages),
			     SIM_SPARE_FRAMES);
	}
	mmu_share(&s->dom, mfn(SIM_SHARED_INFO_FRAME), true);
	rc = build(s, &params, e);
	return rc == 0 ? load(s, e) : rc;
}
