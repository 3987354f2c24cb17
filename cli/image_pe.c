/* SPDX-License-Identifier: MIT */
/*
 * A unified kernel image is a boot program for EFI with kernel, initrd and
 * command line as sections of its own (UAPI group, "Unified Kernel Image").
 * Only the table of sections is read (Microsoft, "PE Format": COFF file header
 * and section table). Nothing in the file is used before it has been compared
 * with the file's size.
 */
#include "cli/image_pe.h"

#include <stdio.h>
#include <string.h>

#include "builder/little_endian.h"
#include "cli/image.h"

enum {
	PE_OFFSET = 0x3c, /* 32 bits: where the PE header is */
	PE_HEADER_SIZE = 24,
	NR_SECTIONS = 6,           /* in the PE header, 16 bits */
	OPTIONAL_HEADER_SIZE = 20, /* likewise */
	SECTION_SIZE = 40,
	SECTION_NAME_SIZE = 8,
	SECTION_VIRTUAL_SIZE = 8,
	SECTION_RAW_SIZE = 16,
	SECTION_RAW_OFFSET = 20,
};

static const uint8_t *pe_header(const uint8_t *file, size_t size)
{
	size_t offset;

	if (size < PE_OFFSET + 4 || memcmp(file, "MZ", 2) != 0) {
		return NULL;
	}
	offset = little_endian(file + PE_OFFSET, 4);
	if (offset > size || size - offset < PE_HEADER_SIZE ||
	    memcmp(file + offset, "PE\0", 4) != 0) {
		return NULL;
	}
	return file + offset;
}

bool pe_is(const uint8_t *file, size_t size)
{
	return pe_header(file, size) != NULL;
}

static bool section_is(const uint8_t *section, const char *name)
{
	char padded[SECTION_NAME_SIZE] = "";

	memcpy(padded, name, strnlen(name, sizeof(padded)));
	return memcmp(section, padded, sizeof(padded)) == 0;
}

int pe_find_section(const uint8_t *file, size_t size, const char *name,
		    const uint8_t **ret, size_t *ret_size, char *error)
{
	const uint8_t *pe = pe_header(file, size);
	size_t nr = little_endian(pe + NR_SECTIONS, 2);
	size_t at = (size_t)(pe - file) + PE_HEADER_SIZE +
		    little_endian(pe + OPTIONAL_HEADER_SIZE, 2);

	if (at > size || nr > (size - at) / SECTION_SIZE) {
		snprintf(error, IMAGE_ERROR_SIZE,
			 "PE file: %zu section headers at 0x%zx are beyond the "
			 "file's %zu bytes",
			 nr, at, size);
		return -1;
	}
	for (size_t n = 0; n < nr; n++, at += SECTION_SIZE) {
		const uint8_t *section = file + at;
		size_t offset = little_endian(section + SECTION_RAW_OFFSET, 4);
		size_t raw = little_endian(section + SECTION_RAW_SIZE, 4);
		size_t used = little_endian(section + SECTION_VIRTUAL_SIZE, 4);

		if (!section_is(section, name)) {
			continue;
		}
		/* The file's size is rounded up, the memory's is exact. */
		raw = used < raw ? used : raw;
		if (offset > size || raw > size - offset) {
			snprintf(error, IMAGE_ERROR_SIZE,
				 "PE file: section %s at 0x%zx + 0x%zx is "
				 "beyond the file's %zu bytes",
				 name, offset, raw, size);
			return -1;
		}
		*ret = file + offset;
		*ret_size = raw;
		return 0;
	}
	snprintf(
		error, IMAGE_ERROR_SIZE,
		"PE file without a section %s: no Linux kernel, and no unified "
		"kernel image",
		name);
	return -1;
}
