/* SPDX-License-Identifier: MIT */
/* Runs one case on a simulated machine, and says how it came out. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lab/lab.h"
#include "sim/domain.h"
#include "sim/fault.h"

#define MIB_PAGES UINT64_C(256)
#define GIB (UINT64_C(1) << 30)
#define NATIVE_PAGES (192 * MIB_PAGES)
#define SMALL_PAGES (16 * MIB_PAGES)
/* The image: 1 MiB to 2 MiB, text first; the windows are its last pages. */
#define KERNEL_START 256
#define TEXT_END 320
#define KERNEL_END 512
#define WINDOWS (KERNEL_END - 8)
/* What the entry code of a native kernel maps. */
#define BOOT_MAPPED (8 * MIB_PAGES)
/* Bytes of the host: of a frame, of one in a big domain, of any run. */
#define FRAME_COST 64
#define BIG_FRAME_COST 2
#define RUN_COST (UINT64_C(64) << 20)
/* At the top of memory, as an initrd would be. */
#define TOP_TAKEN (4 * MIB_PAGES)

#define KERNEL_BASE UINT64_C(0xffffffff80000000)
#define DIRECT_BASE UINT64_C(0xffff888000000000)
#define DIRECT_BASE_32 UINT64_C(0xc0000000)
/* From there to the hypervisor of a 32-bit guest. */
#define ROOM_32 (UINT64_C(0xf5800000) - DIRECT_BASE_32)
#define INIT_P2M UINT64_C(0x8000000000)

const char *const lab_outcome_name[LAB_OUTCOMES] = {
	[LAB_RIGHT] = "right",
	[LAB_WRONG] = "wrong",
	[LAB_REFUSED] = "refused",
	[LAB_FAULT] = "page fault",
	[LAB_NOT_STARTED] = "not started",
	[LAB_BROKEN] = "BROKEN",
};

static const struct {
	const struct guest_geometry *geometry;
	enum paging_mode mode;
} tables[] = {
	[LAB_4LEVEL] = {&guest_geometry_4level, PAGING_4LEVEL},
	[LAB_PAE] = {&guest_geometry_pae, PAGING_PAE},
	[LAB_2LEVEL] = {&guest_geometry_2level, PAGING_2LEVEL},
};

/*
 * Above 4 GiB in whole GiB: a second range of a few pages would have its table
 * buffer in the first, and nothing to show.
 */
static uint64_t asked(const struct lab_options *o)
{
	return o->memory > 4 * GIB ? o->memory & ~(GIB - 1) : o->memory;
}

uint64_t lab_memory(const struct lab_world *w, const struct lab_options *o)
{
	uint64_t low;

	switch (w->memory) {
	case LAB_MEMORY_ASKED:
		return asked(o);
	case LAB_MEMORY_TWO:
		/* Each range with upper tables of its own. */
		return asked(o) < 2 * GIB ? 2 * GIB : asked(o);
	case LAB_MEMORY_LOW:
		low = w->tables == LAB_PAE ? ROOM_32 : GIB;
		return asked(o) < low ? asked(o) : low;
	case LAB_MEMORY_NATIVE:
		return NATIVE_PAGES << PAGE_SHIFT;
	case LAB_MEMORY_SMALL:
		return SMALL_PAGES << PAGE_SHIFT;
	case LAB_MEMORY_BIG:
		return o->big;
	}
	return 0;
}

/*
 * How much of its memory the kernel uses. A big domain is to start and to get
 * rid of its P2M; so it uses what holds both, as Linux does with mem=.
 */
uint64_t lab_limit(const struct lab_world *w, const struct lab_options *o)
{
	uint64_t p2m = (o->big >> PAGE_SHIFT) * sizeof(uint64_t);
	uint64_t bytes = p2m + p2m / 64 + o->memory;

	return w->memory == LAB_MEMORY_BIG && bytes < o->big
		       ? bytes >> PAGE_SHIFT
		       : 0;
}

/* Frames of a big domain that its kernel does not use cost next to nothing. */
uint64_t lab_cost(const struct lab_world *w, const struct lab_options *o)
{
	uint64_t frames = lab_memory(w, o) >> PAGE_SHIFT;
	uint64_t limit = lab_limit(w, o);
	uint64_t used = limit == 0 ? frames : limit;

	return used * FRAME_COST + (frames - used) * BIG_FRAME_COST + RUN_COST;
}

