/* SPDX-License-Identifier: MIT */
/*
 * Memory maps as people have them: lines of a boot log, of Linux
 * ("BIOS-e820: [mem 0x...-0x...] usable") or of Xen ("[0000..., 0000...]
 * (usable)"), or bare numbers and a type. What else a line holds before the
 * bracket does not matter; a line without numbers is none of the map.
 */
#include "cli/e820.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	uint32_t type;
} types[] = {
	{"usable", 1},   {"RAM", 1},      {"reserved", 2},   {"ACPI data", 3},
	{"ACPI NVS", 4}, {"unusable", 5}, {"persistent", 7},
};

/* A number, and what follows it and what divides; false: there is none. */
static bool take_number(const char **at, uint64_t *ret)
{
	const char *text = *at + strspn(*at, " \t,-[");
	char *end;

	if (!isxdigit((unsigned char)*text)) {
		return false;
	}
	errno = 0;
	*ret = strtoull(text, &end, 16);
	*at = end;
	return errno == 0;
}

static bool take_type(const char *text, uint32_t *ret)
{
	char *end;
	unsigned long n;

	text += strspn(text, " \t](");
	n = strtoul(text, &end, 10);
	if (end != text && n >= 1 && n <= 255) {
		*ret = (uint32_t)n;
		return true;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strncasecmp(text, types[i].name, strlen(types[i].name)) ==
		    0) {
			*ret = types[i].type;
			return true;
		}
	}
	return false;
}

/* Where a line's numbers begin; NULL: it is none of the map. */
static const char *numbers_of(const char *line)
{
	const char *mem = strstr(line, "[mem ");
	const char *bracket = strrchr(line, '[');

	if (mem != NULL) {
		return mem + 5;
	}
	if (bracket != NULL) {
		return bracket;
	}
	line += strspn(line, " \t");
	return isdigit((unsigned char)*line) ? line : NULL;
}

/* NULL, or what is wrong with the line. */
static const char *add(struct e820_map *map, const char *line)
{
	const char *at = numbers_of(line);
	struct e820_piece p = {.type = 0};
	uint64_t last;

	if (at == NULL) {
		return NULL;
	}
	if (!take_number(&at, &p.addr) || !take_number(&at, &last) ||
	    !take_type(at, &p.type)) {
		return "is no START, END and type";
	}
	if (last < p.addr || last == UINT64_MAX) {
		return "ends before it begins";
	}
	p.size = last - p.addr + 1;
	if (map->nr == E820_PIECES) {
		return "is one too many";
	}
	if (map->nr != 0 &&
	    map->piece[map->nr - 1].addr + map->piece[map->nr - 1].size >
		    p.addr) {
		return "begins before the end of the one above";
	}
	map->piece[map->nr++] = p;
	return NULL;
}

bool e820_read(struct e820_map *map, const char *path, char *error, size_t size)
{
	const char *wrong = NULL;
	unsigned int nr = 0;
	int unread;
	char line[256];
	FILE *f = fopen(path, "re");

	*map = (struct e820_map){.nr = 0};
	if (f == NULL) {
		snprintf(error, size, "--e820 %s: %s", path, strerror(errno));
		return false;
	}
	while (wrong == NULL && fgets(line, sizeof(line), f) != NULL) {
		nr++;
		wrong = add(map, line);
	}
	unread = ferror(f) ? errno : 0;
	fclose(f);
	if (unread != 0) {
		snprintf(error, size, "--e820 %s: %s", path, strerror(unread));
	} else if (wrong != NULL) {
		snprintf(error, size, "--e820 %s: line %u %s", path, nr, wrong);
	} else if (map->nr == 0) {
		snprintf(error, size, "--e820 %s: no line of a memory map",
			 path);
	}
	return wrong == NULL && map->nr != 0;
}
