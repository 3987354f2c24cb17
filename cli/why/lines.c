/* SPDX-License-Identifier: MIT */
/*
 * Lines by libdw. The unit that an address is in is found by its table of
 * ranges, which not every compiler writes; else by asking each unit, of which
 * as many are asked as a large kernel has, so that a file that lies costs no
 * more time than an honest one. What a unit says is read once and kept by
 * libdw.
 */
#include "cli/why/lines.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#define MAX_UNITS 65536
#define MAX_LINE 10000000

struct lines {
	Elf *elf;
	Dwarf *dwarf;
};

struct lines *lines_open(const uint8_t *elf, size_t size)
{
	struct lines *l = calloc(1, sizeof(*l));

	if (l == NULL || elf_version(EV_CURRENT) == EV_NONE) {
		free(l);
		return NULL;
	}
	l->elf = elf_memory((char *)(uintptr_t)elf, size);
	l->dwarf = l->elf == NULL ? NULL
				  : dwarf_begin_elf(l->elf, DWARF_C_READ, NULL);
	if (l->dwarf == NULL) {
		lines_close(l);
		return NULL;
	}
	return l;
}

void lines_close(struct lines *l)
{
	if (l == NULL) {
		return;
	}
	if (l->dwarf != NULL) {
		dwarf_end(l->dwarf);
	}
	if (l->elf != NULL) {
		elf_end(l->elf);
	}
	free(l);
}

static bool find_unit(struct lines *l, uint64_t address, Dwarf_Die *ret)
{
	Dwarf_Off offset = 0;
	Dwarf_Off next;
	size_t header;

	if (dwarf_addrdie(l->dwarf, address, ret) != NULL) {
		return true;
	}
	for (unsigned int i = 0; i < MAX_UNITS; i++, offset = next) {
		if (dwarf_nextcu(l->dwarf, offset, &next, &header, NULL, NULL,
				 NULL) != 0 ||
		    next <= offset) {
			return false;
		}
		if (dwarf_offdie(l->dwarf, offset + header, ret) != NULL &&
		    dwarf_haspc(ret, address) == 1) {
			return true;
		}
	}
	return false;
}

/* Without the folder that the compiler ran in. */
static const char *relative(Dwarf_Die *unit, const char *file)
{
	Dwarf_Attribute attribute;
	const char *folder =
		dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	size_t length = folder == NULL ? 0 : strlen(folder);

	return length != 0 && strncmp(file, folder, length) == 0 &&
			       file[length] == '/'
		       ? file + length + 1
		       : file;
}

bool lines_find(struct lines *l, uint64_t address, const char **ret_file,
		unsigned int *ret_line)
{
	Dwarf_Die unit;
	Dwarf_Line *line;
	const char *file;
	int number = 0;

	if (l == NULL || !find_unit(l, address, &unit)) {
		return false;
	}
	line = dwarf_getsrc_die(&unit, address);
	file = line == NULL ? NULL : dwarf_linesrc(line, NULL, NULL);
	if (file == NULL || dwarf_lineno(line, &number) != 0 || number <= 0 ||
	    number > MAX_LINE) {
		return false;
	}
	*ret_file = relative(&unit, file);
	*ret_line = (unsigned int)number;
	return true;
}