static struct tlb_config tlb_of(const struct lab_world *w)
{
	return (struct tlb_config){w->tlb_forgets ? TLB_KEEP_NOTHING
						  : TLB_KEEP_ALL,
				   0};
}

static struct paging cpu_of(const struct lab_world *w)
{
	struct paging cpu = sim_cpu(tables[w->tables].mode);

	cpu.pse = w->large;
	cpu.huge = false;
	cpu.nx = w->nx;
	return cpu;
}

static struct lab_kernel kernel_of(const struct lab_world *w,
				   const struct lab_policy *p, uint64_t pages,
				   uint64_t limit)
{
	bool small = w->tables != LAB_4LEVEL;
	bool low = w->template && w->hypervisor;
	uint64_t direct = small ? DIRECT_BASE_32
			  : low ? KERNEL_BASE
				: DIRECT_BASE;
	uint64_t base = w->template || small ? direct : KERNEL_BASE;

	return (struct lab_kernel){
		.config =
			{
				.geometry = tables[w->tables].geometry,
				.cpu = {.large = w->large,
					.global = true,
					.nx = w->nx},
				.virt_base = vaddr(base),
				.kernel_start = pfn(KERNEL_START),
				.kernel_end = pfn(KERNEL_END),
				.text_start = pfn(KERNEL_START),
				.text_end = pfn(TEXT_END),
				.direct_base = vaddr(direct),
				.windows =
					vaddr(base + (WINDOWS << PAGE_SHIFT)),
				.memory_limit = pfn(limit),
				.policy = p->map,
			},
		.deed = p->deed,
		.split = pfn(w->two_ranges ? pages / 2 : 0),
		.low_end = pfn(w->high_tables ? pages / 2 : 0),
		.top_taken = w->hypervisor ? TOP_TAKEN : 0,
	};
}

static struct sim_kernel image_of(const struct lab_world *w,
				  const struct lab_kernel *k)
{
	return (struct sim_kernel){
		.virt_base = k->config.virt_base,
		.start = k->config.kernel_start,
		.end = k->config.kernel_end,
		.has_init_p2m = w->noted,
		.init_p2m = vaddr(INIT_P2M),
	};
}

/* The guest: gives up as a kernel's BUG() does when a step fails. */
static int boot(struct sim *s, void *argument)
{
	struct lab_kernel *k = argument;
	int error = lab_boot(&s->guest, k);

	if (error != 0) {
		fault_invalid_opcode(s);
	}
	return error;
}

static int start(struct sim *s, const struct lab_world *w,
		 const struct lab_policy *p, struct lab_kernel *k,
		 struct guest_native *native, uint64_t pages,
		 struct build_error *e)
{
	int error;

	if (w->hypervisor) {
		const struct sim_domain d = {
			.kernel = image_of(w, k),
			.nr_pages = pages,
			.p2m = p->p2m_inside ? LAYOUT_P2M_INSIDE
					     : LAYOUT_P2M_AS_NOTED,
			.lazy = w->memory == LAB_MEMORY_BIG,
			.scattered = true,
		};

		error = sim_start_domain(s, &d, e);
		k->start_info = s->built.start_info;
	} else {
		const struct sim_native n = {
			.kernel = image_of(w, k),
			.nr_pages = pages,
			.mapped_end = BOOT_MAPPED,
		};

		error = sim_start_native(s, &n, native, e);
		k->native = native;
	}
	return error;
}

static enum lab_outcome judge(const struct sim *s, struct lab_result *r)
{
	switch (s->end) {
	case SIM_RETURNED:
		return lab_findings_total(&r->findings) == 0 ? LAB_RIGHT
							     : LAB_WRONG;
	case SIM_CRASHED:
		return strstr(s->why, "page fault") != NULL ? LAB_FAULT
		       : s->dom.stats.refused != 0          ? LAB_REFUSED
							    : LAB_BROKEN;
	case SIM_RUNNING:
	case SIM_POWEROFF:
	case SIM_VIOLATION:
	case SIM_NO_MEMORY:
		break;
	}
	return LAB_BROKEN;
}

