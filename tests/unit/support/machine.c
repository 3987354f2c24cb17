/* SPDX-License-Identifier: MIT */
/* The test machine: see machine.h; its port is machine_port.c. */
#include "tests/unit/support/machine.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

bool machine_cpu_runs(const struct worst_cpu *c, const struct mmu_domain *d,
		      vcpuset_t vcpus)
{
	return c->vcpu != NULL && c->vcpu->dom == d &&
	       (vcpus >> c->vcpu->id & 1) != 0;
}

bool machine_is_sound(struct machine *m)
{
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (m->cpu[i].vcpu != NULL &&
		    !cpu_is_sound(&m->cpu[i], m->fault, sizeof(m->fault))) {
			return false;
		}
	}
	return true;
}

/* --- checks ------------------------------------------------------------- */

const char *machine_fault(struct machine *m)
{
	struct mmu_domain *doms[] = {&m->dom, &m->other};
	unsigned int nr_doms = m->other.m == NULL ? 1 : 2;
	struct audit_report report;

	if (m->faulted || !machine_is_sound(m)) {
		return m->fault;
	}
	if (mmu_audit(&m->mmu, doms, nr_doms, m->tally, &report) != 0) {
		snprintf(m->fault, sizeof(m->fault),
			 "audit: %s of frame %#lx: recorded %#lx, counted %#lx",
			 audit_kind_name(report.first[0].kind),
			 report.first[0].frame.v, report.first[0].seen,
			 report.first[0].expected);
		return m->fault;
	}
	if (m->dom.flush_pending) {
		return "a flush is owed";
	}
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (m->cpu[i].vcpu != NULL) {
			cpu_run(&m->cpu[i]);
		}
	}
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

/* The most there is; what came first; without global pages. */
static const uint32_t cpu_features[MACHINE_CPUS] = {
	[CPU_FIRST] = TAGS_PCID | TAGS_INVPCID | TAGS_GLOBAL,
	[CPU_SECOND] = TAGS_PCID,
	[CPU_OTHER] = TAGS_PCID | TAGS_INVPCID,
};

static void start_vcpu(struct machine *m, enum machine_cpu on,
		       struct mmu_vcpu *v, struct mmu_domain *d)
{
	mmu_vcpu_init(v, d, d->nr_vcpus, m->cpu[on].window);
	if (d->width == &pt_pae) {
		v->top = &m->cpu[on].top;
	}
	m->cpu[on].vcpu = v;
	tags_init(&m->cpu[on].tags, cpu_features[on]);
}

static struct machine *new_machine(bool pae)
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
	for (unsigned int i = 0; i < XEN_L2_SLOTS; i++) {
		m->mmu.xen_l2_slots[i] = pte_make(mfn(3), PTE_P | PTE_US);
	}
	for (unsigned int i = 0; i < FIRST_FRAME; i++) {
		m->frames[i].owner = OWNER_XEN;
	}
	mmu_domain_init(&m->dom, &m->mmu, TEST_TAG, TEST_DOMID);
	if (pae) {
		mmu_domain_pae(&m->dom);
	}
	start_vcpu(m, CPU_FIRST, &m->vcpu, &m->dom);
	m->caller = &m->vcpu;
	mmu_assign(&m->dom, mfn(FIRST_FRAME), pfn(0), DOM_FRAMES);
	mmu_share(&m->dom, mfn(SHARED_FRAME), true);
	pool_add(&m->mmu, mfn(FIRST_FRAME + DOM_FRAMES), POOL_FRAMES);
	m->dom.max_pages = DOM_FRAMES + POOL_FRAMES;
	return m;
}

struct machine *machine_new(void)
{
	return new_machine(false);
}

struct machine *machine_new_pae(void)
{
	return new_machine(true);
}

void machine_free(struct machine *m)
{
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		cpu_fini(&m->cpu[i]);
	}
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

/* Each table's first entry is the next; the L1's are data and the tables. */
static void link_space(struct machine *m, const struct mmu_domain *d,
		       const mfn_t *table, const mfn_t *data)
{
	if (d->width == &pt_pae) {
		raw_entry(m, table[1], 3, pte_make(table[0], PTE_P));
		raw_entry(m, table[1], 0, pte_make(table[2], PTE_P));
	} else {
		raw_entry(m, table[0], 0, pte_make(table[1], TABLE_FLAGS));
		raw_entry(m, table[1], 0, pte_make(table[2], TABLE_FLAGS));
	}
	raw_entry(m, table[2], 0, pte_make(table[3], TABLE_FLAGS));
	for (unsigned int i = 0; i < DATA_FRAMES; i++) {
		raw_entry(m, table[3], i, pte_make(data[i], RW_FLAGS));
	}
	for (unsigned int i = 0; i < 4; i++) {
		raw_entry(m, table[3], RO_ENTRY + i,
			  pte_make(table[i], RO_FLAGS));
	}
}

