/* SPDX-License-Identifier: MIT */
/*
 * A frame goes to the other domain while a second vCPU of its owner writes to
 * it, from another CPU, where its translation is as warm as can be. From the
 * return of the request that lets the frame go, no write of that vCPU's may
 * come through; and of what the new owner writes there none is touched.
 *
 * The second vCPU writes without a hypercall between, so nothing but the
 * hypervisor's own flush takes the translation from its CPU.
 */
#include "kernels/neighbours/neighbours.h"
#include "kernels/common/second.h"

#define FIRST_OF_THEM 64 /* those that check_moved() gave away come before */
#define ROOM 512
#define SECRET UINT64_C(0x57a1e57a1e57a1e5)
#define NEW_OWNERS UINT64_C(0x0a0b0c0d0e0f0102)
#define THE_FRAME 31 /* a grant of the page that says which it is */
#define WARM 2000    /* writes before it goes, and tries after it went */

static volatile uint64_t window[512] __attribute__((aligned(4096)));
static volatile uint64_t told[512] __attribute__((aligned(4096)));
static uint64_t taken[ROOM];

static volatile uint64_t writes;
static volatile uint64_t tries; /* that failed */
static volatile uint64_t late;  /* writes begun when the frame had gone */
static volatile bool gone;
static volatile bool enough;

/* The second vCPU's job. */
static void keep_writing(void)
{
	while (!enough) {
		const bool before = gone;

		if (probe_write((uintptr_t)&window[1], SECRET, NULL, NULL) >=
		    0) {
			tries++;
			if (tries > WARM) {
				yield();
			}
			continue;
		}
		writes++;
		late += before;
	}
}

static int64_t exchange(uint64_t *frame)
{
	uint64_t other = 0;
	struct xen_memory_exchange x = {
		.in = {.nr_extents = 1, .domid = DOMID_SELF},
		.out = {.nr_extents = 1, .domid = DOMID_SELF},
	};

	set_xen_guest_handle(x.in.extent_start, frame);
	set_xen_guest_handle(x.out.extent_start, &other);
	return hypercall(__HYPERVISOR_memory_op, XENMEM_exchange, (uintptr_t)&x,
			 0, 0, 0);
}

/* Ways to let a frame go. */
static bool unmap_and_give(uint64_t frame)
{
	return leave_page(window) == 0 &&
	       reservation_op(XENMEM_decrease_reservation, &frame, 1) == 1;
}

/* While it is mapped: it goes with the mapping. */
static bool give_and_unmap(uint64_t frame)
{
	return reservation_op(XENMEM_decrease_reservation, &frame, 1) == 1 &&
	       leave_page(window) == 0;
}

static bool unmap_and_exchange(uint64_t frame)
{
	return leave_page(window) == 0 && exchange(&frame) == 0;
}

/* Another frame takes its place, by an update of the table's entry. */
static bool replace_and_give(const struct neighbour *n, uint64_t frame)
{
	struct mmu_update u = {
		.ptr = (entry_frame(&n->pv, (const void *)window)
			<< PAGE_SHIFT) +
		       ((uintptr_t)window >> PAGE_SHIFT & 511) *
			       sizeof(uint64_t),
		.val = mfn_at(&n->pv, (const void *)window) << PAGE_SHIFT |
		       (MAP_RW & ~PTE_RW),
	};

	const int64_t rc = hypercall(__HYPERVISOR_mmu_update, (uintptr_t)&u, 1,
				     0, DOMID_SELF, 0);

	return rc == 0 &&
	       reservation_op(XENMEM_decrease_reservation, &frame, 1) == 1;
}

#define WAYS 4

static bool let_go(const struct neighbour *n, unsigned int way, uint64_t frame)
{
	switch (way) {
	case 0:
		return unmap_and_give(frame);
	case 1:
		return give_and_unmap(frame);
	case 2:
		return unmap_and_exchange(frame);
	default:
		return replace_and_give(n, frame);
	}
}

static void await(const volatile uint64_t *counter, uint64_t at_least)
{
	while (*counter < at_least) {
		yield();
	}
}

