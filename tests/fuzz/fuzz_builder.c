/* SPDX-License-Identifier: MIT */
/*
 * From a kernel's headers to a running domain. The input does not hold a whole
 * kernel, but what is wrong with a good one: the first bytes choose the domain,
 * the others are bytes of the headers and the notes to be overwritten, so that
 * nearly every input gets deep. (Whole files are fuzz_image.c's.)
 *
 * Whatever the file says, there is one line of error; or a domain whose first
 * tables the engine takes, whose pages can be shared with the hypervisor, whose
 * neighbours' memory was not touched, and that leaves nothing when it dies.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/build.h"
#include "tests/unit/support/kernel_file.h"
#include "tests/unit/support/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PAGES 1536u
/* Below the domain and above it, and somebody else's. */
#define MARGIN 16u
#define JUNK 0xa5

static void require(bool condition, const char *what)
{
	if (!condition) {
		fprintf(stderr, "%s\n", what);
		abort();
	}
}

/* A small kernel as stock Linux is one: three segments and its notes. */
static const struct kernel_file kernel = {
	.entry = 0xffffffff80220180,
	.segment = {{0x200000, 0x3000, 0x3000, 0xffffffff80200000},
		    {0x210000, 0x2000, 0x2000, 0xffffffff80210000},
		    {0x220000, 0x1800, 0x9000, 0xffffffff80220000}},
	.note = {NOTE_STR(6, "linux"), NOTE_STR(7, "2.6"),
		 NOTE_STR(5, "xen-3.0"), NOTE_NUM(3, 0xffffffff80000000),
		 NOTE_NUM(15, 0x8000000000), NOTE_NUM(1, 0xffffffff80220180),
		 NOTE_NUM(2, 0xffffffff80201000), NOTE_STR(8, "generic"),
		 NOTE_NUM(12, 0xffff800000000000), NOTE_NUM4(16, 1)},
};

/* The like of it for 32 bits. */
static const struct kernel_file narrow = {
	.narrow = true,
	.entry = 0x220180,
	.segment = {{0x200000, 0x3000, 0x3000, 0xc0200000},
		    {0x210000, 0x2000, 0x2000, 0xc0210000},
		    {0x220000, 0x1800, 0x9000, 0xc0220000}},
	.note = {NOTE_STR(6, "linux"), NOTE_STR(7, "2.6"),
		 NOTE_STR(5, "xen-3.0"), NOTE_NUM4(3, 0xc0000000),
		 NOTE_NUM4(1, 0xc0220180), NOTE_NUM4(2, 0xc0201000),
		 NOTE_STR(9, "yes"), NOTE_STR(8, "generic"),
		 NOTE_NUM4(12, 0xf5800000), NOTE_NUM4(16, 1)},
};
static const struct kernel_file narrow_old = {
	.narrow = true,
	.where = KERNEL_NOTES_XEN_GUEST,
	.xen_guest = "XEN_VER=xen-3.0,LOADER=generic,PAE=yes,"
		     "VIRT_BASE=0x7ff00000,VIRT_ENTRY=0x80000000,"
		     "HYPERCALL_PAGE=0x180",
	.segment = {{0x7fff0000, 0x100, 0x100, 0},
		    {0x80000000, 0x2000, 0x200000, 0}},
};

struct world {
	pte_t top; /* of the L4 that a 32-bit vCPU has */
	struct mmu_domain dom;
	struct mmu_vcpu vcpu;
	pte_t window[DESC_WINDOW_ENTRIES];
	struct audit_tally *tally;
	struct pfn_run runs[3];
	struct build_memory memory;
};

/* The port finds its machine by the engine's part of it. */
struct host {
	struct machine machine;
	struct world w;
};

static void world_make(struct world *w, struct mmu *mmu, uint64_t nr_pages,
		       bool pae)
{
	uint64_t nr_frames = nr_pages + 2 * MARGIN;
	uint64_t third = nr_pages / 3;
	const uint64_t nr[] = {third, third, nr_pages - 2 * third};
	uint64_t at = 0;
	uint64_t top = MARGIN + nr_pages;

	*mmu = (struct mmu){
		.ram = aligned_alloc(PAGE_SIZE, nr_frames * PAGE_SIZE),
		.frames = calloc(nr_frames, sizeof(struct frame)),
		.m2p = calloc(nr_frames, sizeof(uint64_t)),
		.nr_frames = nr_frames,
		.pte_nx = PTE_NX,
		.zero_frame = mfn(1),
	};
	w->tally = calloc(nr_frames, sizeof(*w->tally));
	require(mmu->ram != NULL && mmu->frames != NULL && mmu->m2p != NULL &&
			w->tally != NULL,
		"no memory");
	memset(mmu->ram, JUNK, nr_frames * PAGE_SIZE);
	mmu_domain_init(&w->dom, mmu, TEST_TAG, TEST_DOMID);
	if (pae) {
		mmu_domain_pae(&w->dom);
	}
	mmu_vcpu_init(&w->vcpu, &w->dom, 0, w->window);
	if (pae) {
		w->vcpu.top = &w->top;
	}
	w->memory = (struct build_memory){.ram = mmu->ram, .runs = w->runs};
	/* The last ones first in memory. */
	for (unsigned int i = 0; i < 3; i++) {
		top -= nr[i];
		if (nr[i] != 0) {
			w->runs[w->memory.nr_runs++] =
				(struct pfn_run){pfn(at), mfn(top), nr[i]};
			mmu_assign(&w->dom, mfn(top), pfn(at), nr[i]);
		}
		at += nr[i];
	}
}

