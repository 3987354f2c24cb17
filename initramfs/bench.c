/* SPDX-License-Identifier: MIT */
/*
 * The benchmark that `make bench` runs in each guest: what a process pays for
 * the operations that touch page tables. It reads the time-stamp counter,
 * which under QEMU's `-icount shift=0` advances by one for each instruction
 * executed, whether the guest's or the hypervisor's. So each number is a count
 * of instructions and repeats. Each measurement is the median of a number of
 * batches, after a warm-up batch that is thrown away: the timer tick, which
 * lands in some batches, does not shift it.
 *
 * "boot-to-init" is the kernel's own clock (which begins in the kernel's first
 * function) at our start, less the time the processor was idle: with icount,
 * idle time passes without instructions.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define BATCHES 15
#define PAGE 4096UL

static _Noreturn void fail(const char *what)
{
	printf("bench: %s failed\n", what);
	fflush(stdout);
	_exit(1);
}

static void wait_for(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || status) {
		fail("fork");
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

/* Touches pages of fresh memory: a fault, a frame and an entry for each. */
static void touch_fresh(size_t pages)
{
	size_t size = pages * PAGE;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		fail("mmap");
	}
	/* Large pages exist natively only; the same work everywhere. */
	madvise((void *)p, size, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++) {
		p[i * PAGE] = 1;
	}
	if (munmap((void *)p, size)) {
		fail("munmap");
	}
}

static void mmap_munmap(void)
{
	touch_fresh((1 << 20) / PAGE);
}

/* The 1000 faults alone: the mapping is made and removed off the clock. */
static uint64_t time_page_faults(void)
{
	size_t size = 1000 * PAGE;
	volatile char *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t start, end;

	if (p == MAP_FAILED) {
		fail("mmap");
	}
	madvise((void *)p, size, MADV_NOHUGEPAGE);
	start = __rdtsc();
	for (size_t i = 0; i < 1000; i++) {
		p[i * PAGE] = 1;
	}
	end = __rdtsc();
	munmap((void *)p, size);
	return end - start;
}

static int ping[2], pong[2];

static void ping_pong(void)
{
	char c = 0;

	if (write(ping[1], &c, 1) != 1 || read(pong[0], &c, 1) != 1) {
		fail("pipe");
	}
}

static void echo_back(void)
{
	char c;

	close(ping[1]);
	while (read(ping[0], &c, 1) == 1) {
		if (write(pong[1], &c, 1) != 1) {
			break;
		}
	}
	_exit(0);
}

static void getppid_once(void)
{
	syscall(SYS_getppid);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void report(const char *name, uint64_t *batches, unsigned repeat)
{
	qsort(batches, BATCHES, sizeof(*batches), by_value);
	printf("bench: %s %llu\n", name,
	       (unsigned long long)(batches[BATCHES / 2] / repeat));
	fflush(stdout);
}

static void measure(const char *name, void (*op)(void), unsigned repeat)
{
	uint64_t batches[BATCHES];

	for (int b = -1; b < BATCHES; b++) {
		uint64_t start = __rdtsc();

		for (unsigned i = 0; i < repeat; i++) {
			op();
		}
		if (b >= 0) {
			batches[b] = __rdtsc() - start;
		}
	}
	report(name, batches, repeat);
}

static void measure_page_faults(void)
{
	uint64_t batches[BATCHES];

	time_page_faults();
	for (int b = 0; b < BATCHES; b++) {
		batches[b] = time_page_faults();
	}
	report("page-faults-1000", batches, 1);
}

static void measure_pipe(void)
{
	pid_t pid;

	if (pipe(ping) || pipe(pong)) {
		fail("pipe");
	}
	pid = fork();
	if (pid == 0) {
		echo_back();
	}
	measure("pipe-ping-pong", ping_pong, 200);
	close(ping[1]);
	wait_for(pid);
}

/* Nanoseconds that the processor has been idle, by the kernel's own clock. */
static uint64_t idle_ns(void)
{
	char line[256];
	unsigned long long ns = 0;
	FILE *f = fopen("/proc/timer_list", "r");

	if (!f) {
		fail("/proc/timer_list");
	}
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1) {
			break;
		}
	}
	fclose(f);
	return ns;
}

/* Microseconds on the kernel's clock now: the time stamp of a message. */
static uint64_t boot_us(void)
{
	static const char mark[] = "pagewarden: benchmark\n";
	char record[1024];
	unsigned long long us;
	int fd = open("/dev/kmsg", O_RDWR | O_NONBLOCK);
	ssize_t n;

	if (fd < 0 || lseek(fd, 0, SEEK_END) < 0 ||
	    write(fd, mark, sizeof(mark) - 1) < 0) {
		fail("/dev/kmsg");
	}
	n = read(fd, record, sizeof(record) - 1);
	if (n <= 0) {
		fail("/dev/kmsg");
	}
	record[n] = '\0';
	close(fd);
	if (sscanf(record, "%*u,%*u,%llu", &us) != 1) {
		fail("/dev/kmsg");
	}
	return us;
}

int main(int argc, char **argv)
{
	uint64_t boot;

	if (argc > 1 && !strcmp(argv[1], "exit")) {
		_exit(0);
	}
	boot = boot_us() * 1000;
	/* Before the measurements of all processors (torture/smp.c). */
	if (argc > 1 && !strcmp(argv[1], "boot")) {
		printf("bench: smp-boot-to-init %llu\n",
		       (unsigned long long)boot);
		return 0;
	}
	printf("bench: boot-to-init %llu\n",
	       (unsigned long long)(boot - idle_ns()));
	printf("bench: boot-idle %llu\n", (unsigned long long)idle_ns());
	measure("fork+exit", fork_exit, 40);
	measure("fork+exec", fork_exec, 20);
	measure_page_faults();
	measure("mmap-munmap-1M", mmap_munmap, 10);
	measure_pipe();
	measure("getppid", getppid_once, 2000);
	printf("bench: end 0\n");
	return 0;
}
