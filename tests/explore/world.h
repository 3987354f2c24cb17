/* SPDX-License-Identifier: MIT */
/*
 * The machine that is explored: a few frames of which a few slots are ever
 * used, one or two domains, up to three vCPUs, and for each vCPU the worst TLB
 * that the architecture allows.
 *
 * Frames are named by small numbers: first the `nr_free` frames that a scenario
 * explores, which are all alike, then the `nr_fixed` ones that its start ties
 * together. Each stands alone among frames of the hypervisor's, so that the
 * pool never makes one run of two, and which is which makes no difference.
 */
#ifndef PW_TESTS_EXPLORE_WORLD_H
#define PW_TESTS_EXPLORE_WORLD_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/mmu.h"
#include "engine/port.h"
#include "engine/report/audit.h"
#include "tests/unit/support/guest_buffer.h"

#define MAX_NAMED 9
#define MAX_SLOTS 4
#define MAX_VCPUS 3
#define NR_DOMS 2
#define FIRST_NAMED 4
#define WORLD_FRAMES (FIRST_NAMED + 2 * MAX_NAMED)

/* Frames without a name. */
#define XEN_FRAME 2
#define DEVICE_FRAME 3

/* Bytes of what port_copy_in() and _out() see as the guest's memory. */
#define GUEST_BUFFER_SIZE 512

/* Entries that mean the same at every level: nothing is added to them. */
#define RO_ENTRY (PTE_P | PTE_US | PTE_A | PTE_KERNEL_BIT)
#define RW_ENTRY (RO_ENTRY | PTE_RW)
#define PTE_KERNEL_BIT (UINT64_C(1) << 52)

/*
 * What a CPU may have cached of a frame, as bits: what it found from the
 * kernel's root, and above them from the user's.
 */
enum cached {
	CACHED_READ = 1 << 0,
	CACHED_WRITE = 1 << 1,
	CACHED_L1 = 1 << 2, /* as the table that an L2 entry leads to */
	CACHED_L2 = 1 << 3,
	CACHED_L3 = 1 << 4,
	CACHED_DESC = 1 << 5, /* in the descriptor window */
};
#define CACHED_BY_USER 8 /* bits further up */

/* What a scenario starts from. */
enum start {
	START_BARE,   /* an empty L4, pinned and loaded */
	START_LEAF,   /* an L4, L3 and L2 in a chain; no L1 yet */
	START_MAPPED, /* the same with an L1 */
};

struct scope;

struct world {
	struct mmu mmu;
	struct mmu_domain dom[NR_DOMS];
	struct mmu_vcpu vcpu[MAX_VCPUS];
	pte_t window[MAX_VCPUS][DESC_WINDOW_ENTRIES];
	struct frame frames[WORLD_FRAMES];
	uint64_t m2p[WORLD_FRAMES];
	struct audit_tally tally[WORLD_FRAMES];
	uint16_t cached[MAX_VCPUS][WORLD_FRAMES];
	uint8_t guest[GUEST_BUFFER_SIZE];
	/* References that nobody here holds, on one frame. */
	struct bias {
		uint32_t count, type;
		int linear;
	} bias;
	bool dead[NR_DOMS]; /* on its way down, or gone */
	const struct scope *scope;
	unsigned int nr_named;
	unsigned int nr_vcpus;
	/* Answers of port_preempt(): bit i is that to question i. */
	uint64_t answers;
	bool always; /* or yes, to all */
	unsigned int asked;
	/* The last hypercall, as it is to be made again. */
	struct {
		int64_t (*fn)(struct mmu_vcpu *v, uint64_t arg[6]);
		uint64_t arg[6];
	} again;
	/* What one request has flushed: vCPUs by their numbers. */
	vcpuset_t flushed_all;
	vcpuset_t flushed_page;
	/* What is wrong: "" while nothing is. */
	char fault[160];
	jmp_buf out; /* where a broken engine leaves to */
};

void world_init(struct world *w, const struct scope *scope);
void world_fini(struct world *w);

static inline mfn_t named(unsigned int name)
{
	return mfn(FIRST_NAMED + 2 * name);
}
/* Of the frames that the start ties together, the lowest table. */
unsigned int world_last_fixed(const struct world *w);
/* The frame whose counts are near their limits: that one, or one that is held.
 */
unsigned int world_biased(const struct world *w);
/* The references that it has of nobody are there, or are gone for a while. */
void world_bias(struct world *w, bool there);
/* The name of a frame, or ~0. */
unsigned int name_of(const struct world *w, uint64_t frame);

/* The caches of all vCPUs take in what their tables say now. */
void world_run_cpus(struct world *w);
/* As what the vCPU may have the frame cached, from whichever root. */
static inline uint8_t world_cached(const struct world *w, unsigned int vcpu,
				   uint64_t f)
{
	uint16_t c = w->cached[vcpu][f];

	return (uint8_t)(c | c >> CACHED_BY_USER);
}

/* May one of the living store into the frame, by what it has cached? */
bool world_may_store(const struct world *w, mfn_t f);
/* A finding; the first one stays. */
void world_fault(struct world *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The domain dies: its vCPUs never run again. */
void world_stop(struct world *w, unsigned int dom);

#endif
