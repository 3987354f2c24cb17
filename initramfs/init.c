/* SPDX-License-Identifier: MIT */
/*
 * The guest's first process. It shows that userspace works: says what kernel
 * and memory it found, runs a few hundred processes (each a fork with its
 * copied page tables and an exec that builds new ones), checks that each ended
 * as it should, and powers off. If anything fails it exits, which the kernel
 * answers with a panic: so a failure is never taken for a success.
 *
 * Words of the kernel command line:
 *   pw.forks=N  number of processes (300)
 *   pw.hotplug=N  so often, processor 1 goes off and on again (0)
 *   pw.torture=S  /torture for S seconds, with processors that go off and on
 *   pw.noplug   they stay on
 *   pw.await=N,...  waits until so many processors are online, and then so many
 *   pw.bench=MODE  run /bench instead (initramfs/bench/main.c)
 *   pw.smp=ROWS run /torture's measurements on all processors instead
 *   pw.devmem=N maps what lies N MiB into the machine, which may be refused
 *   pw.uptime   tells how long the guest has run
 *   pw.shell    a shell on the console before power-off
 *   pw.reboot   asks for a reboot instead of power-off
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "initramfs/command/pipe.h"

static char cmdline[4096];

static _Noreturn void fail(const char *what)
{
	printf("pagewarden: %s failed\n", what);
	fflush(stdout);
	_exit(1);
}

static void read_cmdline(void)
{
	int fd = open("/proc/cmdline", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, cmdline, sizeof(cmdline) - 1);

	if (n < 0) {
		fail("reading /proc/cmdline");
	}
	cmdline[n] = '\0';
	close(fd);
}

/* The value of a word (what follows it), or NULL if the word is absent. */
static const char *option(const char *word)
{
	size_t len = strlen(word);
	const char *at = cmdline;

	while ((at = strstr(at, word))) {
		if ((at == cmdline || at[-1] == ' ') &&
		    strchr(word[len - 1] == '=' ? "0123456789" : " \n",
			   at[len])) {
			return at + len;
		}
		at += len;
	}
	return NULL;
}

static void greet(void)
{
	struct utsname uts;
	struct sysinfo si;

	if (uname(&uts) || sysinfo(&si)) {
		fail("uname or sysinfo");
	}
	printf("pagewarden: userspace is up\n");
	printf("kernel:     %s %s %s\n", uts.sysname, uts.release, uts.machine);
	printf("            %s\n", uts.version);
	printf("processors: %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
	printf("memory:     %lu MiB, %lu MiB free\n",
	       si.totalram * si.mem_unit >> 20, si.freeram * si.mem_unit >> 20);
	fflush(stdout);
}

/* Runs a program to its end; returns its exit status or -1. */
static int run(char *const argv[])
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status)) {
		return -1;
	}
	return WEXITSTATUS(status);
}

static void run_many(long count)
{
	static char *const argv[] = {"/bin/true", NULL};

	for (long i = 1; i <= count; i++) {
		if (run(argv)) {
			fail("a process");
		}
		if (i % 100 == 0 || i == count) {
			printf("processes:  %ld of %ld\n", i, count);
			fflush(stdout);
		}
	}
}

static void set_online(const char *value)
{
	int fd = open("/sys/devices/system/cpu/cpu1/online", O_WRONLY);

	if (fd < 0 || write(fd, value, 1) != 1) {
		fail("switching a processor");
	}
	close(fd);
}

/* While processes run, that it has some to move. */
static void run_hotplug(long count)
{
	for (long i = 0; i < count; i++) {
		set_online("0");
		if (sysconf(_SC_NPROCESSORS_ONLN) + 1 !=
		    sysconf(_SC_NPROCESSORS_CONF)) {
			fail("a processor that is off");
		}
		run_many(1);
		set_online("1");
		run_many(1);
	}
	printf("hotplug:    %ld times\n", count);
	fflush(stdout);
}

/*
 * Linux takes a processor off itself where the store says so; one that the
 * store gives is there and waits for the administrator, or udev, to want it.
 */
static void take_processors(void)
{
	for (int i = 1; i < 32; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/online", i);
		fd = open(path, O_WRONLY);
		if (fd >= 0) {
			/* It says no to one that goes at this moment. */
			(void)!write(fd, "1", 1);
			close(fd);
		}
	}
}

