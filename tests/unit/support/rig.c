/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sim/check.h"
#include "sim/cpu.h"
#include "sim/domain.h"
#include "sim/lazy.h"
#include "tests/unit/support/rig.h"

#define BASE_4LEVEL UINT64_C(0xffffffff80000000)
#define DIRECT_4LEVEL UINT64_C(0xffff888000000000)
#define FREE_4LEVEL UINT64_C(0xffffa1b2c3d4e000)
#define BASE_32 UINT64_C(0xc0000000)
#define FREE_32 UINT64_C(0x123fe000)
#define INIT_P2M (UINT64_C(1) << 39)
#define NATIVE_MAPPED 1024
/* What entries may differ in without anyone having asked for it. */
#define NOT_CHOSEN (PTE_A | PTE_D | PTE_G | PTE_US | PTE_AVAIL_HIGH)

static const enum paging_mode mode_of[RIG_WORLDS] = {
	[RIG_XEN] = PAGING_4LEVEL,    [RIG_XEN_PAE] = PAGING_PAE,
	[RIG_2LEVEL] = PAGING_2LEVEL, [RIG_PAE] = PAGING_PAE,
	[RIG_4LEVEL] = PAGING_4LEVEL,
};

static const struct guest_geometry *const geometry_of[RIG_WORLDS] = {
	[RIG_XEN] = &guest_geometry_4level,
	[RIG_XEN_PAE] = &guest_geometry_pae,
	[RIG_2LEVEL] = &guest_geometry_2level,
	[RIG_PAE] = &guest_geometry_pae,
	[RIG_4LEVEL] = &guest_geometry_4level,
};

static struct guest_config config_of(enum rig_world world)
{
	bool wide = mode_of[world] == PAGING_4LEVEL;
	uint64_t base = wide ? BASE_4LEVEL : BASE_32;

	return (struct guest_config){
		.geometry = geometry_of[world],
		.cpu = {.large = world != RIG_XEN && world != RIG_XEN_PAE,
			.global = true,
			.nx = world != RIG_2LEVEL},
		.virt_base = vaddr(base),
		.kernel_start = pfn(RIG_KERNEL_START),
		.kernel_end = pfn(RIG_KERNEL_END),
		.text_start = pfn(RIG_KERNEL_START),
		.text_end = pfn(RIG_TEXT_END),
		.direct_base = vaddr(wide ? DIRECT_4LEVEL : BASE_32),
		.windows = vaddr(base + (RIG_WINDOWS << PAGE_SHIFT)),
	};
}

static void start_machine(struct rig *r, const struct rig_options *o)
{
	uint64_t pages = o->pages != 0 ? o->pages : RIG_PAGES;
	const struct sim_config config = {
		.nr_frames = rig_xen(r) ? sim_frames_for(pages) : pages,
		.seed = o->seed != 0 ? o->seed : 7,
		.hypervisor = rig_xen(r),
		.cpu = sim_cpu(mode_of[r->world]),
		.tlb = {o->keep, 16},
		.check_always = !o->no_check,
	};
	const struct sim_kernel image = {r->config.virt_base,
					 r->config.kernel_start,
					 r->config.kernel_end, true,
					 vaddr(INIT_P2M)};
	const struct sim_domain d = {.kernel = image,
				     .nr_pages = pages,
				     .scattered = true};
	const struct sim_native n = {image, pages, NATIVE_MAPPED};
	struct build_error e = {""};

	assert_true(o->ram <= pages);
	r->s = sim_create(&config, &e);
	assert_non_null(r->s);
	r->g = &r->s->guest;
	r->s->cpu.huge = false;
	if (rig_xen(r)) {
		assert_int_equal(sim_start_domain(r->s, &d, &e), 0);
		r->s->has_e820 = o->ram != 0 || o->map != NULL;
		r->s->e820 = (struct guest_e820_map){
			.nr = 2,
			.entry = {{0, o->ram << PAGE_SHIFT, GUEST_E820_RAM},
				  {o->ram << PAGE_SHIFT,
				   (pages - o->ram) << PAGE_SHIFT,
				   GUEST_E820_RESERVED}},
		};
		if (o->map != NULL) {
			r->s->e820 = *o->map;
		}
	} else {
		assert_int_equal(sim_start_native(r->s, &n, &r->native, &e), 0);
	}
}

static void must(const struct rig *r, int error)
{
	if (error != 0) {
		fail_msg("boot: %d: %s", error, r->g->message);
	}
}

static void boot(struct rig *r, enum rig_stage stage)
{
	struct guest *g = r->g;

	must(r, rig_xen(r) ? guest_start(g, &r->config, r->s->built.start_info)
			   : guest_start_native(g, &r->config, &r->native));
	must(r, guest_memory_map(g));
	if (stage >= RIG_OWN_TABLES) {
		must(r, guest_own_tables(g));
	}
	if (stage >= RIG_MAPPED) {
		must(r, guest_direct_map(g));
	}
	if (stage >= RIG_RUN_TIME) {
		must(r, guest_run_time(g));
	}
	if (r->world == RIG_XEN_PAE) {
		/* Its direct map was built over mappings that the CPU knows. */
		must(r, guest_flush_tlb(g));
		must(r, guest_flush(g));
		r->s->stats.stale_uses = 0;
	}
}

