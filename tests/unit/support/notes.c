/* SPDX-License-Identifier: MIT */
#include "tests/unit/support/notes.h"

#include <stdlib.h>

int notes_of(const struct kernel_file *spec, struct xen_notes *ret_notes,
	     struct build_error *error)
{
	struct elf_image image;
	size_t size;
	uint8_t *file = kernel_file_make(spec, &size);
	int rc = elf_parse(&image, file, size, error);

	if (rc == 0) {
		rc = notes_parse(&image, ret_notes, error);
	}
	free(file);
	return rc;
}
