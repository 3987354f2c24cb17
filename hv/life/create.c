/* SPDX-License-Identifier: MIT */
/*
 * Builds a domain: chooses its machine frames, has builder/ fill them,
 * and has the engine validate what was built, by the same calls that a guest
 * would make. Frames are chosen in few large runs; an initrd stays where the
 * loader put it, and its frames become the domain's.
 */
#include "abi/control.h"
#include "hv/life/create.h"

#include "builder/build.h"
#include "hv/mm/machine_frames.h"
#include "hv/mm/memory.h"
#include "hv/report/control.h"
#include "hv/record/record.h"
#include "hv/report/history.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/slice.h"
#include "hv/domain/domain.h"
#include "hv/vcpu/registers.h"
#include "hv/life/services.h"
#include "hv/report/log.h"
#include "hv/mm/layout.h"
#include "hv/report/panic.h"
#include "hv/cpu/regs.h"
#include "hv/schedule/schedule.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

#define MAX_RUNS (BOOT_RANGES + 4)
#define ASSIGN_STEP (UINT64_C(1) << 18) /* frames: 1 GiB */
#define PROGRESS_NS UINT64_C(1000000000)

struct plan {
	struct elf_image image;
	struct xen_notes notes;
	struct layout layout;
	struct build_memory memory;
	struct pfn_run runs[MAX_RUNS];
	const struct boot_module *initrd; /* NULL: none */
	bool initrd_in_place;
	const char *cmdline;
};
/* Domains are made one after the other. */
static struct plan plan;

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

static uint64_t initrd_pages(const struct plan *p)
{
	return p->initrd_in_place
		       ? page_round_up(range_size(p->initrd->at)) >> PAGE_SHIFT
		       : 0;
}

static _Noreturn void refuse_start(const struct build_error *e)
{
	panic("the guest cannot start: %s", e->text);
}

static void plan_layout(struct plan *p, const struct boot_info *boot,
			uint64_t pages)
{
	const struct boot_module *kernel = &boot->module[0];
	struct layout_request request = {0};
	struct build_error e;

	if (boot->nr_modules > 1) {
		p->initrd = &boot->module[1];
		p->initrd_in_place = page_offset(p->initrd->at.start) == 0;
		request.initrd_size = range_size(p->initrd->at);
	}
	p->cmdline = after_first_word(kernel->text);
	if (pages == 0) {
		pages = memory_pages(&memory_free) + initrd_pages(p);
	}
	request.nr_pages = pages;
	request.cmdline_size = text_length(p->cmdline);
	if (elf_parse(&p->image, direct_map(kernel->at.start),
		      range_size(kernel->at), &e) != 0 ||
	    notes_parse(&p->image, &p->notes, &e) != 0 ||
	    layout_plan(&p->notes, &request, &p->layout, &e) != 0) {
		refuse_start(&e);
	}
}

static void add_run(struct plan *p, pfn_t at, uint64_t start, uint64_t nr)
{
	if (p->memory.nr_runs == MAX_RUNS) {
		panic("the machine's free memory is in too many pieces");
	}
	p->runs[p->memory.nr_runs++] =
		(struct pfn_run){.pfn = at,
				 .mfn = mfn(start >> PAGE_SHIFT),
				 .nr = nr};
}

/* Frames for pfns [from, to). */
static void add_free_runs(struct plan *p, uint64_t from, uint64_t to)
{
	while (from < to) {
		struct boot_range r =
			memory_take_some((to - from) << PAGE_SHIFT);
		uint64_t nr = range_size(r) >> PAGE_SHIFT;

		if (nr == 0) {
			panic("not enough memory: %lu of the domain's %lu "
			      "pages are missing",
			      to - from, p->layout.nr_pages);
		}
		add_run(p, pfn(from), r.start, nr);
		from += nr;
	}
}

static void choose_frames(struct plan *p)
{
	const struct layout_range *initrd = &p->layout.part[LAYOUT_INITRD];
	uint64_t next = 0;

	p->memory.ram = machine_mmu.ram;
	p->memory.runs = p->runs;
	if (p->initrd_in_place) {
		uint64_t start = p->initrd->at.start;
		uint8_t *tail = direct_map(p->initrd->at.end);

		add_free_runs(p, 0, initrd->pfn.v);
		add_run(p, initrd->pfn, start, initrd->nr);
		next = initrd->pfn.v + initrd->nr;
		/* The rest of its last page is not the loader's to give. */
		while (page_offset((uint64_t)tail) != 0) {
			*tail++ = 0;
		}
	}
	add_free_runs(p, next, p->layout.nr_pages);
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
	       r->mfn.v == p->initrd->at.start >> PAGE_SHIFT;
}

static void assign_frames(const struct plan *p, struct mmu_domain *d)
{
	for (unsigned int i = 0; i < p->memory.nr_runs; i++) {
		const struct pfn_run *r = &p->runs[i];

		for (uint64_t done = 0; done < r->nr;) {
			uint64_t nr = r->nr - done < ASSIGN_STEP ? r->nr - done
								 : ASSIGN_STEP;

			progress(r->pfn.v + done, p->layout.nr_pages);
			if (!is_initrd(p, r)) {
				frames_scrub(mfn_add(r->mfn, done), nr);
			}
			mmu_assign(d, mfn_add(r->mfn, done),
				   pfn_add(r->pfn, done), nr);
			done += nr;
		}
	}
}

