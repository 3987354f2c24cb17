/* SPDX-License-Identifier: MIT */
/* Calls of the kernel that change no table, or its own. */
#include "bench.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define INT80_GETPPID 64

static void getppid_once(void)
{
	syscall(SYS_getppid);
}

/* The way of 32-bit programs, open to all. */
static void int80(void)
{
	long result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "0"((long)INT80_GETPPID)
			 : "memory", "r8", "r9", "r10", "r11");
	if (result < 0) {
		fail("int80");
	}
}

static volatile sig_atomic_t signals;

static void handler(int number)
{
	signals += number;
}

static void catch (void)
{
	struct sigaction action = {.sa_handler = handler};

	if (sigaction(SIGUSR1, &action, NULL)) {
		fail("sigaction");
	}
}

static void send_signal(void)
{
	sig_atomic_t before = signals;

	if (kill(getpid(), SIGUSR1) || signals == before) {
		fail("a signal");
	}
}

static void read_clock(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t)) {
		fail("clock_gettime");
	}
}

static void load_module(void)
{
	int file = open("/crc64.ko", O_RDONLY);

	if (file < 0 || syscall(SYS_finit_module, file, "", 0) ||
	    syscall(SYS_delete_module, "crc64", 0)) {
		fail("a module");
	}
	close(file);
}

const struct row system_rows[] = {
	{"getppid", NULL, getppid_once, NULL, 2000, 15, NULL, NULL},
	{"int80", NULL, int80, NULL, 2000, 15, NULL, NULL},
	{"signal", NULL, send_signal, NULL, 500, 15, catch, NULL},
	{"clock_gettime", NULL, read_clock, NULL, 2000, 15, NULL, NULL},
	{"module", NULL, load_module, NULL, 2, 9, NULL, NULL},
};
const size_t nr_system_rows = sizeof(system_rows) / sizeof(system_rows[0]);
