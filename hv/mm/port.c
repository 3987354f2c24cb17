/* SPDX-License-Identifier: MIT */
/*
 * The engine's port on metal.
 *
 * Guest memory is reached by plain loads and stores under the guest's own
 * tables: the guest's kernel runs with user rights, so all it can reach is in
 * the tables, and what lies outside the hypervisor's slots is the guest's. An
 * address is therefore safe to use when its range is the guest's; whether
 * anything is there, the CPU tells by a fault that has a fixup.
 */
#include "engine/port.h"
#include "engine/request/lock_order.h"

#include "hv/cpu/alone.h"
#include "hv/cpu/flush.h"
#include "hv/cpu/ipi.h"
#include "hv/cpu/slice.h"
#include "hv/cpu/smap.h"
#include "hv/mm/guest.h"
#include "hv/mm/layout.h"
#include "hv/record/record.h"
#include "hv/report/panic.h"
#include "hv/vcpu/vcpu.h"
#include "hv/cpu/x86.h"

/*
 * What is recorded takes a way of its own, so that a run without a recording
 * pays for one look at a flag, and neither for a stack frame nor for registers
 * to keep.
 */
#define RECORDED static __attribute__((noinline, cold))

/* Another CPU waits for what this one holds while it carries that out. */
static bool is_wanted(const struct mmu_domain *d)
{
	return fair_lock_wanted(&d->lock) || machine_quiet_wanted() ||
	       (cpu_here()->lock_depth != 0 && machine_lock_wanted());
}

RECORDED bool preempt_recorded(const struct mmu_domain *d)
{
	bool over = slice_over(is_wanted(d));

	recorder_asked(&record_machine, over);
	return over;
}

/* The same for all domains: the CPU's own clock says. */
bool port_preempt(struct mmu_domain *d)
{
	lock_order_leaf(d->m);
	return record_inside()
		       ? preempt_recorded(d)
		       : slice_over(unlikely(nr_cpus > 1) && is_wanted(d));
}

/*
 * A CPU has usable translations of one vCPU at most: that whose CR3 it has,
 * even while it sleeps. Where it takes another's, nothing is left of them
 * (flush_switch()). A CPU names the vCPU from before it loads that CR3 until
 * after it has left it (state_load()). So whoever has changed a table and then
 * sees it named by no CPU knows that the one that takes it next walks what
 * stands there now.
 */
static bool runs_on(const struct cpu *c, const struct mmu_domain *d,
		    vcpuset_t vcpus)
{
	const struct vcpu *v = __atomic_load_n(&c->vcpu, __ATOMIC_RELAXED);

	return v != NULL && v->mmu.dom == d && (vcpus >> v->id & 1) != 0;
}

static void flush_others(const struct mmu_domain *d, vcpuset_t vcpus,
			 uint64_t va)
{
	uint32_t cpus = 0;

	/* What it is about stands in memory before the first look at a CPU. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if (runs_on(cpu_at(i), d, vcpus)) {
			cpus |= 1u << i;
		}
	}
	ipi_flush(cpus, va);
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	if (runs_on(cpu_here(), d, vcpus)) {
		flush_all();
	}
	if (unlikely(nr_cpus > 1)) {
		flush_others(d, vcpus, IPI_FLUSH_ALL);
	}
}

void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	if (runs_on(cpu_here(), d, vcpus)) {
		flush_page(va.v);
	}
	if (unlikely(nr_cpus > 1)) {
		flush_others(d, vcpus, va.v);
	}
}

void port_load_root(struct mmu_vcpu *m)
{
	struct vcpu *v = vcpu_of(m);

	if (v != current) {
		return;
	}
	/* In either mode of a 32-bit one: it is the L4's entry that changed. */
	if (v->kernel_mode || v->narrow) {
		flush_switch(TAG_KERNEL, vcpu_root(v).v << PAGE_SHIFT);
	} else {
		flush_all();
	}
}

/* A vCPU that does not run here has never run: its start was refused. */
void port_leave_user_root(struct mmu_vcpu *m)
{
	struct vcpu *v = vcpu_of(m);

	if (v == current) {
		flush_leave_user(vcpu_tag(v));
	}
}

static int copy_bytes(void *to, const void *from, size_t bytes)
{
	__asm__ volatile goto("1: rep movsb\n" EX_TABLE_ENTRY("1b", "%l[fault]")
			      : "+D"(to), "+S"(from), "+c"(bytes)
			      :
			      : "memory"
			      : fault);
	return 0;
fault:
	return -XEN_EFAULT;
}

