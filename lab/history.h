/* SPDX-License-Identifier: MIT */
/*
 * A history: a failure from the public record as an experiment. Each file of
 * lab/histories/ is one: what happened, the policies (what the kernel did,
 * what was proposed, what held), and the outcome of each in each world.
 * Freestanding, like the kernel that boots with them (kernel.h).
 *
 * docs/histories.md is made from the tables by `pagewarden lab doc`.
 */
#ifndef PW_LAB_HISTORY_H
#define PW_LAB_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "lab/kernel.h"
#include "lab/world.h"

enum lab_outcome {
	LAB_RIGHT,       /* boots, and everything is as it should be */
	LAB_WRONG,       /* boots, with mistakes */
	LAB_REFUSED,     /* the hypervisor refused; the kernel gave up */
	LAB_FAULT,       /* a page fault that nobody handles */
	LAB_NOT_STARTED, /* the builder could not make the domain */
	LAB_BROKEN,      /* our own mistake: contract or simulator */
	LAB_OUTCOMES,
};

struct lab_policy {
	const char *history;
	const char *name;
	const char *title;              /* one line */
	const struct guest_policy *map; /* NULL: the library's own */
	const struct lab_deed *deed;    /* or NULL */
	bool p2m_inside;                /* in the initial mapping, always */
	bool sim_only;
	/*
	 * On a real hypervisor it is right whatever it does: QEMU's CPU looks
	 * at the tables once more before it faults.
	 */
	bool metal_forgives;
};

/* What keeps a frame from being what was asked for. */
enum lab_holder {
	LAB_HELD_BY_NOTHING,
	LAB_HELD_WRITABLE, /* a writable mapping */
	LAB_HELD_READONLY, /* a read-only one */
	LAB_HELD_AS_TABLE, /* an entry of an upper table */
	LAB_HELD_BY_PIN,
};

/* What is known of a failure, for the report to be held against. */
struct lab_blame {
	const char *title; /* the refusal's rule, or the kind of failure */
	const char *asker; /* the function that asked for it, or NULL */
	enum lab_holder holder;
	const char *maker; /* who made the holder; NULL: the builder */
};

/* A policy in a world, and what is recorded of it. */
struct lab_case {
	const struct lab_policy *policy;
	const struct lab_world *world;
	enum lab_outcome expected;
	/* Where it fails (or LAB_DONE), and what the log then must say. */
	enum lab_step step;
	const char *says;
	const struct lab_blame *blame; /* of each case that fails */
};

/* The last four of a case that comes out right. */
#define LAB_CASE_RIGHT LAB_RIGHT, LAB_DONE, NULL, NULL

struct lab_history {
	const char *name;
	const char *title;  /* one line */
	const char *source; /* when, and the subject of the public change */
	/* What was done, why it failed, what was proposed and what held. */
	const char *story;
	const struct lab_policy *policies;
	unsigned int nr_policies;
	const struct lab_case *cases;
	unsigned int nr_cases;
};

#define LAB_NR(array) (sizeof(array) / sizeof((array)[0]))

/* Those of lab/histories/, in the order of the record. */
extern const struct lab_history *const lab_histories[];
extern const unsigned int lab_nr_histories;

/* All of them in a row; NULL after the last. */
const struct lab_policy *lab_policy_at(unsigned int n);
const struct lab_case *lab_case_at(unsigned int n);

/* "table-high/used-only", or NULL; up to a space or the end. */
const struct lab_policy *lab_find_policy(const char *name);
/* Or NULL. */
const struct lab_history *lab_find_history(const char *name);

#endif
