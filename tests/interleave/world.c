/* SPDX-License-Identifier: MIT */
/* The machine and its two CPUs, and what must hold after each step. */
#include "tests/interleave/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/interleave/recount.h"

struct world world;

unsigned int world_cpu(void)
{
	return world.running;
}

unsigned int world_place(unsigned int cpu)
{
	if (cpu == 0) {
		return CPU_FIRST;
	}
	return world.options.two_domains ? CPU_OTHER : CPU_SECOND;
}

struct mmu_vcpu *world_vcpu(unsigned int cpu)
{
	if (cpu == 0) {
		return &world.m->vcpu;
	}
	return world.options.two_domains ? &world.m->other_vcpu
					 : &world.m->second;
}

/* --- steps ---------------------------------------------------------------- */

bool world_step(const char *at, bool question)
{
	struct world_cpu *c = &world.cpu[world.running];

	c->at = at;
	c->question = question;
	thread_leave(&c->thread);
	return c->answer;
}

/*
 * An interrupt is taken before the step, or after it where the explorer says
 * so: on the machine, it comes when it comes.
 */
void world_guest_step(const char *at)
{
	struct world_cpu *c = &world.cpu[world.running];

	for (;;) {
		bool later = world_step(at, false);

		if (!c->interrupted || later) {
			return;
		}
		c->interrupted = false;
		metal_answer();
	}
}

void world_fails(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(world.why, sizeof(world.why), format, args);
	va_end(args);
	world.broken = true;
	for (;;) {
		thread_leave(&world.cpu[world.running].thread);
	}
}

void world_forgets_all(void)
{
	world_step("flushes its TLB", false);
	cpu_flush_all(&world.m->cpu[world_place(world.running)]);
}

void world_forgets_page(uint64_t va)
{
	world_step("flushes a page", false);
	cpu_flush_page(&world.m->cpu[world_place(world.running)], vaddr(va));
}

void world_waits(const char *what)
{
	world_step(what, false);
}

void world_interrupts(unsigned int cpu)
{
	world_step("sends an interrupt", false);
	world.cpu[cpu].interrupted = true;
}

static void cpu_main(void)
{
	unsigned int cpu = world.running;
	struct world_cpu *c = &world.cpu[cpu];

	for (; c->op < c->program.nr; c->op++) {
		op_run(cpu, c->program.op[c->op]);
	}
	/* The guest goes on, with nothing but interrupts. */
	for (;;) {
		c->done = true;
		world_step("goes on", false);
		c->done = false;
		if (c->interrupted) {
			c->interrupted = false;
			metal_answer();
		}
	}
}

/* --- what must hold ------------------------------------------------------- */

static bool fails(const char *why)
{
	world.broken = true;
	snprintf(world.why, sizeof(world.why), "%s", why);
	return false;
}

/* I8: the CPU's own root is a whole L4. */
static bool roots_hold(void)
{
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		mfn_t root = world.cpu[i].loaded.kernel_root;
		const struct frame *fr = &world.m->frames[root.v];

		if (fr->type != FRAME_L4 || frame_type_refs(fr) == 0 ||
		    (fr->flags & FRAME_VALIDATED) == 0) {
			return false;
		}
	}
	return true;
}

/* Nothing that is on its way out may have come to anybody (cpu.c). */
static bool caches_hold(bool inside)
{
	struct machine *m = world.m;
	bool was[] = {m->dom.lock.held, m->other.lock.held};
	bool sound;

	m->dom.lock.held = inside;
	m->other.lock.held = inside;
	sound = machine_is_sound(m);
	m->dom.lock.held = was[0];
	m->other.lock.held = was[1];
	return sound;
}

