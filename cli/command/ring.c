/* SPDX-License-Identifier: MIT */
/*
 * The pipe's rings, in memory that QEMU and we share. Our own numbers are kept
 * here and only copied there; of the machine's each is compared with what can
 * be. A machine that breaks its ring is heard no more.
 */
#include "cli/command/ring.h"

#include <string.h>
#include <sys/mman.h>

#include "cli/ram.h"

bool ring_open(struct ring *r, int memory, uint64_t ram, uint64_t at)
{
	r->rings = ram_map(memory, ram, at, sizeof(*r->rings));
	if (r->rings != NULL && r->rings->magic != PIPE_MAGIC) {
		ring_close(r);
	}
	return r->rings != NULL;
}

void ring_close(struct ring *r)
{
	if (r->rings != NULL) {
		munmap(r->rings, sizeof(*r->rings));
		r->rings = NULL;
	}
}

/* From the ring, at most `size` bytes. */
static size_t take(struct ring *r, void *to, size_t size)
{
	struct pipe_ring *out = &r->rings->out;
	uint64_t head = __atomic_load_n(&out->head, __ATOMIC_ACQUIRE);
	uint64_t held = head - r->out_tail;
	uint64_t from = r->out_tail % PIPE_BYTES;
	uint64_t n = size < held ? size : held;

	if (held > PIPE_BYTES) {
		r->broken = true;
		return 0;
	}
	n = n < PIPE_BYTES - from ? n : PIPE_BYTES - from;
	memcpy(to, out->data + from, n);
	r->out_tail += n;
	__atomic_store_n(&out->tail, r->out_tail, __ATOMIC_RELEASE);
	return n;
}

/* Until `size` bytes of head and data are there. */
static bool fill(struct ring *r, size_t size)
{
	const size_t head = sizeof(r->head);

	while (r->got < size) {
		unsigned char *to = r->got < head
					    ? (unsigned char *)&r->head + r->got
					    : r->data + (r->got - head);
		size_t n = take(r, to, size - r->got);

		r->got += n;
		if (n == 0) {
			return false;
		}
	}
	return true;
}

bool ring_receive(struct ring *r)
{
	if (r->rings == NULL || r->broken || !fill(r, sizeof(r->head))) {
		return false;
	}
	if (r->head.size > PIPE_MESSAGE_MAX) {
		r->broken = true;
		return false;
	}
	return fill(r, sizeof(r->head) + r->head.size);
}

void ring_done(struct ring *r)
{
	r->got = 0;
}

size_t ring_room(const struct ring *r)
{
	uint64_t tail;
	uint64_t held;
	uint64_t room;

	if (r->rings == NULL || r->broken) {
		return 0;
	}
	tail = __atomic_load_n(&r->rings->in.tail, __ATOMIC_ACQUIRE);
	held = r->in_head - tail;
	room = held > PIPE_BYTES ? 0 : PIPE_BYTES - held;
	room = room < sizeof(struct pipe_head)
		       ? 0
		       : room - sizeof(struct pipe_head);
	return room < PIPE_MESSAGE_MAX ? room : PIPE_MESSAGE_MAX;
}

static void give(struct ring *r, const void *data, size_t size)
{
	unsigned char *ring = r->rings->in.data;
	const size_t at = r->in_head % PIPE_BYTES;
	const size_t run = size < PIPE_BYTES - at ? size : PIPE_BYTES - at;

	if (size != 0) {
		memcpy(ring + at, data, run);
		memcpy(ring, (const unsigned char *)data + run, size - run);
	}
	r->in_head += size;
}

void ring_send(struct ring *r, enum pipe_in kind, const void *data, size_t size)
{
	const struct pipe_head head = {kind, (uint32_t)size};

	give(r, &head, sizeof(head));
	give(r, data, size);
	__atomic_store_n(&r->rings->in.head, r->in_head, __ATOMIC_RELEASE);
}