void raw_space(struct machine *m, unsigned int base, unsigned int data)
{
	mfn_t f[4 + DATA_FRAMES];

	for (unsigned int i = 0; i < 4; i++) {
		f[i] = dom_frame(base + i);
	}
	for (unsigned int i = 0; i < DATA_FRAMES; i++) {
		f[4 + i] = dom_frame(data + i);
	}
	link_space(m, &m->dom, f, f + 4);
}

void standard_space(struct machine *m)
{
	bool pae = m->dom.width == &pt_pae;

	raw_space(m, L4_FRAME, DATA_FRAME);
	assert_int_equal(mmu_start(&m->vcpu,
				   dom_frame(pae ? L3_FRAME : L4_FRAME)),
			 0);
	machine_check(m);
}

void machine_second_vcpu(struct machine *m)
{
	start_vcpu(m, CPU_SECOND, &m->second, &m->dom);
	assert_int_equal(mmu_start(&m->second, m->vcpu.kernel_root), 0);
	machine_check(m);
}

void machine_second_domain(struct machine *m)
{
	mfn_t f[4 + DATA_FRAMES];

	mmu_domain_init(&m->other, &m->mmu, TEST_TAG + 1, TEST_DOMID + 1);
	m->other.max_pages = 2 * (4 + DATA_FRAMES);
	for (unsigned int i = 0; i < 4 + DATA_FRAMES; i++) {
		assert_int_equal(pool_alloc(&m->other, 0, &f[i]), 0);
	}
	link_space(m, &m->other, f, f + 4);
	start_vcpu(m, CPU_OTHER, &m->other_vcpu, &m->other);
	assert_int_equal(mmu_start(&m->other_vcpu, f[0]), 0);
	machine_check(m);
}

void machine_stop(struct machine *m)
{
	for (unsigned int i = 0; i < MACHINE_CPUS; i++) {
		if (machine_cpu_runs(&m->cpu[i], &m->dom, VCPUSET_ALL)) {
			cpu_flush_all(&m->cpu[i]);
			m->cpu[i].vcpu = NULL;
		}
	}
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

int machine_set_up_pae(void **state)
{
	*state = machine_new_pae();
	return 0;
}

int pae_set_up(void **state)
{
	*state = machine_new_pae();
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
		rc = fn(m->caller, arg);
		machine_check(m);
		if (rc != -XEN_ERESTART) {
			return rc;
		}
		if (m->once) {
			m->left.fn = fn;
			memcpy(m->left.arg, arg, sizeof(arg));
			return rc;
		}
		assert_true(m->restarts++ < 100000);
	}
}

int64_t machine_resume(struct machine *m)
{
	int64_t rc;

	if (m->left.fn == NULL) {
		return 0;
	}
	rc = m->left.fn(m->caller, m->left.arg);
	machine_check(m);
	if (rc != -XEN_ERESTART) {
		m->left.fn = NULL;
	}
	return rc;
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
	const uint32_t narrow[] = {cmd, (uint32_t)arg1, (uint32_t)arg2};
	struct mmuext_op op = {.cmd = cmd};

	op.arg1.linear_addr = arg1;
	memcpy(&op.arg2, &arg2, sizeof(arg2));
	if (m->caller->dom->narrow) {
		memcpy(m->guest, narrow, sizeof(narrow));
	} else {
		memcpy(m->guest, &op, sizeof(op));
	}
	return machine_call(m, hc_mmuext_op, GUEST_BUFFER, 1, 0, DOMID_SELF);
}

int64_t call_va_mapping(struct machine *m, uint64_t va, uint64_t val,
			uint64_t flags)
{
	return m->caller->dom->narrow
		       ? machine_call(m, hc_update_va_mapping_32, va,
				      (uint32_t)val, val >> 32, flags)
		       : machine_call(m, hc_update_va_mapping, va, val, flags,
				      0);
}

int call_direct(struct machine *m, vaddr_t va, enum direct_kind kind,
		uint64_t *old, uint64_t val)
{
	struct direct_write w;
	int rc = mmu_direct_find(m->caller, va, &w);

	return rc != 0 ? rc : mmu_direct_write(m->caller, &w, kind, old, val);
}