struct job {
	struct rig *r;
	const struct rig_options *o;
	rig_body *body;
};

static int in_the_run(struct sim *s, void *argument)
{
	const struct job *job = argument;

	boot(job->r, job->o->stage);
	s->preempt_every = job->o->preempt;
	job->body(job->r);
	s->preempt_every = 0;
	return 0;
}

static void check_end(struct rig *r)
{
	struct audit_report report;
	struct tlb_entry e;

	if (r->s->end != SIM_RETURNED) {
		fail_msg("%s: %s\n%s", sim_end_name[r->s->end], r->s->why,
			 sim_log_text(&r->s->log));
	}
	if (rig_xen(r)) {
		assert_int_equal(check_audit(r->s, &report), 0);
		assert_true(check_tlb(r->s, &e));
	}
	assert_int_equal(r->s->stats.stray, 0);
}

void rig_run(const struct rig_options *o, rig_body *body)
{
	struct rig r = {
		.world = o->world,
		.config = config_of(o->world),
		.argument = o->argument,
		.free_va =
			vaddr(mode_of[o->world] == PAGING_4LEVEL ? FREE_4LEVEL
								 : FREE_32),
	};
	struct job job = {&r, o, body};

	start_machine(&r, o);
	(void)sim_run(r.s, in_the_run, &job);
	check_end(&r);
	sim_destroy(r.s);
}

void rig_run_in(enum rig_world world, enum tlb_keep keep, rig_body *body)
{
	const struct rig_options o = {.world = world,
				      .keep = keep,
				      .stage = RIG_RUN_TIME};

	rig_run(&o, body);
}

void rig_run_all(enum tlb_keep keep, rig_body *body)
{
	for (unsigned int w = 0; w < RIG_WORLDS; w++) {
		rig_run_in((enum rig_world)w, keep, body);
	}
}

/* --- inside the run ------------------------------------------------------ */

pfn_t rig_frame(struct rig *r)
{
	pfn_t frame = PFN_INVALID;

	assert_int_equal(guest_alloc_frames(r->g, 1, &frame), 0);
	return frame;
}

uint64_t rig_nr_free(const struct rig *r)
{
	return guest_memblock_nr_free(&r->g->memblock);
}

/* Calls back with what is beyond the first nr free frames. */
static void each_beyond(struct rig *r,
			int (*call)(struct guest_memblock *, pfn_t, pfn_t))
{
	uint64_t left = r->left_free;
	pfn_t cursor = pfn(0);
	struct guest_region free;

	while (guest_memblock_next_free(&r->saved, &cursor, &free)) {
		uint64_t keep = free.end.v - free.start.v;

		keep = keep < left ? keep : left;
		left -= keep;
		if (free.start.v + keep < free.end.v) {
			assert_int_equal(call(&r->g->memblock,
					      pfn_add(free.start, keep),
					      free.end),
					 0);
		}
	}
	assert_int_equal(left, 0);
}

void rig_leave_free(struct rig *r, uint64_t nr)
{
	r->saved = r->g->memblock;
	r->left_free = nr;
	each_beyond(r, guest_memblock_reserve);
	assert_int_equal(rig_nr_free(r), nr);
}

void rig_all_free(struct rig *r)
{
	each_beyond(r, guest_memblock_free);
}

mfn_t rig_behind(const struct rig *r, pfn_t frame)
{
	mfn_t found = MFN_INVALID;

	if (!rig_xen(r)) {
		return mfn(frame.v);
	}
	for (uint64_t f = 0; f < r->s->mmu.nr_frames; f++) {
		const struct frame *record = &r->s->mmu.frames[f];

		if (record->owner == r->s->dom.tag &&
		    (record->flags & FRAME_ALLOCATED) != 0 &&
		    r->s->mmu.m2p[f] == frame.v) {
			assert_true(mfn_eq(found, MFN_INVALID));
			found = mfn(f);
		}
	}
	return found;
}

uint64_t rig_m2p(const struct rig *r, mfn_t frame)
{
	return sim_m2p(r->s, frame);
}

const struct frame *rig_record(const struct rig *r, pfn_t frame)
{
	return frame_of(&r->s->mmu, rig_behind(r, frame));
}

bool rig_typed(const struct rig *r, pfn_t frame, enum frame_type type,
	       uint32_t nr)
{
	const struct frame *f = rig_record(r, frame);

	return nr == 0 ? frame_type_refs(f) == 0 || f->type != type
		       : f->type == type && frame_type_refs(f) == nr;
}

bool rig_pinned(const struct rig *r, pfn_t frame)
{
	return (rig_record(r, frame)->flags & FRAME_PINNED) != 0;
}

