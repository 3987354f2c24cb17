/* SPDX-License-Identifier: MIT */
/* Starting a guest: a domain of the hypervisor, or a native kernel. */
#ifndef PW_SIM_DOMAIN_H
#define PW_SIM_DOMAIN_H

#include "sim/sim.h"

/* The guest's image, of which only the place matters: it is C code. */
struct sim_kernel {
	vaddr_t virt_base;
	pfn_t start; /* pages of the image */
	pfn_t end;
	bool has_init_p2m; /* the note: an address of its own for the P2M */
	vaddr_t init_p2m;
};

struct sim_domain {
	struct sim_kernel kernel;
	uint64_t nr_pages;
	enum layout_p2m p2m;
	uint64_t mapping_limit; /* 0: as implemented, 1 GiB */
	const char *cmdline;
	bool lazy;      /* huge: take memory for what is touched (lazy.h) */
	bool scattered; /* frames in several runs, in an order by seed */
};

/*
 * Plans and builds the domain, gives it its frames, has the engine validate
 * and pin its L4, and loads it. 0, or -errno with the reason in *e.
 */
int sim_start_domain(struct sim *s, const struct sim_domain *d,
		     struct build_error *e);

struct sim_native {
	struct sim_kernel kernel;
	uint64_t nr_pages;   /* not more than the machine has */
	uint64_t mapped_end; /* the boot mapping: pfns [0, mapped_end) */
};

/*
 * What a native kernel's own entry code leaves: a mapping of 4 KiB pages,
 * writable, at virt_base, whose tables follow the image. *ret gets all but
 * the E820, which is one entry of RAM.
 */
int sim_start_native(struct sim *s, const struct sim_native *n,
		     struct guest_native *ret, struct build_error *e);

#endif
