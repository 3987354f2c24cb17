/* SPDX-License-Identifier: MIT */
/*
 * A process: its threads do deeds by chance for some seconds, then it counts
 * the signals that they have sent each other, none of which may be lost, and
 * exits with all that is mapped.
 */
#include "torture.h"

#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIGNAL_NUMBER (SIGRTMIN + 2)
#define SIGNALS_WAIT 60000 /* ms */

static struct team team;
static unsigned int cpus;

static void on_signal(int number)
{
	(void)number;
	__atomic_fetch_add(&team.signals_seen, 1, __ATOMIC_RELAXED);
}

/* Queued ones are never merged; a full queue refuses, and does not count. */
static void send_signals(struct worker *w)
{
	const union sigval nothing = {.sival_int = 0};

	for (unsigned int i = 0; i < 8; i++) {
		struct worker *to = &team.worker[random_below(w, THREADS)];

		if (pthread_sigqueue(to->thread, SIGNAL_NUMBER, nothing) == 0) {
			__atomic_fetch_add(&team.signals_sent, 1,
					   __ATOMIC_RELAXED);
		}
	}
	tally_add(DEED_SIGNAL);
}

static double series(unsigned int n)
{
	volatile double sum = 0;

	for (unsigned int i = 1; i <= n; i++) {
		sum = sum + 1.0 / ((double)i * i);
	}
	return sum;
}

/* The registers of the FPU are a thread's own, whoever ran meanwhile. */
static void compute(struct worker *w)
{
	unsigned int n = 2000 + random_below(w, 2000);
	double first = series(n);

	if (series(n) != first || first < 1.644 || first > 1.645) {
		fail("a sum of floating point numbers");
	}
	tally_add(DEED_FLOAT);
}

/* A processor that is off is none to go to. */
static void migrate(struct worker *w)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(random_below(w, cpus), &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0) {
		area_check(w);
	}
	for (unsigned int i = 0; i < cpus; i++) {
		CPU_SET(i, &set);
	}
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		fail("sched_setaffinity");
	}
	tally_add(DEED_MIGRATE);
}

/* How often each is done, of all. */
static const struct {
	unsigned int weight;
	void (*deed)(struct worker *w);
} deeds[] = {
	{20, area_map},     {20, area_check},  {20, area_protect},
	{20, area_move},    {20, area_resize}, {10, area_unmap},
	{6, child_copy},    {4, child_share},  {3, child_kill},
	{3, child_exec},    {6, child_thread}, {30, common_write},
	{15, common_close}, {15, common_take}, {8, send_signals},
	{8, compute},       {8, migrate},
};

#define NR (sizeof(deeds) / sizeof(deeds[0]))

static void do_one(struct worker *w)
{
	unsigned int sum = 0;
	unsigned int at;

	for (size_t i = 0; i < NR; i++) {
		sum += deeds[i].weight;
	}
	at = random_below(w, sum);
	for (size_t i = 0; i < NR; i++) {
		if (at < deeds[i].weight) {
			deeds[i].deed(w);
			return;
		}
		at -= deeds[i].weight;
	}
}

/* However short the time is, none is left out. */
static void do_each(struct worker *w)
{
	for (size_t i = 0; i < NR; i++) {
		deeds[i].deed(w);
	}
}

static void wait_for(unsigned int *nr)
{
	__atomic_fetch_add(nr, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(nr, __ATOMIC_SEQ_CST) != THREADS) {
		usleep(1000);
	}
}

/* All are there while the last signals come. */
static void count_signals(void)
{
	uint64_t end = clock_ms() + SIGNALS_WAIT;

	while (__atomic_load_n(&team.signals_seen, __ATOMIC_RELAXED) !=
	       __atomic_load_n(&team.signals_sent, __ATOMIC_RELAXED)) {
		if (clock_ms() > end) {
			fail("signals were lost");
		}
		usleep(1000);
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	uint64_t end = clock_ms() + team.lifetime_ms;

	wait_for(&team.nr_ready);
	do_each(w);
	while (!__atomic_load_n(&tally->stop, __ATOMIC_RELAXED) &&
	       clock_ms() < end) {
		do_one(w);
	}
	area_check_all(w);
	wait_for(&team.nr_finished);
	count_signals();
	return NULL;
}

static void prepare(struct worker *w, unsigned int index, uint64_t *seed)
{
	w->team = &team;
	w->index = index;
	w->random = random_next(seed) | 1;
	area_init(w);
	w->stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->stack == MAP_FAILED) {
		fail("mmap of a stack");
	}
}

void team_live(uint64_t seed, unsigned int nr_cpus)
{
	struct sigaction act = {.sa_handler = on_signal,
				.sa_flags = SA_RESTART};

	sigemptyset(&act.sa_mask);
	if (sigaction(SIGNAL_NUMBER, &act, NULL) != 0) {
		fail("sigaction");
	}
	cpus = nr_cpus;
	/* An arena of malloc's could take a place that we have unmapped. */
	mallopt(M_ARENA_MAX, 1);
	common_init(&team);
	team.lifetime_ms = 500 + (unsigned int)(random_next(&seed) % 3000);
	for (unsigned int i = 0; i < THREADS; i++) {
		prepare(&team.worker[i], i, &seed);
	}
	team.worker[0].thread = pthread_self();
	for (unsigned int i = 1; i < THREADS; i++) {
		if (pthread_create(&team.worker[i].thread, NULL, work,
				   &team.worker[i]) != 0) {
			fail("a thread of a process");
		}
	}
	work(&team.worker[0]);
	/* Whatever of the others still runs ends with the process. */
	_exit(0);
}