bool rig_is_table(const struct rig *r, pfn_t frame)
{
	const struct frame *f = rig_record(r, frame);

	return frame_is_table(f->type) && frame_type_refs(f) != 0;
}

uint64_t rig_entry(const struct rig *r, struct guest_slot slot)
{
	uint64_t bytes = r->config.geometry->entry_bytes;
	uint64_t entry = 0;

	memcpy(&entry,
	       r->s->mmu.ram + mfn_to_maddr(rig_behind(r, slot.table)).v +
		       slot.index * bytes,
	       bytes);
	return entry;
}

uint64_t rig_leaf(const struct rig *r, vaddr_t va)
{
	struct walk w;

	cpu_peek(r->s, va, &w);
	return w.mapped ? w.step[w.end].entry : 0;
}

uint64_t rig_direct(const struct rig *r, pfn_t frame)
{
	return rig_leaf(r, guest_direct_va(r->g, frame));
}

uint64_t rig_essence(uint64_t entry)
{
	return entry & ~(uint64_t)NOT_CHOSEN;
}

bool rig_p2m_true(struct rig *r)
{
	const struct mmu *m = &r->s->mmu;
	bool same = true;

	for (uint64_t i = 0; i < r->g->p2m.nr; i++) {
		mfn_t says = guest_p2m_get(r->g, pfn(i));

		if (!mfn_eq(says, MFN_INVALID) &&
		    (!mfn_valid(m, says) || rig_m2p(r, says) != i ||
		     frame_of(m, says)->owner != r->s->dom.tag)) {
			print_message("pfn %llx: mfn %llx is not its\n",
				      (unsigned long long)i,
				      (unsigned long long)says.v);
			same = false;
		}
	}
	for (uint64_t f = 0; f < m->nr_frames; f++) {
		const struct frame *record = &m->frames[f];

		if (record->owner == r->s->dom.tag &&
		    (record->flags & FRAME_ALLOCATED) != 0 &&
		    m->m2p[f] < r->g->p2m.nr &&
		    guest_p2m_get(r->g, pfn(m->m2p[f])).v != f) {
			print_message("mfn %llx: pfn %llx has another\n",
				      (unsigned long long)f,
				      (unsigned long long)m->m2p[f]);
			same = false;
		}
	}
	return same;
}

static struct rig_frame_state state_of(const struct rig *r, uint64_t f)
{
	const struct frame *record = &r->s->mmu.frames[f];

	return (struct rig_frame_state){
		.m2p = r->s->mmu.m2p[f],
		.count = record->count,
		.type_count = frame_type_refs(record),
		.owner = record->owner,
		.type = frame_type_refs(record) != 0 ? record->type : 0,
		.pinned = (record->flags & FRAME_PINNED) != 0,
	};
}

struct rig_snapshot rig_snapshot(const struct rig *r)
{
	struct rig_snapshot snapshot = {
		.nr = rig_xen(r) ? r->s->mmu.nr_frames : 0,
		.kernel_root = r->s->vcpu.kernel_root.v,
		.nr_free = rig_nr_free(r),
	};

	snapshot.frame = calloc(snapshot.nr + 1, sizeof(snapshot.frame[0]));
	assert_non_null(snapshot.frame);
	for (uint64_t f = 0; f < snapshot.nr; f++) {
		snapshot.frame[f] = state_of(r, f);
	}
	return snapshot;
}

static bool same_frame(const struct rig *r, const struct rig_snapshot *before,
		       uint64_t f)
{
	const struct rig_frame_state *a = &before->frame[f];
	struct rig_frame_state b = state_of(r, f);

	if (a->m2p == b.m2p && a->count == b.count &&
	    a->type_count == b.type_count && a->owner == b.owner &&
	    a->type == b.type && a->pinned == b.pinned) {
		return true;
	}
	print_message("mfn %llx: pfn %llx, count %u, type %u:%u, pinned %u; "
		      "was pfn %llx, count %u, type %u:%u, pinned %u\n",
		      (unsigned long long)f, (unsigned long long)b.m2p, b.count,
		      b.type, b.type_count, b.pinned,
		      (unsigned long long)a->m2p, a->count, a->type,
		      a->type_count, a->pinned);
	return false;
}

bool rig_same(const struct rig *r, const struct rig_snapshot *before)
{
	bool same = before->kernel_root == r->s->vcpu.kernel_root.v;

	for (uint64_t f = 0; f < before->nr; f++) {
		/* Of free frames the counts are the pool's links. */
		if (before->frame[f].owner != OWNER_FREE ||
		    r->s->mmu.frames[f].owner != OWNER_FREE) {
			same = same_frame(r, before, f) && same;
		}
	}
	if (before->nr_free != rig_nr_free(r)) {
		print_message("%llu frames free, not %llu\n",
			      (unsigned long long)rig_nr_free(r),
			      (unsigned long long)before->nr_free);
		same = false;
	}
	return same;
}

void rig_forget(struct rig_snapshot *snapshot)
{
	free(snapshot->frame);
	snapshot->frame = NULL;
}
