/* SPDX-License-Identifier: MIT */
/*
 * Exceptions: from the instruction through the hypervisor to the kernel's
 * handler (trap_entry.S), and back by the iret hypercall.
 */
#include "kernels/reference/bench.h"

#define VECTOR_BREAKPOINT 3
#define VECTOR_INVALID_OPCODE 6
#define VECTOR_PAGE_FAULT 14
#define UD2_LENGTH 2

static unsigned int nr_taken;

/* The kernel's handler: a trap of these kinds is over at once. */
static bool take(struct trap_frame *f, uint64_t cr2)
{
	(void)cr2;
	if (f->vector == VECTOR_INVALID_OPCODE) {
		f->rip += UD2_LENGTH;
	} else if (f->vector != VECTOR_BREAKPOINT) {
		return false;
	}
	nr_taken++;
	return true;
}

static void breakpoint(void *what)
{
	(void)what;
	__asm__ volatile("int3" ::: "memory");
}

static void invalid_opcode(void *what)
{
	(void)what;
	__asm__ volatile("ud2" ::: "memory");
}

static void write_readonly(void *what)
{
	bench_must(probe_write((uintptr_t)what, 1, NULL, NULL) ==
			   VECTOR_PAGE_FAULT,
		   "a fault");
}

static void page_faults(struct kernel *k)
{
	pfn_t frame = frame_new(k);

	bench_readonly(k, frame, 1);
	bench_measure("page-fault-bounce", write_readonly, frame_ptr(k, frame),
		      5000);
	bench_readwrite(k, frame, 1);
	frame_free(k, frame);
}

static void measure_trap(const char *name, bench_op op, unsigned int repeat)
{
	unsigned int before;

	traps_expect(take);
	before = nr_taken;
	bench_measure(name, op, NULL, repeat);
	bench_must(nr_taken - before >= repeat, "a trap");
	traps_expect(NULL);
}

void bench_traps(struct kernel *k)
{
	page_faults(k);
	measure_trap("exception-round-trip", breakpoint, 5000);
	measure_trap("invalid-opcode-round-trip", invalid_opcode, 5000);
}
