/* SPDX-License-Identifier: MIT */
/*
 * Writes a domain into machine memory, as a layout says. The caller owns the
 * frames, chooses which become the domain's (the runs), sets the M2P, and
 * afterwards has the engine type and pin the root: nothing here is trusted by
 * the engine, which validates these tables as it does any other.
 */
#ifndef PW_BUILDER_BUILD_H
#define PW_BUILDER_BUILD_H

#include <stdint.h>

#include "abi/addr.h"
#include "builder/elf.h"
#include "builder/error.h"
#include "builder/layout.h"
#include "builder/width.h"

/* nr frames from pfn on are the machine frames from mfn on. */
struct pfn_run {
	pfn_t pfn;
	mfn_t mfn;
	uint64_t nr;
};

struct build_memory {
	uint8_t *ram; /* machine frame m is at ram + (m << 12) */
	/* Sorted by pfn, without holes from pfn 0 to the domain's last. */
	const struct pfn_run *runs;
	unsigned int nr_runs;
};

struct build_params {
	/*
	 * The initrd's bytes, to be copied; or NULL if the runs give the
	 * domain, at the initrd's pfns, the frames where it already lies.
	 */
	const void *initrd;
	const char *cmdline;   /* NUL-terminated; NULL: empty */
	maddr_t shared_info;   /* machine address */
	uint32_t console_port; /* event channel */
	uint32_t store_port;   /* 0: no xenstore */
	uint32_t flags;        /* SIF_*; SIF_MOD_START_PFN is added */
};

struct build_result {
	vaddr_t entry;      /* rip */
	vaddr_t start_info; /* rsi */
	vaddr_t stack_top;  /* rsp */
	mfn_t root;         /* cr3: an L4, or a 32-bit kernel's L3 */
	pfn_t root_pfn;
	mfn_t start_info_frame;
	mfn_t store_frame;
	mfn_t console_frame;
};

/* All of the steps below, in order. */
int build_domain(const struct build_memory *memory, const struct layout *layout,
		 const struct elf_image *image,
		 const struct build_params *params, struct build_result *result,
		 struct build_error *e);

/* The steps. build_check must come first: the others rely on it. */
int build_check(const struct build_memory *memory, const struct layout *layout,
		const struct build_params *params, struct build_error *e);
void build_kernel(const struct build_memory *memory,
		  const struct layout *layout, const struct elf_image *image);
void build_initrd(const struct build_memory *memory,
		  const struct layout *layout,
		  const struct build_params *params);
void build_p2m(const struct build_memory *memory, const struct layout *layout);
void build_tables(const struct build_memory *memory,
		  const struct layout *layout);
void build_start_info(const struct build_memory *memory,
		      const struct layout *layout,
		      const struct build_params *params);
void build_finish(const struct build_memory *memory,
		  const struct layout *layout, struct build_result *result);

/* The machine frame of a pfn below the domain's nr_pages. */
mfn_t build_mfn(const struct build_memory *memory, pfn_t frame);

/* The contents of a hypercall page (ABI: xen.h), 4096 bytes. */
void build_hypercall_page(uint8_t *page, const struct guest_width *width);

#endif