static void count(const struct sim *s, struct lab_result *r)
{
	const struct guest_stats *g = &s->guest.stats;

	r->counted = true;
	r->hypercalls = s->stats.hypercalls;
	r->entry_writes = g->entry_writes;
	r->flushes = s->config.hypervisor
			     ? s->dom.stats.flush_all + s->dom.stats.flush_one
			     : s->stats.writes_cr3 + s->stats.invlpg;
	r->pages_walked = g->pages_walked;
	r->stale_uses = s->stats.stale_uses;
}

/* The line that tells most: a refusal, a crash, or the first mistake. */
static void explain(struct sim *s, struct lab_result *r)
{
	char line[LAB_MESSAGE_SIZE] = "";

	_Static_assert(LAB_MESSAGE_SIZE >= REFUSAL_TEXT_SIZE, "a whole line");

	if (r->outcome == LAB_REFUSED) {
		(void)refusal_format(&s->dom.refusal, line, sizeof(line));
	} else if (r->outcome == LAB_WRONG) {
		const char *text = sim_log_text(&r->findings.lines);

		(void)snprintf(line, sizeof(line), "%.*s",
			       (int)strcspn(text, "\n"), text);
	} else {
		(void)snprintf(line, sizeof(line), "%s", s->why);
	}
	memcpy(r->message, line, sizeof(r->message));
}

static void finish(struct sim *s, const struct lab_kernel *k,
		   const struct lab_options *o, struct lab_result *r)
{
	r->step = k->step;
	count(s, r);
	if (s->end == SIM_RETURNED) {
		lab_check(s, k, &r->findings);
		r->counted_lost = true;
		r->lost = r->findings.left_readonly + r->findings.lost +
			  r->findings.old_p2m;
	}
	r->outcome = judge(s, r);
	explain(s, r);
	sim_log_bytes(&s->log, sim_log_text(&r->findings.lines),
		      r->findings.lines.length);
	if (o->witness != NULL) {
		o->witness->ended(s, k, r);
	}
}

static void run_machine(struct sim *s, const struct lab_case *c,
			const struct lab_options *o, struct lab_result *r)
{
	const struct lab_policy *p = c->policy;
	uint64_t pages = lab_memory(c->world, o) >> PAGE_SHIFT;
	struct lab_kernel k =
		kernel_of(c->world, p, pages, lab_limit(c->world, o));
	struct build_error e = {""};
	struct guest_native native;

	if (start(s, c->world, p, &k, &native, pages, &e) != 0) {
		r->outcome = LAB_NOT_STARTED;
		(void)snprintf(r->message, sizeof(r->message), "%s", e.text);
		sim_say(s, "%s", e.text);
	} else {
		(void)sim_run(s, boot, &k);
		finish(s, &k, o, r);
	}
	r->log = s->log;
	s->log = (struct sim_log){0};
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool expected(const struct lab_case *c, const struct lab_result *r)
{
	return r->outcome == c->expected && r->step == c->step &&
	       (c->says == NULL ||
		strstr(sim_log_text(&r->log), c->says) != NULL);
}

void lab_run(const struct lab_case *c, const struct lab_options *o,
	     struct lab_result *r)
{
	uint64_t pages = lab_memory(c->world, o) >> PAGE_SHIFT;
	struct sim_config config = {
		.nr_frames =
			c->world->hypervisor ? sim_frames_for(pages) : pages,
		.seed = o->seed,
		.hypervisor = c->world->hypervisor,
		.cpu = cpu_of(c->world),
		.tlb = o->has_tlb ? o->tlb : tlb_of(c->world),
		.check_always = o->check_always,
		.record = o->witness != NULL,
	};
	struct build_error e = {""};
	struct sim *s = sim_create(&config, &e);
	double start_time = now();

	*r = (struct lab_result){
		.outcome = LAB_BROKEN,
		.memory = pages << PAGE_SHIFT,
	};
	if (s == NULL) {
		(void)snprintf(r->message, sizeof(r->message), "%s", e.text);
		return;
	}
	s->ear = c->world->hypervisor ? o->ear : NULL;
	s->ear_state = o->ear_state;
	if (o->witness != NULL) {
		s->witness = &o->witness->machine;
		s->witness_state = o->witness_state;
	}
	run_machine(s, c, o, r);
	r->as_expected = expected(c, r);
	r->seconds = now() - start_time;
	sim_destroy(s);
}

void lab_result_fini(struct lab_result *r)
{
	lab_findings_fini(&r->findings);
	sim_log_fini(&r->log);
}
