/* SPDX-License-Identifier: MIT */
/*
 * Why a kernel cannot start: one line that names the field and its values.
 * Lines are made by the one formatter (abi/text.h).
 */
#ifndef PW_BUILDER_ERROR_H
#define PW_BUILDER_ERROR_H

#include <stdint.h>

struct build_error {
	/* NUL-terminated, no newline; empty while nothing has failed. */
	char text[256];
};

/*
 * error_set(e, errno, "note %s: %lu is above %#lx", ...): fills the line and
 * returns -errno. The compiler checks the arguments. Bytes of
 * a string that do not print become '?', as it may be a kernel file's. What
 * does not fit is cut.
 */
__attribute__((format(printf, 3, 4))) int error_set(struct build_error *e,
						    int xen_errno,
						    const char *format, ...);

#endif
