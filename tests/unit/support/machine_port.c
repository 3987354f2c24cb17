/* SPDX-License-Identifier: MIT */
/*
 * The engine's port for the unit tests: one CPU does one thing after the
 * other. A program that brings a port of its own (tests/interleave/) has the
 * machine without this.
 */
#include "engine/request/lock_order.h"
#include "tests/unit/support/machine.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct machine *of(const struct mmu *mmu)
{
	return (struct machine *)((char *)(uintptr_t)mmu -
				  offsetof(struct machine, mmu));
}

/* On another CPU, between two steps of the operation under way. */
static void meanwhile(struct machine *m)
{
	struct mmu_domain *d = &m->other;
	unsigned int here = m->locks;
	mfn_t got;

	if (d->lock.held || d->nr_pages == d->max_pages) {
		return;
	}
	m->locks = 0;
	if (mmu_begin_for(d, NULL, MMU_OP_INCREASE_RESERVATION, NULL) == 0 &&
	    pool_alloc(d, 0, &got) == 0 && !machine_is_sound(m)) {
		m->faulted = true;
	}
	(void)mmu_end(d, 0);
	m->locks = here;
}

bool port_preempt(struct mmu_domain *d)
{
	struct machine *m = of(d->m);

	lock_order_leaf(d->m);
	if (m->other_takes) {
		meanwhile(m);
	}
	m->preempt_asked++;
	return m->preempt_asked == m->preempt_at ||
	       (m->preempt_after != 0 &&
		m->preempt_asked % m->preempt_after == 0);
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	struct machine *m = of(d->m);

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (machine_cpu_runs(&m->cpu[i], d, vcpus)) {
			cpu_flush_all(&m->cpu[i]);
			m->flushes += i == 0;
		}
	}
}

void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	struct machine *m = of(d->m);

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (machine_cpu_runs(&m->cpu[i], d, vcpus)) {
			cpu_flush_page(&m->cpu[i], va);
		}
	}
}

void port_load_root(struct mmu_vcpu *v)
{
	struct machine *m = of(v->dom->m);

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (m->cpu[i].vcpu == v) {
			cpu_load_root(&m->cpu[i]);
		}
	}
}

void port_leave_user_root(struct mmu_vcpu *v)
{
	struct machine *m = of(v->dom->m);

	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (m->cpu[i].vcpu == v) {
			cpu_leave_user(&m->cpu[i]);
		}
	}
}

static uint8_t *guest_at(struct machine *m, uint64_t address, size_t bytes)
{
	lock_order_leaf(&m->mmu);
	if (m->copy_fail_after != 0 && ++m->copies >= m->copy_fail_after &&
	    (!m->copy_fails_once || m->copies == m->copy_fail_after)) {
		return NULL;
	}
	return guest_buffer_at(m->guest, sizeof(m->guest), address, bytes);
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

int64_t port_hypercall(struct mmu_vcpu *v, unsigned int nr, uint64_t arg[6])
{
	(void)v;
	(void)arg;
	/* One call that is not the engine's, so that it can be told apart. */
	return nr == __HYPERVISOR_xen_version ? 0x40011 : -XEN_ENOSYS;
}

void port_refused(struct mmu_domain *d, struct refusal *r)
{
	struct machine *m = of(d->m);

	m->refusals++;
	refusal_format(r, m->refusal, sizeof(m->refusal));
}

unsigned int *port_locks(struct mmu *m)
{
	return &of(m)->locks;
}

/* There is one CPU: it would wait for itself. */
void port_relax(struct mmu_domain *d)
{
	(void)d;
	fail_msg("an operation within an operation");
}

void port_event(struct mmu_domain *d, const struct mmu_event *event)
{
	(void)d;
	(void)event;
}

_Noreturn void port_panic(struct mmu *m, const char *why)
{
	(void)m;
	fprintf(stderr, "engine: %s\n", why);
	abort();
}
