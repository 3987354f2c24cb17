/* SPDX-License-Identifier: MIT */
/* What is allowed, and yet is most likely a mistake; boot option `lint`. */
#ifndef PW_HV_REPORT_LINT_H
#define PW_HV_REPORT_LINT_H

#include <stdbool.h>
#include <stdint.h>

struct domain;
struct mmu_event;
struct regs;
struct vcpu;

enum lint_kind {
	LINT_NO_FLUSH,  /* made writable, and no flush came */
	LINT_BITS_LOST, /* an update took accessed or dirty bits away */
	LINT_DIRECT,    /* a table was written to directly */
	LINT_KINDS,
};

/* Part of struct domain. */
struct lint {
	uint64_t nr[LINT_KINDS];
	/* Made writable since the last flush: how many, and which was first. */
	uint64_t open;
	uint64_t open_since; /* its serial */
	uint64_t flushes;    /* so many there had been */
	uint64_t example;    /* of LINT_NO_FLUSH: its serial */
	unsigned int nr_told;
};

extern bool lint_wanted;

/* Listens to the engine, while the option is set. */
void lint_event(struct domain *d, const struct mmu_event *e);
/*
 * The domain has stopped, and has what it had: tells, and waits for whoever
 * looks at its memory (reader_end()).
 */
void lint_end(struct domain *d);

#endif