static int copy_words(void *to, const void *from, size_t words)
{
	__asm__ volatile goto("1: rep movsq\n" EX_TABLE_ENTRY("1b", "%l[fault]")
			      : "+D"(to), "+S"(from), "+c"(words)
			      :
			      : "memory"
			      : fault);
	return 0;
fault:
	return -XEN_EFAULT;
}

static int copy_any(void *to, const void *from, size_t bytes)
{
	int rc;

	guest_access_begin();
	rc = bytes % 8 == 0 ? copy_words(to, from, bytes / 8)
			    : copy_bytes(to, from, bytes);
	guest_access_end();
	return rc;
}

static inline int copy_in(const struct mmu_vcpu *v, void *to, uint64_t from,
			  size_t bytes)
{
	uint64_t *t = to;
	uint64_t a, b, c;

	if (unlikely(!guest_range_below(v->low_end, from, bytes))) {
		return -XEN_EFAULT;
	}
	guest_access_begin();
	switch (bytes) {
	case 16:
		GUEST_LOAD(a, from, fault);
		GUEST_LOAD(b, from + 8, fault);
		guest_access_end();
		t[0] = a;
		t[1] = b;
		return 0;
	case 24:
		GUEST_LOAD(a, from, fault);
		GUEST_LOAD(b, from + 8, fault);
		GUEST_LOAD(c, from + 16, fault);
		guest_access_end();
		t[0] = a;
		t[1] = b;
		t[2] = c;
		return 0;
	case 8:
		GUEST_LOAD(a, from, fault);
		guest_access_end();
		t[0] = a;
		return 0;
	default:
		return copy_any(to, (const void *)from, bytes);
	}
fault:
	return -XEN_EFAULT;
}

RECORDED int copy_in_recorded(const struct mmu_vcpu *v, void *to, uint64_t from,
			      size_t bytes)
{
	int rc = copy_in(v, to, from, bytes);

	if (record_inside_of(v)) {
		recorder_copied(&record_machine, TRACE_COPIED_IN, to, bytes,
				rc);
	}
	return rc;
}

int port_copy_in(struct mmu_vcpu *v, void *to, uint64_t from, size_t bytes)
{
	lock_order_leaf(v->dom->m);
	return record_inside() ? copy_in_recorded(v, to, from, bytes)
			       : copy_in(v, to, from, bytes);
}

static inline int copy_out(const struct mmu_vcpu *v, uint64_t to,
			   const void *from, size_t bytes)
{
	if (unlikely(!guest_range_below(v->low_end, to, bytes))) {
		return -XEN_EFAULT;
	}
	if (bytes == 8) {
		guest_access_begin();
		GUEST_STORE(to, *(const uint64_t *)from, fault);
		guest_access_end();
		return 0;
	}
	if (bytes == 4) {
		guest_access_begin();
		GUEST_STORE_32(to, *(const uint32_t *)from, fault);
		guest_access_end();
		return 0;
	}
	return copy_any((void *)to, from, bytes);
fault:
	return -XEN_EFAULT;
}

RECORDED int copy_out_recorded(const struct mmu_vcpu *v, uint64_t to,
			       const void *from, size_t bytes)
{
	int rc = copy_out(v, to, from, bytes);

	if (record_inside_of(v)) {
		recorder_copied(&record_machine, TRACE_COPIED_OUT, from, bytes,
				rc);
	}
	return rc;
}

int port_copy_out(struct mmu_vcpu *v, uint64_t to, const void *from,
		  size_t bytes)
{
	lock_order_leaf(v->dom->m);
	return record_inside() ? copy_out_recorded(v, to, from, bytes)
			       : copy_out(v, to, from, bytes);
}

unsigned int *port_locks(struct mmu *m)
{
	(void)m;
	return &cpu_here()->locks;
}

/* One CPU alone never finds a lock held: it would hold it itself. */
void port_relax(struct mmu_domain *d)
{
	(void)d;
	if (nr_cpus == 1) {
		panic("a lock of the engine's is held already");
	}
	ipi_answer();
	x86_pause();
}

_Noreturn void port_panic(struct mmu *m, const char *why)
{
	(void)m;
	panic("engine: %s", why);
}
