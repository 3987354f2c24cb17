/* SPDX-License-Identifier: MIT */
/*
 * The plan of a domain: its layout, as builder/ makes it from the kernel's
 * notes, and its machine frames, in few large runs. At boot they come from the
 * RAM that nobody has had, and an initrd stays where the loader put it, its
 * frames becoming the domain's. Later they come from the engine's pool, from
 * which the domain before has just gone; an initrd is copied then, since it is
 * to be had again.
 */
#include "hv/life/plan.h"

#include "hv/cpu/clock.h"
#include "hv/mm/layout.h"
#include "hv/mm/machine_frames.h"
#include "hv/mm/memory.h"
#include "hv/report/log.h"

#define PROGRESS_NS UINT64_C(1000000000)

/* The string of a module is the file's name, then what the guest gets. */
static const char *after_first_word(const char *text)
{
	while (*text != '\0' && *text != ' ') {
		text++;
	}
	while (*text == ' ') {
		text++;
	}
	return text;
}

static uint64_t text_length(const char *text)
{
	uint64_t n = 0;

	while (text[n] != '\0') {
		n++;
	}
	return n;
}

static uint64_t range_size(struct boot_range r)
{
	return r.end - r.start;
}

static const struct boot_module *initrd_of(const struct plan *p)
{
	return p->of->config->initrd;
}

static uint64_t initrd_pages(const struct plan *p)
{
	return p->initrd_in_place
		       ? page_round_up(range_size(initrd_of(p)->at)) >>
				 PAGE_SHIFT
		       : 0;
}

static int check_width(const struct plan *p, struct build_error *e)
{
	if (p->of->mmu.narrow != (p->notes.width == &guest_pae)) {
		return error_set(e, XEN_ENOEXEC,
				 "a %s kernel in a file of the other width",
				 p->notes.width->name);
	}
	return 0;
}

static int plan_layout(struct plan *p, struct build_error *e)
{
	const struct domain_config *c = p->of->config;
	struct layout_request request = {0};
	int rc;

	if (c->initrd != NULL) {
		/* One that is needed again is not given away. */
		p->initrd_in_place = page_offset(c->initrd->at.start) == 0 &&
				     c->restarts == 0;
		request.initrd_size = range_size(c->initrd->at);
	}
	p->cmdline = after_first_word(c->kernel->text);
	request.nr_pages = c->pages;
	if (request.nr_pages == 0) {
		request.nr_pages = memory_pages(&memory_free) + initrd_pages(p);
	}
	request.cmdline_size = text_length(p->cmdline);
	request.root_first = c->root_first;
	rc = elf_parse(&p->image, direct_map(c->kernel->at.start),
		       range_size(c->kernel->at), e);
	if (rc == 0) {
		rc = notes_parse(&p->image, &p->notes, e);
	}
	if (rc == 0) {
		rc = check_width(p, e);
	}
	return rc != 0 ? rc : layout_plan(&p->notes, &request, &p->layout, e);
}

static int too_little(const struct plan *p, uint64_t missing,
		      struct build_error *e)
{
	return error_set(e, XEN_ENOMEM,
			 "not enough memory: %lu of its %lu pages are missing, "
			 "or it is in too many pieces",
			 missing, p->layout.nr_pages);
}

static bool add_run(struct plan *p, pfn_t at, uint64_t start, uint64_t nr)
{
	if (p->memory.nr_runs == PLAN_RUNS) {
		return false;
	}
	p->runs[p->memory.nr_runs++] =
		(struct pfn_run){.pfn = at, .mfn = mfn(start), .nr = nr};
	return true;
}

#define FOUR_GIB (UINT64_C(4) << 30)

/*
 * A 32-bit kernel's root must lie below 4 GiB, unless it says otherwise. Its
 * tables are among its first frames, which are therefore taken there, if any
 * are left.
 */
static struct boot_range take_some(const struct plan *p, uint64_t from,
				   uint64_t to)
{
	const uint64_t want = (to - from) << PAGE_SHIFT;
	struct boot_range r = {0, 0};

	if (p->of->mmu.narrow && !p->layout.extended_cr3 && from == 0) {
		r = memory_take_some(want, FOUR_GIB);
	}
	return range_size(r) != 0 ? r : memory_take_some(want, UINT64_MAX);
}

/* Frames for pfns [from, to). */
static int add_free_runs(struct plan *p, uint64_t from, uint64_t to,
			 struct build_error *e)
{
	while (from < to) {
		struct boot_range r = take_some(p, from, to);
		uint64_t nr = range_size(r) >> PAGE_SHIFT;

		if (nr == 0 ||
		    !add_run(p, pfn(from), r.start >> PAGE_SHIFT, nr)) {
			return too_little(p, to - from, e);
		}
		from += nr;
	}
	return 0;
}