/* The tables that were built are validated, pinned and made the vCPU's. */
static void install_tables(struct vcpu *v, const struct build_result *b)
{
	int rc;

	do {
		progress(0, v->domain->mmu.nr_pages);
		slice_begin();
		rc = mmu_start(&v->mmu, b->l4);
	} while (rc == -XEN_ERESTART);
	if (rc != 0) {
		panic("the domain's first page tables are refused: %d", rc);
	}
}

static void init_vcpu(struct vcpu *v, const struct build_result *b)
{
	struct regs *r = cpu_guest_regs();

	*r = (struct regs){
		.rip = b->entry.v,
		.rsp = b->stack_top.v,
		.rsi = b->start_info.v,
		.rflags = X86_RFLAGS_IF | X86_RFLAGS_FIXED,
		.cs = SEL_USER_CS64,
		.ss = SEL_USER_SS,
		.vector = ENTRY_RETRY,
	};
	v->kernel_mode = true;
	v->initialised = true;
	v->up = true;
	vcpu_set_kernel_stack(v, SEL_USER_SS, b->stack_top.v);
}

/* Zeroed memory of the hypervisor's own. */
static void *take_own(size_t bytes)
{
	const mfn_t first = frames_take_own(page_round_up(bytes) >> PAGE_SHIFT);

	return frame_data(&machine_mmu, first);
}

/* Windows are given out in order, and none comes back. */
static unsigned int next_window(void)
{
	unsigned int used = 0;

	for (unsigned int i = 0; domain_at(i) != NULL; i++) {
		used += domain_at(i)->nr_vcpus;
	}
	return used;
}

static void add_vcpu(struct domain *d)
{
	unsigned int window = next_window();
	struct vcpu *v = take_own(sizeof(*v));
	pte_t *entries = desc_window_entries(window);

	if (entries == NULL) {
		panic("too many vCPUs");
	}
	v->id = d->nr_vcpus++;
	v->window = window;
	recent_init(&v->recent);
	v->domain = d;
	d->vcpu[v->id] = v;
	mmu_vcpu_init(&v->mmu, &d->mmu, v->id, entries);
	record_vcpu(&v->mmu);
	v->work |= slice_measured ? VCPU_WORK_MEASURE : 0;
	v->debugreg[6] = 0xffff0ff0;
	v->debugreg[7] = 0x400;
	schedule_add(v);
}

/* The number is the owner's tag in frame records too. */
static struct domain *new_domain(uint16_t domid, unsigned int vcpus)
{
	struct domain *d = take_own(sizeof(*d));

	if (!domain_add(d)) {
		panic("too many domains");
	}
	mmu_domain_init(&d->mmu, &machine_mmu, domid, domid);
	history_begin(d);
	record_domain(&d->mmu);
	for (unsigned int i = 0; i < vcpus; i++) {
		add_vcpu(d);
	}
	d->shared_info_frame = frames_take_own(1);
	d->shared_info = frame_data(&machine_mmu, d->shared_info_frame);
	mmu_share(&d->mmu, d->shared_info_frame, true);
	services_init(d);
	return d;
}

static void tell(const struct domain *d, const struct plan *p,
		 const struct build_result *b)
{
	log_info("domain %u: %lu MiB in %u runs, entry %016lx",
		 (unsigned int)d->mmu.domid, d->mmu.nr_pages >> 8,
		 p->memory.nr_runs, b->entry.v);
	control_begin(EVENT_GUEST_START);
	control_hex(GUEST_START_ENTRY, b->entry.v);
	control_number(GUEST_START_PAGES, d->mmu.nr_pages);
	control_number(GUEST_START_TAG, d->mmu.tag);
	control_hex(GUEST_START_FRAME_TABLE,
		    direct_map_address(machine_mmu.frames));
	control_number(GUEST_START_FRAMES, machine_mmu.nr_frames);
	control_hex(GUEST_START_M2P, direct_map_address(machine_mmu.m2p));
	control_end();
}

struct domain *domain_create(const struct boot_info *boot, uint16_t domid,
			     uint64_t pages, unsigned int vcpus)
{
	struct plan *p = &plan;
	struct build_params params = {0};
	struct build_result built;
	struct build_error e;
	struct domain *d = new_domain(domid, vcpus);
	struct vcpu *v = d->vcpu[0];
	mfn_t grants = frames_take_own(GRANT_MAX_FRAMES);

	/* From here on the free memory is the domain's. */
	plan_layout(p, boot, pages);
	choose_frames(p);
	assign_frames(p, &d->mmu);
	params.cmdline = p->cmdline;
	if (p->initrd != NULL && !p->initrd_in_place) {
		params.initrd = direct_map(p->initrd->at.start);
	}
	params.shared_info = mfn_to_maddr(d->shared_info_frame);
	services_ports(d, v, &params.console_port, &params.store_port);
	if (build_domain(&p->memory, &p->layout, &p->image, &params, &built,
			 &e) != 0) {
		refuse_start(&e);
	}
	install_tables(v, &built);
	if (services_rings(d, &built, &params, grants) != 0) {
		panic("the domain's rings cannot be held");
	}
	init_vcpu(v, &built);
	memory_give(page_round_down(boot->module[0].at.start),
		    page_round_up(boot->module[0].at.end));
	frames_to_pool();
	tell(d, p, &built);
	return d;
}