static bool quiet_holds(void)
{
	struct mmu_domain *doms[] = {&world.m->dom, &world.m->other};
	unsigned int nr_doms = world.m->other.m == NULL ? 1 : 2;
	struct audit_report report;
	const char *why;

	if (world.m->dom.flush_pending || world.m->other.flush_pending) {
		return fails("a flush is owed");
	}
	if (world.m->dom.lock.held || world.m->mmu.pool_lock.held) {
		return fails("a lock is held");
	}
	why = recount_all(world.m);
	if (why != NULL) {
		return fails(why);
	}
	if (mmu_audit(&world.m->mmu, doms, nr_doms, world.m->tally, &report)) {
		snprintf(world.why, sizeof(world.why),
			 "audit: %s of frame %#lx: recorded %#lx, counted %#lx",
			 audit_kind_name(report.first[0].kind),
			 report.first[0].frame.v, report.first[0].seen,
			 report.first[0].expected);
		world.broken = true;
		return false;
	}
	return true;
}

static bool all_holds(void)
{
	bool inside = false;
	bool quiet = false;
	const char *why;

	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		world.cpu[i].loaded.user_root = world_vcpu(i)->user_root;
		cpu_run(&world.m->cpu[world_place(i)]);
		inside |= world.cpu[i].inside;
		quiet |= world.cpu[i].quiet;
	}
	if (quiet && inside) {
		return fails("a CPU is inside while the machine is quiet");
	}
	if (!roots_hold()) {
		return fails("a CPU's root is no L4 any more");
	}
	if (!caches_hold(inside)) {
		return fails(world.m->fault);
	}
	why = recount_cached(world.m);
	if (why != NULL) {
		return fails(why);
	}
	return inside || quiet_holds();
}

bool world_can_run(unsigned int cpu)
{
	return !world.cpu[cpu].done || world.cpu[cpu].interrupted;
}

bool world_all_done(void)
{
	return !world_can_run(0) && !world_can_run(1);
}

bool world_run(unsigned int cpu, bool answer)
{
	world.running = cpu;
	world.cpu[cpu].answer = answer;
	thread_enter(&world.cpu[cpu].thread);
	world.running = WORLD_CPUS;
	return !world.broken && all_holds();
}

/* --- making it ------------------------------------------------------------ */

static void heat(mfn_t first, unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		world.hot[world.nr_hot++] = mfn_add(first, i);
	}
}

static void load(unsigned int cpu)
{
	world.cpu[cpu].loaded = *world_vcpu(cpu);
	world.m->cpu[world_place(cpu)].vcpu = &world.cpu[cpu].loaded;
}

void world_make(const struct world_options *o)
{
	unsigned int number = world.number + 1;
	struct machine *m;

	memset(&world, 0, sizeof(world));
	world.number = number;
	world.options = *o;
	world.running = WORLD_CPUS;
	m = machine_new();
	world.m = m;
	standard_space(m);
	if (o->two_domains) {
		machine_second_domain(m);
	} else {
		machine_second_vcpu(m);
	}
	raw_space(m, 10, DATA_FRAME);
	/* Each level asks whether to stop before its second entry. */
	raw_entry(m, dom_frame(10), 1, pte_make(dom_frame(11), TABLE_FLAGS));
	raw_entry(m, dom_frame(12), 1, pte_make(dom_frame(13), TABLE_FLAGS));
	raw_entry(m, dom_frame(14), 1, pte_make(dom_frame(15), RO_FLAGS));
	(void)call_mmu_update(m, entry_at(dom_frame(L1_FRAME), 6),
			      pte_make(dom_frame(14), RW_FLAGS).v);
	heat(dom_frame(0), 16);
	heat(mfn(FIRST_FRAME + DOM_FRAMES), o->two_domains ? 20 : 10);
	memset(m->guest, 0, sizeof(m->guest));
	m->dom.watched = o->watched;
	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		load(i);
		cpu_flush_all(&m->cpu[world_place(i)]);
	}
}

void world_unmake(void)
{
	machine_free(world.m);
}

void world_start(const struct program *first, const struct program *second)
{
	const struct program *program[] = {first, second};

	for (unsigned int i = 0; i < WORLD_CPUS; i++) {
		struct world_cpu *c = &world.cpu[i];

		thread_init(&c->thread, cpu_main);
		c->program = *program[i];
		c->at = "begins";
		c->op = 0;
		c->stops = world.options.stops;
		c->done = false;
		c->inside = false;
		c->quiet = false;
		c->question = false;
		c->interrupted = false;
		c->locks = 0;
	}
	world.broken = false;
}
