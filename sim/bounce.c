/* SPDX-License-Identifier: MIT */
/*
 * The guest library is code of this process, and what its hypercalls point to
 * are objects of this process: structures of 64-bit words at addresses of 64
 * bits. A 32-bit guest has neither. So a call is made again here as a 32-bit
 * compiler would have made it: what it points to is written, in structures of
 * 4-byte words, to where the guest's port shows it at an address of 32 bits; an
 * argument of 64 bits takes two registers; and the hypercall is the one that
 * the hypervisor has for such a guest. What was answered is widened on the way
 * back. As there, what a word cannot hold is cut off.
 *
 * The layouts are the public headers', and written down here once more: the
 * engine's own tables of them (engine/request/form.c) are what is under test.
 *
 * Each piece that was put there is remembered with what it was made of, so that
 * one loop brings everything back, whatever the call was.
 */
#include "sim/bounce.h"

#include <stdlib.h>
#include <string.h>

#include "sim/hypercall.h"

/* A multicall's list, and for each of its calls a list and a count. */
#define MAX_PIECES (1 + 2 * GUEST_BATCH_MAX_CALLS)

enum form {
	FORM_BYTES, /* the same in both widths */
	FORM_WORDS,
	FORM_OPERATION,
	FORM_MAP,
	FORM_RESERVATION,
	FORM_CALL,
};

struct operation_32 {
	uint32_t cmd;
	uint32_t arg1;
	uint32_t arg2;
};

struct map_32 {
	uint32_t nr_entries;
	uint32_t buffer;
};

struct reservation_32 {
	uint32_t extent_start;
	uint32_t nr_extents;
	uint32_t extent_order;
	uint32_t mem_flags;
	uint16_t domid;
	uint16_t unused;
};

struct call_32 {
	uint32_t op;
	uint32_t result;
	uint32_t args[6];
};

/* Bytes of one, in this process and as the guest has it. */
static const struct {
	size_t wide;
	size_t narrow;
} size_of[] = {
	[FORM_BYTES] = {1, 1},
	[FORM_WORDS] = {sizeof(xen_ulong_t), sizeof(uint32_t)},
	[FORM_OPERATION] = {sizeof(struct mmuext_op),
			    sizeof(struct operation_32)},
	[FORM_MAP] = {sizeof(struct xen_memory_map), sizeof(struct map_32)},
	[FORM_RESERVATION] = {sizeof(struct xen_memory_reservation),
			      sizeof(struct reservation_32)},
	[FORM_CALL] = {sizeof(struct multicall_entry), sizeof(struct call_32)},
};

struct piece {
	enum form form;
	void *wide; /* in this process */
	uint8_t *narrow;
	uint64_t nr;
};

