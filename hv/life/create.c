/* SPDX-License-Identifier: MIT */
/*
 * Makes a domain: plans it (plan.c), has builder/ fill its frames, and has the
 * engine validate what was built, by the same calls that a guest would make.
 * What the hypervisor keeps of it, its place in the table, its vCPUs with their
 * windows, its shared info and grant table, is taken once, at boot, and serves
 * each of its lives; a new life has a new number.
 */
#include "hv/life/create.h"

#include "abi/control.h"
#include "builder/build.h"
#include "hv/cpu/alone.h"
#include "hv/cpu/clock.h"
#include "hv/cpu/cpu.h"
#include "hv/cpu/desc.h"
#include "hv/cpu/regs.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/x86.h"
#include "hv/domain/domain.h"
#include "hv/domain/stop.h"
#include "hv/life/plan.h"
#include "hv/life/services.h"
#include "hv/mm/layout.h"
#include "hv/mm/machine_frames.h"
#include "hv/mm/memory.h"
#include "hv/record/record.h"
#include "hv/report/audit.h"
#include "hv/report/control.h"
#include "hv/report/history.h"
#include "hv/report/log.h"
#include "hv/report/mark.h"
#include "hv/report/panic.h"
#include "hv/report/phase.h"
#include "hv/report/summary.h"
#include "hv/schedule/schedule.h"
#include "hv/services/guest_time.h"
#include "hv/vcpu/registers.h"
#include "hv/vcpu/vcpu.h"

#define ASSIGN_AT_BOOT (UINT64_C(1) << 18) /* frames: 1 GiB */
#define ASSIGN_AGAIN 256                   /* while others run */

/* Domains are made one after the other. */
static struct plan plan;

/* --- what is kept ----------------------------------------------------------
 */

/* Zeroed memory of the hypervisor's own. */
static void *take_own(size_t bytes)
{
	const mfn_t first = frames_take_own(page_round_up(bytes) >> PAGE_SHIFT);

	return frame_data(&machine_mmu, first);
}

/* Never 0, nor one that lives or is not forgotten: they are few. */
static uint16_t next_domid(void)
{
	static uint16_t last;
	bool taken;

	do {
		last = last < DOMID_FIRST_RESERVED - 1 ? (uint16_t)(last + 1)
						       : 1;
		taken = false;
		for (unsigned int i = 0; i < DOMAINS; i++) {
			taken |= domain_at(i) != NULL &&
				 domain_at(i)->mmu.domid == last;
		}
	} while (taken);
	return last;
}

/*
 * The L4 of a 32-bit vCPU, which the domain's root is put into. Taken at boot,
 * for all of its lives.
 */
static void init_top(struct vcpu *v)
{
	pte_t *l4;

	if (v->top_frame.v == 0) {
		v->top_frame = frames_take_own(1);
	}
	l4 = frame_ptes(&machine_mmu, v->top_frame);
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		l4[XEN_L4_FIRST + i] = machine_mmu.xen_slots[i];
	}
	v->mmu.top = l4;
	pte_write(v->mmu.top, pte(0));
}

static void init_vcpu(struct domain *d, unsigned int id, unsigned int window,
		      unsigned int cpu)
{
	struct vcpu *v = d->vcpu[id];
	const mfn_t top = v->top_frame;

	*v = (struct vcpu){
		.id = id,
		.window = window,
		.cpu = cpu,
		.domain = d,
		.narrow = d->mmu.narrow,
		.top_frame = top,
		.work = slice_measured ? VCPU_WORK_MEASURE : 0,
		.debugreg = {[6] = 0xffff0ff0, [7] = 0x400},
	};
	recent_init(&v->recent);
	mmu_vcpu_init(&v->mmu, &d->mmu, id, desc_window_entries(window));
	if (v->narrow) {
		init_top(v);
	}
	record_vcpu(&v->mmu);
}

static void add_vcpu(struct domain *d)
{
	static unsigned int window; /* given out in order, and kept */

	if (desc_window_entries(window) == NULL) {
		panic("too many vCPUs");
	}
	d->vcpu[d->nr_vcpus] = take_own(sizeof(struct vcpu));
	init_vcpu(d, d->nr_vcpus, window++, 0);
	schedule_add(d->vcpu[d->nr_vcpus++]);
}

/* Is its kernel a file of 32 bits? Whether it is a kernel is asked later. */
static bool is_narrow(const struct domain_config *c)
{
	return elf_says_32(direct_map(c->kernel->at.start),
			   c->kernel->at.end - c->kernel->at.start);
}

/* Whatever it was before, it is a domain without memory now. */
static void init_domain(struct domain *d)
{
	const uint16_t domid = next_domid();

	/* The number is the owner's tag in frame records too. */
	mmu_domain_init(&d->mmu, &machine_mmu, domid, domid);
	if (is_narrow(d->config)) {
		frames_second_m2p();
		mmu_domain_32(&d->mmu);
	}
	d->mmu.max_pages = d->config->max_pages;
	d->mmu.map = d->config->map;
	d->mmu.nr_map = d->config->nr_map;
	d->lives++;
	history_begin(d);
	record_domain(&d->mmu);
}

