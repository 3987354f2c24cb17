/* SPDX-License-Identifier: MIT */
/* The configurations of XTF's images below a folder, and a console's verdict.
 */
#ifndef PW_CLI_MANY_XTF_FIND_H
#define PW_CLI_MANY_XTF_FIND_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/cases.h"

#define XTF_NAME 64

/* One configuration: a test, in an environment, in a variation if it has any.
 */
struct xtf_test {
	char name[XTF_NAME]; /* "pv-iopl~hypercall" */
	char category[24];
	char env[16]; /* "pv64" */
	char image[PATH_MAX];
	char cmdline[256];
	uint64_t memory; /* bytes */
	unsigned int vcpus;
};

struct xtf_list {
	struct xtf_test *tests; /* by name */
	unsigned int nr;
	unsigned int nr_others;  /* of environments that are not wanted */
	unsigned int nr_unbuilt; /* folders with a source and no info.json */
	char unbuilt[XTF_NAME];  /* the first of them */
};

/* Those of that environment. False: the mistake is said. */
bool xtf_find(struct xtf_list *list, const char *folder, const char *env);
void xtf_forget(struct xtf_list *list);

/*
 * What a test says of itself, in what its console has shown: into the case,
 * whose title gets the reason. False: it has said nothing (XTF: a crash).
 */
bool xtf_verdict(const char *console, struct run_case *to,
		 const char **ret_word);

#endif
