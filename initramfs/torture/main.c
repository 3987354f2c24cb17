/* SPDX-License-Identifier: MIT */
/*
 * torture SECONDS [SEED [plug]] | smp ROWS: everything that makes a kernel
 * change page tables, on all processors at once, and checks of all that memory
 * should hold.
 *
 * There are as many processes as processors, of three threads each, so that
 * more threads run than processors are there. Each thread does one deed after
 * the other, by chance: maps, writes, protects, moves, resizes and unmaps
 * areas of its own; forks children that change copies of them, share a page,
 * exec, or are killed; begins threads; goes to another processor. All threads
 * of a process write to one common page, which one of them makes read-only or
 * takes away meanwhile: a store that still comes through is a translation that
 * a processor should have forgotten. Processes end, with all they have mapped,
 * and others take their place. Beside it, with "plug", processors go off and
 * come back.
 *
 * What is wrong ends the program with a line that says what, and status 1.
 * In the end each deed must have been done at least once. "smp" is smp.c's.
 */
#include "torture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_TEAMS 32
#define REPORTS 10    /* lines of progress */
#define PATIENCE 120U /* seconds until all have to have ended */

static const char *const names[NR_DEEDS] = {
	[DEED_MAP] = "mmap",
	[DEED_CHECK] = "check",
	[DEED_PROTECT] = "mprotect",
	[DEED_MOVE] = "mremap-move",
	[DEED_RESIZE] = "mremap-resize",
	[DEED_UNMAP] = "munmap",
	[DEED_FORK_COPY] = "fork-copy",
	[DEED_FORK_SHARE] = "fork-share",
	[DEED_FORK_KILL] = "fork-kill",
	[DEED_FORK_EXEC] = "fork-exec",
	[DEED_THREAD] = "thread",
	[DEED_COMMON_WRITE] = "common-write",
	[DEED_COMMON_CLOSE] = "common-close",
	[DEED_COMMON_TAKE] = "common-take",
	[DEED_SIGNAL] = "signal",
	[DEED_FLOAT] = "float",
	[DEED_MIGRATE] = "migrate",
	[DEED_LIFE] = "process",
	[DEED_HOTPLUG] = "hotplug",
};

struct tally *tally;

void fail(const char *what)
{
	char line[160];
	size_t n = 0;

	__atomic_store_n(&tally->failed, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&tally->stop, true, __ATOMIC_SEQ_CST);
	for (const char *p = "torture: WRONG: "; *p != '\0'; p++) {
		line[n++] = *p;
	}
	for (; *what != '\0' && n < sizeof(line) - 1; what++) {
		line[n++] = *what;
	}
	line[n++] = '\n';
	if (write(STDOUT_FILENO, line, n) < 0) {
		_exit(2);
	}
	_exit(1);
}

void tally_add(enum deed deed)
{
	__atomic_fetch_add(&tally->done[deed], 1, __ATOMIC_RELAXED);
}

uint64_t clock_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

unsigned int random_below(struct worker *w, unsigned int below)
{
	return (unsigned int)(random_next(&w->random) >> 16) % below;
}

static pid_t begin_team(uint64_t *seed, unsigned int nr_cpus)
{
	uint64_t own = random_next(seed);
	pid_t pid = fork();

	if (pid < 0) {
		fail("fork of a process");
	}
	if (pid == 0) {
		team_live(own, nr_cpus);
	}
	return pid;
}

static bool switch_cpu(unsigned int cpu, const char *value)
{
	char path[64];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online",
		 cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0) {
		fail("opening a processor's switch");
	}
	done = write(fd, value, 1) == 1;
	close(fd);
	return done;
}

/* A processor other than the first goes off, and after a while on again. */
static _Noreturn void plug(uint64_t seed, unsigned int nr_cpus)
{
	bool once = false;

	while (!once || !__atomic_load_n(&tally->stop, __ATOMIC_RELAXED)) {
		unsigned int cpu =
			1 + (unsigned int)(random_next(&seed) % (nr_cpus - 1));

		if (!switch_cpu(cpu, "0")) {
			__atomic_fetch_add(&tally->busy, 1, __ATOMIC_RELAXED);
			usleep(10000);
			continue;
		}
		usleep((useconds_t)(random_next(&seed) % 100000));
		if (!switch_cpu(cpu, "1")) {
			fail("a processor did not come back");
		}
		tally_add(DEED_HOTPLUG);
		once = true;
		usleep((useconds_t)(random_next(&seed) % 100000));
	}
	_exit(0);
}

