/* SPDX-License-Identifier: MIT */
/* What a domain that is being made will be, and of which frames. */
#ifndef PW_HV_LIFE_PLAN_H
#define PW_HV_LIFE_PLAN_H

#include "builder/build.h"
#include "hv/boot/multiboot.h"
#include "hv/domain/domain.h"

/* Pieces of memory that one domain may be made of. */
#define PLAN_RUNS 4096

/* Where its frames come from: RAM that nobody had yet, or the engine's pool. */
enum plan_source { PLAN_FROM_BOOT, PLAN_FROM_POOL };

struct plan {
	struct domain *of; /* NULL: none is being made */
	struct elf_image image;
	struct xen_notes notes;
	struct layout layout;
	struct build_memory memory;
	struct pfn_run runs[PLAN_RUNS];
	enum plan_source source;
	const char *cmdline;
	bool initrd_in_place;
	/* Given to the domain so far: a run, and frames of it. */
	unsigned int run;
	uint64_t done;
};

/* The layout, and the frames. 0, or an error that says why not. */
int plan_make(struct plan *p, struct domain *d, enum plan_source source,
	      struct build_error *e);
/* Gives the domain some of its frames, cleared; true: it has them all. */
bool plan_assign(struct plan *p, uint64_t frames);
/* The domain is not made after all: frames that it was not given go back. */
void plan_drop(struct plan *p);

#endif
