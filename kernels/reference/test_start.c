/* SPDX-License-Identifier: MIT */
/*
 * The first steps, on a guest that is thrown away: a start_info of our own,
 * in which one field at a time makes no sense; and the steps that are refused
 * when their time is over.
 */

#include "kernels/reference/selftest.h"

static uint8_t page[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
#define INFO ((struct start_info *)page)

struct row {
	const char *sentence;
	const char *says; /* in the message of the refusal */
	void (*spoil)(struct start_info *si, struct guest_config *c);
};

/* Plausible: what the builder placed is where it says, and apart. */
static void fill_start_info(struct kernel *k, struct start_info *si)
{
	const unsigned long nr = (unsigned long)k->guest.boot.nr_pages;
	const struct guest_geometry *s = k->guest.config.geometry;

	*si = (struct start_info){
		.magic = "xen-3.0",
		.nr_pages = nr,
		.shared_info = (unsigned long)k->guest.boot.shared_info.v,
		.flags = SIF_INITDOMAIN,
		/* Above start_info, with the two rings between them. */
		.pt_base = (uintptr_t)page + 3 * sizeof(page),
		.nr_pt_frames = 5,
		.mfn_list = (unsigned long)guest_geometry_span(s, s->levels),
		.first_p2m_pfn = 0x3000,
		.nr_p2m_frames = nr / GUEST_P2M_PER_PAGE + 8,
	};
}

static void no_magic(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->magic[0] = 'y';
}

static void no_pages(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->nr_pages = 0;
}

static void many_pages(struct start_info *si, struct guest_config *c)
{
	(void)c;
	/* Of 32 bits nothing is left: that is no number of pages, either. */
	si->nr_pages = (unsigned long)(UINT64_C(1) << 50);
}

static void no_shared_info(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->shared_info += 8;
}

static void odd_tables(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->pt_base += 8;
}

static void low_tables(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->pt_base = 0x1000;
}

static void few_tables(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->nr_pt_frames = LEVELS - 1;
}

static void long_tables(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->nr_pt_frames = si->nr_pages;
}

static void odd_list(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->mfn_list += PAGE_SIZE;
}

static void short_list(struct start_info *si, struct guest_config *c)
{
	(void)c;
	si->nr_p2m_frames = 3;
}

static void long_module(struct start_info *si, struct guest_config *c)
{
	const unsigned long most = UINTPTR_MAX >> PAGE_SHIFT;

	(void)c;
	if (si->nr_pages >= most) {
		si->nr_pages = most - 1;
	}
	si->mod_len = (si->nr_pages + 1) << PAGE_SHIFT;
}

static void module_on_tables(struct start_info *si, struct guest_config *c)
{
	/* All of it lies in the image: not for the kernel's sake. */
	c->kernel_start = pfn(1);
	c->kernel_end = pfn(2);
	si->mod_start = si->pt_base;
	si->mod_len = 1;
}

static void endless_cmdline(struct start_info *si, struct guest_config *c)
{
	(void)c;
	for (unsigned int i = 0; i < sizeof(si->cmd_line); i++) {
		si->cmd_line[i] = 'x';
	}
}

static void other_geometry(struct start_info *si, struct guest_config *c)
{
	(void)si;
	c->geometry = &guest_geometry_2level;
}

static void odd_direct_map(struct start_info *si, struct guest_config *c)
{
	(void)si;
	c->direct_base.v += 1;
}

static void no_kernel(struct start_info *si, struct guest_config *c)
{
	(void)si;
	c->kernel_end = c->kernel_start;
}

static const struct row rows[] = {
	{"start: without its magic, start_info is refused", "magic", no_magic},
	{"start: and without pages", "nr_pages", no_pages},
	{"start: and with too many", "nr_pages", many_pages},
	{"start: and with an odd shared_info", "shared_info", no_shared_info},
	{"start: and with odd page tables", "pt_base", odd_tables},
	{"start: and with some outside the mapping", "pt_base", low_tables},
	{"start: and with too few", "nr_pt_frames", few_tables},
	{"start: and with more than there is memory", "page tables",
	 long_tables},
	{"start: and with an odd P2M", "mfn_list", odd_list},
	{"start: and with a short one", "nr_p2m_frames", short_list},
	{"start: and with a module beyond memory", "mod_len", long_module},
	{"start: and with one in the page tables", "overlaps the page tables",
	 module_on_tables},
	{"start: and with a command line that does not end", "cmd_line",
	 endless_cmdline},
	{"start: and for a kernel of another geometry", "geometry",
	 other_geometry},
	{"start: and with an odd direct map", "page-aligned", odd_direct_map},
	{"start: and for a kernel of no size", "image", no_kernel},
};

static void refused(struct kernel *k)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct guest_config c = k->guest.config;

		fill_start_info(k, INFO);
		rows[i].spoil(INFO, &c);
		check(k,
		      guest_start(&scratch_guest, &c, vaddr((uintptr_t)page)) ==
				      -XEN_EINVAL &&
			      says(&scratch_guest, rows[i].says),
		      rows[i].sentence);
	}
	fill_start_info(k, INFO);
	check(k,
	      guest_start(&scratch_guest, &k->guest.config,
			  vaddr((uintptr_t)page + 8)) == -XEN_EINVAL &&
		      says(&scratch_guest, "address"),
	      "start: and at an odd address");
}

