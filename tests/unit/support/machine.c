/* SPDX-License-Identifier: MIT */
/* The test machine: see machine.h. One port for all tests of the engine. */
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

/* --- port --------------------------------------------------------------- */

bool port_preempt(struct mmu_domain *d)
{
	struct machine *m = of(d->m);

	return m->preempt_after != 0 &&
	       ++m->preempt_asked % m->preempt_after == 0;
}

void port_flush_all(struct mmu_domain *d, vcpuset_t vcpus)
{
	struct machine *m = of(d->m);

	if (vcpus & 1) {
		m->nr_cached = 0;
		m->flushes++;
	}
}

void port_flush_page(struct mmu_domain *d, vcpuset_t vcpus, vaddr_t va)
{
	struct machine *m = of(d->m);
	unsigned int kept = 0;

	if ((vcpus & 1) == 0) {
		return;
	}
	for (unsigned int i = 0; i < m->nr_cached; i++) {
		if (m->cache[i].va >> PAGE_SHIFT != va.v >> PAGE_SHIFT ||
		    m->cache[i].level != 1) {
			m->cache[kept++] = m->cache[i];
		}
	}
	m->nr_cached = kept;
}

void port_load_root(struct mmu_vcpu *v)
{
	of(v->dom->m)->nr_cached = 0;
}

