/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls by chance: any number, arguments from a box of values that are
 * each wrong or right somewhere. The kernel may well destroy itself; what is
 * tested is that nothing more than that happens, and that the audit finds
 * every count right afterwards. random=SEED ops=N on the command line.
 */
#include "kernels/bad-hypercalls/bad.h"

#define FRAMES 24

static uint64_t state;
/* Looked up at the start: the P2M may not stay mapped. */
static uint64_t frames[FRAMES];
static uint64_t l4, own_a, own_b;

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint64_t value(void)
{
	const uint64_t here = (uintptr_t)page_a + next() % 512 * 8;
	const uint64_t frame = frames[next() % FRAMES];

	switch (next() % 16) {
	case 0:
		return 0;
	case 1:
		return next();
	case 2:
		return next() % 64;
	case 3:
		return frame;
	case 4:
		return frame << PAGE_SHIFT | (next() & PAGE_OFFSET_MASK);
	case 5:
		/* The lower half: the kernel lives in the other. */
		return l4 << PAGE_SHIFT | (next() & 0x7ff);
	case 6:
		return own_b;
	case 7:
		return HYPERVISOR_IMAGE + next() % PAGE_SIZE;
	case 8:
		return DOMID_SELF;
	case 9:
		return UINT64_C(1) << next() % 64;
	case 10:
		return (uintptr_t)page_b;
	default:
		return here;
	}
}

/* What the requests are made of, at the addresses that value() gives. */
static void fill(void)
{
	uint64_t *words = (uint64_t *)page_a;

	/* Should the page have gone away, it comes back. */
	hypercall(__HYPERVISOR_update_va_mapping, (uintptr_t)page_a,
		  own_a << PAGE_SHIFT | MAP_RW, UVMF_INVLPG | UVMF_ALL, 0, 0);
	for (unsigned int i = 0; i < 512; i++) {
		words[i] = value();
	}
}

/* What would soon end the domain, and the test with it. */
static bool is_end(unsigned int nr)
{
	return nr == __HYPERVISOR_set_trap_table ||
	       nr == __HYPERVISOR_sched_op || nr == __HYPERVISOR_iret ||
	       nr == __HYPERVISOR_sched_op_compat ||
	       nr == __HYPERVISOR_console_io;
}

static unsigned int number(void)
{
	static const unsigned int often[] = {
		__HYPERVISOR_mmu_update,        __HYPERVISOR_mmuext_op,
		__HYPERVISOR_update_va_mapping, __HYPERVISOR_memory_op,
		__HYPERVISOR_multicall,         __HYPERVISOR_grant_table_op,
		__HYPERVISOR_event_channel_op,  __HYPERVISOR_vcpu_op,
	};
	unsigned int nr;

	if (next() % 4 != 0) {
		return often[next() % 8];
	}
	do {
		nr = (unsigned int)(next() % 48);
	} while (is_end(nr));
	return nr;
}

/* Small counts and commands where the first two arguments are such. */
static uint64_t small_or(void)
{
	return next() % 2 == 0 ? next() % 32 : value();
}

void random_calls(const struct bad *b, uint64_t seed, uint64_t ops)
{
	state = seed;
	l4 = mfn_at(b, b->l4);
	own_a = mfn_at(b, page_a);
	own_b = mfn_at(b, page_b);
	/* A few that nothing uses, so that they meet again. */
	for (uint64_t i = 0; i < FRAMES; i++) {
		frames[i] = b->p2m[b->start->nr_pages - 1 - i];
	}
	for (uint64_t i = 0; i < ops; i++) {
		if (i % 16 == 0) {
			fill();
		}
		hypercall(number(), small_or(), small_or(), value(),
			  next() % 4 != 0 ? DOMID_SELF : value(), value());
	}
	say("random: %u hypercalls from seed %u", ops, seed);
}