static void world_free(struct world *w, struct mmu *mmu)
{
	free(mmu->ram);
	free(mmu->frames);
	free(mmu->m2p);
	free(w->tally);
}

static void check_audit(struct world *w, const struct mmu *mmu)
{
	struct mmu_domain *doms[] = {&w->dom};
	struct audit_report report;

	require(mmu_audit(mmu, doms, 1, w->tally, &report) == 0,
		"the audit finds a difference");
}

/* As many pages from this one on are what they were. */
static void check_untouched(const struct mmu *mmu, mfn_t first)
{
	const uint8_t *page = frame_data(mmu, first);

	require(page[0] == JUNK &&
			memcmp(page, page + 1, MARGIN * PAGE_SIZE - 1) == 0,
		"memory beside the domain's");
}

static void check_starts(struct host *h, const struct build_result *built,
			 uint64_t nr_pages)
{
	struct world *w = &h->w;
	struct mmu *mmu = &h->machine.mmu;
	pte_t walk[5];

	require(mmu_start(&w->vcpu, built->root) == 0,
		"the first tables are refused");
	require(mmu_hold(&w->dom, built->console_frame) == 0 &&
			mmu_hold(&w->dom, built->store_frame) == 0,
		"the rings cannot be shared");
	check_audit(w, mmu);
	check_untouched(mmu, mfn(0));
	check_untouched(mmu, mfn(MARGIN + nr_pages));
	require(mmu_walk(mmu, w->dom.width, built->root, built->entry, walk) ==
				w->dom.width->top &&
			pte_present(walk[1]),
		"the entry is not mapped");
	machine_stop(&h->machine);
	while (mmu_domain_destroy(&w->dom) != 0) {
	}
	check_audit(w, mmu);
	require(mmu->nr_free == nr_pages, "frames are lost");
}

static void build(struct host *h, const uint8_t *file, size_t size,
		  const uint8_t choice[6])
{
	static const uint8_t initrd[256 * 257];
	const struct layout_request request = {
		.nr_pages = 1024 + (unsigned int)(choice[0] << 8 | choice[1]) %
					   (MAX_PAGES - 1024 + 1),
		.initrd_size = choice[2] * 257u,
		.cmdline_size = 5,
		.p2m = choice[3] & 1 ? LAYOUT_P2M_INSIDE : LAYOUT_P2M_AS_NOTED,
		.map_initrd = choice[3] & 2,
	};
	const struct build_params params = {.initrd = initrd,
					    .cmdline = "abcde",
					    .shared_info = maddr(0x8000)};
	struct build_error e = {""};
	struct elf_image image;
	struct xen_notes notes;
	struct layout layout;
	struct build_result built;
	struct mmu *mmu = &h->machine.mmu;

	if (elf_parse(&image, file, size, &e) != 0 ||
	    notes_parse(&image, &notes, &e) != 0 ||
	    layout_plan(&notes, &request, &layout, &e) != 0) {
		require(e.text[0] != '\0', "an error without a word");
		return;
	}
	world_make(&h->w, mmu, request.nr_pages, layout.width == &guest_pae);
	require(build_domain(&h->w.memory, &layout, &image, &params, &built,
			     &e) == 0,
		"a domain that was laid out is not built");
	check_starts(h, &built, request.nr_pages);
	world_free(&h->w, mmu);
}

/* Three bytes each: where in the headers, and what. */
static void spoil(uint8_t *file, const uint8_t *data, size_t size)
{
	for (; size >= 3; data += 3, size -= 3) {
		size_t at = (size_t)(data[0] << 8 | data[1]);

		file[at % KERNEL_FILE_CONTENTS] = data[2];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host *h;
	uint8_t *file;
	size_t file_size;

	if (size < 6) {
		return 0;
	}
	h = calloc(1, sizeof(*h));
	require(h != NULL, "no memory");
	file = kernel_file_make(data[3] & 4
					? data[3] & 8 ? &narrow_old : &narrow
					: &kernel,
				&file_size);
	spoil(file, data + 6, size - 6);
	build(h, file, file_size, data);
	free(file);
	free(h);
	return 0;
}