static uint8_t *guest_at(struct machine *m, uint64_t address, size_t bytes)
{
	uint64_t offset = address - GUEST_BUFFER;

	if (m->copy_fail_after != 0 && ++m->copies >= m->copy_fail_after) {
		return NULL;
	}
	if (offset > GUEST_BUFFER_SIZE || bytes > GUEST_BUFFER_SIZE - offset) {
		return NULL;
	}
	return m->guest + offset;
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

/* --- the CPU that caches all it may -------------------------------------- */

static void cache_add(struct machine *m, uint64_t va, pte_t e,
		      unsigned int level)
{
	assert_true(m->nr_cached < CACHE_MAX);
	m->cache[m->nr_cached++] =
		(struct cached){va, pte_mfn(e).v, pte_writable(e), level};
}

static void cache_table(struct machine *m, mfn_t table, unsigned int level,
			uint64_t va, bool writable)
{
	for (unsigned int i = 0; i < PT_ENTRIES; i++) {
		pte_t e = entry_of(m, table, i);
		uint64_t at = va + ((uint64_t)i << pt_shift(level));

		/* Through a linear entry an L4 may stand at any level. */
		if (!pte_present(e) ||
		    (m->frames[table.v].type == FRAME_L4 && i >= XEN_L4_FIRST &&
		     i <= XEN_L4_LAST)) {
			continue;
		}
		if (!writable) {
			e.v &= ~PTE_RW; /* rights are those of all levels */
		}
		cache_add(m, at, e, level);
		if (level > 1) {
			cache_table(m, pte_mfn(e), level - 1, at,
				    pte_writable(e));
		}
	}
}

static void cache_all(struct machine *m)
{
	m->nr_cached = 0;
	if (m->vcpu.kernel_root.v != 0) {
		cache_table(m, m->vcpu.kernel_root, 4, 0, true);
	}
}

static bool is_protected(const struct frame *f)
{
	return frame_type_refs(f) > 0 &&
	       (frame_is_table(f->type) || f->type == FRAME_DESC);
}

/*
 * No protected frame behind a cached writable mapping; no frame the guest can
 * write behind a cached table; nothing cached of a frame that was given away.
 */
static const char *cache_fault(struct machine *m)
{
	static char text[128];

	for (unsigned int i = 0; i < m->nr_cached; i++) {
		const struct cached *c = &m->cache[i];
		const struct frame *f = &m->frames[c->frame];
		const char *what = NULL;

		if (c->level == 1 && c->writable && is_protected(f)) {
			what = "is a table and cached writable";
		} else if (c->level > 1 && f->type == FRAME_WRITABLE &&
			   f->type_count > 0) {
			what = "is writable and cached as a table";
		} else if (f->owner != TEST_TAG) {
			what = "left the domain and is cached";
		}
		if (what != NULL) {
			snprintf(text, sizeof(text), "frame %#lx %s (va %#lx)",
				 c->frame, what, c->va);
			return text;
		}
	}
	return NULL;
}

const char *machine_fault(struct machine *m)
{
	struct mmu_domain *doms[] = {&m->dom};
	static char text[160];
	struct audit_report report;
	const char *fault = cache_fault(m);

	if (fault != NULL) {
		return fault;
	}
	if (mmu_audit(&m->mmu, doms, 1, m->tally, &report) != 0) {
		snprintf(text, sizeof(text),
			 "audit: %s of frame %#lx: recorded %#lx, counted %#lx",
			 audit_kind_name(report.first[0].kind),
			 report.first[0].frame.v, report.first[0].seen,
			 report.first[0].expected);
		return text;
	}
	cache_all(m);
	return NULL;
}

void machine_check(struct machine *m)
{
	const char *fault = machine_fault(m);

	if (fault != NULL) {
		fail_msg("%s", fault);
	}
}

/* --- set-up ----------------------------------------------------------------
 */

struct machine *machine_new(void)
{
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->mmu = (struct mmu){
		.ram = aligned_alloc(PAGE_SIZE, MACHINE_FRAMES * PAGE_SIZE),
		.frames = m->frames,
		.m2p = m->m2p,
		.nr_frames = MACHINE_FRAMES,
		.pte_nx = PTE_NX,
		.zero_frame = mfn(1),
	};
	assert_non_null(m->mmu.ram);
	memset(m->mmu.ram, 0, MACHINE_FRAMES * PAGE_SIZE);
	for (unsigned int i = 0; i < XEN_L4_SLOTS; i++) {
		m->mmu.xen_slots[i] = pte_make(mfn(2), PTE_P | PTE_RW | PTE_A);
	}
	for (unsigned int i = 0; i < FIRST_FRAME; i++) {
		m->frames[i].owner = OWNER_XEN;
	}
	mmu_domain_init(&m->dom, &m->mmu, TEST_TAG, TEST_DOMID);
	mmu_vcpu_init(&m->vcpu, &m->dom, 0, m->window);
	mmu_assign(&m->dom, mfn(FIRST_FRAME), pfn(0), DOM_FRAMES);
	mmu_share(&m->dom, mfn(SHARED_FRAME), true);
	pool_add(&m->mmu, mfn(FIRST_FRAME + DOM_FRAMES), POOL_FRAMES);
	m->dom.max_pages = DOM_FRAMES + POOL_FRAMES;
	return m;
}

void machine_free(struct machine *m)
{
	free(m->mmu.ram);
	free(m);
}

mfn_t dom_frame(unsigned int n)
{
	return mfn(FIRST_FRAME + n);
}

void raw_entry(struct machine *m, mfn_t table, unsigned int index, pte_t e)
{
	frame_ptes(&m->mmu, table)[index] = e;
}

pte_t entry_of(struct machine *m, mfn_t table, unsigned int index)
{
	return frame_ptes(&m->mmu, table)[index];
}

uint64_t entry_at(mfn_t table, unsigned int index)
{
	return (table.v << PAGE_SHIFT) + index * sizeof(pte_t);
}

void raw_space(struct machine *m, unsigned int base, unsigned int data)
{
	mfn_t l1 = dom_frame(base + L1_FRAME);

	for (unsigned int i = 0; i < 3; i++) {
		raw_entry(m, dom_frame(base + i), 0,
			  pte_make(dom_frame(base + i + 1), TABLE_FLAGS));
	}
	for (unsigned int i = 0; i < DATA_FRAMES; i++) {
		raw_entry(m, l1, i, pte_make(dom_frame(data + i), RW_FLAGS));
	}
	for (unsigned int i = 0; i < 4; i++) {
		raw_entry(m, l1, RO_ENTRY + i,
			  pte_make(dom_frame(base + i), RO_FLAGS));
	}
}

void standard_space(struct machine *m)
{
	raw_space(m, L4_FRAME, DATA_FRAME);
	assert_int_equal(mmu_pin(&m->dom, dom_frame(L4_FRAME), FRAME_L4), 0);
	assert_int_equal(mmu_new_kernel_root(&m->vcpu, dom_frame(L4_FRAME)), 0);
	machine_check(m);
}

int machine_set_up(void **state)
{
	*state = machine_new();
	return 0;
}

int space_set_up(void **state)
{
	*state = machine_new();
	standard_space(*state);
	return 0;
}

int machine_tear_down(void **state)
{
	machine_free(*state);
	return 0;
}

/* --- hypercalls ------------------------------------------------------------
 */

int64_t machine_call(struct machine *m, hypercall_fn *fn, uint64_t a0,
		     uint64_t a1, uint64_t a2, uint64_t a3)
{
	uint64_t arg[6] = {a0, a1, a2, a3};
	int64_t rc;

	m->restarts = 0;
	for (;;) {
		rc = fn(&m->vcpu, arg);
		machine_check(m);
		if (rc != -XEN_ERESTART) {
			return rc;
		}
		assert_true(m->restarts++ < 100000);
	}
}

int64_t call_mmu_update(struct machine *m, uint64_t ptr, uint64_t val)
{
	struct mmu_update u = {.ptr = ptr, .val = val};

	memcpy(m->guest, &u, sizeof(u));
	return machine_call(m, hc_mmu_update, GUEST_BUFFER, 1, 0, DOMID_SELF);
}

int64_t call_mmuext(struct machine *m, unsigned int cmd, uint64_t arg1,
		    uint64_t arg2)
{
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	memcpy(&op.arg2, &arg2, sizeof(arg2));
	memcpy(m->guest, &op, sizeof(op));
	return machine_call(m, hc_mmuext_op, GUEST_BUFFER, 1, 0, DOMID_SELF);
}

int64_t call_va_mapping(struct machine *m, uint64_t va, uint64_t val,
			uint64_t flags)
{
	return machine_call(m, hc_update_va_mapping, va, val, flags, 0);
}

int call_direct(struct machine *m, vaddr_t va, enum direct_kind kind,
		uint64_t *old, uint64_t val)
{
	struct direct_write w;
	int rc = mmu_direct_find(&m->vcpu, va, &w);

	return rc != 0 ? rc : mmu_direct_write(&m->vcpu, &w, kind, old, val);
}