static int from_boot(struct plan *p, struct build_error *e)
{
	const struct layout_range *initrd = &p->layout.part[LAYOUT_INITRD];
	uint64_t next = 0;
	int rc;

	if (p->initrd_in_place) {
		uint64_t start = initrd_of(p)->at.start;
		uint8_t *tail = direct_map(initrd_of(p)->at.end);

		rc = add_free_runs(p, 0, initrd->pfn.v, e);
		if (rc != 0) {
			return rc;
		}
		if (!add_run(p, initrd->pfn, start >> PAGE_SHIFT, initrd->nr)) {
			return too_little(p, initrd->nr, e);
		}
		next = initrd->pfn.v + initrd->nr;
		/* The rest of its last page is not the loader's to give. */
		while (page_offset((uint64_t)tail) != 0) {
			*tail++ = 0;
		}
	}
	return add_free_runs(p, next, p->layout.nr_pages, e);
}

/* By machine address; what is contiguous becomes one. */
static void merge_runs(struct plan *p)
{
	struct pfn_run *r = p->runs;
	unsigned int nr = p->memory.nr_runs;
	unsigned int last = 0;

	for (unsigned int gap = nr / 2; gap != 0; gap /= 2) {
		for (unsigned int i = gap; i < nr; i++) {
			struct pfn_run moved = r[i];
			unsigned int to = i;

			for (; to >= gap && r[to - gap].mfn.v > moved.mfn.v;
			     to -= gap) {
				r[to] = r[to - gap];
			}
			r[to] = moved;
		}
	}
	for (unsigned int i = 1; i < nr; i++) {
		if (r[last].mfn.v + r[last].nr == r[i].mfn.v) {
			r[last].nr += r[i].nr;
		} else {
			r[++last] = r[i];
		}
	}
	p->memory.nr_runs = nr == 0 ? 0 : last + 1;
}

/* Puts the domain's pfns on the runs, in order. */
static void number_runs(struct plan *p)
{
	uint64_t next = 0;

	for (unsigned int i = 0; i < p->memory.nr_runs; i++) {
		p->runs[i].pfn = pfn(next);
		next += p->runs[i].nr;
	}
}

static int from_pool(struct plan *p, struct build_error *e)
{
	uint64_t left = p->layout.nr_pages;
	unsigned int order = POOL_MAX_ORDER;

	while (left != 0) {
		mfn_t first;

		if (left < UINT64_C(1) << order ||
		    !mmu_pool_take(&p->of->mmu, order, &first)) {
			if (order-- == 0) {
				return too_little(p, left, e);
			}
			continue;
		}
		if (p->memory.nr_runs == PLAN_RUNS) {
			merge_runs(p);
		}
		if (!add_run(p, pfn(0), first.v, UINT64_C(1) << order)) {
			mmu_pool_give(&p->of->mmu, first, UINT64_C(1) << order);
			return too_little(p, left, e);
		}
		left -= UINT64_C(1) << order;
	}
	merge_runs(p);
	number_runs(p);
	return 0;
}

int plan_make(struct plan *p, struct domain *d, enum plan_source source,
	      struct build_error *e)
{
	int rc;

	p->of = d;
	p->source = source;
	p->initrd_in_place = false;
	p->run = 0;
	p->done = 0;
	p->memory =
		(struct build_memory){.ram = d->mmu.m->ram, .runs = p->runs};
	rc = plan_layout(p, e);
	if (rc == 0) {
		rc = source == PLAN_FROM_BOOT ? from_boot(p, e)
					      : from_pool(p, e);
	}
	return rc;
}

static void progress(uint64_t done, uint64_t all)
{
	static uint64_t last;
	uint64_t now = clock_now();

	if (now - last >= PROGRESS_NS) {
		if (last != 0) {
			log_info("domain memory: %lu of %lu MiB", done >> 8,
				 all >> 8);
		}
		last = now;
	}
}

/* The initrd that stayed in its place is the guest's; the rest is nobody's. */
static bool is_initrd(const struct plan *p, const struct pfn_run *r)
{
	return p->initrd_in_place &&
	       r->mfn.v == initrd_of(p)->at.start >> PAGE_SHIFT;
}

bool plan_assign(struct plan *p, uint64_t frames)
{
	const struct pfn_run *r = &p->runs[p->run];
	uint64_t nr = r->nr - p->done;

	nr = nr < frames ? nr : frames;
	if (p->source == PLAN_FROM_BOOT) {
		progress(r->pfn.v + p->done, p->layout.nr_pages);
	}
	if (!is_initrd(p, r)) {
		frames_scrub(mfn_add(r->mfn, p->done), nr);
	}
	mmu_assign(&p->of->mmu, mfn_add(r->mfn, p->done),
		   pfn_add(r->pfn, p->done), nr);
	p->done += nr;
	if (p->done == r->nr) {
		p->run++;
		p->done = 0;
	}
	return p->run == p->memory.nr_runs;
}

void plan_drop(struct plan *p)
{
	for (; p->run < p->memory.nr_runs; p->run++) {
		const struct pfn_run *r = &p->runs[p->run];

		mmu_pool_give(&p->of->mmu, mfn_add(r->mfn, p->done),
			      r->nr - p->done);
		p->done = 0;
	}
	p->of = NULL;
}
