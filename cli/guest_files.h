/* SPDX-License-Identifier: MIT */
/* One domain's files, found, opened and judged before QEMU starts. */
#ifndef PW_CLI_GUEST_FILES_H
#define PW_CLI_GUEST_FILES_H

#include <limits.h>

#include "builder/layout.h"
#include "cli/qemu.h"
#include "cli/run_options.h"
#include "cli/say.h"

#define GUEST_ERROR_SIZE 512

/* One domain's files. */
struct guest {
	/* To be set. */
	struct run_domain options;
	struct qemu_guest *files; /* gets descriptors and command line */
	char *error;              /* GUEST_ERROR_SIZE bytes */
	bool bare;                /* no console=hvc0 */
	bool no_cache;            /* unpack the kernel in any case */
	const struct command_wish *command; /* to be run in it, or NULL */
	/* By guest_prepare(). */
	char kernel_path[PATH_MAX];
	char initrd_path[PATH_MAX]; /* "": there is none */
	char cmdline[LAYOUT_CMDLINE_SIZE];
	uint64_t elf_size;
	uint64_t initrd_size;
	uint64_t entry;
};

/*
 * Everything of a domain but its memory. A status that is not STATUS_OK is told
 * in error; descriptors that are open stay in files.
 */
enum exit_status guest_prepare(struct guest *g);

/* A file beside the executable, PATH_MAX bytes; "" if the path is too long. */
void guest_beside_executable(const char *name, char *path);

#endif
