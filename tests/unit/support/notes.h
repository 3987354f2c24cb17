/* SPDX-License-Identifier: MIT */
/* Kernels whose notes are what is tried: what they have in common. */
#ifndef PW_TESTS_NOTES_H
#define PW_TESTS_NOTES_H

#include "builder/notes.h"
#include "tests/unit/support/kernel_file.h"

#define SMALL_KERNEL                                 \
	{                                            \
		{                                    \
			0x100000, 0x1000, 0x10000, 0 \
		}                                    \
	}
#define GENERIC                                       \
	NOTE_STR(XEN_ELFNOTE_XEN_VERSION, "xen-3.0"), \
		NOTE_STR(XEN_ELFNOTE_LOADER, "generic")

/* Makes the file and reads its notes: what notes_parse() says, or elf_parse().
 */
int notes_of(const struct kernel_file *spec, struct xen_notes *ret_notes,
	     struct build_error *error);

#endif