static void await_processors(const char *list)
{
	do {
		long wanted = strtol(list, (char **)&list, 10);

		while (sysconf(_SC_NPROCESSORS_ONLN) != wanted) {
			if (sysconf(_SC_NPROCESSORS_ONLN) < wanted) {
				take_processors();
			}
			usleep(50000);
		}
		printf("online:     %ld\n", wanted);
		fflush(stdout);
	} while (*list++ == ',');
}

static void run_torture(const char *from)
{
	char seconds[12];
	char *const argv[] = {"/torture", seconds, "1",
			      option("pw.noplug") ? NULL : "plug", NULL};

	snprintf(seconds, sizeof(seconds), "%ld", strtol(from, NULL, 10));
	if (run(argv)) {
		fail("/torture");
	}
}

/* The kernel maps what it is told to, and queues the entry. */
static void map_device(long mib)
{
	int fd = open("/dev/mem", O_RDONLY);

	printf("mapping:    %ld MiB\n", mib);
	fflush(stdout);
	if (fd < 0 || mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd,
			   (off_t)mib << 20) == MAP_FAILED) {
		fail("mapping /dev/mem");
	}
	close(fd);
}

static sigjmp_buf without_pipe;

static void no_pipe(int number)
{
	(void)number;
	siglongjmp(without_pipe, 1);
}

/* The run ends with it, if the hypervisor has a pipe to tell it by. */
static void tell_status(int32_t status)
{
	signal(SIGILL, no_pipe);
	if (sigsetjmp(without_pipe, 1) == 0) {
		pipe_send(PIPE_EXIT, &status, sizeof(status));
	}
	signal(SIGILL, SIG_DFL);
}

/* A session of its own, so that the shell has job control. */
static void run_shell(void)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		setsid();
		ioctl(STDIN_FILENO, TIOCSCTTY, 1);
		execl("/bin/sh", "sh", (char *)NULL);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		fail("the shell");
	}
	tell_status(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
					: WEXITSTATUS(status));
}

static void tell_uptime(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t)) {
		fail("clock_gettime");
	}
	printf("uptime:     %ld ms\n", t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

/* What the boot took, and then the rows whose bits are set. */
static void measure_all(long rows)
{
	static char *const boot[] = {"/bench", "smp", NULL};
	char number[12];
	char *const smp[] = {"/torture", "smp", number, NULL};

	snprintf(number, sizeof(number), "%ld", rows);
	if (run(boot) || run(smp)) {
		fail("/torture smp");
	}
	printf("bench: end 0\n");
	fflush(stdout);
}

/* The word ends where the next begins. */
static void run_bench(const char *word)
{
	char mode[48];
	char *const bench[] = {"/bench", mode, NULL};

	snprintf(mode, sizeof(mode), "%.*s", (int)strcspn(word, " \n"), word);
	if (run(bench)) {
		fail("/bench");
	}
}

int main(void)
{
	const char *bench;
	const char *smp;
	const char *device;
	const char *forks;
	const char *plugs;
	const char *torture;
	const char *awaited;

	if (mount("proc", "/proc", "proc", 0, NULL)) {
		fail("mounting /proc");
	}
	read_cmdline();
	/* First thing after boot: the benchmark's clock is running. */
	smp = option("pw.smp=");
	if (smp) {
		measure_all(strtol(smp, NULL, 10));
	} else if ((bench = strstr(cmdline, "pw.bench="))) {
		run_bench(bench + strlen("pw.bench="));
	} else {
		greet();
		mount("sysfs", "/sys", "sysfs", 0, NULL);
		mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
		if (option("pw.shell")) {
			run_shell();
		}
		device = option("pw.devmem=");
		if (device) {
			map_device(strtol(device, NULL, 10));
		}
		plugs = option("pw.hotplug=");
		if (plugs) {
			run_hotplug(strtol(plugs, NULL, 10));
		}
		awaited = option("pw.await=");
		if (awaited) {
			await_processors(awaited);
		}
		torture = option("pw.torture=");
		if (torture) {
			run_torture(torture);
		}
		forks = option("pw.forks=");
		run_many(forks ? strtol(forks, NULL, 10) : 300);
	}
	if (option("pw.uptime")) {
		tell_uptime();
	}
	printf("pagewarden: %s\n",
	       option("pw.reboot") ? "rebooting" : "powering off");
	fflush(stdout);
	sync();
	reboot(option("pw.reboot") ? RB_AUTOBOOT : RB_POWER_OFF);
	fail("powering off");
}
