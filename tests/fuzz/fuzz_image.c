/* SPDX-License-Identifier: MIT */
/*
 * A kernel file, from its bytes to a domain in memory. The first two bytes
 * choose the domain (how much memory, in which runs, what is forced inside,
 * how large an initrd), the rest is the file. Whatever they say, there is a
 * domain whose tables map what the layout says, or one line of error; memory
 * is malloc'ed to the domain's size, so that a write outside it is seen.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "abi/pte.h"
#include "abi/xen.h"
#include "builder/build.h"
#include "cli/image.h"

#define MAX_ELF ((size_t)256 << 10)
#define NR_RUNS_MAX 64

static void require(bool condition)
{
	if (!condition) {
		abort();
	}
}

struct machine {
	uint64_t nr_pages;
	uint8_t *ram;
	struct pfn_run runs[NR_RUNS_MAX];
	struct build_memory memory;
};

/* Runs of equal length, the last ones first in memory. */
static void make_machine(struct machine *m, uint64_t nr_pages, unsigned int nr)
{
	uint64_t each = nr_pages / nr;
	uint64_t top = nr_pages;

	m->nr_pages = nr_pages;
	m->ram = malloc(nr_pages * PAGE_SIZE);
	require(m->ram != NULL);
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t n = i == nr - 1 ? top : each;

		top -= n;
		m->runs[i] = (struct pfn_run){pfn(i * each), mfn(top), n};
	}
	m->memory = (struct build_memory){m->ram, m->runs, nr};
}

/* The frame that the built tables map at an address. */
static pte_t walk(const struct machine *m, const struct layout *l, mfn_t root,
		  vaddr_t va)
{
	mfn_t table = root;

	for (unsigned int level = l->width->levels;; level--) {
		pte_t e;

		require(table.v < m->nr_pages);
		memcpy(&e,
		       m->ram + table.v * PAGE_SIZE + 8 * pt_index(va, level),
		       sizeof(e));
		require(pte_present(e));
		if (level == 1) {
			return e;
		}
		table = pte_mfn(e);
	}
}

static void check_domain(const struct machine *m, const struct layout *l,
			 const struct build_result *r)
{
	for (unsigned int i = 0; i < LAYOUT_NR_MAPPINGS; i++) {
		const struct layout_mapping *map = &l->map[i];

		for (uint64_t k = 0; k < map->nr; k++) {
			pfn_t frame = pfn_add(map->pfn, k);
			pte_t e = walk(m, l, r->root,
				       vaddr_add(map->va, k << 12));

			require(mfn_eq(pte_mfn(e),
				       build_mfn(&m->memory, frame)));
			require(pte_writable(e) == !layout_is_table(l, frame));
		}
	}
}

static void check_layout(const struct layout *l)
{
	enum layout_part order[LAYOUT_NR_PARTS];
	unsigned int n = layout_in_order(l, order);
	uint64_t next = 0;

	for (unsigned int i = 0; i < n; i++) {
		require(l->part[order[i]].pfn.v == next);
		next += l->part[order[i]].nr;
	}
	require(next == l->nr_pages);
}

static void try_elf(const uint8_t *file, size_t size, const uint8_t *choice)
{
	static const uint64_t sizes[] = {16,   1030, 1056, 1200,
					 2048, 2083, 3000, 4096};
	static const unsigned int runs[] = {1, 2, 7, 16};
	static const uint8_t initrd[256 * 100];
	const struct layout_request request = {
		.nr_pages = sizes[choice[0] & 7],
		.initrd_size = choice[1] * UINT64_C(100),
		.p2m = (choice[0] & 8) != 0 ? LAYOUT_P2M_INSIDE
					    : LAYOUT_P2M_AS_NOTED,
		.map_initrd = (choice[0] & 16) != 0,
	};
	const struct build_params params = {.initrd = initrd,
					    .cmdline = "quiet"};
	struct build_error e = {""};
	struct elf_image image;
	struct xen_notes notes;
	struct layout layout;
	struct build_result result;
	struct machine machine;

	if (elf_parse(&image, file, size, &e) != 0 ||
	    notes_parse(&image, &notes, &e) != 0 ||
	    layout_plan(&notes, &request, &layout, &e) != 0) {
		require(e.text[0] != '\0');
		return;
	}
	check_layout(&layout);
	make_machine(&machine, request.nr_pages, runs[choice[0] >> 5 & 3]);
	require(build_domain(&machine.memory, &layout, &image, &params, &result,
			     &e) == 0);
	check_domain(&machine, &layout, &result);
	free(machine.ram);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[IMAGE_ERROR_SIZE] = "";
	struct image image;

	if (size < 2) {
		return 0;
	}
	if (image_unpack(data + 2, size - 2, MAX_ELF, &image, error) != 0) {
		require(error[0] != '\0');
		return 0;
	}
	try_elf(image.elf, image.size, data);
	image_free(&image);
	return 0;
}
