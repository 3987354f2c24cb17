/* SPDX-License-Identifier: MIT */
/* What processes pay for: to be made, to become another, to take turns. */
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING 8

void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		fail("a process");
	}
}

static void fork_exit(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		_exit(0);
	}
	wait_for(pid);
}

static void fork_exec(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bench", "bench", "exit", (char *)NULL);
		_exit(127);
	}
	wait_for(pid);
}

static void vfork_exec_dynamic(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/dynamic", "dynamic", (char *)NULL);
		_exit(127);
	}
	wait_for(pid);
}

static void shell(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execl("/bin/sh", "sh", "-c", "/bin/true && :", (char *)NULL);
		_exit(127);
	}
	wait_for(pid);
}

static void *thread(void *argument)
{
	return argument;
}

static void thread_create(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, thread, NULL) || pthread_join(t, NULL)) {
		fail("a thread");
	}
}

/* --- who hand a byte on in a ring ------------------------------------------
 */

static int ends[RING][2];
static pid_t members[RING];
static unsigned int nr_members;

/* Takes a byte from the one before, gives it to the next. */
static _Noreturn void member(unsigned int i)
{
	unsigned int next = (i + 1) % nr_members;
	char c;

	for (unsigned int k = 0; k < nr_members; k++) {
		if (k != i) {
			close(ends[k][0]);
		}
		if (k != next) {
			close(ends[k][1]);
		}
	}
	while (read(ends[i][0], &c, 1) == 1) {
		if (write(ends[next][1], &c, 1) != 1) {
			break;
		}
	}
	_exit(0);
}

static void ring_of(unsigned int nr)
{
	nr_members = nr;
	for (unsigned int i = 0; i < nr; i++) {
		if (pipe(ends[i])) {
			fail("pipe");
		}
	}
	for (unsigned int i = 1; i < nr; i++) {
		members[i] = fork();
		if (members[i] == 0) {
			member(i);
		}
	}
}

static void ring_of_two(void)
{
	ring_of(2);
}

static void ring_of_eight(void)
{
	ring_of(RING);
}

static void once_around(void)
{
	char c = 0;

	if (write(ends[1][1], &c, 1) != 1 || read(ends[0][0], &c, 1) != 1) {
		fail("pipe");
	}
}

/* Each ends when nobody is left who could write to it. */
static void end_ring(void)
{
	for (unsigned int i = 0; i < nr_members; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
	for (unsigned int i = 1; i < nr_members; i++) {
		wait_for(members[i]);
	}
}

/* --- a large process -------------------------------------------------------
 */

static char *large;

static void touch_large(void)
{
	large = map_small(512 * MIB);
	for (size_t i = 0; i < 512 * MIB; i += PAGE) {
		large[i] = 1;
	}
}

static void untouch_large(void)
{
	unmap(large, 512 * MIB);
}

const struct row process_rows[] = {
	{"fork+exit", NULL, fork_exit, NULL, 40, 15, NULL, NULL},
	{"fork+exec", NULL, fork_exec, NULL, 20, 15, NULL, NULL},
	{"vfork+exec-dynamic", NULL, vfork_exec_dynamic, NULL, 10, 15, NULL,
	 NULL},
	{"sh-c", NULL, shell, NULL, 5, 15, NULL, NULL},
	{"thread", NULL, thread_create, NULL, 40, 15, NULL, NULL},
	{"pipe-ping-pong", NULL, once_around, NULL, 200, 15, ring_of_two,
	 end_ring},
	{"ring-of-8", NULL, once_around, NULL, 50, 15, ring_of_eight, end_ring},
	{"fork+exit-512M", NULL, fork_exit, NULL, 1, 3, touch_large,
	 untouch_large},
};
const size_t nr_process_rows = sizeof(process_rows) / sizeof(process_rows[0]);
