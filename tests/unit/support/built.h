/* SPDX-License-Identifier: MIT */
/*
 * A domain built into memory that was full of junk, over one of several maps of
 * pfn to mfn, from one run to runs of a page; and what is in memory afterwards,
 * judged by a walk of the tables that knows nothing of the layout's
 * bookkeeping: it follows entries from the root and turns machine frames back
 * into pfns.
 */
#ifndef PW_TESTS_BUILT_H
#define PW_TESTS_BUILT_H

#include <stdbool.h>
#include <stdint.h>

#include "builder/build.h"
#include "tests/unit/support/kernel_file.h"

#define BUILT_JUNK 0xa5
/* Machine frames below this are not the domain's. */
#define BUILT_FIRST_MFN 7
#define BUILT_SPARE_MFNS 64

struct built {
	uint8_t *file;
	bool narrow; /* a 32-bit kernel */
	struct elf_image image;
	struct xen_notes notes;
	struct layout layout;
	uint8_t *ram;
	uint64_t nr_frames;
	struct pfn_run *runs;
	uint64_t *pfn_of; /* by mfn; UINT64_MAX: not the domain's */
	struct build_memory memory;
	struct build_params params;
	struct build_result result;
	/* Found by the walk. */
	uint64_t nr_leaves;
	uint64_t nr_tables;
	uint8_t *is_table; /* by pfn */
	uint8_t *initrd;
};

struct built_domain {
	const struct kernel_file *file;
	struct layout_request request;
};

#define BUILT_RUN_MAPS 5

void built_setup(struct built *b, const struct built_domain *d,
		 unsigned int map);
void built_teardown(struct built *b);
/* It must succeed. */
void built_build(struct built *b);

/* The pfn of a frame, which must be the domain's; the bytes of a page. */
uint64_t built_pfn(const struct built *b, mfn_t frame);
uint8_t *built_page(const struct built *b, uint64_t frame);

/* All of it but start_info. */
void built_check(struct built *b, const struct kernel_file *f);

#endif
