/* SPDX-License-Identifier: MIT */
/* Operations on the engine out of a fuzzer's bytes: see requests.h. */
#include "tests/fuzz/support/requests.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/request/form.h"
#include "engine/table/level.h"

bool next_op(const uint8_t **data, size_t *size, struct op *ret)
{
	if (*size < OP_BYTES) {
		return false;
	}
	memcpy(ret, *data, sizeof(*ret));
	*data += OP_BYTES;
	*size -= OP_BYTES;
	return true;
}

struct machine *machine_of_width(const uint8_t *data, size_t size)
{
	const uint8_t last = size % OP_BYTES == 0 ? 0 : data[size - 1];
	struct machine *m;

	if (last != 'p' && last != 'n') {
		return machine_new();
	}
	m = machine_new_pae();
	m->dom.narrow = last == 'n';
	return m;
}

void put_words(struct machine *m, size_t at, const uint64_t *word,
	       unsigned int nr)
{
	const size_t size = form_size(&m->dom, &form_word);

	for (unsigned int i = 0; i < nr; i++) {
		memcpy(m->guest + at + i * size, &word[i], size);
	}
}

uint64_t frame_by(uint8_t n)
{
	static const uint64_t odd[] = {0,
				       1,
				       5,
				       SHARED_FRAME,
				       MACHINE_FRAMES - 1,
				       MACHINE_FRAMES,
				       0xffffffffff,
				       UINT64_MAX};

	return n < 16   ? dom_frame(n).v
	       : n < 24 ? odd[n - 16]
			: dom_frame(n % 12).v;
}

unsigned int index_by(uint8_t n)
{
	static const uint16_t indices[] = {0,   1,   2,   3,   8,  255,
					   256, 271, 272, 511, 16, 19};

	return indices[n % (sizeof(indices) / sizeof(indices[0]))];
}

static uint64_t entry_by(const struct op *o)
{
	static const uint64_t flags[] = {TABLE_FLAGS,
					 RO_FLAGS,
					 PTE_P | PTE_RW,
					 PTE_P,
					 0,
					 PTE_RW,
					 PTE_P | PTE_NX,
					 PTE_P | PTE_PS,
					 PTE_P | PTE_PCD | PTE_RW,
					 RW_FLAGS | PTE_G,
					 RO_FLAGS | PTE_AVAIL,
					 RW_FLAGS | PTE_D};

	return pte_make(mfn(frame_by(o->c)), flags[o->d % 12]).v;
}

static uint64_t va_by(const struct op *o)
{
	uint64_t va = (uint64_t)index_by(o->a) << pt_shift(4) |
		      (uint64_t)index_by(o->b) << pt_shift(3) |
		      (uint64_t)index_by(o->b >> 4) << pt_shift(2) |
		      (uint64_t)index_by(o->e) << pt_shift(1);

	return (uint64_t)((int64_t)(va << 16) >> 16);
}

static uint64_t va_of(const struct machine *m, const struct op *o)
{
	return m->dom.width->top == 4 ? va_by(o) : (uint32_t)va_by(o);
}

/* What the guest could do itself: map the page writable, and store. */
static void guest_store(struct machine *m, const struct op *o)
{
	mfn_t f = mfn(frame_by(o->a));
	int rc = mmu_begin_for(&m->dom, m->caller, MMU_OP_NONE, NULL);

	if (rc == 0) {
		rc = frame_get_both(&m->dom, f, FRAME_WRITABLE);
	}
	if (rc == 0) {
		raw_entry(m, f, index_by(o->b), pte(entry_by(o)));
		frame_put_both(&m->dom, f);
	}
	(void)mmu_end(&m->dom, rc);
	machine_check(m);
}

/* Two words, two numbers and the domain. */
static void put_reservation(struct machine *m, const struct op *o)
{
	const struct xen_memory_reservation r = {
		.extent_start = {(void *)(uintptr_t)(GUEST_BUFFER + 512)},
		.nr_extents = o->b % 5,
		.extent_order = o->d % 11,
		.domid = DOMID_SELF,
	};
	const uint32_t narrow[] = {GUEST_BUFFER + 512, o->b % 5, o->d % 11, 0,
				   DOMID_SELF};

	if (m->dom.narrow) {
		memcpy(m->guest, narrow, sizeof(narrow));
	} else {
		memcpy(m->guest, &r, sizeof(r));
	}
}

static void reservation_op(struct machine *m, const struct op *o)
{
	static const unsigned int ops[] = {XENMEM_increase_reservation,
					   XENMEM_decrease_reservation,
					   XENMEM_populate_physmap};

	uint64_t f[5];

	put_reservation(m, o);
	for (unsigned int i = 0; i < 5; i++) {
		f[i] = frame_by((uint8_t)(o->c + i));
	}
	put_words(m, 512, f, 5);
	(void)machine_call(m, hc_memory_op, ops[o->e % 3], GUEST_BUFFER, 0, 0);
}

