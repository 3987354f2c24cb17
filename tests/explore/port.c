/* SPDX-License-Identifier: MIT */
/*
 * The engine's port in the explored machine. Time passes for the other vCPUs
 * wherever the engine calls out: at each call they may cache all that their
 * tables say by then, and right after a flush, too (XSA-401). What they have
 * cached is judged in the midst of an operation, too.
 */
#include <stdio.h>
#include <string.h>

#include "tests/explore/rules.h"
#include "tests/explore/world.h"

#define TOO_MANY_QUESTIONS 4096

static struct world *of(const struct mmu *mmu)
{
	return (struct world *)((char *)(uintptr_t)mmu -
				offsetof(struct world, mmu));
}

bool port_preempt(struct mmu_domain *d)
{
	struct world *w = of(d->m);
	unsigned int n = w->asked++;

	world_run_cpus(w);
	rules_midway(w);
	if (n > TOO_MANY_QUESTIONS) {
		world_fault(w, "I10: the operation does not end");
		longjmp(w->out, 1);
	}
	return w->always || (n < 64 && (w->answers >> n & 1) != 0);
}

static void forget(struct world *w, unsigned int vcpu)
{
	memset(w->cached[vcpu], 0, sizeof(w->cached[vcpu]));
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	struct world *w = of(d->m);

	/* The last that they see before it. */
	rules_midway(w);
	for (unsigned int i = 0; i < w->nr_vcpus; i++) {
		if (w->vcpu[i].dom == d && (vcpus >> w->vcpu[i].id & 1) != 0) {
			forget(w, i);
			w->flushed_all |= UINT64_C(1) << w->vcpu[i].id;
		}
	}
	world_run_cpus(w);
}

/* Which address a translation had is not kept: it stays, as one may that was
 * cached for another.
 */
void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	struct world *w = of(d->m);

	w->flushed_page |= vcpus;
	if (!vaddr_canonical(va)) {
		world_fault(w, "a flush of an address that cannot be");
	}
}

void port_load_root(struct mmu_vcpu *v)
{
	struct world *w = of(v->dom->m);

	forget(w, (unsigned int)(v - w->vcpu));
	world_run_cpus(w);
}

void port_leave_user_root(struct mmu_vcpu *v)
{
	struct world *w = of(v->dom->m);
	uint16_t *c = w->cached[v - w->vcpu];

	for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
		c[f] &= (1u << CACHED_BY_USER) - 1;
	}
	world_run_cpus(w);
}

static uint8_t *guest_at(struct world *w, uint64_t address, size_t bytes)
{
	return guest_buffer_at(w->guest, sizeof(w->guest), address, bytes);
}

int port_copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	uint8_t *p = guest_at(of(v->dom->m), from, bytes);

	if (p == NULL) {
		return -XEN_EFAULT;
	}
	memcpy(to, p, bytes);
	return 0;
}

int port_copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		  size_t bytes)
{
	uint8_t *p = guest_at(of(v->dom->m), to, bytes);

	if (p == NULL) {
		return -XEN_EFAULT;
	}
	memcpy(p, from, bytes);
	return 0;
}

void port_relax(struct mmu_domain *d)
{
	struct world *w = of(d->m);

	world_fault(w, "an operation waits for a lock that nobody drops");
	longjmp(w->out, 1);
}

void port_event(struct mmu_domain *d, const struct mmu_event *event)
{
	(void)d;
	(void)event;
}

_Noreturn void port_panic(struct mmu *m, const char *why)
{
	struct world *w = of(m);

	world_fault(w, "the engine gave up: %s", why);
	longjmp(w->out, 1);
}
