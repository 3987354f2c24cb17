/* SPDX-License-Identifier: MIT */
/*
 * The world that is explored: the machine of the unit tests, with two vCPUs on
 * CPUs of their own that run at the same time. Each is a thread (thread.h)
 * which stops before every step: a call of the engine's port, a load or store
 * of the guest, a turn of a loop that waits, an interrupt that is sent.
 * Between two steps nothing else happens, and the checks look.
 *
 * The CPUs are the worst that the architecture allows (cpu.h): after each step
 * they have cached whatever their tables say, so that a load of every address
 * is explored at every step without being a choice.
 */
#ifndef PW_TESTS_INTERLEAVE_WORLD_H
#define PW_TESTS_INTERLEAVE_WORLD_H

#include "tests/interleave/metal.h"
#include "tests/interleave/op.h"
#include "tests/interleave/thread.h"
#include "tests/unit/support/machine.h"

#define WORLD_CPUS METAL_CPUS

struct world_options {
	/* The machine's lock around every entrance, as on metal; else the
	 * domain's is all there is.
	 */
	bool machine_lock;
	/* The second vCPU belongs to another domain. */
	bool two_domains;
	/*
	 * Each call is carried out alone, as on metal (hv/cpu/alone.c), and the
	 * machine can be made quiet.
	 */
	bool alone;
	/*
	 * And each domain ran on the other's CPU last: a flush asks both CPUs,
	 * so that both may ask each other at once.
	 */
	bool each_asks_both;
	/* How often a vCPU is asked to stop, at any of its questions. */
	unsigned int stops;
	/* The engine tells its events: each is a step, too. */
	bool watched;
};

struct world_cpu {
	struct thread thread;
	struct mmu_vcpu loaded; /* its roots, as the CPU has them */
	const char *at;         /* the step that it is to take */
	unsigned int op;        /* of its program */
	bool done;
	bool inside;   /* the hypervisor */
	bool quiet;    /* counts on nobody's being inside */
	bool question; /* the step has two outcomes, */
	bool answer;   /* of which the explorer chose this */
	bool interrupted;
	unsigned int stops; /* left */
	unsigned int locks; /* held */
	struct program program;
};

#define WORLD_HOT 40

struct world {
	struct world_options options;
	unsigned int number; /* of the worlds that were made */
	struct machine *m;
	struct world_cpu cpu[WORLD_CPUS];
	unsigned int running; /* WORLD_CPUS: none, it is being made */
	bool broken;
	char why[256];
	/* Frames that anything is ever written to. */
	mfn_t hot[WORLD_HOT];
	unsigned int nr_hot;
};

/* There is one at a time: the port and the threads have nothing else. */
extern struct world world;

void world_make(const struct world_options *o);
void world_unmake(void);
/* From the start, as made, with these programs. */
void world_start(const struct program *first, const struct program *second);

/* May the CPU be chosen: it has something to do that is not waiting for ever?
 */
bool world_can_run(unsigned int cpu);
/* One step of a CPU, and all that must hold after it. False: world.why. */
bool world_run(unsigned int cpu, bool answer);
bool world_all_done(void);

/* --- for the threads ------------------------------------------------------ */

/* The step is about to be taken. True: the second outcome. */
bool world_step(const char *at, bool question);
/* The same with the guest, where interrupts are taken. */
void world_guest_step(const char *at);
__attribute__((format(printf, 1, 2))) void world_fails(const char *format, ...);
struct mmu_vcpu *world_vcpu(unsigned int cpu);
/* The CPU of the machine that it is. */
unsigned int world_place(unsigned int cpu);

/* --- the state ------------------------------------------------------------ */

struct world_state;
struct world_state *world_save(void);
void world_restore(const struct world_state *s);
void world_forget(struct world_state *s);
uint64_t world_hash(void);

#endif
