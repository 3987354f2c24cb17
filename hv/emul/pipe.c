/* SPDX-License-Identifier: MIT */
/*
 * The pipe between a guest's program and the command: an instruction that
 * copies bytes between the guest's memory and a ring. The guest says where and
 * how much, so the address is checked as that of any copy, and the length is
 * cut to what the ring has and to a bound: one instruction is a short stay. The
 * other end is the command, which has the whole machine's memory anyway; still
 * its numbers are not let out of the ring.
 *
 * Any program of the first domain may use it, as any may write to a console:
 * who runs a guest with a pipe reads what the guest says.
 */
#include "hv/emul/pipe.h"

#include "hv/domain/domain.h"
#include "hv/emul/fetch.h"
#include "hv/cpu/x86.h"
#include "hv/vcpu/vcpu.h"

#include "engine/port.h"

bool pipe_wanted;
static struct pipe_rings *pipe_rings;

static const uint8_t code_of_pipe[PIPE_CODE_SIZE] = {PIPE_CODE};

void pipe_init(struct pipe_rings *rings)
{
	pipe_rings = rings;
	pipe_rings->magic = PIPE_MAGIC;
}

static uint64_t at_most(uint64_t n, uint64_t limit)
{
	return n < limit ? n : limit;
}

/* What the ring holds; the other end may have written anything. */
static uint64_t held(const struct pipe_ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);

	return at_most(head - tail, PIPE_BYTES);
}

/* A position in the ring, and how far it is to the ring's end. */
static uint8_t *place(struct pipe_ring *ring, uint64_t at, uint64_t *ret_run)
{
	*ret_run = PIPE_BYTES - at % PIPE_BYTES;
	return ring->data + at % PIPE_BYTES;
}

/* As much as there is room for; the rest is asked for again. */
static int64_t take(struct vcpu *v, uint64_t from, uint64_t size)
{
	struct pipe_ring *ring = &pipe_rings->out;
	uint64_t run;
	uint8_t *to = place(ring, ring->head, &run);

	size = at_most(at_most(size, PIPE_BYTES - held(ring)), PIPE_MOST);
	size = at_most(size, run);
	if (size == 0) {
		return 0;
	}
	if (port_copy_in(&v->mmu, to, from, size) != 0) {
		return -XEN_EFAULT;
	}
	__atomic_store_n(&ring->head, ring->head + size, __ATOMIC_RELEASE);
	x86_out8(PIPE_RING_PORT, 0);
	return (int64_t)size;
}

static int64_t give(struct vcpu *v, uint64_t to, uint64_t size)
{
	struct pipe_ring *ring = &pipe_rings->in;
	uint64_t run;
	const uint8_t *from = place(ring, ring->tail, &run);

	size = at_most(at_most(size, held(ring)), PIPE_MOST);
	size = at_most(size, run);
	if (size == 0) {
		return 0;
	}
	if (port_copy_out(&v->mmu, to, from, size) != 0) {
		return -XEN_EFAULT;
	}
	__atomic_store_n(&ring->tail, ring->tail + size, __ATOMIC_RELEASE);
	return (int64_t)size;
}

/*
 * The copies are made with our rights, which see a 32-bit kernel's pages: its
 * users have no pipe.
 */
bool pipe_is_for(const struct vcpu *v)
{
	return pipe_rings != NULL && v->domain->slot == 0 &&
	       !(v->narrow && !v->kernel_mode);
}

bool emulate_pipe(struct vcpu *v, struct regs *r)
{
	uint8_t code[FETCH_BYTES];

	if (!pipe_is_for(v) || (r->rax != PIPE_WRITE && r->rax != PIPE_READ) ||
	    fetch_code(v, r, code) < sizeof(code_of_pipe) ||
	    __builtin_memcmp(code, code_of_pipe, sizeof(code_of_pipe)) != 0) {
		return false;
	}
	r->rax = (uint64_t)(r->rax == PIPE_WRITE ? take(v, r->rdi, r->rsi)
						 : give(v, r->rdi, r->rsi));
	fetch_retire(v, r, r->rip + sizeof(code_of_pipe));
	return true;
}
