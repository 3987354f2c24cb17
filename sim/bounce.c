/* SPDX-License-Identifier: MIT */
/*
 * The guest library is code of this process, and what its hypercalls point to
 * are objects of this process, at addresses of 64 bits. A 32-bit guest's
 * requests have no room for such an address, and the engine refuses it. So what
 * a call points to is copied to where the guest's port shows it at an address
 * of 32 bits, and what the hypervisor wrote there is copied back.
 *
 * Each piece that was moved is remembered with the place that pointed to it, so
 * that one loop puts everything back, whatever the call was.
 */
#include "sim/bounce.h"

#include <stdlib.h>
#include <string.h>

#include "sim/hypercall.h"

/* A multicall's list, and for each of its calls a list and a count. */
#define MAX_PIECES (1 + 2 * GUEST_BATCH_MAX_CALLS)

struct piece {
	uint64_t *pointer; /* what points to it */
	uint64_t was;      /* in this process */
	uint64_t at;
	uint64_t bytes;
	bool back; /* the hypervisor writes there */
};

struct bounce {
	struct sim *s;
	uint64_t used;
	struct piece piece[MAX_PIECES];
	unsigned int nr;
};

uint8_t *bounce_at(struct sim *s, uint64_t at, uint64_t bytes)
{
	uint64_t offset = at - SIM_BOUNCE_AT;

	if (s->bounce == NULL || offset > SIM_BOUNCE_SIZE ||
	    bytes > SIM_BOUNCE_SIZE - offset) {
		return NULL;
	}
	return s->bounce + offset;
}

static void move(struct bounce *b, uint64_t *pointer, uint64_t bytes, bool back)
{
	const uint64_t at = SIM_BOUNCE_AT + b->used;
	uint8_t *to = bounce_at(b->s, at, bytes);

	/* NULL stays NULL: the hypervisor is to see that. */
	if (*pointer == 0) {
		return;
	}
	if (to == NULL || b->nr == MAX_PIECES) {
		sim_violation(b->s, "a hypercall points to too much");
	}
	memcpy(to, (const void *)(uintptr_t)*pointer, bytes);
	b->piece[b->nr++] = (struct piece){pointer, *pointer, at, bytes, back};
	*pointer = at;
	b->used += (bytes + 7) & ~UINT64_C(7);
}

/* The last one that was moved goes back first: it may point to others. */
static void move_back(struct bounce *b)
{
	while (b->nr > 0) {
		const struct piece *p = &b->piece[--b->nr];

		if (p->back) {
			memcpy((void *)(uintptr_t)p->was,
			       bounce_at(b->s, p->at, p->bytes), p->bytes);
		}
		*p->pointer = p->was;
	}
}

static void move_list(struct bounce *b, uint64_t *arg, uint64_t size)
{
	move(b, &arg[0], arg[1] * size, false);
	move(b, &arg[2], sizeof(uint32_t), true);
}

/* What a handle points to; handles are pointers or structs of one. */
static void move_handle(struct bounce *b, void *handle, uint64_t bytes)
{
	_Static_assert(sizeof(XEN_GUEST_HANDLE(void)) == sizeof(uint64_t),
		       "a handle is a pointer");
	move(b, handle, bytes, true);
}

static void move_memory_op(struct bounce *b, uint64_t *arg)
{
	void *what = (void *)(uintptr_t)arg[1];

	switch (arg[0]) {
	case XENMEM_memory_map: {
		struct xen_memory_map *map = what;

		move_handle(b, &map->buffer,
			    map->nr_entries * sizeof(struct guest_e820_entry));
		move(b, &arg[1], sizeof(*map), true);
		return;
	}
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap: {
		struct xen_memory_reservation *r = what;

		move_handle(b, &r->extent_start,
			    r->nr_extents * sizeof(xen_pfn_t));
		move(b, &arg[1], sizeof(*r), true);
		return;
	}
	default:
		return;
	}
}

static void move_call(struct bounce *b, unsigned int nr, uint64_t *arg)
{
	switch (nr) {
	case __HYPERVISOR_mmu_update:
		move_list(b, arg, sizeof(struct mmu_update));
		return;
	case __HYPERVISOR_mmuext_op:
		move_list(b, arg, sizeof(struct mmuext_op));
		return;
	case __HYPERVISOR_memory_op:
		move_memory_op(b, arg);
		return;
	case __HYPERVISOR_console_io:
		move(b, &arg[2], arg[1], false);
		return;
	case __HYPERVISOR_xen_version:
		move(b, &arg[1], sizeof(xen_feature_info_t), true);
		return;
	case __HYPERVISOR_sched_op:
		move(b, &arg[1], sizeof(struct sched_shutdown), false);
		return;
	default:
		return;
	}
}

static void move_multicall(struct bounce *b, uint64_t *arg)
{
	struct multicall_entry *call =
		(struct multicall_entry *)(uintptr_t)arg[0];

	for (uint64_t i = 0; i < arg[1]; i++) {
		move_call(b, (unsigned int)call[i].op, call[i].args);
	}
	move(b, &arg[0], arg[1] * sizeof(*call), true);
}

int64_t bounce_hypercall(struct sim *s, unsigned int nr, uint64_t arg[6])
{
	struct bounce b = {.s = s};
	int64_t rc;

	if (nr == __HYPERVISOR_multicall) {
		move_multicall(&b, arg);
	} else {
		move_call(&b, nr, arg);
	}
	rc = sim_hypercall(s, nr, arg);
	move_back(&b);
	return rc;
}