static void init_services(struct domain *d)
{
	d->shared_info = frame_data(&machine_mmu, d->shared_info_frame);
	mmu_share(&d->mmu, d->shared_info_frame, true);
	services_init(d);
}

struct domain *domain_new(const struct domain_config *config)
{
	struct domain *d = take_own(sizeof(*d));

	d->config = config;
	init_domain(d);
	if (!domain_add(d)) {
		panic("too many domains");
	}
	for (unsigned int i = 0; i < config->vcpus; i++) {
		add_vcpu(d);
	}
	/* A 32-bit kernel is told where it is in 32 bits. */
	d->shared_info_frame =
		frames_take_own_below(1, d->mmu.narrow ? UINT64_C(1) << 32
						       : UINT64_MAX);
	d->grant_frames = frames_take_own(GRANT_MAX_FRAMES);
	init_services(d);
	return d;
}

static void clear_frames(mfn_t first, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		__builtin_memset(frame_data(&machine_mmu, mfn_add(first, i)), 0,
				 PAGE_SIZE);
	}
}

/* Nothing of the last life is left but what is kept for all of them. */
static void reset_domain(struct domain *d)
{
	const size_t from = offsetof(struct domain, shared_info);
	struct vcpu *reaper = d->reaper; /* has this to do, too */

	__builtin_memset((uint8_t *)d + from, 0, sizeof(*d) - from);
	d->stopping = true;
	d->ending = DOMAIN_BUILDS;
	d->reaper = reaper;
	clear_frames(d->shared_info_frame, 1);
	clear_frames(d->grant_frames, GRANT_MAX_FRAMES);
	/* It takes a place in the engine's table, where others look. */
	machine_quiet();
	init_domain(d);
	machine_quiet_end();
	for (unsigned int i = 0; i < d->nr_vcpus; i++) {
		init_vcpu(d, i, d->vcpu[i]->window, d->vcpu[i]->cpu);
	}
	init_services(d);
}

/* --- a life ----------------------------------------------------------------
 */

/* The tables that were built are validated, pinned and made the vCPU's. */
static void install_tables(struct vcpu *v, const struct build_result *b)
{
	int rc;

	do {
		slice_begin();
		rc = mmu_start(&v->mmu, b->root);
	} while (rc == -XEN_ERESTART);
	if (rc != 0) {
		panic("the domain's first page tables are refused: %d", rc);
	}
}

/* Those of a 32-bit kernel are flat, and all of them there. */
static void init_segments_32(struct vcpu *v)
{
	v->saved.regs.cs = SEL_32_KERNEL_CS;
	v->saved.regs.ss = SEL_32_KERNEL_SS;
	v->saved.ds = SEL_32_KERNEL_SS;
	v->saved.es = SEL_32_KERNEL_SS;
	v->saved.fs = SEL_32_KERNEL_SS;
	v->saved.gs = SEL_32_KERNEL_SS;
}

/* As the ABI says a vCPU starts: null selectors, bases zero, FPU clean. */
static void init_state(struct vcpu *v, const struct build_result *b)
{
	const uint16_t fpu_control = 0x37f;
	const uint32_t mxcsr = 0x1f80;

	v->saved.regs = (struct regs){
		.rip = b->entry.v,
		.rsp = b->stack_top.v,
		.rsi = b->start_info.v,
		.rflags = X86_RFLAGS_IF | X86_RFLAGS_FIXED,
		.cs = SEL_USER_CS64,
		.ss = SEL_USER_SS,
		.vector = ENTRY_RETRY,
	};
	if (v->narrow) {
		init_segments_32(v);
	}
	__builtin_memcpy(v->fxsave, &fpu_control, sizeof(fpu_control));
	__builtin_memcpy(v->fxsave + FX_MXCSR, &mxcsr, sizeof(mxcsr));
	v->kernel_mode = true;
	v->initialised = true;
	vcpu_set_kernel_stack(v, v->saved.regs.ss, b->stack_top.v);
}

static void tell(const struct domain *d, const struct build_result *b)
{
	log_info("domain %u (%s): %lu MiB in %u runs, entry %016lx",
		 (unsigned int)d->mmu.domid, d->config->name,
		 d->mmu.nr_pages >> 8, plan.memory.nr_runs, b->entry.v);
	control_begin(EVENT_GUEST_START);
	control_number(GUEST_START_DOMAIN, d->mmu.domid);
	control_text(GUEST_START_NAME, d->config->name);
	control_hex(GUEST_START_ENTRY, b->entry.v);
	control_number(GUEST_START_PAGES, d->mmu.nr_pages);
	control_number(GUEST_START_TAG, d->mmu.tag);
	control_hex(GUEST_START_FRAME_TABLE,
		    direct_map_address(machine_mmu.frames));
	control_number(GUEST_START_FRAMES, machine_mmu.nr_frames);
	control_hex(GUEST_START_M2P, direct_map_address(machine_mmu.m2p));
	control_hex(GUEST_START_PT_PFN, plan.layout.part[LAYOUT_TABLES].pfn.v);
	control_number(GUEST_START_PT_FRAMES,
		       plan.layout.part[LAYOUT_TABLES].nr);
	control_number(GUEST_START_US, clock_us_since(clock_began));
	control_end();
}

