/* SPDX-License-Identifier: MIT */
/* PE files, as far as a kernel can be in one of their sections. */
#ifndef PW_CLI_IMAGE_PE_H
#define PW_CLI_IMAGE_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Does a file begin as PE files do ("MZ", and a PE header where it points)? */
bool pe_is(const uint8_t *file, size_t size);

/*
 * Finds the bytes of a section by its name, of 8 characters at most, in a file
 * for which pe_is. Returns 0, or -1 with one line in error, of
 * IMAGE_ERROR_SIZE bytes.
 */
int pe_find_section(const uint8_t *file, size_t size, const char *name,
		    const uint8_t **ret, size_t *ret_size, char *error);

#endif
