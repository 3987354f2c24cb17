/* SPDX-License-Identifier: MIT */
/* What a guest can make the hypervisor do about its page tables and frames. */
#include "kernels/hostile/hostile.h"

#define TABLES 8
#define LIST 256
#define EXTENTS 128

static volatile uint64_t tables[TABLES][512] __attribute__((aligned(4096)));

/* Interrupts are off, and there is nothing else to be heard of. */
void spin(const struct pv *s)
{
	(void)s;
	for (volatile unsigned int i = 0; i < 20000000; i++) {
	}
}

static int64_t mmuext(struct mmuext_op *ops, unsigned int nr)
{
	return hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)ops, nr, 0,
			 DOMID_SELF, 0);
}

/* Every translation, on every CPU, and the caches. */
void flush(const struct pv *s)
{
	static const unsigned int kinds[] = {MMUEXT_TLB_FLUSH_ALL,
					     MMUEXT_INVLPG_ALL,
					     MMUEXT_TLB_FLUSH_LOCAL,
					     MMUEXT_FLUSH_CACHE};
	static struct mmuext_op ops[LIST];

	(void)s;
	for (unsigned int i = 0; i < LIST; i++) {
		ops[i] = (struct mmuext_op){
			.cmd = kinds[i % 4],
			.arg1.linear_addr = (uintptr_t)tables,
		};
	}
	for (unsigned int i = 0; i < 32; i++) {
		mmuext(ops, LIST);
	}
}

/* Full tables are validated and taken down again. */
void thrash_tables(const struct pv *s)
{
	struct mmuext_op ops[TABLES];

	for (unsigned int i = 0; i < TABLES; i++) {
		for (unsigned int k = 0; k < 512; k++) {
			tables[i][k] = s->p2m[1024 + k] << PAGE_SHIFT | MAP_RO;
		}
		map_page((const void *)tables[i],
			 mfn_at(s, (const void *)tables[i]) << PAGE_SHIFT |
				 MAP_RO);
	}
	for (unsigned int round = 0; round < 64; round++) {
		for (unsigned int i = 0; i < TABLES; i++) {
			ops[i] = (struct mmuext_op){
				.cmd = round % 2 == 0 ? MMUEXT_PIN_L1_TABLE
						      : MMUEXT_UNPIN_TABLE,
				.arg1.mfn = mfn_at(s, (const void *)tables[i]),
			};
		}
		mmuext(ops, TABLES);
	}
	for (unsigned int i = 0; i < TABLES; i++) {
		map_page((const void *)tables[i],
			 mfn_at(s, (const void *)tables[i]) << PAGE_SHIFT |
				 MAP_RW);
	}
}

static int64_t reserve(unsigned int cmd, uint64_t *frames, unsigned int nr)
{
	struct xen_memory_reservation r = {.nr_extents = nr,
					   .domid = DOMID_SELF};

	set_xen_guest_handle(r.extent_start, frames);
	return hypercall(__HYPERVISOR_memory_op, cmd, (uintptr_t)&r, 0, 0, 0);
}

/* Frames go to the pool and come back, cleared each time. */
void move_frames(const struct pv *s)
{
	static uint64_t frames[EXTENTS];
	static unsigned int held;
	int64_t nr;

	(void)s;
	for (unsigned int i = 0; i < 16; i++) {
		nr = reserve(XENMEM_increase_reservation, frames + held,
			     EXTENTS - held);
		held += nr > 0 ? (unsigned int)nr : 0;
		nr = reserve(XENMEM_decrease_reservation, frames, held);
		held = nr == held ? 0 : held;
	}
}
