/* SPDX-License-Identifier: MIT */
/*
 * What operations that touch page tables cost when all processors do them at
 * once: in time, since processors that wait for each other cannot be counted
 * in instructions. One process, or thread, for each processor does a batch; all
 * begin together, each takes its own time, and the batch's is their mean. Told
 * is the median batch, by operation, and how many operations there were, by
 * which a count of interrupts can be divided.
 */
#include "torture.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 9 /* the first is thrown away */
#define WORKERS 32
#define FORKS 6
#define PAGES 1000UL
#define FLIPS 40

static struct shared {
	pthread_barrier_t start;
	uint64_t ns[BATCHES][WORKERS];
} * shared;

static unsigned int workers;

/* One of a row's workers; its memory is there before the clock runs. */
struct row {
	const char *name;
	bool threads;            /* of one process, or processes */
	unsigned int operations; /* that each worker does in a batch */
	void (*batch)(volatile char *area);
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void fork_all(volatile char *area)
{
	(void)area;
	for (unsigned int i = 0; i < FORKS; i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			fail("fork");
		}
	}
}

/* Faults on fresh pages, which are given back: with that the others' flushes.
 */
static void touch_all(volatile char *area)
{
	for (size_t i = 0; i < PAGES; i++) {
		area[i * PAGE] = 1;
	}
	if (madvise((void *)(uintptr_t)area, PAGES * PAGE, MADV_DONTNEED) !=
	    0) {
		fail("madvise");
	}
}

static void protect(volatile char *area, int how)
{
	if (mprotect((void *)(uintptr_t)area, PAGE, how) != 0) {
		fail("mprotect");
	}
}

/* A page that is written is made read-only, with a flush, and writable. */
static void flip_all(volatile char *area)
{
	for (unsigned int i = 0; i < FLIPS; i++) {
		area[0] = 1;
		protect(area, PROT_READ);
		protect(area, PROT_READ | PROT_WRITE);
	}
}

static const struct row rows[] = {
	{"fork+exit", false, FORKS, fork_all},
	{"page-faults-1000", true, 1, touch_all},
	{"mprotect", true, 2 * FLIPS, flip_all},
};

static const struct row *running;

static void pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0) {
		fail("sched_setaffinity");
	}
}

static void *work(void *number)
{
	const unsigned int me = (unsigned int)(uintptr_t)number;
	char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED) {
		fail("mmap");
	}
	madvise(area, PAGES * PAGE, MADV_NOHUGEPAGE);
	pin(me);
	for (unsigned int b = 0; b < BATCHES; b++) {
		uint64_t start;

		pthread_barrier_wait(&shared->start);
		start = now_ns();
		running->batch(area);
		shared->ns[b][me] = now_ns() - start;
	}
	munmap(area, PAGES * PAGE);
	return NULL;
}

static void run_threads(void)
{
	pthread_t thread[WORKERS];

	for (unsigned int i = 0; i < workers; i++) {
		if (pthread_create(&thread[i], NULL, work,
				   (void *)(uintptr_t)i) != 0) {
			fail("pthread_create");
		}
	}
	for (unsigned int i = 0; i < workers; i++) {
		pthread_join(thread[i], NULL);
	}
}

static void run_processes(void)
{
	for (unsigned int i = 0; i < workers; i++) {
		if (fork() == 0) {
			work((void *)(uintptr_t)i);
			_exit(0);
		}
	}
	for (unsigned int i = 0; i < workers; i++) {
		int status;

		if (wait(&status) < 0 || status != 0) {
			fail("a worker");
		}
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void report(const struct row *r)
{
	uint64_t mean[BATCHES] = {0};

	for (unsigned int b = 1; b < BATCHES; b++) {
		for (unsigned int i = 0; i < workers; i++) {
			mean[b] += shared->ns[b][i] / workers;
		}
	}
	qsort(mean + 1, BATCHES - 1, sizeof(mean[0]), by_value);
	printf("bench: %s %llu\n", r->name,
	       (unsigned long long)(mean[BATCHES / 2] / r->operations));
	printf("bench: operations-%s %u\n", r->name,
	       r->operations * workers * BATCHES);
	fflush(stdout);
}

static void measure(const struct row *r)
{
	pthread_barrierattr_t among;

	running = r;
	pthread_barrierattr_init(&among);
	pthread_barrierattr_setpshared(&among, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&shared->start, &among, workers);
	if (r->threads) {
		run_threads();
	} else {
		run_processes();
	}
	pthread_barrier_destroy(&shared->start);
	report(r);
}

void smp_measure(unsigned int wanted)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	workers = cpus > WORKERS ? WORKERS : (unsigned int)cpus;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		fail("mmap");
	}
	printf("bench: processors %u\n", workers);
	fflush(stdout);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if ((wanted >> i & 1) != 0) {
			measure(&rows[i]);
		}
	}
}