/* The domains are described in the order of their places in the table. */
static void allow(struct domain *d, struct domain *owner)
{
	if ((d->config->may_map >> owner->slot & 1) != 0) {
		mmu_may_map(&d->mmu, &owner->mmu);
	}
}

/*
 * Rights over it, and its own over those that live. Not before its tables are
 * the vCPU's: a frame that another has mapped writable is none to build with.
 */
static void allow_mapping(struct domain *d)
{
	for (unsigned int i = 0; i < DOMAINS; i++) {
		struct domain *other = domain_at(i);

		if (other != NULL && other != d && !other->stopping) {
			allow(other, d);
			allow(d, other);
		}
	}
}

static struct build_params params_of(const struct domain *d)
{
	return (struct build_params){
		.cmdline = plan.cmdline,
		.shared_info = mfn_to_maddr(d->shared_info_frame),
	};
}

/* The domain has its frames: what stands in them, and its first vCPU. */
static int build(struct domain *d, struct build_error *e)
{
	const struct boot_module *initrd = d->config->initrd;
	struct build_params params = params_of(d);
	struct build_result built;
	int rc;

	if (initrd != NULL && !plan.initrd_in_place) {
		params.initrd = direct_map(initrd->at.start);
	}
	services_ports(d, d->vcpu[0], &params.console_port, &params.store_port);
	rc = build_domain(&plan.memory, &plan.layout, &plan.image, &params,
			  &built, e);
	if (rc != 0) {
		return rc;
	}
	d->mmu.extended_cr3 = plan.layout.extended_cr3;
	record_extended_cr3(&d->mmu);
	if (plan.layout.extended_cr3) {
		d->vm_assist |= 1u << VMASST_TYPE_pae_extended_cr3;
	}
	install_tables(d->vcpu[0], &built);
	if (services_rings(d, &built, &params, d->grant_frames) != 0) {
		panic("the domain's rings cannot be held");
	}
	init_state(d->vcpu[0], &built);
	allow_mapping(d);
	tell(d, &built);
	plan.of = NULL;
	return 0;
}

/* A kernel that is needed no more is memory like any other. */
static void give_kernel(const struct domain_config *c)
{
	if (c->restarts == 0) {
		memory_give(page_round_up(c->kernel->at.start),
			    page_round_down(c->kernel->at.end));
	}
}

void domain_make(struct domain *d)
{
	struct build_error e = {.text = ""};
	int rc = plan_make(&plan, d, PLAN_FROM_BOOT, &e);

	if (rc == 0) {
		while (!plan_assign(&plan, ASSIGN_AT_BOOT)) {
		}
		rc = build(d, &e);
	}
	if (rc != 0) {
		panic("the guest cannot start: %s (domain %s)", e.text,
		      d->config->name);
	}
	give_kernel(d->config);
}

void domain_begin(struct domain *d)
{
	struct vcpu *v = d->vcpu[0];

	vcpu_work_add(v, audit_periodic() ? VCPU_WORK_AUDIT : 0);
	vcpu_work_add(v, stop_watches() || mark_at != 0 ? VCPU_WORK_WATCH : 0);
	time_publish(v);
	summary_start(d);
	phase_start(v);
	v->up = true;
}

bool domain_may_be_made(const struct domain *d)
{
	return plan.of == NULL || plan.of == d;
}

/*
 * Whether it can be built with the frames that are left is asked before it has
 * any: others may have all of those below 4 GiB, where a 32-bit one's root must
 * be.
 */
int domain_make_again(struct domain *d, struct build_error *e)
{
	struct build_params params;
	int rc;

	reset_domain(d);
	rc = plan_make(&plan, d, PLAN_FROM_POOL, e);
	if (rc == 0) {
		params = params_of(d);
		rc = build_check(&plan.memory, &plan.layout, &params, e);
	}
	if (rc != 0) {
		plan_drop(&plan);
	}
	return rc;
}

bool domain_make_some(struct domain *d)
{
	struct build_error e = {.text = ""};

	if (plan.run != plan.memory.nr_runs) {
		(void)plan_assign(&plan, ASSIGN_AGAIN);
		return false;
	}
	if (build(d, &e) != 0) {
		panic("domain %s was made once, and now: %s", d->config->name,
		      e.text);
	}
	return true;
}