static void old_owner(const struct neighbour *n, unsigned int way)
{
	const uint64_t frame =
		n->pv.p2m[n->pv.start->nr_pages - 1 - FIRST_OF_THEM - way];

	writes = 0;
	tries = 0;
	late = 0;
	gone = false;
	enough = false;
	map_page((const void *)window, frame << PAGE_SHIFT | MAP_RW);
	told[0] = frame;
	second_begin(keep_writing);
	await(&writes, WARM);
	expect_true("a frame is let go", let_go(n, way, frame));
	gone = true;
	step(n); /* the other one takes it */
	await(&tries, WARM + 1);
	step(n); /* and looks */
	enough = true;
	second_finish();
	expect("writes to it that came through after that", (int64_t)late, 0);
	map_page((const void *)window,
		 mfn_at(&n->pv, (const void *)window) << PAGE_SHIFT | MAP_RW);
	step(n);
}

static uint64_t ask_for_it(const struct neighbour *n)
{
	gnttab_copy_t op = {
		.source = {.u.ref = THE_FRAME, .domid = n->peer},
		.dest = {.u.gmfn = mfn_at(&n->pv, (const void *)told),
			 .domid = DOMID_SELF},
		.len = PAGE_SIZE,
		.flags = GNTCOPY_source_gref,
	};

	grant_op(GNTTABOP_copy, &op);
	return op.status == GNTST_okay ? told[0] : 0;
}

/* How many words of it are not as they should be. */
static unsigned int differing(uint64_t wanted)
{
	unsigned int nr = 0;

	for (unsigned int i = 0; i < 512; i++) {
		nr += window[i] != wanted;
	}
	return nr;
}

static bool find(uint64_t frame, int64_t nr)
{
	for (int64_t i = 0; i < nr; i++) {
		if (taken[i] == frame) {
			return true;
		}
	}
	return false;
}

static void new_owner(const struct neighbour *n)
{
	int64_t nr;
	uint64_t frame;

	step(n);
	frame = ask_for_it(n);
	nr = reservation_op(XENMEM_increase_reservation, taken, ROOM);
	expect_true("the frame comes", find(frame, nr));
	map_page((const void *)window, frame << PAGE_SHIFT | MAP_RW);
	expect("words in it that are not 0", differing(0), 0);
	for (unsigned int i = 0; i < 512; i++) {
		window[i] = NEW_OWNERS;
	}
	step(n);
	expect("words that its old owner changed", differing(NEW_OWNERS), 0);
	map_page((const void *)window,
		 mfn_at(&n->pv, (const void *)window) << PAGE_SHIFT | MAP_RW);
	reservation_op(XENMEM_decrease_reservation, taken, (unsigned int)nr);
	step(n);
}

static void begin_second(const struct neighbour *n)
{
	static struct vcpu_guest_context context;

	second_context(&n->pv, &context);
	expect("a second vCPU", vcpu_op_on(VCPUOP_initialise, 1, &context), 0);
	expect("that is up", vcpu_op_on(VCPUOP_up, 1, NULL), 0);
	grant(n, THE_FRAME, GTF_permit_access | GTF_readonly,
	      mfn_at(&n->pv, (const void *)told));
}

static int64_t give_channel(const struct neighbour *n, unsigned int id)
{
	evtchn_bind_vcpu_t op = {.port = n->port, .vcpu = id};

	return event_op(EVTCHNOP_bind_vcpu, &op);
}

/* What the other one sends is told to the vCPU that has the channel's end. */
static void channel_moves(const struct neighbour *n)
{
	volatile struct vcpu_info *first = &n->pv.shared->vcpu_info[0];
	volatile struct vcpu_info *second = &n->pv.shared->vcpu_info[1];

	expect("the channel goes to the second vCPU", give_channel(n, 1), 0);
	hear(n);
	/* The other one sends no more before it is sent to. */
	first->evtchn_upcall_pending = 0;
	first->evtchn_pending_sel = 0;
	second->evtchn_upcall_pending = 0;
	second->evtchn_pending_sel = 0;
	send(n->port);
	step(n);
	expect("which is told of what comes", second->evtchn_upcall_pending, 1);
	expect("and the first is not", first->evtchn_upcall_pending, 0);
	expect("it goes back", give_channel(n, 0), 0);
}

void check_stale(struct neighbour *n)
{
	if (n->first) {
		step(n);
		step(n);
	} else {
		begin_second(n);
		channel_moves(n);
	}
	step(n);
	for (unsigned int way = 0; way < WAYS; way++) {
		if (n->first) {
			new_owner(n);
		} else {
			old_owner(n, way);
		}
	}
	if (!n->first) {
		vcpu_op_on(VCPUOP_down, 1, NULL);
	}
}
