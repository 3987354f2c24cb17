/* SPDX-License-Identifier: MIT */
/*
 * Requests that do not end before others begin: each is issued once, and when
 * it comes back with -XEN_ERESTART, two vCPUs of the domain go on with
 * whatever the input says: the same again later, something else, or never. At
 * every question a second domain may take a frame on a CPU of its own.
 *
 * Properties as in fuzz_mmu.c, with the caches of three CPUs; and no CPU of one
 * domain reaches what the other has got. What is left of an input says how wide
 * the first domain is; the second is of 64 bits.
 */
#include <string.h>

#include "tests/fuzz/support/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t extents_by(uint8_t n)
{
	static const uint64_t nr[] = {
		0, 1, 2, 3, 4, 8, 512, UINT64_MAX, UINT64_MAX - 1, 1ull << 55,
	};

	return nr[n % (sizeof(nr) / sizeof(nr[0]))];
}

/* Two reservations of five words each, and a word. */
static void put_narrow_exchange(struct machine *m,
				const struct xen_memory_exchange *e)
{
	const uint32_t words[] = {
		GUEST_BUFFER + 512,
		(uint32_t)e->in.nr_extents,
		e->in.extent_order,
		0,
		e->in.domid,
		GUEST_BUFFER + 1024,
		(uint32_t)e->out.nr_extents,
		e->out.extent_order,
		0,
		e->out.domid,
		(uint32_t)e->nr_exchanged,
	};

	memcpy(m->guest, words, sizeof(words));
}

/* The guest's lists: what it gives, at 512; what it wants, at 1024. */
static void exchange_op(struct machine *m, const struct op *o)
{
	struct xen_memory_exchange e = {
		.in = {.extent_order = o->a % 4, .domid = DOMID_SELF},
		.out = {.extent_order = o->b % 4, .domid = DOMID_SELF},
	};

	uint64_t f[16], at[16];

	e.in.nr_extents = extents_by(o->c);
	e.out.nr_extents = o->d & 1 ? (e.in.nr_extents << e.in.extent_order) >>
					      e.out.extent_order
				    : extents_by(o->d);
	e.nr_exchanged = o->e & 4 ? extents_by(o->e >> 3) : 0;
	set_xen_guest_handle(e.in.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 512));
	set_xen_guest_handle(e.out.extent_start,
			     (void *)(uintptr_t)(GUEST_BUFFER + 1024));
	if (m->dom.narrow) {
		put_narrow_exchange(m, &e);
	} else {
		memcpy(m->guest, &e, sizeof(e));
	}
	for (unsigned int i = 0; i < 16; i++) {
		f[i] = frame_by((uint8_t)(o->a + i * (1u + (o->b >> 4))));
		at[i] = i;
	}
	put_words(m, 512, f, 16);
	put_words(m, 1024, at, 16);
	(void)machine_call(m, hc_memory_op, XENMEM_exchange, GUEST_BUFFER, 0,
			   0);
}

static void descriptor_op(struct machine *m, const struct op *o)
{
	static const uint64_t desc[] = {
		0, 0x00cf9b000000ffff, /* code */
		0x00008e0000080000,    /* an interrupt gate */
		0x0000ec0000080000,    /* a call gate */
	};

	(void)machine_call(m, hc_update_descriptor,
			   (frame_by(o->a) << PAGE_SHIFT) + index_by(o->b) * 8,
			   desc[o->d % 4], 0, 0);
}

static void hypercall_page_op(struct machine *m, const struct op *o)
{
	static const uint8_t page[PAGE_SIZE];

	(void)!mmu_write_hypercall_page(m->caller, mfn(frame_by(o->a)), page);
}

static void granted_op(struct machine *m, const struct op *o)
{
	struct granted g = {
		.owner = o->d & 8 ? &m->other : &m->dom,
		.address = o->d & 1 ? (frame_by(o->a) << PAGE_SHIFT) +
					      index_by(o->b) * 8u
				    : (uint64_t)index_by(o->b) << PAGE_SHIFT,
		.by_pte = o->d & 1,
		.writable = o->d & 2,
		.frame = o->d & 8 ? m->other_vcpu.kernel_root
				  : mfn(frame_by(o->c)),
	};

	if (o->d & 16) {
		g.frame = mfn(g.frame.v + DATA_FRAME); /* no table */
	}
	if (o->e & 4) {
		(void)!mmu_grant_map(m->caller, &g);
	} else if (o->e & 8) {
		(void)!mmu_grant_unmap(m->caller, &g);
	} else {
		(void)!mmu_grant_replace(m->caller, &g,
					 (uint64_t)index_by(o->c)
						 << PAGE_SHIFT);
	}
}

/* What the hypervisor does for the guest, tried once. */
static void own_op(struct machine *m, const struct op *o)
{
	mfn_t f = mfn(frame_by(o->a));

	switch (o->b % 5) {
	case 0:
		(void)!mmu_hold(&m->dom, f);
		break;
	case 1:
		(void)!mmu_load_cr3(m->caller, f);
		break;
	case 2:
		hypercall_page_op(m, o);
		break;
	case 3:
		if (mmu_unshare(&m->dom, mfn(SHARED_FRAME), 1) == 0) {
			mmu_share(&m->dom, mfn(SHARED_FRAME), true);
		}
		break;
	default:
		(void)!mmu_start(m->caller, f);
		break;
	}
}

#define OWN_KINDS 5

static void one(struct machine *m, const struct op *o)
{
	unsigned int kind = o->kind % (REQUEST_KINDS + OWN_KINDS);

	m->preempt_after = (o->e & 3) == 3 ? 1u + (o->b & 15) : o->e & 3;
	m->other_takes = o->kind & 64;
	m->caller = o->kind & 128 ? &m->second : &m->vcpu;
	if (kind < REQUEST_KINDS) {
		request(m, &(struct op){(uint8_t)kind, o->a, o->b, o->c, o->d,
					o->e});
		return;
	}
	switch (kind - REQUEST_KINDS) {
	case 0:
		exchange_op(m, o);
		break;
	case 1:
		(void)machine_resume(m);
		break;
	case 2:
		own_op(m, o);
		break;
	case 3:
		descriptor_op(m, o);
		break;
	default:
		granted_op(m, o);
		break;
	}
	machine_check(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = machine_of_width(data, size);
	struct op o;

	standard_space(m);
	machine_second_vcpu(m);
	machine_second_domain(m);
	m->once = true;
	for (unsigned int i = 0; i < MAX_OPS && next_op(&data, &size, &o);
	     i++) {
		one(m, &o);
	}
	die(m);
	machine_free(m);
	return 0;
}
