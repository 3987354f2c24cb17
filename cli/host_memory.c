/* SPDX-License-Identifier: MIT */
/*
 * The host answers in text, and not everywhere: what it does not say does not
 * limit.
 */
#include "cli/host_memory.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/size.h"

#define CGROUPS "/sys/fs/cgroup"
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define PAGE 4096
/* Of a page's description, in all (host_memory_guest). */
#define OF_PAGE 112
/* QEMU, the hypervisor's image, and what a guest has beside its memory map. */
#define OF_RUN (128 * MIB)

/* The file's beginning as a string, "" if it cannot be read. */
static void read_text(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = f == NULL ? 0 : fread(text, 1, size - 1, f);

	text[n] = '\0';
	if (f != NULL) {
		fclose(f);
	}
}

uint64_t host_memory_line(const char *meminfo, const char *name)
{
	const size_t length = strlen(name);

	for (const char *line = meminfo; line != NULL;
	     line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			return strtoull(line + length + 1, NULL, 10) << 10;
		}
	}
	return 0;
}

static uint64_t group_number(const char *group, const char *file,
			     uint64_t otherwise)
{
	char path[PATH_MAX];
	char text[64] = "";
	char *end;
	uint64_t n;

	if (snprintf(path, sizeof(path), "%s%s/%s", CGROUPS, group, file) >=
	    (int)sizeof(path)) {
		return otherwise;
	}
	read_text(path, text, sizeof(text));
	n = strtoull(text, &end, 10);
	return end == text ? otherwise : n;
}

/* What is left to a group and to those above it. */
static uint64_t groups_free(void)
{
	char line[PATH_MAX] = "";
	char *group = line + strlen("0::");
	uint64_t least = UINT64_MAX;

	read_text("/proc/self/cgroup", line, sizeof(line));
	if (strncmp(line, "0::/", 4) != 0) {
		return least;
	}
	group[strcspn(group, "\n")] = '\0';
	while (*group != '\0') {
		uint64_t most = group_number(group, "memory.max", UINT64_MAX);
		uint64_t used = group_number(group, "memory.current", 0);
		uint64_t left = most < used ? 0 : most - used;

		least = left < least ? left : least;
		*strrchr(group, '/') = '\0';
	}
	return least;
}

uint64_t host_memory_free(void)
{
	char meminfo[4096] = "";
	uint64_t groups = groups_free();
	uint64_t bytes;

	read_text("/proc/meminfo", meminfo, sizeof(meminfo));
	bytes = host_memory_line(meminfo, "MemAvailable") +
		host_memory_line(meminfo, "SwapFree");
	if (bytes == 0) {
		return groups;
	}
	return bytes < groups ? bytes : groups;
}

uint64_t host_memory_guest(uint64_t bytes)
{
	return bytes / PAGE * OF_PAGE + OF_RUN;
}

/* As much of it as a person wants to read. */
static uint64_t rounded(uint64_t bytes)
{
	return bytes & (bytes < 4 * GIB ? -MIB : -GIB);
}

bool host_memory_fits(const char *what, uint64_t bytes, char *reason,
		      size_t size)
{
	uint64_t free_bytes = host_memory_free();
	char needed[SIZE_TEXT];
	char had[SIZE_TEXT];

	if (bytes <= free_bytes) {
		return true;
	}
	snprintf(reason, size,
		 "%s takes at least %s of this host's memory, and %s are free; "
		 "--overcommit tries all the same",
		 what, size_format(rounded(bytes), needed),
		 size_format(rounded(free_bytes), had));
	return false;
}

bool host_memory_in_turn(uint64_t bytes, uint64_t free_bytes, char *line,
			 size_t size)
{
	char needed[SIZE_TEXT];
	char had[SIZE_TEXT];

	if (bytes <= free_bytes / 2) {
		return false;
	}
	snprintf(line, size,
		 "the largest runs take %s of this host's memory each, and %s "
		 "are free: one after the other",
		 size_format(rounded(bytes), needed),
		 size_format(rounded(free_bytes), had));
	return true;
}
