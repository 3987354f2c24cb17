/* SPDX-License-Identifier: MIT */
/*
 * The lab: failures from the public record, as scenarios. A history is run
 * with each of its policies in one or more worlds (kinds of machine); each
 * combination is a case with a recorded outcome, and is held against it.
 */
#ifndef PW_LAB_LAB_H
#define PW_LAB_LAB_H

#include <stdbool.h>
#include <stdint.h>

#include "lab/check.h"
#include "lab/kernel.h"
#include "sim/log.h"
#include "sim/sim.h"

enum lab_outcome {
	LAB_RIGHT,       /* boots, and everything is as it should be */
	LAB_WRONG,       /* boots, with mistakes */
	LAB_REFUSED,     /* the hypervisor refused; the kernel gave up */
	LAB_FAULT,       /* a page fault that nobody handles */
	LAB_NOT_STARTED, /* the builder could not make the domain */
	LAB_BROKEN,      /* our own mistake: contract or simulator */
	LAB_OUTCOMES,
};

extern const char *const lab_outcome_name[LAB_OUTCOMES];

struct lab_history {
	const char *name;
	const char *title; /* one line */
};

struct lab_policy {
	const char *history;
	const char *name;
	const char *title;
	struct guest_policies policies;
	enum layout_p2m p2m;
	/* Can it also run on a real hypervisor, with the same kernel? */
	bool on_metal;
	/*
	 * There it is right whatever it does: QEMU's CPU looks at the tables
	 * once more before it faults.
	 */
	bool metal_forgives;
};

/* What memory a world has. */
enum lab_memory {
	LAB_MEMORY_ASKED,  /* --memory */
	LAB_MEMORY_TWO,    /* the same, but enough for two ranges */
	LAB_MEMORY_LOW,    /* the same, but what fits above the kernel's base */
	LAB_MEMORY_NATIVE, /* little: kernels without a hypervisor */
	LAB_MEMORY_SMALL,  /* a boot in a millisecond */
	LAB_MEMORY_BIG,    /* beyond what an initial mapping can hold */
};

struct lab_world {
	const char *name;
	bool hypervisor;
	enum paging_mode mode;
	bool large; /* the CPU has large pages, and the kernel uses them */
	bool nx;
	bool noted; /* the kernel has XEN_ELFNOTE_INIT_P2M */
	bool two_ranges;
	bool template; /* the direct map is built over the initial mapping */
	bool on_metal; /* its cases run on a real hypervisor too */
	enum lab_memory memory;
	struct tlb_config tlb;
};

struct lab_case {
	const char *policy; /* with its history: "template/keep" */
	const struct lab_world *world;
	enum lab_outcome expected;
	/* Where it fails (or LAB_DONE), and what the log then must say. */
	enum lab_step step;
	const char *says;
};

extern const struct lab_history lab_histories[];
extern const unsigned int lab_nr_histories;
extern const struct lab_policy lab_policies[];
extern const unsigned int lab_nr_policies;
extern const struct lab_case lab_cases[];
extern const unsigned int lab_nr_cases;

/* "table-high/used-only", or NULL. */
const struct lab_policy *lab_find_policy(const char *name);
bool lab_policy_is_of(const struct lab_policy *p, const char *history);

struct lab_options {
	uint64_t memory; /* bytes, of LAB_MEMORY_ASKED */
	uint64_t big;    /* bytes, of LAB_MEMORY_BIG */
	bool big_asked;  /* also where it takes minutes */
	uint64_t seed;
	bool check_always; /* audit and TLB check after each hypercall */
	/* Instead of the world's, if it keeps anything: for sweeps. */
	bool has_tlb;
	struct tlb_config tlb;
};

#define LAB_MEMORY_MIN (UINT64_C(64) << 20)
#define LAB_MEMORY_DEFAULT (UINT64_C(4) << 30)
#define LAB_BIG_DEFAULT (UINT64_C(1) << 40)

/* A refusal as text, at the longest. */
#define LAB_MESSAGE_SIZE 640

struct lab_result {
	enum lab_outcome outcome;
	bool as_expected;
	enum lab_step step;
	char message[LAB_MESSAGE_SIZE]; /* the reason, one line */
	uint64_t memory;                /* bytes */
	bool counted;                   /* the next four are known */
	uint64_t hypercalls;
	uint64_t entry_writes;
	uint64_t flushes;
	uint64_t pages_walked;
	uint64_t stale_uses;
	bool counted_lost; /* only a machine that booted can be counted */
	uint64_t lost;
	double seconds;
	struct lab_findings findings;
	struct sim_log log;
};

/* Bytes of memory that a world's machine has. */
uint64_t lab_memory(const struct lab_world *w, const struct lab_options *o);

/* Frames that a world's kernel uses; 0: all. */
uint64_t lab_limit(const struct lab_world *w, const struct lab_options *o);

/* Runs one case in the simulator, on a machine of its own. */
void lab_run(const struct lab_case *c, const struct lab_options *o,
	     struct lab_result *r);
void lab_result_fini(struct lab_result *r);

#endif
