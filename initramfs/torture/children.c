/* SPDX-License-Identifier: MIT */
/*
 * Children: a child has a copy of all areas, which it changes, checks and
 * drops; of its parent's it may change nothing. It is the copy of one thread
 * of several, so it calls the kernel and nothing that might want a lock.
 */
#include "torture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

void child_wait(pid_t pid, int wanted)
{
	int status;
	pid_t got;

	do {
		got = waitpid(pid, &status, 0);
	} while (got < 0 && errno == EINTR);
	if (got != pid) {
		fail("waiting for a child");
	}
	if (status != wanted) {
		fail("a child ended otherwise than it should");
	}
}

static pid_t begin(void)
{
	pid_t pid = fork();

	if (pid < 0) {
		fail("fork of a child");
	}
	return pid;
}

/* What an exit status looks like to wait(). */
static int exited(unsigned int code)
{
	return (int)(code << 8);
}

void child_copy(struct worker *w)
{
	unsigned int code = random_below(w, 100);
	pid_t pid = begin();

	if (pid == 0) {
		area_check_all(w);
		area_spoil_all(w);
		area_map(w);
		area_move(w);
		area_protect(w);
		area_unmap(w);
		area_check_all(w);
		_exit((int)code);
	}
	area_check(w);
	area_map(w);
	child_wait(pid, exited(code));
	area_check_all(w);
	tally_add(DEED_FORK_COPY);
}

#define SHARED_ADDS 1000

void child_share(struct worker *w)
{
	uint64_t *page =
		mmap(w->team->aside + (1 + w->index) * SPOT_SIZE, PAGE,
		     PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	pid_t pid;

	if (page == MAP_FAILED) {
		fail("mmap of a shared page");
	}
	pid = begin();
	for (unsigned int i = 0; i < SHARED_ADDS; i++) {
		__atomic_fetch_add(page, 1, __ATOMIC_RELAXED);
	}
	if (pid == 0) {
		_exit(0);
	}
	child_wait(pid, exited(0));
	if (*page != 2 * SHARED_ADDS) {
		fail("a shared page missed additions");
	}
	if (munmap(page, PAGE) != 0) {
		fail("munmap of a shared page");
	}
	tally_add(DEED_FORK_SHARE);
}

/* Killed in the midst of its work, with its tables in use. */
void child_kill(struct worker *w)
{
	pid_t pid = begin();

	if (pid == 0) {
		for (;;) {
			area_map(w);
			area_move(w);
		}
	}
	usleep(random_below(w, 5000));
	if (kill(pid, SIGKILL) != 0) {
		fail("kill of a child");
	}
	child_wait(pid, SIGKILL);
	area_check(w);
	tally_add(DEED_FORK_KILL);
}

void child_exec(struct worker *w)
{
	unsigned int code = random_below(w, 100);
	char digits[4] = {(char)('0' + code / 10), (char)('0' + code % 10)};
	pid_t pid = begin();

	if (pid == 0) {
		execl("/proc/self/exe", "torture", "exit", digits,
		      (char *)NULL);
		_exit(127);
	}
	child_wait(pid, exited(code));
	tally_add(DEED_FORK_EXEC);
}

static void *thread_main(void *arg)
{
	struct worker *w = arg;

	area_check_all(w);
	area_map(w);
	return w;
}

/* On a stack of our own, so that no mapping of the C library's is made. */
void child_thread(struct worker *w)
{
	pthread_attr_t attr;
	pthread_t thread;
	void *answer;

	pthread_attr_init(&attr);
	if (pthread_attr_setstack(&attr, w->stack, STACK_SIZE) != 0 ||
	    pthread_create(&thread, &attr, thread_main, w) != 0 ||
	    pthread_join(thread, &answer) != 0 || answer != w) {
		fail("a thread");
	}
	pthread_attr_destroy(&attr);
	tally_add(DEED_THREAD);
}