/* Without a hypervisor: all in numbers, nothing is touched. */
static void native(struct kernel *k)
{
	struct guest *g = &scratch_guest;
	struct guest_native n = {
		.root = pfn(0x800),
		.tables_start = pfn(0x800),
		.tables_end = pfn(0x808),
		.mapped_end = pfn(0x900),
		.nr_pages = 0x1000,
	};

	check(k,
	      guest_start_native(g, &k->guest.config, &n) == 0 &&
		      guest_p2m_get(g, pfn(5)).v == 5 &&
		      guest_p2m_get(g, pfn(0x1000)).v == INVALID_FRAME &&
		      guest_p2m_find(g, mfn(5)).v == 5 &&
		      guest_p2m_find(g, mfn(0x1000)).v == INVALID_FRAME &&
		      guest_make_pte(g, pfn(5), PTE_P).v == 0x5001,
	      "start: without a hypervisor, frames are what they are");
	check(k,
	      guest_p2m_set(g, pfn(5), mfn(6)) == -XEN_EINVAL &&
		      guest_load_user_root(g, pfn(0x800)) == -XEN_ENOSYS &&
		      guest_swap_frames(g, pfn(5), pfn(6)) == -XEN_EINVAL &&
		      guest_give_frame(g, pfn(5)) == -XEN_EINVAL &&
		      guest_take_frame(g, pfn(5)) == -XEN_EINVAL,
	      "start: and nothing can be exchanged, given or asked for");
	n.mapped_end = pfn(0x1001);
	check_value(k, guest_start_native(g, &k->guest.config, &n), -XEN_EINVAL,
		    "start: a mapping beyond memory is refused");
	n.mapped_end = pfn(0x804);
	check_value(k, guest_start_native(g, &k->guest.config, &n), -XEN_EINVAL,
		    "start: and tables outside the mapping");
}

/* Steps whose time is over, on the guest that runs. */
static void late(struct kernel *k)
{
	struct guest *g = &k->guest;
	unsigned int nr = g->directmap.nr_mapped;

	check(k, guest_drop_p2m(g) == 0 && frame_sound(k, pfn(0)),
	      "start: the builder's P2M is not dropped twice");
	check(k,
	      guest_map_range(g, pfn(0), pfn(0x100), pfn(0)) == -XEN_ENOMEM &&
		      g->directmap.nr_mapped == nr,
	      "start: no range is mapped without room for its tables");
	check(k,
	      guest_map_range(g, pfn(5), pfn(5), pfn(5)) == 0 &&
		      g->directmap.nr_mapped == nr,
	      "start: and an empty one needs nothing");
}

static void messages(struct kernel *k)
{
	struct guest *g = &scratch_guest;

	check(k,
	      guest_fail(g, XEN_EIO, "%s %lu %lx %ld %%", "a", UINT64_C(12),
			 UINT64_C(0xbeef), INT64_C(-3)) == -XEN_EIO &&
		      says(g, "a 12 beef -3 %"),
	      "start: a message has its numbers");
	for (unsigned int i = 0; i < PAGE_SIZE; i++) {
		page[i] = i + 1 < PAGE_SIZE ? 'y' : 0;
	}
	check(k,
	      guest_fail(g, XEN_EIO, "%s", (const char *)page) == -XEN_EIO &&
		      g->message[GUEST_MESSAGE_SIZE - 1] == 0 &&
		      g->message[GUEST_MESSAGE_SIZE - 2] == 'y' &&
		      g->scratch[0] == 0,
	      "start: and is cut where it ends");
}

void test_start(struct kernel *k)
{
	refused(k);
	native(k);
	late(k);
	messages(k);
}
