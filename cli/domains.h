/* SPDX-License-Identifier: MIT */
/* Several domains for one machine: --domain, and the file of --config. */
#ifndef PW_CLI_DOMAINS_H
#define PW_CLI_DOMAINS_H

#include <stdbool.h>
#include <stdint.h>

#define DOMAINS_MAX 16        /* DOMAINS in hv/domain/domain.h */
#define DOMAINS_VCPUS_MAX 128 /* of all together: CPU_VCPUS in hv/cpu/cpu.h */
#define DOMAINS_NAME_MAX 31
#define DOMAINS_ERROR_SIZE 256
#define RUN_MEMORY_MAX (UINT64_C(128) << 40) /* what the M2P window covers */
#define RUN_VCPUS_MAX 32
#define DOMAINS_NAME "guest" /* of one that nobody named */

struct run_domain {
	const char *name;
	const char *kernel; /* NULL: the default beside the executable */
	const char *initrd; /* likewise, unless no_initrd */
	bool no_initrd;
	const char *append;     /* NULL: nothing beyond console=hvc0 */
	uint64_t memory;        /* bytes, whole MiB */
	uint64_t max_memory;    /* that it may have later; 0: that */
	const char *e820;       /* a file with its memory map, or NULL */
	unsigned int vcpus;     /* online when it begins */
	unsigned int max_vcpus; /* that may be; 0: those */
	bool root_first;        /* its tables, of 32 bits */
	uint32_t restarts;      /* how often it may begin again */
	/* May map what others own: all of them, or those named ("a+b"). */
	bool privileged;
	const char *over; /* NULL: none is named */
	uint32_t may_map; /* of those named, by domains_check(): bit n, nth */
};

struct domains {
	struct run_domain list[DOMAINS_MAX];
	unsigned int nr;
	/* What the strings point into. */
	char *owned[DOMAINS_MAX + 1];
	unsigned int nr_owned;
};

void domains_fini(struct domains *ds);

/*
 * Each returns NULL, or a line that says what is wrong, in error
 * (DOMAINS_ERROR_SIZE bytes).
 */
/* KEY=VALUE,... of one --domain; two commas are one of a value. */
const char *domains_add(struct domains *ds, const char *text, char *error);
/* A file with a [section] for each. */
const char *domains_read(struct domains *ds, const char *path, char *error);
/* NAME or NAME:TIMES of --restart. */
const char *domains_restart(struct domains *ds, const char *text, char *error);
/* All are there: do they go together? */
const char *domains_check(struct domains *ds, char *error);

/* How many it has, whether they are online or not. */
unsigned int run_vcpus(const struct run_domain *d);
/* The most memory that it may have. */
uint64_t run_memory(const struct run_domain *d);
/* Is max_vcpus less than vcpus? */
bool run_vcpus_wrong(const struct run_domain *d);

const struct run_domain *domains_find(const struct domains *ds,
				      const char *name);

/* --- for config_file.c ---------------------------------------------------- */

/* Keeps text until domains_fini(); NULL: memory is short. */
char *domains_own(struct domains *ds, char *text);
/* One more, with the defaults; name NULL: a number. NULL: there are too many.
 */
struct run_domain *domains_begin(struct domains *ds, const char *name);
/* NULL, or what is wrong with it. */
const char *domains_set(struct run_domain *d, const char *key,
			const char *value);

/* From 1 to max, in plain decimal and nothing else. */
bool parse_count(const char *text, uint64_t max, uint64_t *ret);
/* Any text but none: NULL, or what is wrong. */
const char *parse_text(const char *text, const char **ret);
/* A size of memory, of whole MiB: NULL, or what is wrong. */
const char *parse_memory(const char *text, uint64_t *ret_bytes);
/* Of one domain: NULL, or what is wrong. */
const char *parse_vcpus(const char *text, unsigned int *ret);

#endif