static void tell(uint64_t since)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < NR_DEEDS; i++) {
		sum += __atomic_load_n(&tally->done[i], __ATOMIC_RELAXED);
	}
	printf("torture: %llu s, %llu deeds\n",
	       (unsigned long long)(clock_ms() - since) / 1000,
	       (unsigned long long)sum);
	fflush(stdout);
}

/* Until the time is over, every process that has ended is followed by one. */
static void keep_running(pid_t *team, unsigned int nr, uint64_t seed,
			 uint64_t seconds)
{
	uint64_t since = clock_ms();
	uint64_t next = seconds * 1000 / REPORTS;
	int status;

	while (!__atomic_load_n(&tally->stop, __ATOMIC_RELAXED) &&
	       clock_ms() - since < seconds * 1000) {
		for (unsigned int i = 0; i < nr; i++) {
			if (waitpid(team[i], &status, WNOHANG) != team[i]) {
				continue;
			}
			if (status != 0) {
				fail("a process ended with a failure");
			}
			tally_add(DEED_LIFE);
			team[i] = begin_team(&seed, nr);
		}
		if (clock_ms() - since >= next) {
			tell(since);
			next += seconds * 1000 / REPORTS;
		}
		usleep(20000);
	}
	__atomic_store_n(&tally->stop, true, __ATOMIC_SEQ_CST);
}

static void end_all(const pid_t *team, unsigned int nr)
{
	alarm(PATIENCE);
	for (unsigned int i = 0; i < nr; i++) {
		child_wait(team[i], 0);
		tally_add(DEED_LIFE);
	}
}

static int judge(unsigned int nr_cpus, uint64_t seconds, bool plugs)
{
	bool all = true;

	for (unsigned int i = 0; i < NR_DEEDS; i++) {
		printf("torture: %-14s %llu\n", names[i],
		       (unsigned long long)tally->done[i]);
		if (tally->done[i] == 0 && (i != DEED_HOTPLUG || plugs)) {
			printf("torture: WRONG: never done: %s\n", names[i]);
			all = false;
		}
	}
	printf("torture: %-14s %llu\n", "faults",
	       (unsigned long long)tally->faults);
	printf("torture: %-14s %llu\n", "busy",
	       (unsigned long long)tally->busy);
	if (sysconf(_SC_NPROCESSORS_ONLN) != (long)nr_cpus) {
		printf("torture: WRONG: a processor is missing\n");
		all = false;
	}
	if (all && !tally->failed) {
		printf("torture: done: %u processors, %llu s, nothing wrong\n",
		       nr_cpus, (unsigned long long)seconds);
	}
	fflush(stdout);
	return all && !tally->failed ? 0 : 1;
}

int main(int argc, char **argv)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int nr_cpus =
		(unsigned int)(cpus > MAX_TEAMS ? MAX_TEAMS : cpus);
	uint64_t seconds, seed;
	pid_t team[MAX_TEAMS];
	pid_t plugger = 0;
	bool plugs;

	if (argc == 3 && !strcmp(argv[1], "exit")) {
		_exit(atoi(argv[2]));
	}
	if (argc < 2) {
		fprintf(stderr, "usage: torture SECONDS [SEED [plug]]\n");
		return 2;
	}
	seconds = strtoull(argv[1], NULL, 10);
	seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	seed = seed * 0x9e3779b97f4a7c15 | 1;
	tally = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED) {
		return 1;
	}
	if (argc == 3 && !strcmp(argv[1], "smp")) {
		smp_measure((unsigned int)strtoul(argv[2], NULL, 10));
		return 0;
	}
	fault_init();
	for (unsigned int i = 0; i < nr_cpus; i++) {
		team[i] = begin_team(&seed, nr_cpus);
	}
	plugs = argc > 3 && nr_cpus > 1;
	if (plugs) {
		plugger = fork();
		if (plugger == 0) {
			plug(seed, nr_cpus);
		}
	}
	keep_running(team, nr_cpus, seed, seconds);
	end_all(team, nr_cpus);
	if (plugger > 0) {
		child_wait(plugger, 0);
	}
	return judge(nr_cpus, seconds, plugs);
}
