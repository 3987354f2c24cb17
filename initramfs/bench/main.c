/* SPDX-License-Identifier: MIT */
/*
 * The benchmark that `make bench` runs in each guest: what a process pays for
 * operations that touch page tables, and for some that do not.
 *
 *   bench count|time|flushes  all rows (measure.c); with :ROW, that alone
 *   bench boot                what came before
 *   bench exit                nothing: a program to become
 *
 * "boot-to-init" is the kernel's own clock (which begins in the kernel's first
 * function) at our start, less the time the processor was idle: with icount,
 * idle time passes without instructions. "power-on-to-init" is the time-stamp
 * counter, which begins with the machine; it counts what a hypervisor and
 * firmware do, too, and only with icount it counts anything.
 */
#include "bench.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

_Noreturn void fail(const char *what)
{
	printf("bench: %s failed\n", what);
	fflush(stdout);
	_exit(1);
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

static void tell(const char *name, uint64_t value)
{
	printf("bench: %s %llu\n", name, (unsigned long long)value);
	fflush(stdout);
}

static void tell_boot(void)
{
	const uint64_t tsc = __rdtsc();
	const uint64_t boot = boot_us() * 1000;

	tell("boot-to-init", boot - idle_ns());
	tell("boot-idle", idle_ns());
	tell("power-on-to-init", tsc);
}

static void measure_rows(const struct row *rows, size_t nr, enum mode mode,
			 const char *only)
{
	for (size_t i = 0; i < nr; i++) {
		if (!only || !strcmp(rows[i].name, only)) {
			measure(&rows[i], mode);
		}
	}
}

static void measure_all(enum mode mode, const char *only)
{
	measure_rows(process_rows, nr_process_rows, mode, only);
	measure_rows(memory_rows, nr_memory_rows, mode, only);
	measure_rows(system_rows, nr_system_rows, mode, only);
	if (mode != MODE_FLUSHES && !only) {
		measure_ticks(mode);
	}
}

int main(int argc, char **argv)
{
	static const char *const modes[] = {[MODE_COUNT] = "count",
					    [MODE_TIME] = "time",
					    [MODE_FLUSHES] = "flushes"};
	char *word = argc > 1 ? argv[1] : "";
	const char *only = strchr(word, ':');

	if (!strcmp(word, "exit")) {
		_exit(0);
	}
	/* Before the measurements of all processors (torture/smp.c). */
	if (!strcmp(word, "smp")) {
		tell("boot-to-init", boot_us() * 1000);
		return 0;
	}
	tell_boot();
	if (only) {
		word[only++ - word] = '\0';
	}
	for (enum mode mode = MODE_COUNT; mode <= MODE_FLUSHES; mode++) {
		if (!strcmp(word, modes[mode])) {
			measure_all(mode, only);
		}
	}
	tell("end", 0);
	return 0;
}
