/* SPDX-License-Identifier: MIT */
/*
 * What the simulator's TLB gets while the engine reads the guest's memory is
 * told when the operation is over: records of both do not mix. What has been
 * flushed until then is gone, and is not told.
 */
#include "trace/tape/sim_tape.h"

static struct sim_tape *of(const struct sim *s)
{
	return s->ear_state;
}

static void begins(struct sim *s)
{
	struct recorder *r = &of(s)->tape.recorder;

	recorder_machine(r, &s->mmu, TRACE_ELSEWHERE);
	recorder_clock(r, TAPE_KHZ);
	recorder_domain(r, &s->dom);
	recorder_vcpu(r, &s->vcpu);
}

static void pool(struct sim *s, mfn_t first, uint64_t nr)
{
	recorder_frames(&of(s)->tape.recorder, TRACE_POOL, first, nr);
	recorder_limit(&of(s)->tape.recorder, &s->dom);
}

static void tell_fills(struct sim *s)
{
	struct sim_tape *t = of(s);

	for (unsigned int i = 0; i < t->nr_fills; i++) {
		recorder_cached(&t->tape.recorder, &s->vcpu, t->fill[i]);
	}
	t->nr_fills = 0;
}

static void event(struct sim *s, const struct mmu_event *e)
{
	recorder_event(&of(s)->tape.recorder, &s->dom, e);
	if (e->kind == MMU_EVENT_END && e->result != -XEN_ERESTART) {
		tell_fills(s);
	}
}

static void asked(struct sim *s, bool answer)
{
	if (of(s)->tape.recorder.inside) {
		recorder_asked(&of(s)->tape.recorder, answer);
	}
}

static void copied(struct sim *s, bool in, const void *data, size_t bytes,
		   int rc)
{
	if (of(s)->tape.recorder.inside) {
		recorder_copied(&of(s)->tape.recorder,
				in ? TRACE_COPIED_IN : TRACE_COPIED_OUT, data,
				bytes, rc);
	}
}

static void cached(struct sim *s, vaddr_t va)
{
	struct sim_tape *t = of(s);

	if (!t->tape.recorder.inside) {
		recorder_cached(&t->tape.recorder, &s->vcpu, va);
	} else if (t->nr_fills < SIM_TAPE_FILLS) {
		t->fill[t->nr_fills++] = va;
	}
}

static void flushed(struct sim *s)
{
	of(s)->nr_fills = 0;
}

static void flushed_page(struct sim *s, vaddr_t va)
{
	struct sim_tape *t = of(s);
	unsigned int kept = 0;

	for (unsigned int i = 0; i < t->nr_fills; i++) {
		if (t->fill[i].v >> PAGE_SHIFT != va.v >> PAGE_SHIFT) {
			t->fill[kept++] = t->fill[i];
		}
	}
	t->nr_fills = kept;
}

static void faulted(struct sim *s, vaddr_t va, uint32_t code, bool stale)
{
	recorder_page_fault(&of(s)->tape.recorder, &s->vcpu, va, code, stale);
}

const struct sim_ear sim_tape_ear = {
	.begins = begins,
	.pool = pool,
	.event = event,
	.asked = asked,
	.copied = copied,
	.cached = cached,
	.flushed = flushed,
	.flushed_page = flushed_page,
	.faulted = faulted,
};
