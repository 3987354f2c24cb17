/* SPDX-License-Identifier: MIT */
/* 2019: a section of the image is freed that holds tables. */
#include <stddef.h>

#include "lab/deed.h"
#include "lab/histories/histories.h"

/* A page of the image that nothing else uses by now. */
static pfn_t image_page(const struct guest *g)
{
	uint64_t windows = g->config.windows.v - g->config.virt_base.v;

	return pfn((windows >> PAGE_SHIFT) + GUEST_WINDOWS - 1);
}

static LAB_NAMED int make_shadow_table(struct guest *g, pfn_t page)
{
	int error = guest_make_readonly(g, page);

	if (error == 0) {
		error = guest_flush(g);
	}
	return error == 0 ? lab_pin(g, 1, guest_p2m_get(g, page)) : error;
}

enum freeing { FREE_TABLES_TOO, FREE_NO_TABLES };

/* The windows' pages, the last of which has become a table. */
static LAB_NAMED int free_image(struct guest *g, enum freeing what)
{
	pfn_t last = image_page(g);
	pfn_t at = pfn(last.v - (GUEST_WINDOWS - 1));
	int error = 0;

	for (; error == 0 && at.v <= last.v; at = pfn_add(at, 1)) {
		if (pfn_eq(at, last) && what == FREE_NO_TABLES) {
			continue;
		}
		error = guest_make_readwrite(g, at, GUEST_FLUSH);
		error = error == 0 ? guest_flush(g) : error;
	}
	return error;
}

static int use_and_free(struct guest *g, enum freeing what)
{
	int error = make_shadow_table(g, image_page(g));

	lab_about(g, image_page(g));
	return error == 0 ? free_image(g, what) : error;
}

static int free_all(struct guest *g, struct lab_kernel *k)
{
	(void)k;
	return use_and_free(g, FREE_TABLES_TOO);
}

static int free_but_tables(struct guest *g, struct lab_kernel *k)
{
	mfn_t table = guest_p2m_get(g, image_page(g));
	int error = use_and_free(g, FREE_NO_TABLES);

	(void)k;
	if (error == 0) {
		error = lab_unpin(g, table);
	}
	if (error == 0) {
		error = guest_make_readwrite(g, image_page(g), GUEST_FLUSH);
	}
	return error == 0 ? guest_flush(g) : error;
}

static const struct lab_deed bad_deed = {LAB_DEED, free_all};
static const struct lab_deed good_deed = {LAB_DEED, free_but_tables};

enum { ALL, LEAVE_TABLES };

static const struct lab_policy policies[] = {
	[ALL] = {.history = "image-tables",
		 .name = "all",
		 .title = "every page of the section",
		 .deed = &bad_deed},
	[LEAVE_TABLES] =
		{.history = "image-tables",
		 .name = "leave-tables",
		 .title = "not those that are tables, until they are none",
		 .deed = &good_deed},
};

static const struct lab_blame blame = {
	.title = "NOT_WRITABLE",
	.asker = "free_image",
	.holder = LAB_HELD_BY_PIN,
	.maker = "make_shadow_table",
};

static const struct lab_case cases[] = {
	{&policies[ALL], &lab_world_small, LAB_REFUSED, LAB_DEED,
	 "!= exp 7000000000000000)", &blame},
	{&policies[LEAVE_TABLES], &lab_world_small, LAB_CASE_RIGHT},
};

const struct lab_history history_image_tables = {
	.name = "image-tables",
	.title =
		"pages of the kernel's image that are tables are made writable",
	.source = "2019, KASAN in a PV guest: freeing the init section makes "
		  "its page tables writable",
	.story = "A kernel's image can hold page tables: KASAN's first shadow "
		 "tables are static pages. When the section is no longer "
		 "needed its pages are made writable and given to the "
		 "allocator, all of them (`all`), live tables too. The first "
		 "such page is refused, `saw` a pinned table. Tables have to "
		 "be left out (`leave-tables`). The report names the pin, and "
		 "who pinned it.",
	.policies = policies,
	.nr_policies = LAB_NR(policies),
	.cases = cases,
	.nr_cases = LAB_NR(cases),
};