struct bounce {
	struct sim *s;
	uint64_t used;
	struct piece piece[MAX_PIECES]; /* that are brought back */
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

/* Room for nr of a form; *ret_at: where the guest has it. */
static uint8_t *room(struct bounce *b, enum form form, uint64_t nr,
		     uint32_t *ret_at)
{
	const uint64_t at = SIM_BOUNCE_AT + b->used;
	const uint64_t bytes = nr * size_of[form].narrow;
	uint8_t *to = bounce_at(b->s, at, bytes);

	if (to == NULL) {
		sim_violation(b->s, "a hypercall points to too much");
	}
	b->used += (bytes + 7) & ~UINT64_C(7);
	*ret_at = (uint32_t)at;
	return to;
}

static void remember(struct bounce *b, enum form form, void *wide,
		     uint8_t *narrow, uint64_t nr)
{
	if (b->nr == MAX_PIECES) {
		sim_violation(b->s, "a hypercall points to too much");
	}
	b->piece[b->nr++] = (struct piece){form, wide, narrow, nr};
}

/* Bytes, words or operations; NULL stays NULL: the hypervisor is to see that.
 */
static uint32_t put(struct bounce *b, enum form form, uint64_t pointer,
		    uint64_t nr, bool back)
{
	uint8_t *from = (uint8_t *)(uintptr_t)pointer;
	uint32_t at = 0;
	uint8_t *to;

	if (from == NULL) {
		return 0;
	}
	to = room(b, form, nr, &at);
	for (uint64_t i = 0; form == FORM_OPERATION && i < nr; i++) {
		const struct mmuext_op *op = (const struct mmuext_op *)from + i;

		((struct operation_32 *)to)[i] = (struct operation_32){
			.cmd = op->cmd,
			.arg1 = (uint32_t)op->arg1.mfn,
			.arg2 = (uint32_t)op->arg2.src_mfn,
		};
	}
	for (uint64_t i = 0; form == FORM_WORDS && i < nr; i++) {
		((uint32_t *)to)[i] = (uint32_t)((const uint64_t *)from)[i];
	}
	if (form == FORM_BYTES) {
		memcpy(to, from, nr);
	}
	if (back) {
		remember(b, form, from, to, nr);
	}
	return at;
}

static uint32_t put_map(struct bounce *b, uint64_t pointer)
{
	struct xen_memory_map *map = (void *)(uintptr_t)pointer;
	uint32_t at;
	struct map_32 *to = (struct map_32 *)room(b, FORM_MAP, 1, &at);

	*to = (struct map_32){
		.nr_entries = map->nr_entries,
		.buffer = put(b, FORM_BYTES, (uintptr_t)map->buffer.p,
			      map->nr_entries * sizeof(struct guest_e820_entry),
			      true),
	};
	remember(b, FORM_MAP, map, (uint8_t *)to, 1);
	return at;
}

static uint32_t put_reservation(struct bounce *b, uint64_t pointer)
{
	const struct xen_memory_reservation *r = (void *)(uintptr_t)pointer;
	uint32_t at;
	struct reservation_32 *to =
		(struct reservation_32 *)room(b, FORM_RESERVATION, 1, &at);

	*to = (struct reservation_32){
		.extent_start = put(b, FORM_WORDS, (uintptr_t)r->extent_start.p,
				    r->nr_extents, true),
		.nr_extents = (uint32_t)r->nr_extents,
		.extent_order = r->extent_order,
		.mem_flags = r->mem_flags,
		.domid = r->domid,
	};
	return at;
}

static uint32_t put_memory(struct bounce *b, const uint64_t *arg)
{
	switch (arg[0]) {
	case XENMEM_memory_map:
		return put_map(b, arg[1]);
	case XENMEM_increase_reservation:
	case XENMEM_decrease_reservation:
	case XENMEM_populate_physmap:
		return put_reservation(b, arg[1]);
	default:
		return (uint32_t)arg[1];
	}
}

static void put_list(struct bounce *b, enum form form, uint64_t each,
		     const uint64_t *arg, uint32_t *to)
{
	to[0] = put(b, form, arg[0], arg[1] * each, false);
	to[2] = put(b, FORM_BYTES, arg[2], sizeof(uint32_t), true);
}

/* The call's arguments as the guest has them. */
static void put_call(struct bounce *b, unsigned int nr, const uint64_t *arg,
		     uint32_t *to)
{
	for (unsigned int i = 0; i < 6; i++) {
		to[i] = (uint32_t)arg[i];
	}
	switch (nr) {
	case __HYPERVISOR_mmu_update:
		put_list(b, FORM_BYTES, sizeof(struct mmu_update), arg, to);
		return;
	case __HYPERVISOR_mmuext_op:
		put_list(b, FORM_OPERATION, 1, arg, to);
		return;
	case __HYPERVISOR_update_va_mapping:
		to[2] = (uint32_t)(arg[1] >> 32);
		to[3] = (uint32_t)arg[2];
		return;
	case __HYPERVISOR_memory_op:
		to[1] = put_memory(b, arg);
		return;
	case __HYPERVISOR_console_io:
		to[2] = put(b, FORM_BYTES, arg[2], arg[1], false);
		return;
	case __HYPERVISOR_xen_version:
		to[1] = put(b, FORM_BYTES, arg[1], sizeof(xen_feature_info_t),
			    true);
		return;
	case __HYPERVISOR_sched_op:
		to[1] = put(b, FORM_BYTES, arg[1],
			    sizeof(struct sched_shutdown), false);
		return;
	default:
		return;
	}
}

static void put_multicall(struct bounce *b, const uint64_t *arg, uint32_t *to)
{
	struct multicall_entry *call =
		(struct multicall_entry *)(uintptr_t)arg[0];
	struct call_32 *list =
		(struct call_32 *)room(b, FORM_CALL, arg[1], &to[0]);

	for (uint64_t i = 0; i < arg[1]; i++) {
		list[i] = (struct call_32){.op = (uint32_t)call[i].op};
		put_call(b, (unsigned int)call[i].op, call[i].args,
			 list[i].args);
	}
	to[1] = (uint32_t)arg[1];
	remember(b, FORM_CALL, call, (uint8_t *)list, arg[1]);
}

/* One of what the hypervisor may have written. */
static void widen(const struct piece *p, uint64_t i)
{
	void *wide = (uint8_t *)p->wide + i * size_of[p->form].wide;
	const void *narrow = p->narrow + i * size_of[p->form].narrow;

	switch (p->form) {
	case FORM_WORDS:
		*(uint64_t *)wide = *(const uint32_t *)narrow;
		break;
	case FORM_MAP:
		((struct xen_memory_map *)wide)->nr_entries =
			((const struct map_32 *)narrow)->nr_entries;
		break;
	case FORM_CALL:
		/* An error is one of 32 bits. */
		((struct multicall_entry *)wide)->result =
			(xen_ulong_t)(int32_t)((const struct call_32 *)narrow)
				->result;
		break;
	case FORM_BYTES:
	case FORM_OPERATION:
	case FORM_RESERVATION:
		break;
	}
}

static void bring_back(const struct bounce *b)
{
	for (unsigned int i = 0; i < b->nr; i++) {
		const struct piece *p = &b->piece[i];

		if (p->form == FORM_BYTES) {
			memcpy(p->wide, p->narrow, p->nr);
			continue;
		}
		for (uint64_t j = 0; j < p->nr; j++) {
			widen(p, j);
		}
	}
}

int64_t bounce_hypercall(struct sim *s, unsigned int nr, uint64_t arg[6])
{
	struct bounce b = {.s = s};
	uint32_t narrow[6] = {0};
	uint64_t to[6];
	int64_t rc;

	if (nr == __HYPERVISOR_multicall) {
		put_multicall(&b, arg, narrow);
	} else {
		put_call(&b, nr, arg, narrow);
	}
	for (unsigned int i = 0; i < 6; i++) {
		to[i] = narrow[i];
	}
	rc = (int32_t)sim_hypercall(s, nr, to);
	bring_back(&b);
	return rc;
}
