/* SPDX-License-Identifier: MIT */
/* A guest's memory as an ELF core, by pseudo-physical addresses. */
#ifndef PW_CLI_CORE_CORE_H
#define PW_CLI_CORE_CORE_H

#include <cjson/cJSON.h>

#include "cli/why/kernel.h"
#include "cli/why/machine.h"

#define CORE_ERROR 160

struct core_source {
	const struct why_machine *machine; /* which does not run meanwhile */
	int memory;                        /* its RAM as a file */
	const struct why_kernel *kernel;   /* for names */
	const cJSON *registers;            /* events, one of each vCPU */
	bool low;  /* the kernel is linked into the lower half */
	bool bare; /* the kernel is not to look like one under Xen */
};

struct core_result {
	uint64_t size;     /* of the domain's memory */
	uint64_t written;  /* of it, what is not zero */
	uint64_t mappings; /* runs of virtual addresses */
	uint64_t unplaced; /* frames that are not in the file */
	bool cut;          /* mappings were too many */
	bool bare;         /* as it was asked for */
	bool info;         /* there is a VMCOREINFO, */
	bool info_ours;    /* made here */
	char error[CORE_ERROR];
};

/* Into an empty file. False: the line in ret->error says why. */
bool core_write(int fd, const struct core_source *source,
		struct core_result *ret);

#endif