/* An entry of 64 bits takes two words. */
static void narrow_multicall_op(struct machine *m, const struct op *o)
{
	const uint64_t e = entry_by(o);
	const uint32_t va = (uint32_t)va_by(o);
	const uint32_t calls[3][8] = {
		{__HYPERVISOR_update_va_mapping, 0, va, (uint32_t)e,
		 (uint32_t)(e >> 32), o->e % 3},
		{o->b, 0, GUEST_BUFFER, o->d, 0, DOMID_SELF},
		{__HYPERVISOR_update_va_mapping, 0, va, 0, 0, UVMF_INVLPG},
	};

	memcpy(m->guest + 1024, calls, sizeof(calls));
	(void)machine_call(m, hc_multicall, GUEST_BUFFER + 1024, 3, 0, 0);
}

static void multicall_op(struct machine *m, const struct op *o)
{
	struct multicall_entry calls[3] = {
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {va_of(m, o), entry_by(o), o->e % 3}},
		{.op = o->b, .args = {GUEST_BUFFER, o->d, 0, DOMID_SELF}},
		{.op = __HYPERVISOR_update_va_mapping,
		 .args = {va_of(m, o), 0, UVMF_INVLPG}},
	};

	memcpy(m->guest + 1024, calls, sizeof(calls));
	(void)machine_call(m, hc_multicall, GUEST_BUFFER + 1024, 3, 0, 0);
}

static void desc_op(struct machine *m, const struct op *o)
{
	const uint64_t frames[2] = {frame_by(o->a), frame_by(o->c)};

	put_words(m, 0, frames, 2);
	if (o->d & 1) {
		(void)machine_call(m, hc_set_gdt, GUEST_BUFFER,
				   (uint64_t)o->b * 4, 0, 0);
	} else if (o->d & 2) {
		(void)call_mmuext(m, MMUEXT_SET_LDT,
				  page_round_down(va_of(m, o)), o->b);
	} else {
		(void)!mmu_ldt_fault(&m->vcpu, o->b % LDT_FRAMES);
		machine_check(m);
	}
}

static void ptwr_op(struct machine *m, const struct op *o)
{
	uint64_t old = entry_by(o) ^ (o->d & 16);

	(void)!call_direct(m, vaddr(va_of(m, o) + index_by(o->c) * 8),
			   o->d & 32 ? DIRECT_CMPXCHG : DIRECT_WRITE, &old,
			   entry_by(o));
	machine_check(m);
}

void request(struct machine *m, const struct op *o)
{
	m->copy_fail_after = (o->e & 0xe0) == 0xe0 ? 1 + (o->d & 7) : 0;
	m->copies = 0;
	switch (o->kind % REQUEST_KINDS) {
	case 0:
	case 1:
		(void)call_mmu_update(m,
				      (frame_by(o->a) << PAGE_SHIFT) +
					      index_by(o->b) * 8 +
					      (o->e >> 2 & 3),
				      entry_by(o));
		break;
	case 2:
		(void)call_mmuext(m, o->b % 22, frame_by(o->a), frame_by(o->c));
		break;
	case 3:
		(void)call_mmuext(m, MMUEXT_PIN_L1_TABLE + o->b % 5,
				  frame_by(o->a), 0);
		break;
	case 4:
		(void)call_mmuext(m,
				  o->b & 1 ? MMUEXT_NEW_BASEPTR
					   : MMUEXT_NEW_USER_BASEPTR,
				  frame_by(o->a), 0);
		break;
	case 5:
		(void)call_va_mapping(m, va_of(m, o), entry_by(o), o->d % 3);
		break;
	case 6:
	case 7:
		guest_store(m, o);
		break;
	case 8:
		reservation_op(m, o);
		break;
	case 9:
		if (m->dom.narrow) {
			narrow_multicall_op(m, o);
		} else {
			multicall_op(m, o);
		}
		break;
	case 10:
		desc_op(m, o);
		break;
	default:
		ptwr_op(m, o);
		break;
	}
}

void die(struct machine *m)
{
	uint64_t others = m->other.nr_pages;

	m->copy_fail_after = 0;
	m->other_takes = false;
	machine_stop(m);
	while (mmu_domain_destroy(&m->dom) != 0) {
	}
	machine_check(m);
	if (m->mmu.nr_free != DOM_FRAMES + POOL_FRAMES - others) {
		fprintf(stderr, "the domain's death lost frames\n");
		abort();
	}
}
