/* SPDX-License-Identifier: MIT */
/* 2025: a root of two pages. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* What is done to the piece is done to its first page. */
static LAB_NAMED int pin_root(struct guest *g, pfn_t root, unsigned int parts)
{
	int error = guest_make_readonly(g, root);

	if (error == 0) {
		error = guest_flush(g);
	}
	for (unsigned int i = 0; error == 0 && i < parts; i++) {
		error = lab_pin(g, 4, guest_p2m_get(g, pfn_add(root, i)));
	}
	return error;
}

static int make_root(struct guest *g, unsigned int parts)
{
	pfn_t root;
	int error = guest_alloc_frames(g, parts, &root);

	if (error == 0) {
		lab_about(g, pfn_add(root, parts - 1));
		error = pin_root(g, root, parts);
	}
	if (error == 0) {
		error = lab_unpin(g, guest_p2m_get(g, root));
	}
	return error == 0 ? lab_free_table(g, root) : error;
}

static int make_wide_root(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return make_root(g, 2);
}

static int make_narrow_root(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return make_root(g, 1);
}

static const struct lab_deed bad_deed = {LAB_DEED, make_wide_root};
static const struct lab_deed good_deed = {LAB_DEED, make_narrow_root};

enum { TWO_PAGES, ONE_PAGE };

static const struct lab_policy policies[] = {
	[TWO_PAGES] = {.history = "wide-root",
		       .name = "two-pages",
		       .title = "one piece of two, pinned by parts",
		       .deed = &bad_deed},
	[ONE_PAGE] = {.history = "wide-root",
		      .name = "one-page",
		      .title = "a page",
		      .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "BAD_TYPE",
	.asker = "pin_root",
	.holder = LAB_HELD_WRITABLE,
	.maker = "map_level",
};

static const struct lab_case cases[] = {
	{&policies[TWO_PAGES], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "Bad type (saw 7400000000000001 != exp 4000000000000000)", &blame},
	{&policies[ONE_PAGE], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_wide_root = {
	.name = "wide-root",
	.title = "the root of an address space becomes one of two pages",
	.source = "2025, \"x86/mm: Fix _pgd_alloc() for Xen PV mode\" "
		  "(4ce385f56434)",
	.story = "For page-table isolation the allocation of a root is two "
		 "pages, one after the other. An allocator that takes them as "
		 "one piece, with what is known of it kept with the first "
		 "page, made pinning fail in a PV guest: what is done for the "
		 "piece is done for the first page, what is done for each part "
		 "meets the second as it was. Linux stops there at an "
		 "assertion of its own; the lab's kernel has none and goes on "
		 "(`two-pages`): the piece, that is its first page, is made "
		 "read-only, the parts are pinned, and the second is refused: "
		 "a writable page. One page is what a PV guest needs "
		 "(`one-page`).",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
